"""Functions as responses: what they may return, what None does, and what every statement makes of it."""

import decimal
import fractions
import math

import numpy as np
import pandas as pd
import pytest
import sympy
import torch
from test_malformed_claims import HEAD, claim_text

from theorycheck import bounds
from theorycheck.empirical.returned import measurement
from theorycheck.empirical.store import Store
from theorycheck.errors import ClaimError, DesignError
from theorycheck.observation import Outcomes
from theorycheck.plan import hypothesis, make_plan
from theorycheck.session import Session
from theorycheck.statements import Limit, Ordering, Topic
from theorycheck.statistics.judge import judge

LEVELS = {"levels": "(4, 6, 8, 12, 16, 24, 32)", "replicates": "10", "held": "{}"}


@pytest.fixture
def found(tmp_path):
    """The finding on a claim whose response has a body, with some arguments changed."""

    def examined(body, claim=None, design=None, profile="standard"):
        lines = "".join(f"    {line}\n" for line in ("rng = np.random.default_rng(seed)", *body.splitlines()))
        head = f"{HEAD}\ndef measured(point, seed):\n{lines}"
        path = tmp_path / "small.py"
        path.write_text(
            claim_text({"response": "measured", **(claim or {})}, {**LEVELS, **(design or {})}, head)
        )
        return Session(tmp_path / "s.sqlite").examine(str(path), profile)

    return examined


def check(finding, name):
    (found,) = [check for check in finding.verdict.judgement.checks if check.name == name]
    return found


def reward(decision, finding):
    assert finding.verdict.judgement.decision == decision, finding.verdict.judgement.reason


@pytest.mark.parametrize(
    ("returned", "measured"),
    [
        (None, {"outcome": "unfitted"}),
        (True, {"outcome": "success"}),
        (np.False_, {"outcome": "failure"}),
        (np.array(True), {"outcome": "success"}),
        (sympy.false, {"outcome": "failure"}),
        (torch.tensor(True), {"outcome": "success"}),
        (3, {"outcome": "success", "value": 3.0}),
        (np.float32(0.5), {"outcome": "success", "value": 0.5}),
        (np.array(2), {"outcome": "success", "value": 2.0}),
        (torch.tensor(2.0), {"outcome": "success", "value": 2.0}),
        (sympy.Rational(1, 2), {"outcome": "success", "value": 0.5}),
        (decimal.Decimal("1.5"), {"outcome": "success", "value": 1.5}),
        (fractions.Fraction(1, 4), {"outcome": "success", "value": 0.25}),
        ({"value": -1, "loss": 0}, {"outcome": "success", "value": -1.0, "loss": 0.0}),
        (
            {"t": np.array([0, 1, 2]), "value": (3, 2, 1)},
            {"outcome": "success", "t": [0.0, 1.0, 2.0], "value": [3.0, 2.0, 1.0]},
        ),
    ],
)
def test_what_a_function_may_return(returned, measured):
    found = measurement(returned, "f")
    assert found == measured
    assert {name: type(value) for name, value in found.items()} == {k: type(v) for k, v in measured.items()}


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (10**400, r"returned 10+\.\.\.; a measured value must be positive"),
        pytest.param(
            10**5000, "returned an object of the type int; a measured value must be positive", id="digits"
        ),
        (math.inf, "returned inf; a measured value must be positive"),
        (math.nan, "returned nan; a measured value must be positive"),
        (-math.inf, "returned -inf; a measured value must be positive"),
        (0, "returned 0; a measured value must be positive"),
        (1j, "returned 1j; it must return True, False"),
        (np.complex128(1), "it must return True, False"),
        ("3", "returned '3'; it must return True, False"),
        (b"3", "it must return True, False"),
        ("\ud800", r"returned '\\ud800'"),
        ([1.0], "it must return True, False"),
        (np.ones(1), "it must return True, False"),
        (object(), "it must return True, False"),
        (sympy.Symbol("x"), "it must return True, False"),
        ({}, "a mapping of \\[\\]; it must name 'value'"),
        ({"loss": 1}, "it must name 'value'"),
        ({1: 2, "value": 3}, "others by text"),
        ({"value": 1, "a\nb": 3}, "others by text"),
        ({"value": math.nan}, "returned value = nan; it must be a finite number"),
        ({"value": "3"}, "returned value = '3'; it must be a finite number"),
        ({"value": 1, "seed": 3}, "seed, which the table of trials needs"),
        ({"value": [1]}, "without t: value of 1"),
        ({"t": [], "value": []}, "without t: t of 0"),
        ({"t": [1, 2], "value": [1]}, "unlike lengths"),
        ({"t": [1, 2], "value": [1, math.inf]}, "value = inf; it must be a finite number"),
        ({"t": [2, 1], "value": [1, 2]}, "the times must increase"),
        ({"t": [-1, 1], "value": [1, 2]}, "none be negative"),
        ({"t": 3, "value": [1, 2]}, "without t"),
    ],
)
def test_what_a_function_may_not_return(returned, message):
    with pytest.raises(ClaimError, match=f"f returned .*{message}|f {message}"):
        measurement(returned, "f")


POWER = "return None if rng.random() < {none} else float(point['x'] * np.exp(rng.normal(0, 0.05)))"
LINEAR = {"law": "BigO(x, (x, oo))"}


def test_a_response_of_none_is_left_out_and_reported(found):
    finding = found(POWER.format(none=0.1), LINEAR)
    reward("SUPPORTED", finding)
    table, evidence = finding.trials, finding.observed
    none = int((table["outcome"] == "unfitted").sum())
    assert 0 < none < 30
    assert len(evidence) == 70 - none
    assert evidence["value"].notna().all()
    assert evidence["censored"].sum() == 0
    assert finding.verdict.trials == {"total": 70, "trained": 70, "reused": 0, "censored": 0}
    assert check(finding, "no evidence").detail.startswith(
        f"{none} of 70 trials returned None and were left out"
    )
    assert check(finding, "no evidence").status == ("ok" if none < 4 else "warning")
    alone = judge(evidence[["x", "value"]], hypothesis(finding.claim))
    assert finding.verdict.judgement.estimates[0].value == pytest.approx(alone.estimates[0].value)


def test_no_check_of_evidence_where_nothing_is_missing_and_a_warning_where_much_is(found):
    full = found("return float(point['x'] * np.exp(rng.normal(0, 0.05)))", LINEAR)
    assert "no evidence" not in [check.name for check in full.verdict.judgement.checks]
    part = found(POWER.format(none=0.4), LINEAR)
    assert check(part, "no evidence").status == "warning"
    bare = found(
        "return None if point['x'] == 8 else float(point['x'] * np.exp(rng.normal(0, 0.05)))", LINEAR
    )
    assert (
        check(bare, "no evidence").detail
        == "10 of 70 trials returned None and were left out, most of them, 100%, at x = 8"
    )


def test_an_unfitted_trial_of_the_package_that_has_a_value_stays_a_lower_bound():
    plan = make_plan(bounds.find("training_iterations"), "smoke")
    rows = [
        {
            "alpha_relevant": cell.level,
            "replicate": i,
            "iterations": 100.0 + i,
            "outcome": ("success", "unfitted")[i],
        }
        for cell in plan.cells
        for i in range(2)
    ]
    table = pd.DataFrame(rows)
    assert not Outcomes(plan, table).no_evidence.any()
    assert plan.claim.law.observe(Outcomes(plan, table))["censored"].tolist() == [0, 1] * len(plan.cells)
    table.loc[1, "iterations"] = math.nan
    assert Outcomes(plan, table).no_evidence.sum() == 1
    assert len(plan.claim.law.observe(Outcomes(plan, table))) == len(table) - 1


APPROACH = """t = 2.0 ** np.arange(11)
gap = t ** -{rate} * np.exp(rng.normal(0, 0.1, len(t)))
{none}
return {{"t": t, "value": 1 - gap, "loss": list(gap)}}"""
FEW = {"levels": "(1, 2, 4)", "replicates": "20"}


@pytest.mark.parametrize(
    ("rate", "margin", "decision"),
    [(1.0, "0.25", "SUPPORTED"), (0.6, "0.25", "REFUTED"), (0.6, "0.5", "SUPPORTED")],
)
def test_a_limit_of_a_function_is_tested_with_the_margin_of_the_claim(found, rate, margin, decision):
    law = "Limit(1, tolerance=0.1, rate=1, start=4, falls=('loss',))"
    body = APPROACH.format(rate=rate, none="if rng.random() < 0.15: return None")
    finding = found(body, {"law": law, "margin": margin}, FEW)
    reward(decision, finding)
    assert [c.status for c in finding.verdict.judgement.checks if c.name in ("rises", "falls")] == [
        "ok",
        "ok",
    ]
    assert check(finding, "no evidence").detail.endswith(("at x = 1", "at x = 2", "at x = 4"))
    assert finding.observed[["t", "value", "loss"]].dtypes.tolist() == [float] * 3
    assert (finding.observed.groupby("key").size() == 11).all()


@pytest.mark.parametrize(("margin", "decision"), [(0.25, "REFUTED"), (0.5, "SUPPORTED")])
def test_the_margin_of_a_topic_is_that_of_the_rate(margin, decision):
    rng, tables = np.random.default_rng(0), []
    t = 2.0 ** np.arange(11)
    for seed in range(20):
        value = 1 - t**-0.6 * np.exp(rng.normal(0, 0.1, len(t)))
        tables.append(pd.DataFrame({"x": 1.0, "t": t, "value": value, "seed": seed, "key": seed}))
    judgement = Limit(1, 0.1, 1, 4).judge(pd.concat(tables), Topic("x", "x", "A", margin))
    assert judgement.decision == decision


def test_a_limit_is_not_supported_where_a_level_has_no_evidence(found):
    body = APPROACH.format(rate=1.0, none="if point['x'] == 4: return None")
    finding = found(body, {"law": "Limit(1, tolerance=0.1, rate=1, start=4)"}, FEW)
    reward("INCONCLUSIVE", finding)
    assert finding.verdict.judgement.reason.startswith("There is no evidence at x = 4.")


def test_a_none_does_not_shift_the_means_that_an_ordering_compares(found):
    """The value depends on N far more than on x; a seed that lacks one N on one side must not compare unlike
    means.
    """
    body = "return None if rng.random() < 0.1 else {'value': 0.1 * point['x'] - 10 / point['N']}"
    law = {"law": "Ordering((({'x': 1}, {'x': 2}), ({x: 2}, {x: 4})))"}
    finding = found(body, law, {**FEW, "crossed": "{N: (1, 10, 100)}"})
    reward("SUPPORTED", finding)
    assert finding.verdict.judgement.estimates[0].value in (pytest.approx(-0.1), pytest.approx(-0.2))
    assert finding.verdict.trials["censored"] == 0
    assert "samples needed" not in [check.name for check in finding.verdict.judgement.checks]


def test_an_ordering_is_open_where_a_point_has_no_evidence():
    rows = [
        {"x": x, "seed": s, "replicate": s, "value": x + 0.1 * s, "outcome": "success"}
        for x in (1, 2)
        for s in range(5)
    ]
    table, topic = pd.DataFrame(rows), Topic("x", "x", "T", letters={"x": "x"})
    assert Ordering((({"x": 1}, {"x": 2}),)).judge(table, topic).decision == "SUPPORTED"
    assert Ordering((({"x": 1}, {"x": 3}),)).judge(table, topic).decision == "INCONCLUSIVE"


@pytest.mark.parametrize(
    ("law", "design", "success"),
    [
        ("BigO(x**-2, (x, 0))", {}, "2 * np.log(point['N'] / 16 * (point['x'] / 0.1) ** 2)"),
        (
            "Transition(N / x, 1 / (2 * E))", {"factor": "x", "levels": "(16, 24, 32)"},
            "-3 * np.log(point['N'] / point['x'] / 0.4)",
        ),
    ],
)  # fmt: skip
def test_none_is_left_out_where_a_threshold_is_searched(found, law, design, success):
    body = f"return None if rng.random() < 0.03 else np.bool_(rng.normal() < {success})"
    searched = {
        "levels": "(0.03, 0.05, 0.1, 0.15, 0.2, 0.3)",
        "search": "Search(N, [2**k for k in range(14)])",
        "replicates": "20",
    }
    finding = found(body, {"law": law}, {**searched, **design})
    assert finding.verdict.judgement.decision != "REFUTED"  # it may hang on how the unfitted are counted
    counts = finding.observed
    assert counts["unfitted"].sum() == (finding.trials["outcome"] == "unfitted").sum() > 0
    assert counts["trials"].sum() == len(finding.trials) - counts["unfitted"].sum()


def test_a_table_of_trials_has_the_letters_own_names(found):
    design = {
        "factor": "'n'",
        "levels": "(1, 2, 4, 8, 16)",
        "search": "Search('k', [2**i for i in range(11)])",
    }
    law = {"law": "BigO(Symbol('n', positive=True), (Symbol('n', positive=True), oo))"}
    finding = found("return bool(rng.normal() < 1.5 * np.log(point['k'] / point['n'] / 4))", law, design)
    assert list(finding.trials)[:3] == ["n", "k", "replicate"]
    assert {"n", "k"} < set(finding.observed)
    (estimate,) = finding.verdict.judgement.estimates
    assert estimate.factor == "n"
    assert 1 in estimate.interval


@pytest.mark.slow
def test_a_contrast_of_a_function_is_found(found):
    body = """e = -4 if point['g'] else -2
return bool(rng.normal() < 0.7 * np.log(point['N'] / 64 * (point['x'] / 0.1) ** -e))"""
    law = "Contrast(x, 'g', (True, BigO(x**-4, (x, 0))), (False, BigO(x**-2, (x, 0))))"
    design = {
        "levels": "(0.05, 0.1, 0.15, 0.2, 0.3)",
        "search": "Search(N, [2**k for k in range(13)])",
        "crossed": "{'g': (True, False)}",
    }
    reward("SUPPORTED", found(body, {"law": law}, design))


def test_a_direction_of_a_function_with_nones_is_found(found):
    body = "return None if rng.random() < 0.05 else float(np.exp(point['x'] + rng.normal(0, 0.2)))"
    reward("SUPPORTED", found(body, {"law": "Direction(x)"}, {"levels": "(0, 1, 2, 4)"}))


@pytest.mark.parametrize(
    ("body", "claim", "design", "message"),
    [
        ("return None", LINEAR, {}, "no trial of small is evidence: measured returned None at every one"),
        (
            "return None", {"law": "BigO(x**-2, (x, 0))"}, {"search": "Search(N, (1, 2, 4, 8))"},
            "no trial of small is evidence: none of the first [0-9]+ fitted",
        ),
        (
            "return True if seed % 2 else 2.0", LINEAR, {},
            "returns no numbers, but small searches no threshold",
        ),
        (
            "return 2.0", LINEAR, {"search": "Search(N, (1, 2, 4, 8))"},
            "measured returns numbers, but small searches a threshold",
        ),
        ("return {'value': -1.0}", LINEAR, {}, "measured measured -1; a measured value must be positive"),
        (
            "return {'t': [1, 2], 'value': [1, 2]}", LINEAR, {},
            "returns value over t, which only a Limit is about",
        ),
        ("return {'value': 1.0, 'x': 3}", LINEAR, {}, "measured returns x, which the design varies"),
        (
            "return 1.0", {"law": "Limit(1, 0.1, 1, 4)"}, {},
            "returns no list t, value; a Limit needs a mapping",
        ),
        (
            "return {'t': [1, 2], 'value': [1, 2]}", {"law": "Limit(1, 0.1, 1, 4, falls=('loss',))"}, {},
            "returns no list loss; a Limit needs a mapping of lists over t",
        ),
        (
            "return {'t': [1, 2], 'value': [1, 2], 'a': [1, 2] if seed % 2 else 1}",
            {"law": "Limit(1, 0.1, 1, 4)"}, {},
            "returns a as a list in some trials only",
        ),
        (
            "sys.exit(0)", LINEAR, {},
            r"measured failed at x = .*: it called sys.exit\(0\), but has to return a value",
        ),
        ("return 10**400", LINEAR, {}, "measured returned 1000.*; a measured value must be positive"),
    ],
)  # fmt: skip
def test_a_response_that_does_not_fit_the_statement_is_answered(found, body, claim, design, message):
    with pytest.raises(ClaimError, match=message):
        found(body, claim, design, "quick")


def test_a_transition_whose_ratio_is_no_positive_number_is_refused_before_training(found, tmp_path):
    with pytest.raises((ClaimError, DesignError), match=r"N - x must be positive, got -3"):
        found(
            "TRAINED.touch()\nreturn True",
            {"law": "Transition(N - x, 1)"},
            {"search": "Search(N, (1, 2, 4))"},
        )
    assert not (tmp_path / "trained").exists()


def test_a_response_that_changes_its_point_changes_no_trial(found, tmp_path):
    first = found(
        "x = point.pop('x')\npoint['y'] = seed\nreturn float(x * np.exp(rng.normal(0, 0.05)))", LINEAR
    )
    reward("SUPPORTED", first)
    with Store(tmp_path / "s.sqlite") as store:
        plan = make_plan(first.claim)
        keys = [plan.trial(cell, i).key for cell in plan.cells for i in range(10)]
        assert len(store.find(keys)) == 70
