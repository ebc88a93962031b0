"""A run beside somebody else's table: what is concluded of planted differences, and how the command ends."""

import json

import numpy as np
import pandas as pd
import pytest
from planted import PlantedThreshold
from typer.testing import CliRunner

from theorycheck.cli import app
from theorycheck.statistics import agreement

LEVELS = (0.05, 0.1, 0.2, 0.4)
SAMPLES = (2, 4, 8, 16, 32, 64, 128, 256)


def counts(middle, seed, exponent=-1.0, trials=80):
    rng = np.random.default_rng(seed)
    return PlantedThreshold(LEVELS, SAMPLES, trials, exponent, middle).draw(rng)


@pytest.mark.parametrize(
    ("theirs", "expected"),
    [
        ({"middle": 24.0}, "REPRODUCED"),
        ({"middle": 72.0}, "NOT REPRODUCED"),
        ({"middle": 34.0, "trials": 6}, "INCONCLUSIVE"),
    ],
)
def test_what_is_concluded_of_planted_ratios(theirs, expected):
    found, places = agreement.concluded(
        agreement.thresholds(counts(24.0, 1), counts(seed=2, **theirs), "x", 1.5)
    )
    assert found == expected
    assert len(places) == len(LEVELS)


def test_what_differs_at_some_levels_alone_is_partly_reproduced():
    near, far = counts(24.0, 2), counts(72.0, 2)
    theirs = pd.concat([near[near["x"] < 0.15], far[far["x"] > 0.15]])
    found, places = agreement.concluded(agreement.thresholds(counts(24.0, 1), theirs, "x", 1.5))
    assert found == "PARTLY"
    assert [place.where for place in places] == ["agrees", "agrees", "differs", "differs"]


def test_the_ratio_of_thresholds_is_the_planted_one():
    for place in agreement.thresholds(counts(48.0, 3, trials=400), counts(24.0, 4, trials=400), "x", 1.5):
        assert place.difference == pytest.approx(2, rel=0.15)
        assert 1 < place.interval.low < 2.2


def test_a_threshold_beyond_what_was_tried_differs_by_its_bound():
    """Of trials that all fail, or all succeed, no threshold can be fitted."""
    theirs = counts(24.0, 5).assign(successes=0)
    found, places = agreement.concluded(agreement.thresholds(counts(12.0, 6), theirs, "x", 1.5))
    assert found == "NOT REPRODUCED"
    assert all(np.isnan(place.difference) and place.interval.high < 1 / 1.5 for place in places)
    assert places[0].theirs.startswith("above 256")


def difference(exponent, seed):
    ours, theirs = counts(24.0, 2 * seed, trials=20), counts(24.0, 2 * seed + 1, exponent, 20)
    return agreement.exponents(ours, theirs, "x")[2]


@pytest.mark.parametrize(("exponent", "planted"), [(-1.0, 0.0), (-2.0, 1.0)])
def test_the_difference_of_exponents_is_the_planted_one(exponent, planted):
    """Of 200 planted pairs of tables, some 5 % lie outside of their intervals: at most 18 with 99.5 %."""
    found = [difference(exponent, seed) for seed in range(200)]
    assert np.mean([one.value for one in found]) == pytest.approx(planted, abs=0.05)
    missed = sum(planted not in one.interval for one in found)
    assert missed <= 18
    excluded = sum(0 not in one.interval for one in found)
    assert excluded <= 18 if planted == 0 else excluded > 150


def test_exponents_are_those_of_the_levels_that_both_have():
    ours, theirs = counts(24.0, 1), counts(24.0, 2)
    far = theirs.assign(x=theirs["x"] / 1000, successes=0)
    found = agreement.exponents(ours, theirs, "x")
    assert [one.name for one in found] == ["ours", "theirs", "ours less theirs"]
    assert agreement.exponents(ours, pd.concat([theirs, far]), "x") == found
    assert agreement.exponents(ours, pd.concat([theirs[theirs["x"] < 0.06], far]), "x") == []
    assert agreement.exponents(ours, theirs.assign(successes=0), "x") == []


def distances(ours, theirs):
    return np.array([place.distance for place in agreement.thresholds(ours, theirs, "x", 1.5)])


def test_the_distance_of_known_thresholds_is_the_logarithm_of_their_ratio():
    ours, theirs = counts(72.0, 1), counts(24.0, 2)
    ratios = np.array([place.difference for place in agreement.thresholds(ours, theirs, "x", 1.5)])
    assert distances(ours, theirs) == pytest.approx(np.log(ratios))
    assert distances(theirs, ours) == pytest.approx(np.log(ratios))


def test_a_threshold_beyond_what_was_tried_is_as_far_as_it_is_on_average_where_it_may_be():
    theirs = counts(24.0, 2)
    n_star = [float(place.theirs.split()[0]) for place in agreement.thresholds(theirs, theirs, "x", 1.5)]
    few = counts(24.0, 1).query("searched <= 8").assign(successes=0)
    expected = [np.abs(np.linspace(np.log(8), np.log(256), 100_001) - np.log(n)).mean() for n in n_star]
    assert distances(few, theirs) == pytest.approx(expected, rel=0.01)
    near, far = counts(30.0, 1), counts(24.0 * 40, 1)
    assert distances(near, theirs).max() < distances(few, theirs).min() < distances(far, theirs).min()


def test_within_their_bounds_a_threshold_is_at_no_distance():
    theirs = counts(24.0, 2).assign(successes=0)  # above 256
    above = counts(24.0, 1).assign(searched=lambda table: table["searched"] * 1000)
    assert distances(above, theirs).tolist() == [0, 0, 0, 0]
    inside = agreement.thresholds(counts(24.0, 1), theirs, "x", 1.5)
    expected = [np.log(256 / float(place.ours.split()[0])) for place in inside]
    assert [place.distance for place in inside] == pytest.approx(expected, rel=0.01)


def test_cells_are_tested_together():
    same = agreement.cells(counts(24.0, 7), counts(24.0, 8), "x")
    other = agreement.cells(counts(24.0, 7), counts(72.0, 8), "x")
    assert len(same) == len(LEVELS) * len(SAMPLES)
    assert (same["p_holm"] >= same["p"]).all()
    assert same["p_holm"].min() > 0.05 > other["p_holm"].min()


@pytest.mark.parametrize(
    ("lift", "expected"),
    [(0.0, "REPRODUCED"), (0.2, "NOT REPRODUCED"), (None, "PARTLY"), (0.05, "INCONCLUSIVE")],
)
def test_what_is_concluded_of_planted_curves(lift, expected):
    """Ours ends early, and stays as it is then; `None` is a curve that differs at its end alone."""
    rng, rows = np.random.default_rng(9), []
    for i in range(10):
        t = np.array([0, 1, 2, 5, 10, 20, 50])
        noise = 0.01 * rng.normal(size=len(t))
        rows.append(pd.DataFrame({"key": str(i), "t": t, "value": 0.5 + 0.008 * t + noise}))
    t = np.array([0.0, 10, 20, 40, 60, 80])
    curve = 0.5 + 0.008 * np.minimum(t, 50)
    theirs = pd.DataFrame({"t": t, "value": curve + (lift if lift is not None else 0.2 * (t > 50))})
    found, places = agreement.concluded(agreement.values(pd.concat(rows), theirs, 0.05))
    assert found == expected
    assert [place.at for place in places] == list(t)


@pytest.fixture
def run(tmp_path):
    """A folder as verify writes it, of planted trials."""

    def write(table, searched="N"):
        folder = tmp_path / "run"
        folder.mkdir(exist_ok=True)
        design = {"factor": "x", "searched": searched, "response": "zero_generalization_error: success"}
        (folder / "result.json").write_text(json.dumps({"claims": [{"name": "planted", "design": design}]}))
        table.to_csv(folder / "trials.csv", index=False)
        return folder

    return write


def trials_of(cells):
    """One row a trial."""
    rows = [
        {"x": row.x, "N": row.searched, "outcome": "success" if i < row.successes else "failure"}
        for row in cells.itertuples()
        for i in range(int(row.trials))
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("middle", "status", "said"), [(24.0, 0, "REPRODUCED: By a ratio"), (72.0, 1, "NOT REPRODUCED")]
)
def test_the_command_compares_a_run_with_a_table(run, tmp_path, middle, status, said):
    folder = run(trials_of(counts(24.0, 1)))
    theirs = counts(middle, 2).rename(columns={"searched": "n"})
    theirs["x"] = theirs["x"].round(4)  # as tables are rounded
    theirs[["x", "n", "successes", "trials"]].to_csv(tmp_path / "theirs.csv", index=False)
    result = CliRunner().invoke(app, ["compare", str(folder), str(tmp_path / "theirs.csv")])
    assert result.exit_code == status
    assert said in " ".join(result.stdout.split())
    assert "cells differ by Fisher's exact test" in " ".join(result.stdout.split())
    assert "exponents ours -" in " ".join(result.stdout.split())
    shown = CliRunner().invoke(app, ["compare", str(folder), str(tmp_path / "theirs.csv"), "--json"])
    document = json.loads(shown.stdout)
    assert document["agreement"] in said
    assert len(document["places"]) == len(LEVELS)
    told = document["exponents"]["ours less theirs"]
    assert told["ci_low"] < told["exponent"] < told["ci_high"]
    assert {"at", "ours", "theirs", "difference", "ci_low", "ci_high", "where"} <= set(document["places"][0])


@pytest.mark.parametrize(
    ("table", "options", "message"),
    [
        ("x,n,successes,trials\n1,2,1,2\n2,2,1,2\n3,2,1,2\n", (), "no level of x is one of the run's"),
        ("x,value\n0.05,2\n0.1,3\n0.2,4\n", (), "give a table with n, successes, trials"),
        ("x,n,successes,trials\n0.05,2,1,2\n0.1,2,1,2\n0.2,2,1,2\n", ("--within", "0.5"), "above 1; got 0.5"),
        ("", (), "the file is empty"),
    ],
)
def test_a_table_that_bears_no_comparison_is_answered(run, tmp_path, table, options, message):
    (tmp_path / "theirs.csv").write_text(table)
    folder = run(trials_of(counts(24.0, 1, trials=2)))
    result = CliRunner().invoke(app, ["compare", str(folder), str(tmp_path / "theirs.csv"), *options])
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())


def test_a_folder_that_is_no_run_is_answered(tmp_path):
    (tmp_path / "theirs.csv").write_text("x,n,successes,trials\n")
    result = CliRunner().invoke(app, ["compare", str(tmp_path), str(tmp_path / "theirs.csv")])
    assert result.exit_code == 2
    assert "is no folder of a run" in " ".join(result.stderr.split())
