"""Choices that nobody reported: the planted one is found, on pilot seeds, and judged on another."""

import json

import numpy as np
import pandas as pd
import pytest
from sympy import oo, sqrt, symbols
from typer.testing import CliRunner

from theorycheck import Claim, Design, Paper, Search, Source, Theta
from theorycheck.cli import app
from theorycheck.errors import ClaimError, TableError
from theorycheck.executors.local import ThisProcess
from theorycheck.reconcile import choices_of, reconcile
from theorycheck.session import Session, folder_of, write

d, N, K = symbols("d N K", positive=True)
LEVELS = (100, 200, 400, 800)
PEOPLE = (4, 6, 8, 12, 16, 24, 32, 48, 64, 96)


def shared(point, seed):
    """Whether two of N people have the same birthday, of which only a share occurs"""
    days = int(point["d"] * point["share"])
    return len(set(np.random.default_rng(seed).integers(days, size=int(point["N"])))) < point["N"]


CLAIM = Claim(
    name="birthdays_by_share",
    title="People among whom two share a birthday",
    source=Source(paper=Paper(key="x", short="X", reference="X"), place="1"),
    provenance="recalled",
    quantity=K,
    law=Theta(sqrt(d), (d, oo)),
    response=shared,
    design=Design(factor=d, levels=LEVELS, search=Search(N, PEOPLE), replicates=60, held={"share": 1}),
    refuted_by="the exponent is another",
)
CLAIM_FILE = """
from test_reconcile import CLAIM as claim
"""


def published(path, share):
    """Counts of an independent simulation."""
    rng = np.random.default_rng(77)
    rows = [
        (level, n, sum(len(set(rng.integers(int(level * share), size=n))) < n for _ in range(150)), 150)
        for level in LEVELS
        for n in PEOPLE
    ]
    pd.DataFrame(rows, columns=["d", "n", "successes", "trials"]).to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A run with the value as we believed it."""
    at = tmp_path_factory.mktemp("run")
    finding = Session(at / "store.sqlite", ThisProcess()).examine(CLAIM, "quick")
    run = folder_of(CLAIM, at)
    write(finding, run, ["md"])
    return run


def test_the_planted_choice_is_the_nearest_and_is_judged_on_the_seed_of_the_run(folder, tmp_path):
    session = Session(tmp_path / "store.sqlite", ThisProcess())
    table = published(tmp_path / "table.csv", 0.25)
    found = reconcile(folder, table, {"share": (1, 0.5, 0.25, 0.1)}, session, within=2, claim=CLAIM)
    assert [len(found.candidates), found.candidates[0].values] == [4, {"share": 0.25}]
    assert [c.rounds for c in found.candidates] == [2, 2, 1, 1]
    assert found.judged.agreement in ("REPRODUCED", "INCONCLUSIVE")
    assert not [place for place in found.judged.places if place.where == "differs"]
    assert "share = 0.25, on the run's seed:" in found.text
    tried = json.loads(found.document())["tried"]
    assert {one["values"]["share"] for one in tried} == {1, 0.5, 0.25, 0.1}


def test_where_no_choice_fits_the_nearest_is_not_reproduced(folder, tmp_path):
    """The negative control: the truth is none of the candidates."""
    session = Session(tmp_path / "store.sqlite", ThisProcess())
    table = published(tmp_path / "table.csv", 0.05)
    found = reconcile(folder, table, {"share": (1, 0.5)}, session, claim=CLAIM)
    assert found.candidates[0].values == {"share": 0.5}
    assert found.judged.agreement == "NOT REPRODUCED"
    assert found.status == 1


def test_no_round_has_more_trials_than_the_run(folder, tmp_path, monkeypatch):
    monkeypatch.setattr("theorycheck.reconcile.FEWEST", 10_000)
    session = Session(tmp_path / "store.sqlite", ThisProcess())
    found = reconcile(folder, published(tmp_path / "table.csv", 1), {"share": (1, 0.5)}, session, claim=CLAIM)
    most = len(pd.read_csv(folder / "trials.csv"))
    assert [0 < c.trials <= most for c in found.candidates] == [True, True]


@pytest.mark.parametrize(
    ("choices", "seed", "said"),
    [
        ({"lapse": (1, 2)}, 9000, "holds no lapse; it holds share"),
        ({"share": (1, 0.5)}, 0, "the run used seed 0"),
        ({"share": tuple(np.linspace(0.1, 1, 65))}, 9000, "65 combinations are more than 64"),
    ],
)
def test_what_cannot_be_searched_says_so(folder, tmp_path, choices, seed, said):
    session = Session(tmp_path / "store.sqlite", ThisProcess())
    with pytest.raises(ClaimError, match=said):
        reconcile(folder, published(tmp_path / "t.csv", 1), choices, session, seed=seed, claim=CLAIM)


@pytest.mark.parametrize(("text", "said"), [(None, "cannot be read"), ("x,y\n1,2\n", "column")])
def test_a_table_is_refused_before_anything_is_trained(folder, tmp_path, text, said):
    table = tmp_path / "t.csv"
    if text:
        table.write_text(text)
    session = Session(tmp_path / "store.sqlite", ThisProcess())
    with pytest.raises(TableError, match=said):
        reconcile(folder, table, {"share": (1, 0.5)}, session, claim=CLAIM)
    assert not (tmp_path / "store.sqlite").exists()


def test_choices_are_numbers_truths_and_texts():
    typed = choices_of(["s=1,0.3", "attention=true,False", "fractions = random, exact"])
    assert typed == {"s": (1, 0.3), "attention": (True, False), "fractions": ("random", "exact")}


@pytest.mark.parametrize("typed", ["s", "s=", "s=1", "=1,2", "s=1,,2"])
def test_a_choice_without_values_is_refused(typed):
    with pytest.raises(ClaimError, match="two or more"):
        choices_of([typed])


def test_the_command_ends_by_the_comparison(folder, tmp_path):
    table, file = published(tmp_path / "table.csv", 0.05), tmp_path / "c.py"
    file.write_text(CLAIM_FILE)
    options = ["--reconcile", "share=1,0.5", "--claim", str(file), "--jobs", "1"]
    store = ["--store", str(tmp_path / "store.sqlite")]
    done = CliRunner().invoke(app, ["compare", str(folder), str(table), *options, *store])
    assert done.exit_code == 1, done.output
    assert "2 candidates, pilot seed 9000" in done.output
    refused = CliRunner().invoke(app, ["compare", str(folder), str(table), "--reconcile", "share", *store])
    assert refused.exit_code == 2
    assert "--reconcile names a held value" in refused.output
