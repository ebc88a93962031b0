"""That a quantity equals a closed form or a table: what is refused, what is decided, what is drawn."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from sympy import Symbol, oo, symbols

from theorycheck.claim import Claim, Design, Search
from theorycheck.drawing import Shown
from theorycheck.errors import ClaimError
from theorycheck.executors.local import ThisProcess
from theorycheck.plan import make_plan
from theorycheck.session import Session
from theorycheck.source import Paper, Source
from theorycheck.statements import Predicts
from theorycheck.statistics import prediction, quantities

n, d, m, C, y = symbols("n d m C y", positive=True)
LEVELS = (1, 2, 4, 8)
WIDTHS = tuple(round(8 * 1.15**i, 2) for i in range(40))


def noisy(point, seed):
    """About 3 n, plus a tenth of it over d."""
    rng = np.random.default_rng(seed)
    return {"value": 3 * point["n"] * (1 + 0.5 / point.get("d", np.inf)) * (1 + 0.02 * rng.normal())}


def exactly(point, seed):
    """3 n, always."""
    return {"value": 3.0 * point["n"]}


def signed(point, seed):
    """3 n - 6, which is 0 and negative somewhere; None at n = 8 where `gone` is held."""
    if point["gone"] and point["n"] == 8:
        return None
    return {"value": 3 * point["n"] - 6 + 0.05 * np.random.default_rng(seed).normal()}


def wide_enough(point, seed):
    """Success from widths of about 20 n^(1/2) on."""
    noise = 0.1 * np.random.default_rng(seed).normal()
    return bool(np.log(point["m"] / (20 * point["n"] ** 0.5)) > noise)


def claim(law, response=noisy, search=None, crossed=None, held=None, replicates=20, levels=LEVELS):
    design = Design(
        factor=n, levels=levels, crossed=crossed or {}, search=search, replicates=replicates, held=held or {}
    )
    return Claim(
        name="toy",
        title="A toy",
        source=Source(paper=Paper(key="x", short="X", reference="X"), place="1"),
        provenance="stated",
        quantity=y,
        law=law,
        response=response,
        design=design,
        refuted_by="it is not so",
    )


def found(tmp_path, *given, **design):
    return Session(tmp_path / "s.sqlite", ThisProcess()).examine(claim(*given, **design))


@pytest.mark.parametrize(
    ("law", "message"),
    [
        (lambda: Predicts("no expression )"), "value is an expression such as"),
        (lambda: Predicts({}), "the table is empty"),
        (lambda: Predicts(3 * n, tolerance=0), "tolerance must be positive, got 0"),
        (lambda: Predicts(3 * n, tolerance=1.5), "a relative tolerance is below 1"),
        (lambda: Predicts(C + n, prefactor=C), "a multiple of its prefactor"),
        (lambda: Predicts({1: 2}, prefactor=C), "a multiple of its prefactor"),
        (lambda: Predicts(C * n, prefactor=C, absolute=True), "the tolerance is relative"),
        (lambda: Predicts(3 * n, limit=(d, 0)), "a letter that goes to oo"),
        (lambda: Predicts(3 * n * d, limit=(d, oo)), "cannot depend on d"),
        (lambda: claim(Predicts(3 * d)), "the prediction needs a value for d"),
        (lambda: claim(Predicts({1: 3, 2: 6})), "a number for every level of n"),
        (lambda: claim(Predicts(3 * n, limit=(d, oo))), "a limit for d -> oo needs 3 or more"),
        (lambda: claim(Predicts(3 * n, limit=(d, oo)), crossed={d: (2, 4)}), "needs 3 or more values of d"),
        (lambda: claim(Predicts(m * n), search=Search(m, WIDTHS)), "a threshold in m cannot depend on it"),
        (lambda: claim(Predicts(3 * n), held={"predicted": 1}), "has a predicted"),
        (lambda: make_plan(claim(Predicts(n - 2))), "relative to a prediction of 0"),
        (lambda: make_plan(claim(Predicts(1 / (n - 2), absolute=True))), "the prediction"),
    ],
)
def test_what_cannot_be_predicted_is_refused(law, message):
    with pytest.raises(Exception, match=message) as caught:
        law()
    assert isinstance(caught.value, ClaimError | ValueError)


@pytest.mark.parametrize(
    ("law", "text", "formula"),
    [
        (Predicts(3 * n, tolerance=0.1), "y = 3 n within 10 %", r"y = 3 n \text{ within 10 \%}"),
        (Predicts({1: 2, 2: 3}, 0.5, absolute=True), "y = 2 at 1, 3 at 2, within 0.5", r"\begin{cases} 2 &"),
        (Predicts(C * n, prefactor=C), "y = C n within 5 %, C fitted", "y = C n"),
        (Predicts(3 * n, limit=(d, oo)), "y = 3 n within 5 % as d -> oo", r"(d \to \infty)"),
    ],
)
def test_a_prediction_says_itself(law, text, formula):
    assert law.statement(y, {}) == text
    assert formula in law.latex(y, {})


@pytest.mark.parametrize(
    ("law", "decision"),
    [
        (Predicts(3 * n), "SUPPORTED"),
        (Predicts({1: 3, 2: 6, 4: 12, 8: 24}), "SUPPORTED"),
        (Predicts({1: 3, 2: 6, 4: 12, 8: 27}), "REFUTED"),
        (Predicts(3 * n, tolerance=0.001), "INCONCLUSIVE"),
        (Predicts(3.3 * n), "REFUTED"),
        (Predicts(C * n, prefactor=C), "SUPPORTED"),
        (Predicts(C * n**2, prefactor=C), "REFUTED"),
    ],
)
def test_values_are_compared_with_their_prediction(law, decision, tmp_path):
    finding = found(tmp_path, law)
    assert finding.decision == decision
    estimate = finding.estimates[0]
    assert estimate.value in estimate.interval
    assert sum(check.name.startswith("n = ") for check in finding.verdict.judgement.checks) == len(LEVELS)
    if law.prefactor and decision == "SUPPORTED":
        (fitted,) = finding.verdict.judgement.beside
        assert fitted.name == "C"
        assert 3 in fitted.interval
        assert fitted.interval.width < 0.2


@pytest.mark.parametrize(
    ("slope", "decision"), [(3, "SUPPORTED"), (3.5, "REFUTED"), (3 / 1.05, "INCONCLUSIVE")]
)
def test_values_without_noise_are_decided_but_at_the_very_edge(slope, decision, tmp_path):
    finding = found(tmp_path, Predicts(slope * n), exactly, replicates=4)
    assert finding.decision == decision
    assert np.isfinite(finding.estimates[0].value)


def test_one_trial_a_point_determines_nothing():
    stated = claim(Predicts(3 * n))
    rows = {"n": LEVELS, "value": [3.0 * x for x in LEVELS], "predicted": [3.0 * x for x in LEVELS]}
    judged = stated.law.judge(pd.DataFrame({**rows, "censored": 0}), stated.topic)
    assert judged.decision == "INCONCLUSIVE"
    assert judged.estimates[0].interval.high == np.inf


def test_an_absolute_tolerance_admits_zero_and_negative_values(tmp_path):
    law = Predicts(3 * n - 6, tolerance=0.2, absolute=True)
    assert found(tmp_path, law, signed, held={"gone": False}).decision == "SUPPORTED"
    wrong = Predicts(3 * n - 5, tolerance=0.2, absolute=True)
    assert found(tmp_path, wrong, signed, held={"gone": False}).decision == "REFUTED"


def test_a_level_without_evidence_is_never_supported(tmp_path):
    law = Predicts(3 * n - 6, tolerance=0.2, absolute=True)
    finding = found(tmp_path, law, signed, held={"gone": True})
    assert finding.decision == "INCONCLUSIVE"
    assert "no evidence at n = 8" in finding.verdict.judgement.reason


def test_a_limit_is_extrapolated_over_the_sizes(tmp_path):
    crossed = {d: (4, 8, 16, 32)}
    finding = found(tmp_path, Predicts(3 * n, limit=(d, oo)), crossed=crossed)
    assert finding.decision == "SUPPORTED"
    assert len(finding.verdict.judgement.levels) == 16
    assert sum(check.name == "extrapolation" for check in finding.verdict.judgement.checks) == 4
    assert found(tmp_path, Predicts(3 * n), crossed=crossed).decision == "REFUTED"


def test_thresholds_are_compared_with_their_prediction(tmp_path):
    options = {"search": Search(m, WIDTHS), "replicates": 30}
    assert found(tmp_path, Predicts(20 * n**0.5, 0.1), wide_enough, **options).decision == "SUPPORTED"
    assert found(tmp_path, Predicts(20 * n, 0.1), wide_enough, **options).decision == "REFUTED"
    free = found(tmp_path, Predicts(C * n**0.5, 0.1, prefactor=C), wide_enough, **options)
    assert free.decision == "SUPPORTED"
    assert 20 in free.verdict.judgement.beside[0].interval


@pytest.mark.parametrize(("times", "decision"), [(1, "INCONCLUSIVE"), (100, "REFUTED")])
def test_a_threshold_beyond_what_was_tried_refutes_by_its_bound_or_decides_nothing(times, decision, tmp_path):
    """All widths are too large; with a prediction among them it is refuted."""
    law = Predicts(0.2 * times * n**0.5, 0.1)
    response = {"response": wide_enough, "search": Search(m, (1000, 1500, 2000)), "replicates": 30}
    if times == 100:
        law = Predicts(1500, 0.1)
    assert found(tmp_path, law, **response).decision == decision


def test_the_limit_of_thresholds_is_that_of_a_line_in_them_and_not_in_their_logarithms():
    rows = [
        {"n": 1.0, "d": size, "searched": x, "trials": 10**6, "predicted": 10.0,
         "successes": round(10**6 * norm.cdf(4 * np.log(x / (10 + 40 / size))))}
        for size in (4.0, 8.0, 16.0)
        for x in (8.0, 10.0, 13.0, 16.0, 20.0, 25.0)
    ]  # fmt: skip
    found = quantities.seen(pd.DataFrame(rows), ["n", "d"], "predicted", "d")
    (limit,), (p_value,) = found.points, found.lines
    assert np.exp(limit.value) == pytest.approx(10, abs=0.05)
    assert p_value > 0.05


def test_the_limit_of_exact_values_off_a_line_is_widened_by_what_curvature_changes():
    sizes = (10, 20, 40, 80)
    exact = [quantities.Found((), 1 + 1 / s + 1 / s**2, 1e-12, 9) for s in sizes]
    limit, p_value = quantities.extrapolated((), exact, sizes)
    assert p_value < 0.01
    assert abs(limit.value - 1) < 1e-9
    assert 1e-4 < limit.error < 0.01
    on_a_line = [quantities.Found((), 1 + 1 / s, 1e-3, 9) for s in sizes]
    limit, p_value = quantities.extrapolated((), on_a_line, sizes)
    assert p_value > 0.01
    assert abs(limit.value - 1) < 1e-9


def test_the_largest_deviation_has_an_interval_that_covers():
    """Of eight points, all 5 % off."""
    rng, covered = np.random.default_rng(3), 0
    for _ in range(300):
        points = []
        for _ in range(8):
            values = 1.05 + 0.05 * rng.normal(size=10)
            points.append(quantities.Found((), values.mean(), values.std(ddof=1) / 10**0.5, 9))
        found = prediction.deviations(points, [1.0] * 8, 0.05, False, False)
        covered += 0.05 in prediction.largest(found)[1]
    assert covered / 300 > 0.93


@pytest.mark.parametrize(
    "stated",
    [
        claim(Predicts(3 * n)),
        claim(Predicts(C * n, prefactor=C)),
        claim(Predicts(3 * n, limit=(d, oo)), crossed={d: (4, 8, 16)}),
        claim(Predicts(3 - n, 0.2, absolute=True), crossed={"way": ("left", "right")}),
        claim(Predicts(20 * n**0.5, 0.2), wide_enough, Search(m, WIDTHS)),
        claim(Predicts(3, limit=(n, oo))),
    ],
)
def test_planted_worlds_are_judged_right_and_drawn(stated):
    plan = make_plan(stated)
    right = {True: "SUPPORTED", False: "REFUTED", None: "INCONCLUSIVE"}
    worlds = stated.law.planted(plan)
    assert {world.holds for world in worlds} == set(right)
    for world in worlds:
        judged = [
            stated.law.judge(evidence := world.draw(np.random.default_rng((5, i))), stated.topic)
            for i in range(3)
        ]
        decisions = Counter(one.decision for one in judged)
        assert decisions[right[world.holds]] >= 2, (world.name, decisions)
    (drawing,) = stated.law.draw(Shown(judged[-1], stated, evidence, {}))
    figure = drawing.draw()
    assert figure.axes[0].has_data()
    figure.canvas.draw()


def test_a_letter_of_the_claim_is_found_by_name():
    """Symbols with other assumptions are the same letter."""
    plain = Symbol("n")
    assert claim(Predicts(3 * plain)).statement == "y = 3 n within 5 %"
