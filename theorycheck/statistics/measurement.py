"""The exponents of something measured directly (iterations, a loss), by regression of its logarithm on log factors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import linalg, optimize, stats

from theorycheck.statistics.basis import Basis, centred_basis, jackknife, own_level_columns, points_of
from theorycheck.verdict import Interval

Errors = Literal["HC3", "seeds", "bootstrap"]
BOOTSTRAP_SAMPLES = 999


@dataclass(frozen=True)
class MeasurementFit:
    """A regression  log value = c0 + c1 f1(u) + c2 f2(u) + ... + error.

    The local exponent in a factor is c1 f1' + c2 f2' + ... Logarithms are natural.

    Attributes:
        basis: the terms f.
        coefficients: c0, c1, ...
        covariance: of the coefficients.
        dispersion: variance of the errors (1 with censored values, where `deviance` is already scaled).
        deviance: sum of squared errors, or minus twice the log-likelihood with censored values.
        df: residual degrees of freedom.
        df_interval: of the t distribution behind intervals: df, or the number of seeds less one.
    """

    basis: Basis
    coefficients: np.ndarray
    covariance: np.ndarray
    dispersion: float
    deviance: float
    df: int
    df_interval: int

    def exponent(self, factor: str, at: Sequence[float] | None = None) -> float:
        """Local exponent in a factor, by default at the basis' centre."""
        return float(self._slope(factor, at) @ self.coefficients)

    def interval(self, factor: str, confidence: float = 0.95, at: Sequence[float] | None = None) -> Interval:
        """Interval of the local exponent by Student's t."""
        return self._interval(self._slope(factor, at), confidence)

    def p_value(self, factor: str, exponent: float, side: Literal["below", "above"], at: Any = None) -> float:
        """One-sided p-value of the hypothesis that the local exponent is not `below` (or `above`) a value."""
        weights = self._slope(factor, at)
        t = (weights @ self.coefficients - exponent) / self._error(weights)
        return float(stats.t.cdf(t if side == "below" else -t, self.df_interval))

    def predict(self, point: Sequence[float]) -> float:
        """Fitted value (geometric mean) at a point."""
        return float(np.exp(self._value(point) @ self.coefficients))

    def band(self, point: Sequence[float], confidence: float = 0.95) -> tuple[float, float]:
        """Pointwise interval of the fitted value."""
        interval = self._interval(self._value(point), confidence)
        return float(np.exp(interval.low)), float(np.exp(interval.high))

    def _slope(self, factor: str, at: Sequence[float] | None) -> np.ndarray:
        return np.concatenate([[0.0], self.basis.slope(factor, at)])

    def _value(self, point: Sequence[float]) -> np.ndarray:
        return np.concatenate([[1.0], self.basis.at(point)])

    def _error(self, weights: np.ndarray) -> float:
        return float(np.sqrt(weights @ self.covariance @ weights))

    def _interval(self, weights: np.ndarray, confidence: float) -> Interval:
        half = stats.t.ppf((1 + confidence) / 2, self.df_interval) * self._error(weights)
        middle = float(weights @ self.coefficients)
        return Interval(middle - half, middle + half, confidence)


def fit_measurement(
    table: pd.DataFrame, factors: Sequence[str], degree: int = 1, errors: Errors | None = None
) -> MeasurementFit | None:
    """Fit the exponents of measured values.

    Without censored values by ordinary least squares; with them by the maximum of the likelihood of normal errors in
    the logarithm (Tobin, Econometrica 26 (1958) 24), a censored value counting as "at least this".

    Args:
        table: one row a measurement with the columns `factors`, value (positive), and optionally censored (1 where
            the value is a lower bound) and seed.
        factors: the columns of the x_j.
        degree: of the polynomial in the log factors.
        errors: standard errors robust to unequal variances ("HC3": MacKinnon and White, J. Econometrics 29 (1985)
            305), to rows of one seed sharing their randomness ("seeds": delete-one-seed jackknife), or from resampling
            rows or seeds ("bootstrap": Efron, Ann. Stat. 7 (1979) 1). By default "seeds" where the table has some,
            else "HC3".

    Returns:
        The fit, or None when the coefficients are not determined by the rows.
    """
    basis = centred_basis(table, factors, degree)
    design = np.column_stack([np.ones(len(table)), basis.columns(table)])
    estimated = _estimate(table, design, errors)
    if estimated is None:
        return None
    fitted, covariance, df_interval = estimated
    df = len(table) - design.shape[1]
    return MeasurementFit(basis, fitted.coefficients, covariance, fitted.dispersion, fitted.deviance, df, df_interval)


def shape_p_value(table: pd.DataFrame, factors: Sequence[str], degree: int) -> float:
    """P-value of the hypothesis that the log value is a polynomial of the given degree in the log factors.

    As in `threshold.shape_p_value` the smaller of two, doubled: against the next degree, and against a mean of its own
    for every combination of levels. Wald tests with the same robust covariance as the intervals, referred to
    Hotelling's T^2 (Ann. Math. Stat. 2 (1931) 360), which few seeds need.
    """
    basis = centred_basis(table, factors, degree + 1)
    points = pd.DataFrame(np.unique(points_of(table, factors), axis=0), columns=list(factors))
    at_points = np.column_stack([np.ones(len(points)), basis.columns(points)])
    lower = 1 + sum(len(monomial) <= degree for monomial in basis.monomials)
    if len(points) <= lower:
        return 1.0
    design = np.column_stack([np.ones(len(table)), basis.columns(table)])
    tests = [(own_level_columns(table, factors), linalg.null_space(at_points[:, :lower].T).T)]
    if len(points) > at_points.shape[1]:  # otherwise the next degree has a mean of its own for every level
        tests.append((design, np.eye(at_points.shape[1])[lower:]))
    p_values = [p for columns, zero in tests if (p := _wald(_estimate(table, columns), zero)) is not None]
    return min(1.0, len(p_values) * min(p_values, default=1.0))


def _wald(estimated: _Estimated | None, zero: np.ndarray) -> float | None:
    """P-value of the hypothesis that `zero @ coefficients` is 0; None where the degrees of freedom are too few."""
    if estimated is None or estimated[2] < len(zero):
        return None
    fitted, covariance, df = estimated
    value, count = zero @ fitted.coefficients, len(zero)
    statistic = value @ np.linalg.pinv(zero @ covariance @ zero.T) @ value
    return float(stats.f.sf(statistic * (df - count + 1) / (df * count), count, df - count + 1))


def _estimate(table: pd.DataFrame, design: np.ndarray, errors: Errors | None = None) -> _Estimated | None:
    """Coefficients, their covariance and its degrees of freedom; None when the rows do not determine them."""
    errors = errors or ("seeds" if "seed" in table else "HC3")
    seeds = pd.factorize(table["seed"])[0] if "seed" in table else None
    fitted = _fit(table, design)
    if fitted is None or (errors == "seeds" and (seeds is None or seeds.max() < 1)):
        return None
    covariance = _covariance(table, design, fitted, errors, seeds)
    if covariance is None:
        return None
    clustered = seeds is not None and errors != "HC3"
    return fitted, covariance, int(seeds.max()) if seeds is not None and clustered else len(table) - design.shape[1]


@dataclass(frozen=True)
class _Fitted:
    coefficients: np.ndarray
    log_scale: float
    deviance: float
    dispersion: float


_Estimated = tuple[_Fitted, np.ndarray, int]


def censored_rows(table: pd.DataFrame) -> np.ndarray:
    """Whether each value is a lower bound, shape (row)."""
    return table["censored"].to_numpy(bool) if "censored" in table else np.zeros(len(table), bool)


def _fit(table: pd.DataFrame, design: np.ndarray) -> _Fitted | None:
    y, censored = np.log(table["value"].to_numpy(float)), censored_rows(table)
    known = design[~censored]
    if len(known) <= design.shape[1] or np.linalg.matrix_rank(known) < design.shape[1]:
        return None
    least_squares = sm.OLS(y[~censored], known).fit()
    variance = float(least_squares.ssr / least_squares.df_resid)
    if variance <= 0:
        return None
    if not censored.any():
        return _Fitted(least_squares.params, float(np.log(variance) / 2), float(least_squares.ssr), variance)
    start = np.append(least_squares.params, np.log(variance) / 2)
    arguments = (y, design, censored)
    best = optimize.minimize(_minus_log_likelihood, start, arguments, jac=_gradient, method="BFGS")
    if not np.isfinite(best.fun) or np.abs(_gradient(best.x, *arguments)).max() > 1e-3 * len(y):
        return None
    return _Fitted(best.x[:-1], float(best.x[-1]), 2 * float(best.fun), 1.0)


def _minus_log_likelihood(theta: np.ndarray, y: np.ndarray, design: np.ndarray, censored: np.ndarray) -> float:
    z = (y - design @ theta[:-1]) / np.exp(theta[-1])
    return float(-np.where(censored, stats.norm.logsf(z), stats.norm.logpdf(z) - theta[-1]).sum())


def _scores(theta: np.ndarray, y: np.ndarray, design: np.ndarray, censored: np.ndarray) -> np.ndarray:
    """Derivatives of each row's log-likelihood by the coefficients and the log of the scale."""
    scale = np.exp(theta[-1])
    z = (y - design @ theta[:-1]) / scale
    hazard = np.exp(stats.norm.logpdf(z) - stats.norm.logsf(z))
    by_mean = np.where(censored, hazard, z) / scale
    by_log_scale = np.where(censored, hazard * z, z**2 - 1)
    return np.column_stack([by_mean[:, None] * design, by_log_scale])


def _gradient(theta: np.ndarray, y: np.ndarray, design: np.ndarray, censored: np.ndarray) -> np.ndarray:
    return np.asarray(-_scores(theta, y, design, censored).sum(axis=0))


def _covariance(
    table: pd.DataFrame, design: np.ndarray, fitted: _Fitted, errors: Errors, seeds: np.ndarray | None
) -> np.ndarray | None:
    """Covariance of the coefficients; None when one seed alone determines one of them."""
    if errors == "bootstrap":
        return _bootstrap(table, design, seeds)
    if errors == "seeds" and seeds is not None:
        kept = [seeds != seed for seed in np.unique(seeds)]
        fits = [_fit(table[rows], design[rows]) for rows in kept]
        known = [fit.coefficients for fit in fits if fit is not None]
        return jackknife(known) if len(known) == len(fits) else None
    y, censored = np.log(table["value"].to_numpy(float)), censored_rows(table)
    if not censored.any():
        return np.asarray(sm.OLS(y, design).fit(cov_type="HC3").cov_params())
    return _sandwich(np.append(fitted.coefficients, fitted.log_scale), (y, design, censored))


def _sandwich(theta: np.ndarray, arguments: tuple[np.ndarray, np.ndarray, np.ndarray]) -> np.ndarray:
    """Covariance of the coefficients robust to unequal variances (White, Econometrica 50 (1982) 1)."""
    steps = 1e-5 * np.eye(len(theta))
    differences = [(_gradient(theta + h, *arguments) - _gradient(theta - h, *arguments)) / 2e-5 for h in steps]
    bread = np.linalg.pinv(np.column_stack(differences))
    scores = _scores(theta, *arguments)
    rows, parameters = scores.shape
    covariance = bread @ scores.T @ scores @ bread.T * rows / (rows - parameters)
    return np.asarray(covariance[:-1, :-1])


def _bootstrap(table: pd.DataFrame, design: np.ndarray, seeds: np.ndarray | None) -> np.ndarray:
    rng = np.random.default_rng(0)
    groups = np.arange(len(table)) if seeds is None else seeds
    members = [np.flatnonzero(groups == g) for g in np.unique(groups)]
    drawn = []
    for _ in range(BOOTSTRAP_SAMPLES):
        rows = np.concatenate([members[i] for i in rng.integers(len(members), size=len(members))])
        fitted = _fit(table.iloc[rows], design[rows])
        if fitted is not None:
            drawn.append(fitted.coefficients)
    return np.atleast_2d(np.cov(np.array(drawn).T))
