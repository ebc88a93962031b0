"""Which shape a law has over the measured range, and which fits the verdict is read off."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from theorycheck.judgement import Decision, Estimate, Interval, Levels
from theorycheck.statistics.broken import broken_laws_excluded
from theorycheck.statistics.evidence import Evidence, Fit, Measurements, Trials
from theorycheck.statistics.hypothesis import (
    SHAPE_DOUBT,
    SHAPE_SIGNIFICANCE,
    SIGNIFICANCE,
    Hypothesis,
    Variable,
)

HIGHEST_DEGREE = 3  # of a curve; a convention: the highest with a spare level among the fewest advised, five
FEWEST_LEVELS = 3  # measured levels below which no exponent is estimated: a line and one level to check it


@dataclass(frozen=True)
class Fits:
    """The regressions of one data set, and where the verdict is read off.

    Attributes:
        straight: one power law over the whole range.
        p_value: of the hypothesis that one power law fits.
        curved: the fit of lowest degree that is not rejected, or where all are, that of the asymptotic end
            alone; None when one power law fits.
        curvature_p_value: of the hypothesis that the shape of lowest degree, or of the highest where all are
            rejected, fits.
        doubt: the fit of the next degree, which must agree with a verdict where the shape is doubtful but not
            rejected.
        end: fits of the asymptotic end alone which must agree as well where one power law is rejected: a
            curve, and a power law unless the data exclude a law with a kink or a step, which has another
            slope there than a smooth curve through it.
        from_level: where the asymptotic end begins that the verdict rests on where all shapes are rejected;
            else empty.
        opposite, asymptotic: the ends of the measured range, the second where the regime points to.
    """

    straight: Fit
    p_value: float
    opposite: Levels
    asymptotic: Levels
    curved: Fit | None = None
    curvature_p_value: float = 1.0
    doubt: Fit | None = None
    end: tuple[Fit, ...] = ()
    from_level: Levels = ()

    @property
    def rejected(self) -> bool:
        """Whether the shapes of all degrees are rejected, so that the verdict rests on the asymptotic end
        alone.
        """
        return bool(self.from_level)

    @property
    def decisive(self) -> Fit:
        """The fit that the verdict rests on."""
        return self.curved or self.straight

    @property
    def consulted(self) -> tuple[Fit, ...]:
        """The fits that must all agree with a verdict."""
        return tuple(fit for fit in (self.decisive, self.doubt, *self.end) if fit)

    def interval(self, factor: str, confidence: float = 0.95) -> Interval:
        """Interval of the exponent that the verdict rests on: of all fits consulted, where they are two."""
        intervals = [fit.interval(factor, confidence, self.asymptotic) for fit in self.consulted]
        return Interval(min(i.low for i in intervals), max(i.high for i in intervals), confidence)

    def estimate(self, factor: str, method: str) -> Estimate:
        """The exponent that the verdict rests on, with its 95 % interval."""
        place = f"at {', '.join(f'{x:g}' for x in self.asymptotic)}"
        if self.rejected:
            method = f"{method}, asymptotic end alone"
        elif self.curved:
            method = f"{method}, local exponent {place}"
        beside = ["the next degree" if self.curved else f"the local exponent {place}"] * (
            self.doubt is not None
        )
        beside += ["a curve there" if self.rejected else "the asymptotic end alone"] * bool(self.end)
        if beside:
            method = f"{method}, interval with that of {' and of '.join(beside)}"
        return Estimate(
            factor, self.decisive.exponent(factor, self.asymptotic), self.interval(factor), method
        )

    def p_supported(self, hypothesis: Hypothesis) -> float:
        """P-value of the hypothesis that some exponent lies outside the allowed exponents.

        The largest over the variables, as all must hold (intersection-union test: Berger, Technometrics 24
        (1982) 295); for Theta the larger of two one-sided tests (Schuirmann, J. Pharmacokinet. Biopharm. 15
        (1987) 657).
        """
        limits = [(v.factor, hypothesis.allowed(v)) for v in hypothesis.variables]
        return max(max(self._p(f, "above", a.low), self._p(f, "below", a.high)) for f, a in limits)

    def p_refuted(self, hypothesis: Hypothesis) -> float:
        """P-value of the hypothesis that all exponents are allowed.

        One violated variable refutes the law, so the smallest is multiplied by their number, the first step
        of Holm, Scand. J. Stat. 6 (1979) 65. Beyond either end of Theta's band both tails count (Hodges and
        Lehmann, J. R. Stat. Soc. B 16 (1954) 261).
        """

        def beyond(variable: Variable) -> float:
            factor, allowed = variable.factor, hypothesis.allowed(variable)
            below = [self._p(factor, "below", end) for end in (allowed.low, allowed.high)]
            above = [self._p(factor, "above", end) for end in (allowed.low, allowed.high)]
            if hypothesis.relation == "Theta":
                return min(below[0] + below[1], above[0] + above[1])
            return min(below[0], above[1])

        return min(1.0, len(hypothesis.variables) * min(map(beyond, hypothesis.variables)))

    def _p(self, factor: str, side: Literal["below", "above"], bound: float) -> float:
        """P-value of the hypothesis that the exponent is not on a side of a bound; of all fits consulted.

        No exponent is known to lie beyond infinity.
        """
        if not np.isfinite(bound):
            return 0.0 if (bound > 0) == (side == "below") else 1.0
        return max(fit.p_value(factor, bound, side, self.asymptotic) for fit in self.consulted)


def gather(table: pd.DataFrame, hypothesis: Hypothesis) -> Evidence:
    """Recognise counts of successes or measurements by their columns."""
    if "successes" in table:
        return Trials.of(
            table[table["trials"] > 0], hypothesis.factors, hypothesis.searched, hypothesis.guess_rate
        )
    return Measurements.of(table, hypothesis.factors)


def fit_laws(evidence: Evidence, hypothesis: Hypothesis) -> Fits | None:
    """Fit one power law, and where the data reject it the polynomial of lowest degree that they don't.

    Returns:
        None when too few levels are measured, or the coefficients are not determined.
    """
    straight = evidence.fit(1)
    if straight is None or too_few_levels(evidence):
        return None
    opposite, asymptotic = hypothesis.ends(evidence.measured)
    p_value = evidence.shape_p_value(1)
    fit, fit_p_value, degree = straight, p_value, 1
    while fit_p_value < SHAPE_SIGNIFICANCE and degree < HIGHEST_DEGREE:
        richer = evidence.fit(degree + 1)
        if richer is None:
            break
        degree += 1
        fit, fit_p_value = richer, evidence.shape_p_value(degree)
    whole = Fits(straight, p_value, opposite, asymptotic)
    if fit_p_value < SHAPE_SIGNIFICANCE:
        return at_the_end(whole, fit_p_value, evidence, hypothesis)
    doubtful = fit_p_value < SHAPE_DOUBT and degree < HIGHEST_DEGREE
    whole = replace(whole, doubt=evidence.fit(degree + 1) if doubtful else None)
    if degree == 1:
        return whole
    shapes = (2,) if broken_laws_excluded(evidence, degree) else (1, 2)
    ends = [asymptotic_fit(evidence, hypothesis, shape)[1] for shape in shapes]
    usable = tuple(
        end
        for end in ends
        if end and all(np.isfinite(end.interval(f, at=asymptotic).width) for f in hypothesis.factors)
    )
    return replace(whole, curved=fit, curvature_p_value=fit_p_value, end=usable)


def at_the_end(whole: Fits, p_value: float, evidence: Evidence, hypothesis: Hypothesis) -> Fits | None:
    """Where even the richest shape is rejected: one power law at the asymptotic end, which a curve must bear
    out.
    """
    level, law = asymptotic_fit(evidence, hypothesis, 1)
    curve = next((evidence.at(end).fit(2) for end in asymptotic_ends(evidence, hypothesis, 4)[-1:]), None)
    if law is None or curve is None:
        return None
    return replace(whole, curved=law, curvature_p_value=p_value, end=(curve,), from_level=level)


def asymptotic_fit(evidence: Evidence, hypothesis: Hypothesis, degree: int) -> tuple[Levels, Fit | None]:
    """A polynomial law over the asymptotic end of the range, and where that end begins.

    The longest end in which the shape is not even doubtful, but for its first level, as a level before a kink
    would not always be seen; at least as many levels as coefficients, and one.
    """
    ends = asymptotic_ends(evidence, hypothesis, degree + 2)
    if not ends:
        return (), None
    longest = next(
        (i for i, e in enumerate(ends) if evidence.at(e).shape_p_value(degree) >= SHAPE_DOUBT), len(ends)
    )
    end = ends[min(longest + 1, len(ends) - 1)]
    begins, _ = hypothesis.ends(end)
    return begins, evidence.at(end).fit(degree)


def asymptotic_ends(evidence: Evidence, hypothesis: Hypothesis, fewest: int) -> list[set[Levels]]:
    """Levels at the asymptotic end, from all but the first of each variable down to the fewest of each."""
    points = evidence.measured
    ordered = [
        sorted(set(levels), reverse=v.goes_to == "oo")
        for v, levels in zip(hypothesis.variables, zip(*points, strict=True), strict=True)
    ]
    ends = []
    for length in range(max(map(len, ordered)) - 1, fewest - 1, -1):
        kept = [set(levels[:length]) for levels in ordered]
        ends.append({p for p in points if all(x in levels for x, levels in zip(p, kept, strict=True))})
    return ends


def curvature_allowed(fits: Fits, evidence: Evidence) -> Fit | None:
    """The curved fit, whether or not the data show curvature; None when they don't determine it."""
    return fits.end[0] if fits.rejected else fits.curved or fits.doubt or evidence.fit(2)


def decide(fits: Fits | None, hypothesis: Hypothesis) -> Decision:
    """SUPPORTED (REFUTED) when the null that some exponent is not (that all are) allowed is rejected.

    Not where an exponent's 95 % interval, which is shown, is without bound.
    """
    if fits is None or not all(np.isfinite(fits.interval(f).width) for f in hypothesis.factors):
        return "INCONCLUSIVE"
    if fits.p_supported(hypothesis) < SIGNIFICANCE:
        return "SUPPORTED"
    return "REFUTED" if fits.p_refuted(hypothesis) < SIGNIFICANCE else "INCONCLUSIVE"


def too_few_levels(evidence: Evidence) -> bool:
    """Whether some factor has fewer measured levels than an exponent needs."""
    columns = zip(*evidence.measured, strict=True)
    return not evidence.measured or any(len(set(levels)) < FEWEST_LEVELS for levels in columns)
