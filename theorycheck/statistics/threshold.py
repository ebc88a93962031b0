"""The exponents of a threshold N* from raw trials, by binomial regression of success on log N and log
factors.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import stats

from theorycheck.judgement import Interval
from theorycheck.statistics.binomial import BinomialFit, covariance_beside, fit_binomial
from theorycheck.statistics.dispersion import (
    deviance_p_value,
    dispersion,
    informative_cells,
    residual_df,
)
from theorycheck.statistics.links import FULL, Asymptotes, Link
from theorycheck.statistics.polynomial import (
    Basis,
    PolynomialFit,
    centred_basis,
    exponential,
    level_numbers,
    with_constant,
)
from theorycheck.statistics.seeds import over_seeds, without_one_seed
from theorycheck.statistics.steepness import SAME, Steepness, refit


@dataclass(frozen=True)
class ThresholdFit(PolynomialFit):
    """A binomial regression  g(P(success)) = r(x) (b0 + b1 log N + b2 f2(u) + b3 f3(u) + ...)  with link g.

    P is the success rate between its asymptotes. The threshold N*, where g(P) = 0, obeys
    log N* = -(b0 + b2 f2 + ...) / b1, whatever the polynomial terms f are; its local exponent in a factor is
    -(b2 f2' + b3 f3' + ...) / b1. Of the probit and the logit, that is where half of these succeed.
    Logarithms are natural.

    Attributes:
        coefficients: b0, b1, b2, ...
        covariance: of the coefficients, widened for overdispersion or clustered by seed.
        dispersion: see `dispersion`; no part of the covariance when that is clustered by seed.
        deviance: of the fit, unscaled.
        df: residual degrees of freedom: cells minus coefficients.
        spare: informative cells (see `informative_cells`) less all that was estimated: coefficients, powers
            of the steepness, and the guess rate, whose error is part of the covariance unless that is
            clustered by seed.
        df_interval: of the t distribution behind intervals: those spare ones (effectively infinite when the
            dispersion is 1 and so needs no estimate), or seeds less one.
        steepness: r, with its powers estimated beside the coefficients, part of the covariance unless
            that is clustered by seed.
    """

    deviance: float
    df: int
    spare: int
    df_interval: int
    steepness: Steepness = SAME

    def exponent(self, factor: str, at: Sequence[float] | None = None) -> float:
        """Local exponent of the threshold in a factor, by default at the basis' centre."""
        return float(-self._slope(factor, at) @ self.coefficients / self.coefficients[1])

    def p_value(self, factor: str, exponent: float, side: Literal["below", "above"], at: Any = None) -> float:
        """One-sided p-value of the hypothesis that the local exponent is not `below` (or `above`) a value.

        The test whose inversion is the Fieller interval: the sign of  w.b + r b1  for exponent -w.b / b1 = r.
        """
        weights = self._slope(factor, at)
        weights[1] = exponent
        t = weights @ self.coefficients / np.sqrt(max(weights @ self.covariance @ weights, 1e-300))
        # Without an increase in N there is no threshold.
        established = self.coefficients[1] / np.sqrt(self.covariance[1, 1])
        return float(stats.t.sf(min(t if side == "below" else -t, established), self.df_interval))

    def predict(self, point: Sequence[float]) -> float:
        """Fitted N* at a point, in samples."""
        return exponential(-self._value(point) @ self.coefficients / self.coefficients[1])

    def _interval(self, weights: np.ndarray, confidence: float) -> Interval:
        """Fieller's of -w.b / b1; unbounded where success does not grow with N, which leaves no threshold."""
        top, slope = -weights @ self.coefficients, self.coefficients[1]
        across, own = -(weights @ self.covariance)[1], self.covariance[1, 1]
        v = np.array([[weights @ self.covariance @ weights, across], [across, own]])
        t = float(stats.t.ppf((1 + confidence) / 2, self.df_interval))
        low, high = fieller(top, slope, v, t) if slope > 0 else (-np.inf, np.inf)
        return Interval(low, high, confidence)


def fieller(top: float, bottom: float, covariance: np.ndarray, t: float) -> tuple[float, float]:
    """The interval of a ratio: all r for which  top - r bottom  is within t standard errors of 0.

    Unbounded where the bottom itself is. Source: Fieller, J. R. Statist. Soc. B 16 (1954) 175; Finney, Probit
    Analysis, 1971, section 4.6.
    """
    a = bottom**2 - t**2 * covariance[1, 1]
    half = top * bottom - t**2 * covariance[0, 1]
    c = top**2 - t**2 * covariance[0, 0]
    if a <= 0:
        return -np.inf, np.inf
    root = np.sqrt(max(half**2 - a * c, 0))
    return float((half - root) / a), float((half + root) / a)


def threshold_design(cells: pd.DataFrame, basis: Basis) -> np.ndarray:
    """The columns that b0, b1, b2, ... of a ThresholdFit multiply where r is 1, shape (cell, coefficient)."""
    return with_constant(np.log(cells["searched"]), basis.columns(cells))


def fit_threshold(
    cells: pd.DataFrame,
    factors: Sequence[str],
    degree: int = 1,
    *,
    link: Link = "probit",
    asymptotes: Asymptotes = FULL,
    steepness: Steepness = SAME,
) -> ThresholdFit | None:
    """Fit the threshold's exponents to counts of successes.

    Args:
        cells: one row a cell with the columns `factors`, searched, successes, trials (trials > 0), and
            optionally seed: rows of one seed share their randomness, and the covariance is then the
                delete-one-seed jackknife's.
        factors: the columns of the x_j.
        degree: of log N* in log x.
        link: of the regression.
        asymptotes: of success.
        steepness: of the steepness along the levels, whose powers are fitted anew beside the exponents.

    Returns:
        The fit, or None when the coefficients are not determined: too few cells, or successes and failures
        are completely separated (Albert and Anderson, Biometrika 71 (1984) 1), so that the likelihood has no
        maximum, or success does not depend on n at all; with seeds, also when one of them alone determines a
        coefficient.
    """
    if cells.empty:
        return None
    basis, counts = centred_basis(cells, factors, degree), over_seeds(cells, factors)
    terms = threshold_design(counts, basis)
    regress = partial(fit_binomial, link=link, asymptotes=asymptotes)
    steepness = refit(steepness, counts, terms, regress) or steepness
    result = regress(counts, steepness.scaled(terms, counts))
    if result is None or result.params[1] == 0:
        return None
    beside = _beside(result, counts, asymptotes, steepness)
    covariance = covariance_beside(result, beside)
    if covariance is None:
        return None
    scale = dispersion(result, counts, beside)
    spare = informative_cells(result) - terms.shape[1] - beside.shape[1]
    covariance, df_interval = covariance * scale, residual_df(scale, spare)
    if "seed" in cells:
        clustered = without_one_seed(cells, result, factors, regress)
        if clustered is None:
            return None
        covariance, df_interval = clustered
    if df_interval < 1:
        return None
    return ThresholdFit(
        basis,
        result.params,
        covariance,
        scale,
        result.deviance,
        result.df_resid,
        spare,
        df_interval,
        steepness,
    )


def _beside(
    fit: BinomialFit, cells: pd.DataFrame, asymptotes: Asymptotes, steepness: Steepness
) -> np.ndarray:
    """Derivatives of the success rates by what is estimated beside the coefficients: powers, and the guess
    rate.
    """
    by_power = steepness.derivatives(cells) * (fit.slope * fit.z)[:, None]
    return np.column_stack([by_power, *[fit.lower] * asymptotes.estimated])


def shape_p_value(
    cells: pd.DataFrame,
    factors: Sequence[str],
    degree: int,
    *,
    asymptotes: Asymptotes = FULL,
    steepness: Steepness = SAME,
) -> float:
    """P-value of the hypothesis that log N* is a polynomial of the given degree in the log factors.

    The smaller of two F tests on the deviance (McCullagh and Nelder, Generalized Linear Models, 1989, section
    4.5): against the next degree, which sees a drift, and against a threshold of its own for every
    combination of levels, which sees any shape.

    Args:
        cells: as for fit_threshold; only levels whose threshold lies inside the range of N.
        factors: the columns of the x_j.
        degree: of the polynomial.
        asymptotes: as for fit_threshold.
        steepness: likewise.

    Returns:
        Twice the smaller p-value (Bonferroni), at most 1; 1 where the levels are too few to test.
    """
    cells = over_seeds(cells, factors)
    levels = level_numbers(cells, factors)
    if not len(levels):
        return 1.0
    count = int(levels.max()) + 1
    smaller = fit_threshold(cells, factors, degree, asymptotes=asymptotes, steepness=steepness)
    if smaller is None or count <= len(smaller.coefficients) - 1:
        return 1.0
    p_values = []
    log_n = np.log(cells["searched"].to_numpy(float))[:, None]
    saturated = fit_binomial(cells, steepness.scaled(log_n, cells), asymptotes=asymptotes, groups=levels)
    if saturated is not None:
        beside = _beside(saturated, cells, asymptotes, steepness)
        scale = dispersion(saturated, cells, beside)
        gain, extra = smaller.deviance - saturated.deviance, smaller.df - saturated.df_resid
        informative = informative_cells(saturated) - count - 1 - beside.shape[1]
        p_values.append(deviance_p_value(gain, extra, scale, informative))
    richer = fit_threshold(cells, factors, degree + 1, asymptotes=asymptotes, steepness=steepness)
    # With as many coefficients as levels, the next degree is that threshold of its own for every level.
    if richer is not None and count > len(richer.coefficients) - 1:
        gain, extra = smaller.deviance - richer.deviance, smaller.df - richer.df
        p_values.append(deviance_p_value(gain, extra, richer.dispersion, richer.spare))
    return min(1.0, len(p_values) * min(p_values, default=1.0))


def exponent_at_rate(
    cells: pd.DataFrame, factor: str, rate: float, asymptotes: Asymptotes = FULL
) -> tuple[float, Interval] | None:
    """Exponent, at the middle of the levels, of the threshold of another success rate, relative to the
    asymptotes.

    The success curve's steepness may change along the levels here:  P(success) = Phi(b0 + b1 L + b2 u + b3 u
    L)  with L = log N, so that  d log N*/du = -(b2 + b3 log N*) / b1  at u = 0. Interval by the delta method,
    which takes rows of one seed for independent.

    Returns:
        Exponent and 95 % interval, or None when the coefficients are not determined.
    """
    cells = over_seeds(cells, [factor])
    basis = centred_basis(cells, [factor])
    u, log_n = basis.columns(cells)[:, 0], np.log(cells["searched"].to_numpy(float))
    result = fit_binomial(cells, with_constant(log_n, u, u * log_n), asymptotes=asymptotes)
    if result is None or result.params[1] <= 0:
        return None
    b0, b1, b2, b3 = result.params
    threshold = (stats.norm.ppf(rate) - b0) / b1
    value = -(b2 + b3 * threshold) / b1
    gradient = np.array([b3 / b1**2, (b3 * threshold / b1 - value) / b1, -1 / b1, -threshold / b1])
    covariance = result.covariance * dispersion(result, cells)
    df = informative_cells(result) - 4
    if df < 1:
        return None
    half = stats.t.ppf(0.975, df) * np.sqrt(max(gradient @ covariance @ gradient, 0.0))
    return float(value), Interval(float(value - half), float(value + half))
