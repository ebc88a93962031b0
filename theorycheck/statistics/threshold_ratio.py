"""The ratio of the thresholds of two groups of trials at every level, from both success curves jointly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy import inf, nan
from scipy import stats

from theorycheck.judgement import Interval
from theorycheck.statistics.binomial import clustered_covariance, fit_binomial
from theorycheck.statistics.polynomial import exponential, with_constant
from theorycheck.statistics.tests import Tested, all_together, decided, t_test, undetermined
from theorycheck.statistics.threshold import fieller

METHOD = "ratio of thresholds, binomial regression at every level, clustered by pair"
ONE_SIDED = 0.025  # chance that an end of a 95 % interval misses the truth


@dataclass(frozen=True)
class LevelRatio:
    """The first threshold over the second at a level.

    Attributes:
        level: of the factor.
        top, bottom, covariance: log ratio = top / bottom, and the covariance of the two, shape (2, 2).
        df: degrees of freedom of that.
        tested: that the log ratio is at most that of the bound.
    """

    level: float
    top: float
    bottom: float
    covariance: np.ndarray
    df: float
    tested: Tested

    @property
    def ratio(self) -> float:
        """The first threshold over the second; nan where the trials do not determine it."""
        return exponential(self.tested.estimate) if np.isfinite(self.tested.estimate) else nan

    def interval(self, tail: float = ONE_SIDED) -> Interval:
        """Of the ratio, with a chance to miss the truth on each side."""
        if not np.isfinite(self.tested.estimate):
            return Interval(0.0, inf, 1 - 2 * tail)
        t = float(stats.t.isf(tail, self.df))
        low, high = fieller(self.top, self.bottom, self.covariance, t)
        return Interval(exponential(low), exponential(high), 1 - 2 * tail)


def ratios(
    table: pd.DataFrame, factor: str, group: str, first: str, second: str, at_most: float
) -> list[LevelRatio]:
    """The ratio at every level, and the test that it is at most a bound.

    P(success) = Phi(b0 + b1 log N)  with coefficients for each group; the log ratio  b2 / b3 - b0 / b1  is
    one ratio, whose interval is Fieller's (J. R. Stat. Soc. B 16 (1954) 175). The covariance is clustered by
    pair (Liang and Zeger, Biometrika 73 (1986) 13, theorem 1). Without a threshold within what was tried
    there is no ratio.

    Args:
        table: counts, with the columns `factor`, searched, successes, trials, `group`, and pair: rows of both
            groups with equal pair share their randomness.
        factor: column of the levels.
        group: column that tells the groups.
        first: its value in the ratio's numerator.
        second: its value in the denominator.
        at_most: the bound, positive.
    """
    rows = table[(table["trials"] > 0) & table[group].isin([first, second])]
    return [_ratio(float(x), here, group, (first, second), at_most) for x, here in rows.groupby(factor)]


def _ratio(
    level: float, rows: pd.DataFrame, group: str, names: tuple[str, str], at_most: float
) -> LevelRatio:
    unknown = LevelRatio(level, nan, nan, np.full((2, 2), nan), nan, undetermined(METHOD))
    log_n = np.log(rows["searched"].to_numpy(float))
    sides = [(rows[group] == name).to_numpy() for name in names]
    design = np.column_stack([with_constant(log_n) * side[:, None] for side in sides])
    result, pair = fit_binomial(rows, design), pd.factorize(rows["pair"])[0]
    covariance = None if result is None or pair.max() < 1 else clustered_covariance(result, rows, pair)
    if result is None or covariance is None or min(result.params[1], result.params[3]) <= 0:
        return unknown
    b, df = result.params, float(pair.max())
    thresholds = -b[0] / b[1], -b[2] / b[3]
    if not all(log_n[s].min() <= t <= log_n[s].max() for s, t in zip(sides, thresholds, strict=True)):
        return unknown
    top, bottom = b[2] * b[1] - b[0] * b[3], b[1] * b[3]
    slope = np.array([[-b[3], b[2], b[1], -b[0]], [0, b[3], 0, b[1]]])  # their derivatives by b
    v = slope @ covariance @ slope.T
    interval = Interval(*fieller(top, bottom, v, float(stats.t.isf(ONE_SIDED, df))), 0.95)
    r = float(np.log(at_most))
    error = np.array([1, -r]) @ v @ np.array([1, -r])
    if not (np.isfinite(interval.width) and error > 0):
        return unknown
    tested = t_test(top / bottom, interval, inf, float((top - r * bottom) / error**0.5), df, METHOD)
    return LevelRatio(level, float(top), float(bottom), v, df, tested)


def as_a_whole(found: Sequence[LevelRatio]) -> Tested:
    """Whether the ratio is at most the bound at every level, by `tests.all_together`.

    The estimate is the largest ratio. It is at most the largest upper limit, and at least the largest lower
    limit, corrected for the number of levels.
    """
    p_values = all_together([one.tested for one in found])
    known = [one.ratio for one in found if np.isfinite(one.ratio)]
    low = max(one.interval(ONE_SIDED / len(found)).low for one in found)
    high = max(one.interval().high for one in found)
    return decided(max(known, default=nan), Interval(low, high), p_values, METHOD)
