"""The exponents of a threshold N* from raw trials, by binomial regression of success on log N and log
factors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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
from theorycheck.statistics.links import FULL, LINKS, Asymptotes, Link
from theorycheck.statistics.polynomial import Basis, centred_basis, exponential, level_numbers
from theorycheck.statistics.seeds import over_seeds, without_one_seed
from theorycheck.statistics.steepness import SAME, Steepness, refit


@dataclass(frozen=True)
class ThresholdFit:
    """A binomial regression  g(P(success)) = r(x) (b0 + b1 log N + b2 f2(u) + b3 f3(u) + ...)  with link g.

    P is the success rate between its asymptotes. The threshold N*, where a share q of these
    succeeds, obeys log N* = (g(q) / r - b0 - b2 f2 - ...) / b1, whatever the polynomial terms f are; its
    local exponent in a factor is  -(b2 f2' + b3 f3' + ...) / b1  where g(q) = 0 or r is constant. Logarithms
    are natural.

    Attributes:
        basis: the terms f.
        coefficients: b0, b1, b2, ...
        covariance: of the coefficients, widened for overdispersion or clustered by seed.
        dispersion: see `dispersion`; no part of the covariance when that is clustered by seed.
        deviance: of the fit, unscaled.
        df: residual degrees of freedom: cells minus coefficients.
        informative: see `informative_cells`.
        df_interval: of the t distribution behind intervals: informative cells minus coefficients and powers
            (effectively infinite when the dispersion is 1 and so needs no estimate), or seeds less one.
        link: g.
        asymptotes: guess rate and lapse rate; where the guess rate was
            estimated, its error is part of the covariance, unless that is clustered by seed.
        steepness: r, with its powers estimated beside the coefficients, part of the covariance unless
            that is clustered by seed.
    """

    basis: Basis
    coefficients: np.ndarray
    covariance: np.ndarray
    dispersion: float
    deviance: float
    df: int
    informative: int
    df_interval: int
    link: Link = "probit"
    asymptotes: Asymptotes = FULL
    steepness: Steepness = SAME

    def exponent(self, factor: str, at: Sequence[float] | None = None) -> float:
        """Local exponent of the threshold in a factor, by default at the basis' centre."""
        return float(-self._slope(factor, at) @ self.coefficients / self.coefficients[1])

    def interval(self, factor: str, confidence: float = 0.95, at: Sequence[float] | None = None) -> Interval:
        """Fieller interval of the local exponent."""
        return self._fieller(self._slope(factor, at), confidence)

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

    def predict(self, point: Sequence[float], rate: float = 0.5) -> float:
        """Fitted N* at a point, in samples, where `rate` of the trials succeed."""
        weights = np.concatenate([[1.0, 0.0], self.basis.at(point)])
        return exponential(
            (self._predictor(rate, point) - weights @ self.coefficients) / self.coefficients[1]
        )

    def band(self, point: Sequence[float], rate: float = 0.5) -> tuple[float, float]:
        """Pointwise 95 % Fieller interval of N* at a point, in samples."""
        weights = np.concatenate([[1.0, 0.0], self.basis.at(point)])
        interval = self._fieller(weights, 0.95, self._predictor(rate, point))
        return exponential(interval.low), exponential(interval.high)

    def _slope(self, factor: str, at: Sequence[float] | None) -> np.ndarray:
        return np.concatenate([[0.0, 0.0], self.basis.slope(factor, at)])

    def _predictor(self, rate: float, point: Sequence[float]) -> float:
        here = pd.DataFrame([point], columns=list(self.basis.factors))
        return float(LINKS[self.link].quantile(np.asarray(rate)) / self.steepness.of(here)[0])

    def _fieller(self, weights: np.ndarray, confidence: float, constant: float = 0.0) -> Interval:
        """Interval of (constant - w.b) / b1: all r for which w.b + r b1 does not differ from the constant.

        Unbounded when b1 itself does not differ from 0, so that no threshold is established. Source: Fieller,
        J. R. Statist. Soc. B 16 (1954) 175; Finney, Probit Analysis, 1971, section 4.6.
        """
        t = float(stats.t.ppf((1 + confidence) / 2, self.df_interval))
        numerator, slope = weights @ self.coefficients - constant, self.coefficients[1]
        variance = weights @ self.covariance @ weights
        covariance, slope_variance = (weights @ self.covariance)[1], self.covariance[1, 1]
        a = slope**2 - t**2 * slope_variance
        b = numerator * slope - t**2 * covariance
        c = numerator**2 - t**2 * variance
        if a <= 0 or slope <= 0:
            return Interval(-np.inf, np.inf, confidence)
        root = np.sqrt(max(b**2 - a * c, 0))
        return Interval(float((-b - root) / a), float((-b + root) / a), confidence)


def threshold_design(cells: pd.DataFrame, basis: Basis) -> np.ndarray:
    """The columns that b0, b1, b2, ... of a ThresholdFit multiply where r is 1, shape (cell, coefficient)."""
    return np.column_stack([np.ones(len(cells)), np.log(cells["searched"]), basis.columns(cells)])


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
    steepness = refit(steepness, counts, terms, link, asymptotes) or steepness
    design = steepness.scaled(terms, counts)
    result = fit_binomial(counts, design, link, asymptotes)
    if result is None or result.params[1] == 0:
        return None
    beside = _beside(result, counts, asymptotes, steepness)
    covariance = covariance_beside(result, beside)
    if covariance is None:
        return None
    scale, informative = dispersion(result, counts, beside), informative_cells(result)
    covariance = covariance * scale
    df_interval = residual_df(scale, informative - design.shape[1] - beside.shape[1])
    if "seed" in cells:
        clustered = without_one_seed(cells, result, factors, link, asymptotes)
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
        informative,
        df_interval,
        link,
        asymptotes,
        steepness,
    )


def _beside(
    fit: BinomialFit, cells: pd.DataFrame, asymptotes: Asymptotes, steepness: Steepness
) -> np.ndarray:
    """Derivatives of the success rates by what is estimated beside the coefficients: powers, and the guess
    rate.
    """
    by_guess = [fit.lower] * asymptotes.estimated
    return np.column_stack([steepness.beside(fit, cells), *by_guess])


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
        informative = (
            richer.informative - len(richer.coefficients) - len(steepness.powers) - asymptotes.estimated
        )
        p_values.append(deviance_p_value(gain, extra, richer.dispersion, informative))
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
    result = fit_binomial(
        cells, np.column_stack([np.ones(len(cells)), log_n, u, u * log_n]), asymptotes=asymptotes
    )
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
    return float(value), Interval(float(value - half), float(value + half), 0.95)
