"""The judge on tables that are exact, constant, extreme or collinear: their right values, and no warnings."""

import json

import numpy as np
import pandas as pd
import pytest
from test_fit import counts
from test_statistics import detail, status

from theorycheck.judgement import Estimate, Interval, Judgement
from theorycheck.statistics.forms import compare_forms
from theorycheck.statistics.hypothesis import Hypothesis, Variable
from theorycheck.statistics.judge import judge
from theorycheck.statistics.measurement import fit_measurement, shape_p_value
from theorycheck.statistics.polynomial import exponential, independent
from theorycheck.verdict import Prediction, TableDesign, Variation, Verdict

LEVELS = (1.0, 2.0, 3.0, 5.0, 8.0, 13.0)


def asked(exponent, relation="Theta", factors=("x",)):
    return Hypothesis(tuple(Variable(f, f, exponent, "oo") for f in factors), relation)


def exact(exponent, repeats=1, seeds=0, levels=LEVELS):
    rows = [(x, x**exponent, i) for x in levels for i in range(repeats)]
    table = pd.DataFrame(rows, columns=["x", "value", "seed"])
    return table.assign(seed=table["seed"] % seeds) if seeds else table.drop(columns="seed")


@pytest.mark.parametrize("exponent", [-30.0, -0.3, 0.3, 1.0, 1.7, 40.0])
@pytest.mark.parametrize(("repeats", "seeds"), [(1, 0), (2, 0), (3, 0), (4, 4), (6, 3)])
def test_values_that_follow_a_law_exactly_support_it(exponent, repeats, seeds):
    judgement = judge(exact(exponent, repeats, seeds), asked(exponent))
    assert judgement.decision == "SUPPORTED"
    assert judgement.estimates[0].value == pytest.approx(exponent, abs=1e-9)
    assert status(judgement, "power law") == "ok", detail(judgement, "power law")


@pytest.mark.parametrize(("claimed", "decision"), [(1.0, "SUPPORTED"), (-1.0, "REFUTED")])
def test_a_constant_does_not_grow(claimed, decision):
    judgement = judge(exact(0.0, 3), asked(claimed, "O"))
    assert (judgement.decision, judgement.estimates[0].value) == (decision, pytest.approx(0, abs=1e-12))
    assert judgement.regression is None
    assert detail(judgement, "agreement").endswith("or these follow a law exactly")


def test_a_curve_without_errors_is_no_power_law():
    table = exact(1.0, 2).assign(value=lambda rows: rows["x"] + 100)
    assert shape_p_value(table, ["x"], 1) < 1e-6
    forms = {form.name: form for form in compare_forms(table, "x", 1.0)}
    assert forms["offset in the quantity"].exponent == pytest.approx(1, abs=1e-3)
    assert forms["offset in the quantity"].p_value < 1e-6


def test_values_of_any_size_are_judged():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"x": np.repeat(LEVELS, 3), "value": 10.0 ** rng.uniform(-300, 300, 18)})
    judgement = judge(table, asked(1.0))
    assert judgement.decision == "INCONCLUSIVE"
    assert max(level.high for level in judgement.levels) == np.inf


def test_levels_of_any_size_are_judged():
    judgement = judge(exact(0.5, 2, levels=(1e-300, 1e-100, 1.0, 1e100, 1e300)), asked(0.5))
    assert judgement.decision == "SUPPORTED"
    assert "600.00 decades" in detail(judgement, "range")


@pytest.mark.parametrize("apart", [0.0, 1e-12, 1e-9])
def test_factors_that_change_together_are_named(apart):
    table = exact(1.0, 3).assign(y=lambda rows: rows["x"] ** 2 * (1 + apart * np.arange(len(rows))))
    noisy = table.assign(
        value=lambda rows: rows["value"] * np.exp(np.random.default_rng(0).normal(0, 0.1, len(rows)))
    )
    judgement = judge(noisy, asked(1.0, factors=("x", "y")))
    assert judgement.decision == "INCONCLUSIVE"
    assert "the levels of x and y change together" in judgement.reason


def test_so_are_those_of_counts():
    table = counts(-1.0).assign(y=lambda rows: rows["x"] ** 2)
    judgement = judge(table, asked(-1.0, factors=("x", "y")))
    assert judgement.decision == "INCONCLUSIVE"
    assert "the levels of x and y change together" in judgement.reason


def test_success_that_does_not_depend_on_n_has_no_threshold():
    cells = [(x, n, 10, 20) for x in (1, 2, 4, 8) for n in (2, 4, 8, 16, 32)]
    judgement = judge(pd.DataFrame(cells, columns=["x", "searched", "successes", "trials"]), asked(-1.0))
    assert (judgement.decision, judgement.estimates) == ("INCONCLUSIVE", ())
    assert judgement.reason.startswith("No exponent can be estimated")


def test_few_rows_leave_forms_alone():
    judgement = judge(exact(1.0).head(4), asked(1.0))
    assert judgement.decision == "SUPPORTED"
    assert detail(judgement, "offset") == "too few rows (4) to compare forms with an offset"


def test_independence_is_that_of_directions_not_of_sizes():
    u = np.log(LEVELS)
    assert independent(np.column_stack([np.ones(6), 1e-12 * u]))
    assert not independent(np.column_stack([u, u * (1 + 1e-9 * np.arange(6))]))
    assert not independent(np.column_stack([u, np.zeros(6)]))
    assert not independent(np.ones((1, 2)))


def test_what_is_larger_than_floats_is_infinite():
    assert (exponential(0.0), exponential(1000.0), exponential(-1000.0)) == (1.0, np.inf, 0.0)
    assert fit_measurement(exact(200.0, 2), ["x"]).predict([1e9]) == np.inf


def test_json_has_no_number_that_is_none():
    nothing = Estimate("x", float("nan"), Interval(-np.inf, np.inf, 0.95), "not determined")
    design = TableDesign("t.csv", 2, {"x": [1.0, np.inf]}, None, None, 0.25)
    verdict = Verdict(
        "a", "b", "given", "c", (Prediction("x", "x", np.inf),), "Theta",
        Judgement("INCONCLUSIVE", "d", (), (), (nothing,)), design, {"total": 1}, "e", 1.0,
        sensitivity=(Variation("f", "INCONCLUSIVE", (nothing,)),),
    )  # fmt: skip
    document = json.loads(json.dumps(verdict.document(), allow_nan=False))
    (exponent,) = document["exponents"]
    assert [exponent[name] for name in ("predicted", "estimate", "ci_low", "ci_high")] == [None] * 4
    assert document["sensitivity"][0]["estimates"][0]["interval"] == {
        "low": None,
        "high": None,
        "confidence": 0.95,
    }
    assert document["design"]["levels"] == {"x": [1.0, None]}
