"""The judge: from counts of successes to SUPPORTED, REFUTED or INCONCLUSIVE."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from theorycheck.statistics import checks
from theorycheck.statistics.loglog import fit_loglog, level_thresholds
from theorycheck.statistics.threshold import ThresholdFit, fit_threshold, shape_p_value
from theorycheck.verdict import Check, Decision, Estimate, Interval, Judgement, LevelThreshold

SHAPE_SIGNIFICANCE = 0.05
HIGHEST_DEGREE = 3
CURVE_POINTS = 41


@dataclass(frozen=True)
class Question:
    """What is asked of the data: the law in numbers.

    Attributes:
        factor: column of the varied quantity.
        letter: the factor as readers know it, for sentences.
        exponent: claimed exponent.
        relation: "O", "Omega" or "Theta".
        goes_to: where the factor goes in the theorem.
        margin: how much worse than claimed the exponent may be.
        rivals: exponents the data should exclude.
    """

    factor: str
    letter: str
    exponent: float
    relation: Literal["O", "Omega", "Theta"]
    goes_to: Literal["0", "oo"]
    margin: float
    rivals: tuple[float, ...] = ()

    @property
    def allowed(self) -> Interval:
        """The exponents that the law allows, margin included.

        O forbids faster growth along the regime, which is a more negative exponent for x -> 0 and a larger one for
        x -> oo; Omega forbids the contrary.
        """
        low, high = self.exponent - self.margin, self.exponent + self.margin
        if self.relation != "Theta":
            bounded_below = (self.relation == "O") == (self.goes_to == "0")
            low, high = (low, np.inf) if bounded_below else (-np.inf, high)
        return Interval(low, high, 1.0)

    def end(self, levels: list[float]) -> float:
        """The level that is deepest in the regime."""
        return min(levels) if self.goes_to == "0" else max(levels)


@dataclass(frozen=True)
class Fits:
    """The regressions of one data set.

    Attributes:
        straight: one power law over the whole range.
        p_value: of the hypothesis that one power law fits.
        bent: the fit of lowest degree that is not rejected, with its local exponent at the end of the range that the
            regime points to; None when one power law fits.
        bent_p_value: of the hypothesis that the bent shape fits.
    """

    straight: ThresholdFit
    p_value: float
    bent: ThresholdFit | None = None
    bent_p_value: float = 1.0

    @property
    def decisive(self) -> ThresholdFit:
        """The fit whose exponent the verdict rests on."""
        return self.bent or self.straight

    @property
    def estimate(self) -> Estimate:
        """The exponent that the verdict rests on, with its 95 % interval."""
        place = f", local exponent at {self.bent.x0:g}" if self.bent else ""
        return self.decisive.estimate(f"binomial regression on trials{place}")


def judge(cells: pd.DataFrame, question: Question) -> Judgement:
    """Judge a law by the success counts of its trials.

    The exponent comes from the binomial regression; where one power law does not fit, from the tangent of the lowest
    polynomial (in log-log coordinates) that does, at the end of the range that the regime points to. O and Omega are
    tested by one-sided 95 % limits, Theta by two one-sided tests at 5 % (Schuirmann, J. Pharmacokinet. Biopharm. 15
    (1987) 657).

    Args:
        cells: one row a cell with the columns `factor`, n, successes, trials, unfitted. `trials` counts successes
            and failures; `unfitted` those that did not fit their training data, which is no evidence about N*.
        question: the law.

    Returns:
        The judgement; INCONCLUSIVE with the reason when the data bear no estimate.
    """
    evidence = cells[cells["trials"] > 0]
    thresholds = tuple(level_thresholds(evidence, question.factor))
    design = (checks.span(thresholds), checks.censoring(thresholds))
    fits = _fit(evidence, thresholds, question)
    if fits is None:
        reason = f"No exponent can be estimated: {_missing(design[1])}."
        return Judgement("INCONCLUSIVE", reason, design, thresholds)
    decision = _decide(fits, question)
    loglog = fit_loglog(thresholds)
    straight = fits.straight.estimate("binomial regression on trials, one power law")
    unfitted = checks.unfitted(cells, _decisions_counting_unfitted(cells, question), decision)
    found = (
        *design,
        checks.power_law(fits.straight, fits.p_value, fits.bent, fits.bent_p_value, question.letter),
        checks.dispersion(fits.straight),
        checks.agreement(straight, loglog),
        checks.rivals(fits.estimate.interval, question.rivals),
        unfitted,
    )
    if unfitted.status == "failed":
        decision = "INCONCLUSIVE"
    return Judgement(
        decision=decision,
        reason=_reason(decision, fits, question, unfitted),
        checks=found,
        thresholds=thresholds,
        estimate=fits.estimate,
        beside=tuple(e for e in (straight if fits.bent else None, loglog) if e),
        curve=_curve(fits.decisive, thresholds),
    )


def _fit(evidence: pd.DataFrame, thresholds: Sequence[LevelThreshold], question: Question) -> Fits | None:
    measured = [t.level for t in thresholds if t.measured]
    straight = fit_threshold(evidence, question.factor)
    if len(measured) < checks.FEWEST_LEVELS or straight is None:
        return None
    inside = evidence[evidence[question.factor].isin(measured)]
    p_value = shape_p_value(inside, question.factor, 1)
    if p_value >= SHAPE_SIGNIFICANCE:
        return Fits(straight, p_value)
    for degree in range(2, HIGHEST_DEGREE + 1):
        bent_p_value = shape_p_value(inside, question.factor, degree)
        if bent_p_value >= SHAPE_SIGNIFICANCE:
            break
    bent = fit_threshold(evidence, question.factor, question.end(measured), degree)
    return Fits(straight, p_value, bent, bent_p_value)


def _curve(fit: ThresholdFit, thresholds: Sequence[LevelThreshold]) -> tuple[tuple[float, float, float, float], ...]:
    levels = [t.level for t in thresholds]
    points = np.geomspace(min(levels), max(levels), CURVE_POINTS)
    return tuple((float(x), fit.threshold(x), *fit.band(x)) for x in points)


def _decide(fits: Fits, question: Question) -> Decision:
    tested = fits.decisive.interval(confidence=0.90)  # its ends are one-sided 95 % limits
    if tested.low >= question.allowed.low and tested.high <= question.allowed.high:
        return "SUPPORTED"
    if tested.high < question.allowed.low or tested.low > question.allowed.high:
        return "REFUTED"
    return "INCONCLUSIVE"


def _decisions_counting_unfitted(cells: pd.DataFrame, question: Question) -> set[Decision]:
    """The decisions if all unfitted trials had failed, and if all had succeeded."""
    decisions: set[Decision] = set()
    for as_success in (0, 1):
        counted = cells.assign(
            successes=cells["successes"] + as_success * cells["unfitted"], trials=cells["trials"] + cells["unfitted"]
        )
        fits = _fit(counted, level_thresholds(counted, question.factor), question)
        decisions.add("INCONCLUSIVE" if fits is None else _decide(fits, question))
    return decisions


def _missing(censoring: Check) -> str:
    if censoring.status == "failed":
        return censoring.detail
    return (
        "successes and failures are separated without overlap, so that more replicates or finer steps of N are needed"
    )


def _reason(decision: Decision, fits: Fits, question: Question, unfitted: Check) -> str:
    if unfitted.status == "failed":
        return f"The verdict would depend on trials that did not fit: {unfitted.detail}."
    value, interval = fits.estimate.value, fits.estimate.interval
    bound = question.exponent
    growth = {"O": "no faster than", "Omega": "at least as fast as", "Theta": "as fast as"}[question.relation]
    if decision == "SUPPORTED":
        return f"Grows {growth} claimed.{_tightness(value, interval, question)}"
    if decision == "REFUTED":
        direction = "faster" if (value < bound) == (question.goes_to == "0") else "slower"
        return f"Grows {direction} than claimed: exponent {value:.2f} {interval} against {bound:g}."
    return _what_would_settle(fits, question)


def _tightness(value: float, interval: Interval, question: Question) -> str:
    if question.relation == "Theta":
        return ""
    remark = ""
    if question.exponent in interval:
        remark = " The data are compatible with a tight bound."
    worse = (value < question.exponent) == (question.allowed.high == np.inf)
    if worse:
        return f"{remark} The estimate {value:.2f} is worse than claimed, but within the margin of {question.margin:g}."
    return remark or f" Not tight: the measured exponent {value:.2f} {interval} stays clear of {question.exponent:g}."


def _what_would_settle(fits: Fits, question: Question) -> str:
    tested = fits.decisive.interval(confidence=0.90)
    value = fits.decisive.exponent
    bounds = [b for b in (question.allowed.low, question.allowed.high) if tested.low < b < tested.high]
    if not np.isfinite(tested.high - tested.low) or not bounds:
        return "The trials establish no threshold: more replicates are needed."
    bound = min(bounds, key=lambda b: abs(b - value))
    half_width = value - tested.low if bound < value else tested.high - value
    factor = (half_width / max(abs(value - bound), 1e-9)) ** 2
    more = f"about {factor:.2g} times as many trials" if factor < 100 else "more trials than are worth their time"
    at_end = f", or levels deeper in {question.letter} -> {question.goes_to}" if fits.bent else ""
    return f"The interval reaches across the limit {bound:g}; {more} would settle it at this estimate{at_end}."
