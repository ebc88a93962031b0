"""Whether a quantity is what was predicted, at every point of a design, within a tolerance.

That no deviation is seen is no agreement: at every point two things are tested, that the deviation is within
the tolerance, and that it is beyond (`tests.t_test`: two one-sided tests, and the reverse).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy import inf, nan
from scipy import stats

from theorycheck.judgement import Interval
from theorycheck.statistics.polynomial import exponential
from theorycheck.statistics.quantities import ROUNDING, Found, combined
from theorycheck.statistics.tests import Tested, all_together, decided, t_test, undetermined

METHOD = "two one-sided t tests at every point"


@dataclass(frozen=True)
class Deviation:
    """How far the quantity is from the prediction at a point of the design.

    Attributes:
        found: the deviation, on its scale: in units of `scale`, or the logarithm of a ratio.
        target: the prediction.
        ends: the deviations that are allowed, on the same scale.
        scale: what one is of the quantity; for a logarithm, what a ratio of 2 less 1 is for readers.
        logarithmic: whether it is a logarithm.
        tested: that it lies between the ends.
    """

    found: Found
    target: float
    ends: tuple[float, float]
    scale: float
    logarithmic: bool
    tested: Tested

    @property
    def known(self) -> bool:
        """Whether the trials determine it."""
        return bool(np.isfinite(self.found.value))

    @property
    def value(self) -> float:
        """The quantity."""
        if self.logarithmic:
            return self.target * exponential(self.found.value)
        return self.target + self.scale * self.found.value

    @property
    def away(self) -> float:
        """The deviation for readers, relative or absolute."""
        return self._told(self.found.value)

    def _told(self, away: float) -> float:
        return self.scale * (exponential(away) - 1) if self.logarithmic else away

    def interval(self, tail: float = 0.025) -> Interval:
        """Of the deviation for readers, with a chance to miss the truth on each side."""
        half = float(stats.t.isf(tail, self.found.df)) * self.found.error if self.known else inf
        if not np.isfinite(half):
            return Interval(-inf, inf, 1 - 2 * tail)
        return Interval(
            self._told(self.found.value - half), self._told(self.found.value + half), 1 - 2 * tail
        )


def deviations(
    found: Sequence[Found], targets: Sequence[float], tolerance: float, absolute: bool, logarithmic: bool
) -> list[Deviation]:
    """The test of every point.

    Args:
        found: the quantity at the points.
        targets: what it should be there; positive where logarithms are found.
        tolerance: of the deviation.
        absolute: whether the tolerance is not relative to the prediction.
        logarithmic: whether logarithms were found.
    """
    made = []
    for one, target in zip(found, targets, strict=True):
        if logarithmic:
            share, scale = (tolerance / target, target) if absolute else (tolerance, 1.0)
            ends = float(np.log1p(-share)) if share < 1 else -inf, float(np.log1p(share))
            away = replace(one, value=one.value - float(np.log(target)))
        else:
            scale, ends = 1.0 if absolute else abs(target), (-tolerance, tolerance)
            error = max(one.error / scale, ROUNDING * tolerance)
            away = replace(one, value=(one.value - target) / scale, error=error)
        made.append(Deviation(away, target, ends, scale, logarithmic, _between(away, ends)))
    return made


def _between(away: Found, ends: tuple[float, float]) -> Tested:
    if not np.isfinite(away.value):
        return undetermined(METHOD)
    half = float(stats.t.ppf(0.975, away.df)) * away.error
    to_low, to_high = ((away.value - end) / away.error for end in ends)
    interval = Interval(away.value - half, away.value + half)
    return t_test(away.value, interval, to_low, to_high, away.df, METHOD)


def by_bounds(one: Deviation, cells: pd.DataFrame, factors: Sequence[str]) -> Deviation:
    """The same, but where a threshold lies beyond what was tried, by the trials beside the allowed ones.

    Were it allowed, half or more of the trials above the largest that is would succeed, and half or less of
    those below the smallest: two exact binomial tests, the smaller p-value doubled.

    Args:
        one: the deviation of a threshold.
        cells: columns `factors`, searched, successes, trials.
        factors: columns of the levels.
    """
    if one.known:
        return one
    here = cells[(cells[list(factors)] == np.array(one.found.at)).all(axis=1)]
    low, high = (one.target * exponential(end) for end in one.ends)
    after, before = here[here["searched"] >= high], here[here["searched"] <= low]
    few = stats.binom.cdf(after["successes"].sum(), after["trials"].sum(), 0.5)
    many = stats.binom.sf(before["successes"].sum() - 1, before["trials"].sum(), 0.5)
    p_value = float(min(1.0, 2 * few, 2 * many))
    return replace(one, tested=decided(nan, Interval(-inf, inf), (1.0, p_value), METHOD))


def free_prefactor(found: Sequence[Found], shapes: Sequence[float]) -> tuple[list[Found], Found]:
    """The logarithms of the quantity, with the errors that they have relative to C shape, and log C.

    log C is the mean over all points of log(quantity / shape).

    Args:
        found: logarithms.
        shapes: what they should be proportional to.
    """
    ratios = [replace(one, value=one.value - np.log(s)) for one, s in zip(found, shapes, strict=True)]
    count = len(ratios)
    even = np.full(count, 1 / count)
    errors = [combined(one.at, ratios, row - even) for one, row in zip(ratios, np.eye(count), strict=True)]
    each = [replace(error, value=one.value) for error, one in zip(errors, found, strict=True)]
    return each, combined((), ratios, even)


def largest(found: Sequence[Deviation]) -> tuple[float, Interval]:
    """The largest deviation over all points, either side, with a 95 % interval.

    It is at most the largest of the points' upper limits, each at 97.5 %, as one of them is that of the point
    where it is largest; and at least the largest of their lower limits, corrected for the number of points
    (Bonferroni).
    """
    known = [one for one in found if one.known]
    estimate = max((abs(one.away) for one in known), default=nan)
    high = max((max(abs(i.low), abs(i.high)) for i in (one.interval() for one in found)), default=inf)
    sure = (one.interval(0.0125 / len(found)) for one in known)
    low = max((max(i.low, -i.high, 0.0) for i in sure), default=0.0)
    return estimate, Interval(low, high)


def as_a_whole(found: Sequence[Deviation]) -> Tested:
    """Whether all are within the tolerance, by `tests.all_together`; the estimate is the largest."""
    return decided(*largest(found), all_together([one.tested for one in found]), METHOD)
