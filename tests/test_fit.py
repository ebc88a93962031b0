"""`theorycheck fit` and the judge on tables of others: counts, measurements, several variables, seeds."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import mostly_slow
from planted import PlantedMeasurement, PlantedThreshold
from test_cli import run
from verified import DOCUMENTED_KEYS

from theorycheck.statistics.hypothesis import Hypothesis, Variable
from theorycheck.statistics.judge import judge
from theorycheck.statistics.measurement import fit_measurement, shape_p_value

LEVELS = (0.03, 0.06, 0.1, 0.18, 0.3)
SAMPLES = (2, 4, 8, 16, 32, 64, 128, 256)
PUBLISHED = Path(__file__).parents[1] / "examples/li2023_vit_success.csv"


@pytest.fixture
def cli(tmp_path):
    return lambda *arguments: run(*arguments, cwd=tmp_path)


@pytest.fixture
def written(tmp_path):
    def write(table, name="table.csv"):
        table.rename(columns={"searched": "n"}).to_csv(tmp_path / name, index=False)
        return name

    return write


def counts(exponent, seed=0, **options):
    return PlantedThreshold(LEVELS, SAMPLES, 20, exponent, 24.0, **options).draw(np.random.default_rng(seed))


def measured(exponent, seed=0, **options):
    return PlantedMeasurement(LEVELS, 12, exponent, **options).draw(np.random.default_rng(seed))


def checks(result):
    return {check["name"]: check for check in json.loads(result.stdout)["claims"][0]["checks"]}


PIPES = ("cat table.csv | {} /dev/stdin", "{} /dev/stdin < table.csv", "{} <(cat table.csv)")
LAW = ("--law", "x^-1", "--variable", "x")


@pytest.mark.parametrize(
    ("table", "relation", "status", "decision"),
    [
        (counts(-1), "O", 0, "SUPPORTED"),
        (counts(-1), "Theta", 0, "SUPPORTED"),
        (counts(-2), "O", 1, "REFUTED"),
        (counts(-1.25), "O", 3, "INCONCLUSIVE"),
        (measured(-1), "Theta", 0, "SUPPORTED"),
        (measured(-2), "Theta", 1, "REFUTED"),
        (measured(-0.5), "Omega", 1, "REFUTED"),
    ],
)
def test_tables_of_both_kinds_get_their_verdict(cli, written, table, relation, status, decision):
    result = cli("fit", written(table), *LAW, "--relation", relation)
    assert result.exit_code == status, result.stderr
    assert result.stdout.startswith(f"{decision}   table.csv\n")
    assert "range     0.03 <= x <= 0.3 " in result.stdout
    assert "nothing was trained" in result.stdout


def test_the_json_has_the_documented_keys(cli, written):
    (claim,) = json.loads(cli("fit", written(counts(-1)), *LAW, "--json").stdout)["claims"]
    assert list(claim) == DOCUMENTED_KEYS
    assert claim["statement"] == "N* = O(x^-1) as x -> 0"
    assert claim["trials"] == {"total": 800, "trained": 0, "reused": 0, "censored": 0}
    assert claim["exponents"][0]["predicted"] == -1


def test_two_variables_at_once(cli, written):
    rng = np.random.default_rng(0)
    grid = [(alpha, eta) for alpha in LEVELS for eta in (0.1, 0.2, 0.4, 0.8) for _ in range(5)]
    table = pd.DataFrame(grid, columns=["alpha", "eta"])
    table["value"] = 3 / (table["alpha"] * table["eta"]) * np.exp(rng.normal(0, 0.2, len(table)))
    options = (
        "--law",
        "1/(alpha*eta)",
        "--relation",
        "Theta",
        "--variable",
        "alpha",
        "--variable",
        "eta",
        "--json",
    )
    result = cli("fit", written(table), *options)
    (claim,) = json.loads(result.stdout)["claims"]
    assert claim["verdict"] == "SUPPORTED"
    assert [e["variable"] for e in claim["exponents"]] == ["alpha", "eta"]
    assert [e["estimate"] for e in claim["exponents"]] == pytest.approx([-1, -1], abs=0.1)
    wrong = table.assign(value=table["value"] * table["eta"] ** 0.6)  # the exponent in eta becomes -0.4
    refuted = cli("fit", written(wrong), *options[:-1])
    assert refuted.exit_code == 1
    assert "slower than claimed in eta" in refuted.stdout


SIZES = (10, 30, 100, 300, 1000, 3000, 10000, 30000)


def growing(exponent, levels=SIZES, name="n"):
    noise = np.random.default_rng(0).normal(0, 0.05, (len(levels), 5))
    rows = [(x, x**exponent * np.exp(e)) for x, errors in zip(levels, noise, strict=True) for e in errors]
    return pd.DataFrame(rows, columns=[name, "value"])


def test_sizes_are_taken_to_grow_and_the_verdict_says_so(cli, written):
    """Mergesort's times are O(n^2), which a limit of 0 refutes."""
    mergesort = growing(1).assign(value=lambda t: t["value"] * np.log2(t["n"]))
    asked = ("fit", written(mergesort), "--law", "n^2", "--variable", "n")
    result = cli(*asked)
    assert result.exit_code == 0
    said = (
        "n -> oo is assumed, as its levels, 10 to 30000, are at least 1 (--as-variable-goes-to says"
        " otherwise)"
    )
    assert f"  assuming  {said}\n" in result.stdout
    assert "value = O(n^2) as n -> oo" in result.stdout
    assert checks(cli(*asked, "--json"))["regime"] == {"name": "regime", "status": "warning", "detail": said}
    given = cli(*asked, "--as-variable-goes-to", "0")
    assert given.exit_code == 1
    assert "assumed" not in given.stdout
    assert "assuming" not in cli(*asked, "--as-variable-goes-to", "oo").stdout


@pytest.mark.parametrize(
    ("levels", "law", "goes", "status"),
    [
        ((1, 2, 4, 8, 16), "x^-1", "oo", "warning"),
        (LEVELS, "x^2", "0", "ok"),
        ((0.1, 0.2, 0.5, 1), "x^-1", "0", "ok"),
    ],
)
def test_where_a_variable_goes_is_taken_from_its_levels(cli, written, levels, law, goes, status):
    result = cli("fit", written(growing(-1, levels, "x")), "--law", law, "--variable", "x", "--json")
    assert checks(result)["regime"]["status"] == status
    assert checks(result)["regime"]["detail"].startswith(f"x -> {goes} is assumed")
    assert json.loads(result.stdout)["claims"][0]["statement"].endswith(f"as x -> {goes}")


def test_levels_on_both_sides_of_1_do_not_tell_where_a_variable_goes(cli, written):
    asked = ("fit", written(growing(1, (0.5, 1, 2, 4), "x")), "--law", "x", "--variable", "x")
    result = cli(*asked)
    assert result.exit_code == 2
    assert "whether x goes to 0 or to oo cannot be seen from its levels, 0.5 to 4" in result.stderr
    assert cli(*asked, "--as-variable-goes-to", "oo").exit_code == 0


@pytest.mark.parametrize("how", mostly_slow([PIPES[0]], PIPES))
def test_a_pipe_is_judged_and_hashed_as_the_file_is(written, tmp_path, how):
    content = (tmp_path / written(growing(1))).read_bytes()
    line = how.format('"$0" -m theorycheck fit --law n --variable n --json')
    ran = subprocess.run(["bash", "-c", line, sys.executable], cwd=tmp_path, capture_output=True, check=True)
    assert json.loads(ran.stdout)["claims"][0]["plan_hash"] == hashlib.sha256(content).hexdigest()


def test_two_variables_of_a_threshold():
    rng = np.random.default_rng(1)
    cells = pd.DataFrame(
        [(a, b, n) for a in LEVELS for b in (1, 2, 4, 8) for n in SAMPLES], columns=["a", "b", "searched"]
    )
    log_threshold = np.log(12) - 1.0 * np.log(cells["a"] / 0.1) + 0.5 * np.log(cells["b"] / 3)
    rate = 1 / (1 + np.exp(-2 * (np.log(cells["searched"]) - log_threshold)))
    cells = cells.assign(trials=20, successes=rng.binomial(20, rate))
    asked = Hypothesis((Variable("a", "a", -1, "0"), Variable("b", "b", 0.5, "oo")), "Theta")
    judgement = judge(cells, asked)
    assert judgement.decision == "SUPPORTED"
    assert [e.value for e in judgement.estimates] == pytest.approx([-1, 0.5], abs=0.1)
    flat = Hypothesis((Variable("a", "a", -1, "0"), Variable("b", "b", 1.5, "oo")), "Theta")
    assert judge(cells, flat).decision == "REFUTED"


def test_seeds_that_share_their_randomness_widen_the_interval():
    """Each seed has an exponent of its own: rows are not independent, and only the seeds tell."""
    table = measured(-1, seed_deviation=0.4, seed=3)
    asked = Hypothesis((Variable("x", "x", -1, "0"),), "Theta")
    with_seeds, without = (judge(t, asked).estimates[0].interval for t in (table, table.drop(columns="seed")))
    assert with_seeds.high - with_seeds.low > 1.5 * (without.high - without.low)


def test_censored_values_are_not_dropped():
    """Dropping the values that ran into the cap biases the exponent towards 0; as bounds they do not."""
    tables = [measured(-1, cap=2.0, seed=seed) for seed in range(20)]
    dropped = [table[table["censored"] == 0].drop(columns="censored") for table in tables]
    used, biased = (
        np.array([fit_measurement(t, ["x"]).exponent("x") for t in some]) for some in (tables, dropped)
    )
    error = used.std(ddof=1) / np.sqrt(len(used))
    assert abs(used.mean() + 1) < 3 * error
    assert biased.mean() + 1 > 5 * error


@pytest.mark.parametrize("options", [{}, {"noise_exponent": -0.7}, {"seed_deviation": 0.3}])
def test_straight_measurements_are_called_curved_no_more_often_than_the_level_of_the_test(options):
    """Also with unequal variances and shared seeds, where an ordinary F test errs; and curvature is found."""
    p_values = [shape_p_value(measured(-1, seed=seed, **options), ["x"], 1) for seed in range(200)]
    assert np.mean(np.array(p_values) < 0.05) <= 0.05 + 3 * 0.0154
    assert shape_p_value(measured(-1, curvature=0.5, **options), ["x"], 1) < 0.01


def test_lapses_and_a_falling_success_curve_are_named():
    asked = Hypothesis((Variable("x", "x", -1, "0"),), "O")
    found = {c.name: c for c in judge(counts(-1, lapse=0.15), asked).checks}
    assert "lapse rate" in found["lapses"].detail
    falling = counts(-1)
    here = falling["x"] == 0.1
    falling.loc[here, "successes"] = falling.loc[here, "successes"].to_numpy()[::-1]
    found = {c.name: c for c in judge(falling, asked).checks}
    assert found["monotonicity"].detail == "success falls with N at level 0.1"
    assert {c.name: c.status for c in judge(counts(-1), asked).checks}["monotonicity"] == "ok"


def test_a_claim_is_judged_by_a_table_of_its_variable(cli, written):
    table = counts(-1).rename(columns={"x": "alpha_relevant"})
    result = cli("fit", written(table), "--claim", "sample_complexity")
    assert result.exit_code == 0
    assert "N* = O(alpha_*^-2) as alpha_* -> 0" in result.stdout
    assert "the table does not show whether the theorem's conditions held" in result.stdout


def test_the_published_success_map(cli):
    """What docs/worked-example.md says of it."""
    result = cli("fit", PUBLISHED, "--claim", "sample_complexity", "--json")
    assert result.exit_code == 1
    (claim,) = json.loads(result.stdout)["claims"]
    (exponent,) = claim["exponents"]
    assert exponent["estimate"] == pytest.approx(-6.28, abs=0.01)
    found = checks(result)
    assert found["steepness"]["status"] == "warning"
    assert found["steepness"]["detail"].endswith("would make one power law's exponent -5.44 [-6.07, -4.85]")
    assert found["agreement"]["status"] == "ok"
    assert "log-log -6.57" in found["agreement"]["detail"]
    assert "1.31 (alpha_* - 0.203)^-2 (AICc +33.5)" in found["offset"]["detail"]
    assert "-6.04 [-6.86, -5.22] at 0.267261" in found["drift"]["detail"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["table.csv"], "say what to judge: by --claim NAME, or by --law EXPR with --variable"),
        (["table.csv", *LAW, "--claim", "sample_complexity"], "not both"),
        (["table.csv", "--law", "x^-1"], "--law needs --variable NAME"),
        (["table.csv", *LAW, "--variable", "x"], "name each variable once"),
        (["table.csv", *LAW, "--as-variable-goes-to", "1"], "takes 0 or oo"),
        (["table.csv", "--claim", "sample_complexity", "--variable", "x"], "--variable belongs to --law"),
        (["table.csv", "--claim", "nothing"], "there is no claim 'nothing'"),
        (["missing.csv", *LAW], "missing.csv: cannot be read"),
        ([".", *LAW], "cannot be read: Is a directory"),
        (["table.csv", "--law", "y^-1", "--variable", "x"], "the law speaks of x, but"),
        (
            ["table.csv", "--law", "__import__('os').system('touch hacked')", "--variable", "x"],
            "asked for the law",
        ),
    ],
)
def test_bad_input_ends_with_status_2_and_a_message(cli, written, tmp_path, arguments, message):
    written(counts(-1))
    result = cli("fit", *arguments)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.replace("│", " ").split())
    assert result.stdout == ""
    assert not (tmp_path / "hacked").exists()


def test_fitting_loads_no_torch(written, tmp_path):
    from test_cli import python

    code = f"""
import sys
from theorycheck.cli import app
try:
    app(["fit", {str(tmp_path / written(counts(-1)))!r}, *{list(LAW)}])
except SystemExit as end:
    print(end.code, "torch" in sys.modules)
"""
    assert python(code).stdout.splitlines()[-1] == "0 False"
