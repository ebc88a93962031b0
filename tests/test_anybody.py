"""Anybody's theorem: functions as responses, the examples, `new`, claim packs, and the Python API."""

import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import pytest
from conftest import mostly_slow
from matplotlib.figure import Figure
from test_cli import STATUS
from verified import verify

import theorycheck as tc
from theorycheck import bounds
from theorycheck.errors import ClaimError, StoreError
from theorycheck.plan import make_plan
from theorycheck.session import Session

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "examples").rglob("*.py"))
WRONG = {  # the true law, and one that is not
    "gradient_descent": ("Theta(kappa, (kappa, oo))", "Theta(kappa**2, (kappa, oo))"),
    "in_context_learning": (
        "Predicts(d * (d + 1) / (n + d + 1), tolerance=0.1)",
        "Predicts(d * (d + 1) / (n + 2 * d), tolerance=0.1)",
    ),
    "coupon_collector": ("Theta(n * log(n), (n, oo))", "Theta(n**2, (n, oo))"),
    "spectral_norm": ("Theta(sqrt(n), (n, oo))", "Theta(n, (n, oo))"),
    "birthdays": ("Theta(sqrt(n), (n, oo))", "Theta(n, (n, oo))"),
    "increasing_subsequence": ("Theta(sqrt(n), (n, oo))", "Theta(n, (n, oo))"),
    "step_size": ("Theta(1 / eta, (eta, 0))", "Theta(eta**-2, (eta, 0))"),
}


@pytest.mark.parametrize("path", mostly_slow(EXAMPLES[:1], EXAMPLES), ids=lambda path: path.stem)
def test_an_example_is_short_and_supported_and_refuted_with_a_wrong_law(path, tmp_path):
    text = path.read_text()
    assert len(text.splitlines()) < 55
    folder = shutil.copytree(path.parent, tmp_path / "examples")
    for program in folder.glob("*.c"):
        subprocess.run(["cc", "-O2", "-o", program.with_suffix(""), program], check=True)
    claim, options = folder / path.name, {"store": tmp_path / "s.sqlite", "out": tmp_path / "out"}
    assert verify(str(claim), **options).judgement.decision == "SUPPORTED"
    true, wrong = WRONG[path.stem]
    assert true in text
    claim.write_text(text.replace(true, wrong))
    assert verify(str(claim), **options).judgement.decision == "REFUTED"


def test_every_example_has_a_wrong_law():
    assert {path.stem for path in EXAMPLES} == set(WRONG)


@pytest.fixture
def walk(cli_in, tmp_path):
    """The claim file that `theorycheck new` writes."""
    result = cli_in("new", "walk.py")
    assert result.exit_code == 0, result.stderr
    return tmp_path / "walk.py"


@pytest.fixture
def cli_in(tmp_path):
    from test_cli import run

    return lambda *arguments: run(*arguments, cwd=tmp_path)


def test_a_new_claim_file_runs_as_it_is(walk, cli_in):
    result = cli_in("verify", "--claim", walk.name, "--profile", "quick", "--report", "md")
    assert result.exit_code == 0, result.stdout + result.stderr
    assert result.stdout.startswith("SUPPORTED   walk\n")
    assert "Feller 1968, section XIV.3 (recalled)" in result.stdout
    assert "range     4 <= L <= 40" in result.stdout


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("walk.py", "is there already and was left as it is"),
        ("Walk.py", "is named like its claim"),
        ("walk", "is named"),
    ],
)
def test_new_refuses_what_is_no_new_claim_file(walk, cli_in, name, message):
    before = walk.read_text()
    result = cli_in("new", name)
    assert (result.exit_code, message in result.stderr) == (2, True)
    assert walk.read_text() == before


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        ("'many'", r"returned 'many'; it must return True, False, a positive number, or None"),
        ("-1.0", r"returned -1\.0; a measured value must be positive"),
        ("float('nan')", r"returned nan; a measured value must be positive"),
        ("1 / 0", r"steps_to_leave failed at .*L = \d+\.0: ZeroDivisionError: division by zero"),
        ("True", r"steps_to_leave returns no numbers, but walk searches no threshold; name a search"),
    ],
)
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_response_that_misbehaves_is_answered(walk, tmp_path, returned, message, jobs):
    lines = walk.read_text().splitlines()
    last = next(i for i, line in enumerate(lines) if line.startswith("    return float("))
    lines[last] = f"    return {returned}"
    walk.write_text("\n".join(lines))
    with pytest.raises(ClaimError, match=message):
        verify(str(walk), "smoke", jobs=jobs, store=tmp_path / "s.sqlite", out=tmp_path / "out")


def threshold_claim(tmp_path):
    """A claim whose response tells success: a coin is found to be biased."""
    path = tmp_path / "coin.py"
    path.write_text('''
import numpy as np
from sympy import symbols
from theorycheck import BigO, Claim, Design, Paper, Search, Source
b, N_star = symbols("b N_star", positive=True)

def found(point, seed):
    """Whether the mean of N tosses is 2 standard errors above 1/2"""
    heads = np.random.default_rng(seed).binomial(point["N"], 0.5 + point["b"])
    return heads / point["N"] - 0.5 > 1 / np.sqrt(point["N"])

claim = Claim(
    name="coin", title="Tosses that show a bias", quantity=N_star, law=BigO(b**-2, (b, 0)),
    provenance="recalled", source=Source(paper=Paper(key="x", short="X", reference="X"), place="1"),
    response=found,
    design=Design(factor=b, levels=(0.02, 0.03, 0.05, 0.08, 0.12, 0.2),
                  search=Search("N", [2**k for k in range(1, 15)]), replicates=20, held={}),
    refuted_by="N* grows faster than b^-2.25",
)
''')
    return path


@pytest.mark.slow
def test_a_function_may_tell_success_and_its_trials_are_placed(tmp_path):
    verdict = verify(str(threshold_claim(tmp_path)), store=tmp_path / "s.sqlite", out=tmp_path / "out")
    assert verdict.judgement.decision == "SUPPORTED"
    assert verdict.judgement.estimates[0].value == pytest.approx(-2, abs=0.3)
    assert verdict.trials["total"] < 6 * 14 * 60


def test_a_changed_claim_file_is_another_experiment(walk):
    def key():
        plan = make_plan(bounds.load(walk))
        return plan.trial(plan.cells[0], 0).key

    first = key()
    assert key() == first
    walk.write_text(walk.read_text().replace("size=(50,", "size=(60,"))
    assert key() != first


def test_a_varied_name_that_the_table_needs_is_refused(tmp_path):
    path = threshold_claim(tmp_path)
    path.write_text(
        path.read_text()
        .replace('symbols("b N_star"', 'symbols("trials N_star"')
        .replace('point["b"]', 'point["trials"]')
    )
    with pytest.raises(
        ClaimError, match="varies or searches trials, a name that the table of trials needs; rename it"
    ):
        verify(str(path), store=tmp_path / "s.sqlite", out=tmp_path / "out")


def test_the_api(walk, tmp_path):
    v = tc.verify(str(walk), "quick", store=tmp_path / "s.sqlite")
    assert v.decision == "SUPPORTED"
    assert v.exponent("L").value == v.exponent().value == pytest.approx(2, abs=0.2)
    assert isinstance(v.trials, pd.DataFrame)
    assert {"L", "replicate", "value", "key"} <= set(v.trials)
    assert isinstance(v.plot(), Figure)
    folder = v.report("md", "html", out=tmp_path / "out")
    assert {"report.md", "report.html", "trials.csv", "result.json"} <= {
        path.name for path in folder.iterdir()
    }
    shown = v._repr_html_()
    assert "<svg" in shown
    assert "<html" not in shown
    assert str(v).startswith("SUPPORTED   walk\n")
    with pytest.raises(ClaimError, match="asked for the exponent of 'K'; walk has L"):
        v.exponent("K")
    assert not (tmp_path / "theorycheck-out").exists()


def test_names_are_offered_at_the_top_and_others_are_not():
    for name in tc.__all__:
        assert getattr(tc, name).__name__ == name
        assert find_spec(f"theorycheck.{name}") is None, f"importing the module hides tc.{name}"
    assert tc.BigO.relation == "O"
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        tc.nonsense  # noqa: B018


def test_a_run_is_judged_again_from_its_stored_trials(walk, tmp_path, cli_in):
    options = {"store": tmp_path / ".theorycheck/store.sqlite"}
    first = verify(str(walk), "smoke", out=tmp_path / "out", **options)
    again = Session(options["store"]).replay(1, str(walk))
    assert again.verdict.judgement == first.judgement
    assert again.verdict.trials["trained"] == 0
    result = cli_in("report", 1, "--claim", walk.name, "--report", "tex", "--fragment")
    assert result.exit_code == STATUS[first.judgement.decision], result.stderr
    text = (tmp_path / "theorycheck-out/walk/report.tex").read_text()
    assert "\\documentclass" not in text
    assert "\\section*" in text
    with pytest.raises(StoreError, match="has no run 9"):
        Session(options["store"]).replay(9)
    walk.write_text(walk.read_text().replace("margin=0.25", "margin=0.3"))
    assert "another version of walk" in cli_in("report", 1, "--claim", walk.name).stderr
    assert "there is no store" in cli_in("report", 1, "--store", "none.sqlite").stderr


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    """A claim pack, installed into a folder."""
    folder = tmp_path_factory.mktemp("pack")
    source = folder / "source"
    source.mkdir()
    for path in (ROOT / "tests/pack").iterdir():
        if path.is_file():
            (source / path.name).write_text(path.read_text())
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--target",
    ]
    subprocess.run([*command, folder / "site", source], check=True, capture_output=True)
    return folder / "site"


def test_the_claims_of_an_installed_pack_are_found(pack, tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(pack)}
    program = Path(sys.executable).with_name("theorycheck")

    def run(*arguments):
        return subprocess.run(
            [program, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True
        )

    assert "square" in run("list").stdout
    result = run("verify", "--claim", "square", "--profile", "quick", "--report", "md")
    assert result.returncode == 0, result.stdout + result.stderr
    listed = re.findall(r"^  \w+   ", run("list").stdout, re.MULTILINE)
    assert len(listed) == len(bounds.claims()) + 1
