"""The exponents of something measured directly (iterations, a loss), by regression of its logarithm on log
factors.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import linalg, sparse, stats

from theorycheck.judgement import Interval
from theorycheck.statistics.least_squares import Data, Errors, Estimated, Fitted, estimate
from theorycheck.statistics.polynomial import PolynomialFit, centred_basis, exponential, with_constant


@dataclass(frozen=True)
class MeasurementFit(PolynomialFit):
    """A regression  log value = c0 + c1 f1(u) + c2 f2(u) + ... + error.

    The local exponent in a factor is c1 f1' + c2 f2' + ... Logarithms are natural.

    Attributes:
        coefficients: c0, c1, ...
        dispersion: variance of the errors (1 with censored values).
        df_interval: of the t distribution behind intervals: rows less coefficients, or seeds less one.
    """

    df_interval: int

    def exponent(self, factor: str, at: Sequence[float] | None = None) -> float:
        """Local exponent in a factor, by default at the basis' centre."""
        return float(self._slope(factor, at) @ self.coefficients)

    def p_value(self, factor: str, exponent: float, side: Literal["below", "above"], at: Any = None) -> float:
        """One-sided p-value of the hypothesis that the local exponent is not `below` (or `above`) a value."""
        weights = self._slope(factor, at)
        t = (weights @ self.coefficients - exponent) / self._error(weights)
        return float(stats.t.cdf(t if side == "below" else -t, self.df_interval))

    def predict(self, point: Sequence[float]) -> float:
        """Fitted value (geometric mean) at a point."""
        return exponential(self._value(point) @ self.coefficients)

    def _error(self, weights: np.ndarray) -> float:
        variance = weights @ self.covariance @ weights
        return float(np.sqrt(max(variance, 1e-300)))  # values may follow a law exactly

    def _interval(self, weights: np.ndarray, confidence: float) -> Interval:
        half = stats.t.ppf((1 + confidence) / 2, self.df_interval) * self._error(weights)
        middle = float(weights @ self.coefficients)
        return Interval(middle - half, middle + half, confidence)


def fit_measurement(
    table: pd.DataFrame, factors: Sequence[str], degree: int = 1, errors: Errors | None = None
) -> MeasurementFit | None:
    """Fit the exponents of measured values.

    Without censored values by ordinary least squares; with them by the maximum of the likelihood of normal
    errors in the logarithm (Tobin, Econometrica 26 (1958) 24), a censored value counting as "at least this".

    Args:
        table: one row a measurement with the columns `factors`, value (positive), and optionally censored (1
            where the value is a lower bound) and seed.
        factors: the columns of the x_j.
        degree: of the polynomial in the log factors.
        errors: standard errors robust to unequal variances ("HC3": MacKinnon and White, J. Econometrics 29
            (1985) 305), to rows of one seed sharing their randomness ("seeds": delete-one-seed jackknife), or
            from resampling rows or seeds ("bootstrap": Efron, Ann. Stat. 7 (1979) 1). By default "seeds"
            where the table has some, else "HC3".

    Returns:
        The fit, or None when the coefficients are not determined by the rows.
    """
    basis, data = centred_basis(table, factors, degree), Data.of(table, factors)
    at_levels = with_constant(basis.columns(data.points))
    estimated = estimate(data, at_levels, errors)
    if estimated is None:
        return None
    fitted, covariance, df = estimated
    return MeasurementFit(basis, fitted.coefficients, covariance, fitted.dispersion, df)


def shape_p_value(table: pd.DataFrame, factors: Sequence[str], degree: int) -> float:
    """P-value of the hypothesis that the log value is a polynomial of the given degree in the log factors.

    As in `threshold.shape_p_value` the smaller of two, doubled: against the next degree, and against a mean
    of its own for every combination of levels. Wald tests with the same robust covariance as the intervals,
    referred to Hotelling's T^2 (Ann. Math. Stat. 2 (1931) 360), which few seeds need.
    """
    basis, data = centred_basis(table, factors, degree + 1), Data.of(table, factors)
    at_levels = with_constant(basis.columns(data.points))
    lower = 1 + sum(len(monomial) <= degree for monomial in basis.monomials)
    if len(at_levels) <= lower:
        return 1.0
    p_values = [_lack_of_fit(data, at_levels[:, :lower])]
    if len(at_levels) > at_levels.shape[1]:  # otherwise the next degree has a mean of its own for every level
        estimated = estimate(data, at_levels)
        zero = np.eye(at_levels.shape[1])[lower:]
        p_values.append(_wald(estimated, zero))
    known = [p for p in p_values if p is not None]
    return min(1.0, len(known) * min(known, default=1.0))


def _wald(estimated: Estimated | None, zero: np.ndarray) -> float | None:
    """P-value of the hypothesis that `zero @ coefficients` is 0; None where the degrees of freedom are too
    few.
    """
    if estimated is None or estimated[2] < len(zero):
        return None
    fitted, covariance, df = estimated
    value = zero @ fitted.coefficients
    return _hotelling(float(value @ np.linalg.pinv(zero @ covariance @ zero.T) @ value), len(zero), df)


def _hotelling(statistic: float, count: int, df: int) -> float:
    return float(stats.f.sf(statistic * (df - count + 1) / (df * count), count, df - count + 1))


def _lack_of_fit(data: Data, at_levels: np.ndarray) -> float | None:
    """P-value of a law against a mean of its own for every combination of levels; None where rows are too
    few.

    The Wald statistic of all that the law leaves of the means is the smallest sum of squares of the means
    about a law, in units of their covariance, so that no matrix of all means is needed where these are
    independent.
    """
    levels, count = at_levels.shape
    if data.censored.any() or data.seed is not None:
        zero = linalg.null_space(at_levels.T).T
        return _wald(_estimate_means(data, levels), zero)
    number, df = data.summed(), len(data.y) - levels
    if df < levels - count:
        return None
    means = data.means
    within = data.within(means)
    pooled = float(within.sum()) / df + data.rounding
    own = (
        within > number * data.rounding
    )  # values that are equal, or one alone, have no variance of their own
    variance = np.where(own, within / np.maximum(number - 1, 1) ** 2, pooled / number)
    away = means - at_levels @ data.law(at_levels, means, 1 / variance)
    return _hotelling(float((away**2 / variance).sum()), levels - count, df)


def _estimate_means(data: Data, levels: int) -> Estimated | None:
    """The mean of every combination of levels as a coefficient."""
    if data.censored.any():
        return estimate(data, np.eye(levels))
    seed, number, total = data.seed, data.summed(), data.summed(data.y)
    if seed is None or seed.max() < 1:
        return None
    shape = (int(seed.max()) + 1, levels)
    own, sums = (  # over the rows of each seed at each level, as tocsr adds them up
        sparse.coo_array((values, (seed, data.level)), shape).tocsr().tocoo()
        for values in (np.ones(len(seed)), data.y)
    )
    left = number[own.coords[1]] - own.data
    if (left < 1).any():  # one seed alone has this level
        return None
    moved = (total[own.coords[1]] - sums.data) / left - (total / number)[own.coords[1]]
    deviations = sparse.coo_array((moved, own.coords), shape).tocsr()
    centre, groups = deviations.sum(axis=0) / shape[0], shape[0]
    spread = (deviations.T @ deviations).toarray() - groups * np.outer(centre, centre)
    fitted = Fitted(total / number, 0.0, 1.0)
    return fitted, (groups - 1) / groups * spread + np.diag(data.rounding / number), groups - 1
