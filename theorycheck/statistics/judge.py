"""The judge: from trials or measurements to SUPPORTED, REFUTED or INCONCLUSIVE."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from theorycheck.statistics import checks
from theorycheck.statistics.evidence import Evidence, Fit, Measurements, Trials
from theorycheck.statistics.loglog import fit_loglog
from theorycheck.statistics.question import SHAPE_DOUBT, SHAPE_SIGNIFICANCE, SIGNIFICANCE, TESTED, Question, Variable
from theorycheck.statistics.reason import blurred, reason, settle
from theorycheck.verdict import Check, Decision, Estimate, Interval, Judgement

HIGHEST_DEGREE = 3
CURVE_POINTS = 41


@dataclass(frozen=True)
class Fits:
    """The regressions of one data set, and where the verdict is read off.

    Attributes:
        straight: one power law over the whole range.
        p_value: of the hypothesis that one power law fits.
        bent: the fit of lowest degree that is not rejected; None when one power law fits.
        bent_p_value: of the hypothesis that its shape fits.
        doubt: the fit of the next degree, which must agree with a verdict where the shape is doubtful but not rejected.
        shallowest, deepest: the ends of the measured range, the second where the regime points to.
    """

    straight: Fit
    p_value: float
    shallowest: tuple[float, ...]
    deepest: tuple[float, ...]
    bent: Fit | None = None
    bent_p_value: float = 1.0
    doubt: Fit | None = None

    @property
    def decisive(self) -> Fit:
        """The fit that the verdict rests on."""
        return self.bent or self.straight

    @property
    def ends(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """The shallowest and the deepest point."""
        return self.shallowest, self.deepest

    @property
    def consulted(self) -> tuple[Fit, ...]:
        """The fits that must all agree with a verdict."""
        return (self.decisive,) if self.doubt is None else (self.decisive, self.doubt)

    def interval(self, factor: str, confidence: float = 0.95) -> Interval:
        """Interval of the exponent that the verdict rests on: that of all fits consulted, where they are two."""
        intervals = [fit.interval(factor, confidence, self.deepest) for fit in self.consulted]
        return Interval(min(i.low for i in intervals), max(i.high for i in intervals), confidence)

    def estimate(self, factor: str, method: str) -> Estimate:
        """The exponent that the verdict rests on, with its 95 % interval."""
        place = f"at {', '.join(f'{x:g}' for x in self.deepest)}"
        if self.bent:
            method = f"{method}, local exponent {place}"
        if self.doubt:
            other = "the next degree" if self.bent else f"the local exponent {place}"
            method = f"{method}, interval with that of {other}"
        return Estimate(factor, self.decisive.exponent(factor, self.deepest), self.interval(factor), method)

    def p_supported(self, question: Question) -> float:
        """P-value of the hypothesis that some exponent lies outside of what the law allows.

        The largest over the variables, as all must hold (intersection-union test: Berger, Technometrics 24 (1982)
        295); for Theta the larger of two one-sided tests (Schuirmann, J. Pharmacokinet. Biopharm. 15 (1987) 657).
        """
        return max(max(self._above(v, low), self._below(v, high)) for v, low, high in self._limits(question))

    def p_refuted(self, question: Question) -> float:
        """P-value of the hypothesis that all exponents lie in what the law allows.

        One violated variable refutes the law, so the smallest is multiplied by their number, the first step of Holm,
        Scand. J. Stat. 6 (1979) 65. Beyond either end of Theta's band both tails count (Hodges and Lehmann, J. R.
        Stat. Soc. B 16 (1954) 261).
        """
        smallest = min(
            min(self._below(v, low) + self._below(v, high), self._above(v, low) + self._above(v, high))
            if np.isfinite(low) and np.isfinite(high)
            else min(self._below(v, low), self._above(v, high))
            for v, low, high in self._limits(question)
        )
        return min(1.0, len(question.variables) * smallest)

    def _limits(self, question: Question) -> Iterator[tuple[Variable, float, float]]:
        for variable in question.variables:
            allowed = question.allowed(variable)
            yield variable, allowed.low, allowed.high

    def _below(self, variable: Variable, bound: float) -> float:
        """P-value of the hypothesis that the exponent is not below a bound; no exponent is known to be below -oo."""
        if not np.isfinite(bound):
            return 0.0 if bound > 0 else 1.0
        return max(fit.p_value(variable.factor, bound, "below", self.deepest) for fit in self.consulted)

    def _above(self, variable: Variable, bound: float) -> float:
        if not np.isfinite(bound):
            return 0.0 if bound < 0 else 1.0
        return max(fit.p_value(variable.factor, bound, "above", self.deepest) for fit in self.consulted)


def gather(table: pd.DataFrame, question: Question) -> Evidence:
    """Recognise counts of successes or measurements by their columns."""
    if "successes" in table:
        return Trials(table[table["trials"] > 0], question.factors, question.searched)
    return Measurements(table, question.factors)


def fit_laws(evidence: Evidence, question: Question) -> Fits | None:
    """Fit one power law, and where the data reject it the polynomial of lowest degree that they don't.

    Returns:
        None when too few levels are measured, or the coefficients are not determined.
    """
    points = [level.point for level in evidence.levels if level.measured]
    straight = evidence.fit(1)
    if straight is None or _too_few_levels(evidence, question):
        return None
    deepest = tuple(v.deepest([p[i] for p in points]) for i, v in enumerate(question.variables))
    shallowest = tuple(v.shallowest([p[i] for p in points]) for i, v in enumerate(question.variables))
    p_value = evidence.shape_p_value(1)
    fit, fit_p_value, degree = straight, p_value, 1
    while fit_p_value < SHAPE_SIGNIFICANCE and degree < HIGHEST_DEGREE:
        richer = evidence.fit(degree + 1)
        if richer is None:
            break
        degree += 1
        fit, fit_p_value = richer, evidence.shape_p_value(degree)
    doubtful = SHAPE_SIGNIFICANCE <= fit_p_value < SHAPE_DOUBT and degree < HIGHEST_DEGREE
    doubt = evidence.fit(degree + 1) if doubtful else None
    if degree == 1:
        return Fits(straight, p_value, shallowest, deepest, doubt=doubt)
    return Fits(straight, p_value, shallowest, deepest, fit, fit_p_value, doubt)


def decide(fits: Fits | None, question: Question) -> Decision:
    """SUPPORTED or REFUTED when the test of the contrary, or of the law, rejects; else INCONCLUSIVE."""
    if fits is None:
        return "INCONCLUSIVE"
    if fits.p_supported(question) < SIGNIFICANCE:
        return "SUPPORTED"
    return "REFUTED" if fits.p_refuted(question) < SIGNIFICANCE else "INCONCLUSIVE"


def drift_of(fits: Fits, evidence: Evidence, question: Question) -> Check:
    """The check on drift."""
    return checks.drift(bend_allowed(fits, evidence), question, fits.ends)


def bend_allowed(fits: Fits, evidence: Evidence) -> Fit | None:
    """The fit with a bend, whether or not the data show one; None when they don't determine it."""
    return fits.bent or fits.doubt or evidence.fit(2)


def judge(table: pd.DataFrame, question: Question) -> Judgement:
    """Judge a law by trials or measurements.

    The exponents come from a binomial regression of the trials, or a log-log regression of the measurements; where
    one power law does not fit, from the tangent of the lowest polynomial (in log-log coordinates) that does, at the
    end of the range that the regime points to. O and Omega are tested one-sided, Theta by two one-sided tests, each at
    4.5 %, which leaves 0.5 % for laws wrongly called bent. Where that shape is not rejected but doubtful (p between
    0.01 and 0.1), a verdict must hold with the next degree as well.

    Args:
        table: cells with the columns of the factors, n, successes, trials, and maybe unfitted and seed (`trials` counts
            successes and failures; `unfitted` those that did not fit their training data, which is no evidence about
            N*); or measurements with the factors, value, and maybe censored (a lower bound) and seed.
        question: the law.

    Returns:
        The judgement; INCONCLUSIVE with the reason when the data bear no estimate.
    """
    evidence = gather(table, question)
    fits = fit_laws(evidence, question)
    decision = decide(fits, question)
    regression = fit_loglog(evidence.levels, question.factors)
    design = (checks.span(evidence.levels, question), checks.censoring(evidence))
    if fits is None:
        why = f"No exponent can be estimated: {_missing(evidence, question)}."
        return Judgement(decision, why, design, tuple(evidence.levels), regression=regression)
    estimates = tuple(fits.estimate(factor, evidence.method) for factor in question.factors)
    straight = tuple(
        Estimate(f, fits.straight.exponent(f), fits.straight.interval(f), f"{evidence.method}, one power law")
        for f in question.factors
    )
    left_out = (
        [checks.unfitted(table, lambda t: decide(fit_laws(gather(t, question), question), question), decision)]
        if "unfitted" in table
        else []
    )
    drift = drift_of(fits, evidence, question)
    found = (
        *design,
        checks.power_law(fits.straight, fits.p_value, fits.bent, fits.bent_p_value, fits.ends, question),
        drift,
        *([checks.offset(evidence, question, fits.decisive.dispersion)] if len(question.factors) == 1 else []),
        *checks.of_evidence(evidence, fits.straight, fits.decisive, question),
        checks.agreement(straight, regression),
        checks.rivals(estimates, question),
        *left_out,
    )
    if any(check.status == "failed" for check in left_out):
        decision = "INCONCLUSIVE"
        why = checks.depends_on_unfitted(left_out[0])
    elif decision == "INCONCLUSIVE":
        tested = [fits.interval(factor, TESTED) for factor in question.factors]
        why = settle(tested, estimates, question, fits.bent is not None or fits.doubt is not None)
    else:
        why = reason(decision, estimates, question)
    if decision == "SUPPORTED" and fits.bent is None and drift.status == "warning":
        why += " This takes the law to be one power law, which the data do not contradict; see the check on drift."
    return Judgement(
        decision=decision,
        reason=why + blurred(estimates, question),
        checks=found,
        levels=tuple(evidence.levels),
        estimates=estimates,
        beside=(*(straight if fits.bent else ()), *(regression.estimates if regression else ())),
        regression=regression,
        curve=_curve(fits.decisive, evidence) if len(question.factors) == 1 else (),
        p_supported=fits.p_supported(question),
        p_refuted=fits.p_refuted(question),
    )


def _curve(fit: Fit, evidence: Evidence) -> tuple[tuple[float, float, float, float], ...]:
    levels = [level.point[0] for level in evidence.levels]
    points = np.geomspace(min(levels), max(levels), CURVE_POINTS)
    return tuple((float(x), fit.predict([x]), *fit.band([x])) for x in points)


def _too_few_levels(evidence: Evidence, question: Question) -> bool:
    points = [level.point for level in evidence.levels if level.measured]
    return any(len({p[i] for p in points}) < checks.FEWEST_LEVELS for i in range(len(question.factors)))


def _missing(evidence: Evidence, question: Question) -> str:
    if _too_few_levels(evidence, question):
        return f"{checks.censoring(evidence).detail}, fewer than the {checks.FEWEST_LEVELS} that an exponent needs"
    return (
        "successes and failures are separated without overlap, so that more replicates or finer steps of "
        f"{evidence.searched} are needed"
        if isinstance(evidence, Trials)
        else "the values scatter not at all, or too few of them are no mere bounds"
    )
