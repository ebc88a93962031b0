"""Which shape a law has over the measured range, and which fits the verdict is read off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from theorycheck.statistics.broken import broken_laws_excluded
from theorycheck.statistics.evidence import Evidence, Fit, Measurements, Trials
from theorycheck.statistics.question import SHAPE_DOUBT, SHAPE_SIGNIFICANCE, SIGNIFICANCE, Question, Variable
from theorycheck.verdict import Decision, Estimate, Interval

HIGHEST_DEGREE = 3
FEWEST_LEVELS = 3  # measured levels, below which no exponent is estimated


@dataclass(frozen=True)
class Fits:
    """The regressions of one data set, and where the verdict is read off.

    Attributes:
        straight: one power law over the whole range.
        p_value: of the hypothesis that one power law fits.
        bent: the fit of lowest degree that is not rejected, or where all are, that of the asymptotic end alone; None
            when one power law fits.
        bent_p_value: of the hypothesis that the shape of lowest degree, or of the highest where all are rejected, fits.
        doubt: the fit of the next degree, which must agree with a verdict where the shape is doubtful but not rejected.
        end: fits of the asymptotic end alone which must agree as well where one power law is rejected: a curve, and a
            power law unless the data exclude a law with a kink or a step, which has another slope there than a smooth
            curve through it.
        from_level: where the asymptotic end begins that the verdict rests on where all shapes are rejected; else empty.
        shallowest, deepest: the ends of the measured range, the second where the regime points to.
    """

    straight: Fit
    p_value: float
    shallowest: tuple[float, ...]
    deepest: tuple[float, ...]
    bent: Fit | None = None
    bent_p_value: float = 1.0
    doubt: Fit | None = None
    end: tuple[Fit, ...] = ()
    from_level: tuple[float, ...] = ()

    @property
    def rejected(self) -> bool:
        """Whether the shapes of all degrees are rejected, so that the verdict rests on the asymptotic end alone."""
        return bool(self.from_level)

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
        return (self.decisive, *([] if self.doubt is None else [self.doubt]), *self.end)

    def estimates_at_the_end(self, question: Question) -> list[list[Estimate]]:
        """Of every variable the estimates of the fits consulted, each by itself."""
        return [
            [
                Estimate(
                    f, fit.exponent(f, self.deepest), fit.interval(f, at=self.deepest), f"degree {fit.basis.degree}"
                )
                for fit in self.consulted
            ]
            for f in question.factors
        ]

    def interval(self, factor: str, confidence: float = 0.95) -> Interval:
        """Interval of the exponent that the verdict rests on: that of all fits consulted, where they are two."""
        intervals = [fit.interval(factor, confidence, self.deepest) for fit in self.consulted]
        return Interval(min(i.low for i in intervals), max(i.high for i in intervals), confidence)

    def estimate(self, factor: str, method: str) -> Estimate:
        """The exponent that the verdict rests on, with its 95 % interval."""
        place = f"at {', '.join(f'{x:g}' for x in self.deepest)}"
        if self.rejected:
            method = f"{method}, asymptotic end alone"
        elif self.bent:
            method = f"{method}, local exponent {place}"
        beside = ["the next degree" if self.bent else f"the local exponent {place}"] * (self.doubt is not None)
        beside += ["a curve there" if self.rejected else "the asymptotic end alone"] * bool(self.end)
        if beside:
            method = f"{method}, interval with that of {' and of '.join(beside)}"
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


def gather(table: pd.DataFrame, question: Question) -> Trials | Measurements:
    """Recognise counts of successes or measurements by their columns."""
    if "successes" in table:
        return Trials.of(table[table["trials"] > 0], question.factors, question.searched, question.guess_rate)
    return Measurements.of(table, question.factors)


def fit_laws(evidence: Trials | Measurements, question: Question) -> Fits | None:
    """Fit one power law, and where the data reject it the polynomial of lowest degree that they don't.

    Returns:
        None when too few levels are measured, or the coefficients are not determined.
    """
    points = [level.point for level in evidence.levels if level.measured]
    straight = evidence.fit(1)
    if straight is None or too_few_levels(evidence, question):
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
    whole = Fits(straight, p_value, shallowest, deepest)
    if fit_p_value < SHAPE_SIGNIFICANCE:
        return at_the_end(whole, fit_p_value, evidence, question)
    doubtful = fit_p_value < SHAPE_DOUBT and degree < HIGHEST_DEGREE
    whole = replace(whole, doubt=evidence.fit(degree + 1) if doubtful else None)
    if degree == 1:
        return whole
    shapes = (2,) if broken_laws_excluded(evidence, degree) else (1, 2)
    ends = [asymptotic_fit(evidence, question, shape)[1] for shape in shapes]
    told = tuple(end for end in ends if end is not None and _bears_estimates(end, question, deepest))
    return replace(whole, bent=fit, bent_p_value=fit_p_value, end=told)


def _bears_estimates(fit: Fit, question: Question, at: tuple[float, ...]) -> bool:
    return all(np.isfinite(fit.interval(factor, at=at).width) for factor in question.factors)


def at_the_end(whole: Fits, p_value: float, evidence: Evidence, question: Question) -> Fits | None:
    """Where even the richest shape is rejected: one power law at the asymptotic end, which a curve must bear out."""
    level, law = asymptotic_fit(evidence, question, 1)
    curve = next((evidence.at(end).fit(2) for end in asymptotic_ends(evidence, question, 4)[-1:]), None)
    if law is None or curve is None:
        return None
    return replace(whole, bent=law, bent_p_value=p_value, end=(curve,), from_level=level)


def asymptotic_fit(evidence: Evidence, question: Question, degree: int) -> tuple[tuple[float, ...], Fit | None]:
    """A polynomial law over the asymptotic end of the range, and where that end begins.

    The longest end in which the shape is not even doubtful, but for its first level, as a level before a kink would
    not always be seen; at least as many levels as coefficients, and one.
    """
    ends = asymptotic_ends(evidence, question, degree + 2)
    if not ends:
        return (), None
    longest = next((i for i, e in enumerate(ends) if evidence.at(e).shape_p_value(degree) >= SHAPE_DOUBT), len(ends))
    end = ends[min(longest + 1, len(ends) - 1)]
    begins = tuple(v.shallowest([p[i] for p in end]) for i, v in enumerate(question.variables))
    return begins, evidence.at(end).fit(degree)


def asymptotic_ends(evidence: Evidence, question: Question, fewest: int) -> list[set[tuple[float, ...]]]:
    """Levels at the asymptotic end, from all but the first of each variable down to the fewest of each."""
    points = [level.point for level in evidence.levels if level.measured]
    ordered = [sorted({p[i] for p in points}, reverse=v.goes_to == "oo") for i, v in enumerate(question.variables)]
    ends = []
    for length in range(max(map(len, ordered)) - 1, fewest - 1, -1):
        kept = [set(levels[:length]) for levels in ordered]
        ends.append({p for p in points if all(x in levels for x, levels in zip(p, kept, strict=True))})
    return ends


def bend_allowed(fits: Fits, evidence: Evidence) -> Fit | None:
    """The fit with a bend, whether or not the data show one; None when they don't determine it."""
    return fits.end[0] if fits.rejected else fits.bent or fits.doubt or evidence.fit(2)


def decide(fits: Fits | None, question: Question) -> Decision:
    """SUPPORTED or REFUTED when the test of the contrary, or of the law, rejects; else INCONCLUSIVE."""
    if fits is None:
        return "INCONCLUSIVE"
    if fits.p_supported(question) < SIGNIFICANCE:
        return "SUPPORTED"
    return "REFUTED" if fits.p_refuted(question) < SIGNIFICANCE else "INCONCLUSIVE"


def too_few_levels(evidence: Evidence, question: Question) -> bool:
    """Whether some variable has fewer measured levels than an exponent needs."""
    points = [level.point for level in evidence.levels if level.measured]
    return any(len({p[i] for p in points}) < FEWEST_LEVELS for i in range(len(question.factors)))
