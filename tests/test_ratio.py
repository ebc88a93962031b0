"""The ratio of two groups' thresholds: against other estimates, in planted worlds, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sympy import Symbol

from theorycheck import bounds
from theorycheck.errors import ClaimError
from theorycheck.plan import make_plan
from theorycheck.statements import Ratio
from theorycheck.statistics.loglog import level_thresholds
from theorycheck.statistics.threshold_ratio import as_a_whole, ratios

SAMPLES = (4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)
alpha = Symbol("alpha", positive=True)


def trials(rng, first, second=30.0, levels=(1, 2, 3), replicates=20, shared=0.0):
    """One row a trial; both groups of a pair share a part of what makes them fail."""
    rows = []
    for x in levels:
        for n in SAMPLES:
            common = rng.normal(0, shared, replicates)
            for name, threshold in (("a", first), ("b", second)):
                latent = (
                    1.5 * np.log(n / threshold) + common + rng.normal(0, (1 - shared**2) ** 0.5, replicates)
                )
                pairs = (f"{x}|{n}|{i}" for i in range(replicates))
                rows += [(x, name, n, int(z > 0), 1, pair) for z, pair in zip(latent, pairs, strict=True)]
    return pd.DataFrame(rows, columns=["x", "group", "searched", "successes", "trials", "pair"])


def judged(table, at_most):
    return ratios(table, "x", "group", "a", "b", at_most)


def test_the_ratio_is_that_of_thresholds_fitted_apart():
    table = trials(np.random.default_rng(1), 12.0)
    apart = [level_thresholds(table[table["group"] == name], ["x"]) for name in ("a", "b")]
    for one, first, second in zip(judged(table, 0.5), *apart, strict=True):
        assert one.ratio == pytest.approx(first.value / second.value, rel=1e-6)
        logs = [np.log(v.high / v.low) / 2 for v in (first, second)]
        assert np.log(one.interval().high / one.interval().low) / 2 == pytest.approx(np.hypot(*logs), rel=0.3)


def test_trials_that_share_their_randomness_narrow_the_interval():
    tables = [trials(np.random.default_rng(2), 30.0, replicates=100, shared=s) for s in (0.0, 0.95)]
    apart, paired = (judged(table, 0.5)[0].interval().width for table in tables)
    assert paired < 0.8 * apart


@pytest.mark.parametrize(
    ("first", "decision"), [(9.0, "SUPPORTED"), (30.0, "REFUTED"), (15.0, "INCONCLUSIVE")]
)
def test_a_ratio_is_judged_by_the_bound(first, decision):
    assert as_a_whole(judged(trials(np.random.default_rng(3), first), 0.5)).decision == decision


def test_the_interval_covers_as_often_as_it_says():
    rng, inside = np.random.default_rng(4), 0
    for _ in range(200):
        (one,) = judged(trials(rng, 15.0, levels=(1,), replicates=10), 0.5)
        inside += 0.5 in one.interval()
    assert stats.binomtest(inside, 200, 0.95).pvalue > 0.01


def test_a_threshold_beyond_what_was_tried_gives_no_ratio():
    (one,) = judged(trials(np.random.default_rng(5), 12.0, 3000.0, levels=(1,)), 0.5)
    assert np.isnan(one.ratio)
    assert as_a_whole([one]).decision == "INCONCLUSIVE"
    assert np.isinf(as_a_whole([one]).interval.high)


def test_the_claim_on_attention_is_marked_as_no_statement_of_the_paper():
    claim = bounds.find("attention_saving")
    assert claim.provenance == "recalled"
    assert "not stated there" in claim.source.place
    assert "<= 0.5" in claim.statement


def test_exchanged_groups_are_refuted_where_the_claim_is_supported():
    claim = bounds.find("attention_saving")
    evidence = claim.law.planted(make_plan(claim))[2].draw(np.random.default_rng(6))
    turned = Ratio(claim.law.variable, "attention", False, True, at_most=0.5)
    assert claim.law.judge(evidence, claim.topic).decision == "SUPPORTED"
    assert turned.judge(evidence, claim.topic).decision == "REFUTED"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"at_most": 0}, "at_most must be positive"),
        ({"at_most": "half"}, "at_most"),
        ({"second": True}, "same value"),
        ({"variable": "alpha"}, "variable is a letter"),
    ],
)
def test_what_is_no_ratio_is_refused(changed, message):
    given = {"variable": alpha, "group": "attention", "first": True, "second": False, "at_most": 0.5}
    with pytest.raises(ClaimError, match=message):
        Ratio(**{**given, **changed})


def test_a_design_without_both_groups_is_refused():
    claim = bounds.find("attention_saving")
    for change in (
        {"crossed": {}},
        {"crossed": {"attention": (True, False), "S": (5, 10)}},
        {"search": None},
    ):
        with pytest.raises(ClaimError, match=r"Ratio compares|needs a design"):
            claim.law.check(claim.design.model_copy(update=change))
