"""The exponents of a threshold N* from raw trials, by binomial regression of success on log N and log factors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import optimize, stats

from theorycheck.statistics.basis import Basis, centred_basis, jackknife, own_level_columns
from theorycheck.statistics.binomial import (
    LINKS,
    Link,
    covariance_beside,
    deviance_p_value,
    dispersion,
    fit_binomial,
    informative_cells,
    residual_df,
)
from theorycheck.statistics.rise import SAME, Rise, refit
from theorycheck.verdict import Interval

HIGHEST_LAPSE = 0.3
LAPSE_SIGNIFICANCE = 0.01


@dataclass(frozen=True)
class ThresholdFit:
    """A binomial regression  g(P(success)) = r(x) (b0 + b1 log N + b2 f2(u) + b3 f3(u) + ...)  with link g.

    The threshold N*, where success has probability q, obeys log N* = (g(q) / r - b0 - b2 f2 - ...) / b1, whatever the
    polynomial terms f are; its local exponent in a factor is  -(b2 f2' + b3 f3' + ...) / b1  where g(q) = 0 or r is
    constant. Logarithms are natural.

    Attributes:
        basis: the terms f.
        coefficients: b0, b1, b2, ...
        covariance: of the coefficients, widened for overdispersion or clustered by seed.
        dispersion: see `dispersion`; no part of the covariance when that is clustered by seed.
        deviance: of the fit, unscaled.
        df: residual degrees of freedom: cells minus coefficients.
        informative: see `informative_cells`.
        df_interval: of the t distribution behind intervals: informative cells minus coefficients and powers (a million
            when the dispersion is 1 and so needs no estimate), or the number of seeds less one.
        link: g.
        lapse: share of trials that fail whatever N is; q is then relative to the share of the others.
        rise: r, with its powers estimated beside the coefficients, which is part of the covariance unless that is
            clustered by seed.
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
    lapse: float = 0.0
    rise: Rise = SAME

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
        t = weights @ self.coefficients / np.sqrt(weights @ self.covariance @ weights)
        established = self.coefficients[1] / np.sqrt(self.covariance[1, 1])  # without a rise in N there is no threshold
        return float(stats.t.sf(min(t if side == "below" else -t, established), self.df_interval))

    @property
    def steepness(self) -> float:
        """Rise of the linear predictor when N grows by a factor of e, where r is 1."""
        return float(self.coefficients[1])

    def predict(self, point: Sequence[float], rate: float = 0.5) -> float:
        """Fitted N* at a point, in samples, where `rate` of the trials succeed."""
        weights = np.concatenate([[1.0, 0.0], self.basis.at(point)])
        return float(np.exp((self._predictor(rate, point) - weights @ self.coefficients) / self.coefficients[1]))

    def band(self, point: Sequence[float], rate: float = 0.5, confidence: float = 0.95) -> tuple[float, float]:
        """Pointwise Fieller interval of N* at a point, in samples."""
        weights = np.concatenate([[1.0, 0.0], self.basis.at(point)])
        interval = self._fieller(weights, confidence, self._predictor(rate, point))
        with np.errstate(over="ignore"):
            return float(np.exp(interval.low)), float(np.exp(interval.high))

    def _slope(self, factor: str, at: Sequence[float] | None) -> np.ndarray:
        return np.concatenate([[0.0, 0.0], self.basis.slope(factor, at)])

    def _predictor(self, rate: float, point: Sequence[float]) -> float:
        here = pd.DataFrame([point], columns=list(self.basis.factors))
        return float(LINKS[self.link]()(rate) / self.rise.of(here)[0])

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
    return np.column_stack([np.ones(len(cells)), np.log(cells["n"]), basis.columns(cells)])


def fit_threshold(
    cells: pd.DataFrame,
    factors: Sequence[str],
    degree: int = 1,
    *,
    link: Link = "probit",
    lapse: float = 0.0,
    rise: Rise = SAME,
) -> ThresholdFit | None:
    """Fit the threshold's exponents to counts of successes.

    Args:
        cells: one row a cell with the columns `factors`, n, successes, trials (trials > 0), and optionally seed: rows
            of one seed share their randomness, and the covariance is then the delete-one-seed jackknife's.
        factors: the columns of the x_j.
        degree: of log N* in log x.
        link: of the regression.
        lapse: share of trials that fail whatever N is; only with the probit link.
        rise: of the steepness along the levels, whose powers are fitted anew beside the exponents.

    Returns:
        The fit, or None when the coefficients are not determined: too few cells, or successes and failures are
        completely separated (Albert and Anderson, Biometrika 71 (1984) 1), so that the likelihood has no maximum; with
        seeds, also when one of them alone determines a coefficient.
    """
    basis, counts = centred_basis(cells, factors, degree), _over_seeds(cells, factors)
    terms = threshold_design(counts, basis)
    rise = refit(rise, counts, terms, link, lapse) or rise
    design = rise.scaled(terms, counts)
    result = fit_binomial(counts, design, link, lapse)
    if result is None:
        return None
    by_power = rise.derivatives(counts)
    covariance = covariance_beside(result, by_power)
    if covariance is None:
        return None
    scale, informative = dispersion(result, counts, by_power), informative_cells(result, counts)
    covariance = covariance * scale
    df_interval = residual_df(scale, informative - design.shape[1] - len(rise.powers))
    if "seed" in cells:
        without = [
            fit_binomial(kept[rows], design[rows], link, lapse)
            for kept in _without_one_seed(cells, counts, factors)
            if (rows := (kept["trials"] > 0).to_numpy()).any()
        ]
        known = [result.params for result in without if result is not None]
        if len(known) < max(2, len(without)):
            return None
        covariance, df_interval = jackknife(known), len(known) - 1
    if df_interval < 1:
        return None
    deviance, df = float(result.deviance), int(result.df_resid)
    return ThresholdFit(
        basis, result.params, covariance, scale, deviance, df, informative, df_interval, link, lapse, rise
    )


def _over_seeds(cells: pd.DataFrame, factors: Sequence[str]) -> pd.DataFrame:
    """The counts of each cell, summed over its seeds."""
    if "seed" not in cells:
        return cells
    return cells.groupby([*factors, "n"], as_index=False)[["successes", "trials"]].sum()


def _without_one_seed(cells: pd.DataFrame, counts: pd.DataFrame, factors: Sequence[str]) -> Iterator[pd.DataFrame]:
    """The counts summed over all seeds but one, for each seed."""
    where = counts.set_index([*factors, "n"])
    for _, one in cells.groupby("seed"):
        own = one.groupby([*factors, "n"])[["successes", "trials"]].sum().reindex(where.index, fill_value=0)
        yield (where - own).reset_index()


def fit_lapse(cells: pd.DataFrame, factors: Sequence[str], rise: Rise = SAME) -> tuple[float, float]:
    """Estimate the lapse rate by profile likelihood, and test whether there are lapses at all.

    Returns:
        The rate, and the p-value of no lapses: half a chi-square of one degree of freedom, as 0 is the end of the
        range (Self and Liang, J. Am. Stat. Assoc. 82 (1987) 605, case 5), scaled by the dispersion.
    """
    cells = _over_seeds(cells, factors)
    basis = centred_basis(cells, factors)
    design = rise.scaled(threshold_design(cells, basis), cells)

    def deviance(lapse: float) -> float:
        result = fit_binomial(cells, design, lapse=lapse)
        return 1e9 if result is None else float(result.deviance)  # the minimiser does not bear infinity

    without = fit_binomial(cells, design)
    if without is None or deviance(0.005) >= without.deviance:
        return 0.0, 1.0
    best = optimize.minimize_scalar(deviance, bounds=(0, HIGHEST_LAPSE), method="bounded", options={"xatol": 1e-3})
    gain = max(0.0, float(without.deviance) - float(best.fun))
    with_lapse = fit_binomial(cells, design, lapse=float(best.x))
    scale = dispersion(with_lapse, cells) if with_lapse is not None else 1.0
    return float(best.x), float(stats.chi2.sf(gain / scale, 1) / 2)


def shape_p_value(
    cells: pd.DataFrame, factors: Sequence[str], degree: int, *, lapse: float = 0.0, rise: Rise = SAME
) -> float:
    """P-value of the hypothesis that log N* is a polynomial of the given degree in the log factors.

    The smaller of two F tests on the deviance (McCullagh and Nelder, Generalized Linear Models, 1989, section 4.5):
    against the next degree, which sees a drift, and against a threshold of its own for every combination of levels,
    which sees any shape.

    Args:
        cells: as for fit_threshold; only levels whose threshold lies inside the range of N.
        factors: the columns of the x_j.
        degree: of the polynomial.
        lapse: as for fit_threshold.
        rise: likewise.

    Returns:
        Twice the smaller p-value (Bonferroni), at most 1; 1 where the levels are too few to test.
    """
    cells = _over_seeds(cells, factors)
    own_level = own_level_columns(cells, factors)
    smaller = fit_threshold(cells, factors, degree, lapse=lapse, rise=rise)
    if smaller is None or own_level.shape[1] <= len(smaller.coefficients) - 1:
        return 1.0
    p_values = []
    terms = np.column_stack([np.log(cells["n"]), own_level])
    saturated = fit_binomial(cells, rise.scaled(terms, cells), lapse=lapse)
    if saturated is not None:
        scale = dispersion(saturated, cells, rise.derivatives(cells))
        gain, extra = smaller.deviance - saturated.deviance, smaller.df - int(saturated.df_resid)
        informative = informative_cells(saturated, cells) - own_level.shape[1] - 1 - len(rise.powers)
        p_values.append(deviance_p_value(gain, extra, scale, informative))
    richer = fit_threshold(cells, factors, degree + 1, lapse=lapse, rise=rise)
    # With as many coefficients as levels, the next degree is that threshold of its own for every level.
    if richer is not None and own_level.shape[1] > len(richer.coefficients) - 1:
        gain, extra = smaller.deviance - richer.deviance, smaller.df - richer.df
        informative = richer.informative - len(richer.coefficients) - len(rise.powers)
        p_values.append(deviance_p_value(gain, extra, richer.dispersion, informative))
    return min(1.0, len(p_values) * min(p_values, default=1.0))


def exponent_at_rate(cells: pd.DataFrame, factor: str, rate: float) -> tuple[float, Interval] | None:
    """Exponent, at the middle of the levels, of the threshold where `rate` of the trials succeed.

    The success curve's steepness may change along the levels here:  P(success) = Phi(b0 + b1 L + b2 u + b3 u L)  with
    L = log N, so that  d log N*/du = -(b2 + b3 log N*) / b1  at u = 0. Interval by the delta method, which takes rows
    of one seed for independent.

    Returns:
        Exponent and 95 % interval, or None when the coefficients are not determined.
    """
    cells = _over_seeds(cells, [factor])
    basis = centred_basis(cells, [factor])
    u, log_n = basis.columns(cells)[:, 0], np.log(cells["n"].to_numpy(float))
    result = fit_binomial(cells, np.column_stack([np.ones(len(cells)), log_n, u, u * log_n]))
    if result is None or result.params[1] <= 0:
        return None
    b0, b1, b2, b3 = result.params
    threshold = (stats.norm.ppf(rate) - b0) / b1
    value = -(b2 + b3 * threshold) / b1
    gradient = np.array([b3 / b1**2, (b3 * threshold / b1 - value) / b1, -1 / b1, -threshold / b1])
    covariance = result.cov_params() * dispersion(result, cells)
    df = informative_cells(result, cells) - 4
    if df < 1:
        return None
    half = stats.t.ppf(0.975, df) * np.sqrt(gradient @ covariance @ gradient)
    return float(value), Interval(float(value - half), float(value + half), 0.95)
