"""The exponent of a threshold N* from raw trials, by binomial regression of success on log N and log factor."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats
from statsmodels.tools.sm_exceptions import DomainWarning, PerfectSeparationWarning

from theorycheck.verdict import Estimate, Interval


@dataclass(frozen=True)
class ThresholdFit:
    """A probit regression  P(success) = Phi(b0 + b1 log N + b2 u + b3 u^2 + ...),  u = log(x / x0).

    The threshold N*, where success has probability 1/2, obeys log N* = -(b0 + b2 u + b3 u^2 + ...) / b1; its local
    exponent d log N* / d log x at x0 is -b2 / b1, and over all x when the degree is 1. The logarithms are natural.

    Attributes:
        x0: where u = 0.
        coefficients: b0, b1, b2, ..., as many more as the degree in u asks.
        covariance: of the coefficients, already scaled by the dispersion.
        dispersion: Pearson chi-square per degree of freedom, at least 1 (quasi-likelihood: McCullagh and Nelder,
            Generalized Linear Models, 1989, section 4.5); above 1 the trials scatter more than binomially.
        deviance: of the fit, unscaled.
        df: residual degrees of freedom: cells minus coefficients.
    """

    x0: float
    coefficients: np.ndarray
    covariance: np.ndarray
    dispersion: float
    deviance: float
    df: int

    @property
    def degree(self) -> int:
        """Degree of log N* in log x: 1 for a power law."""
        return len(self.coefficients) - 2

    @property
    def exponent(self) -> float:
        """Local exponent of the threshold at x0."""
        return float(-self.coefficients[2] / self.coefficients[1])

    def interval(self, confidence: float = 0.95) -> Interval:
        """Fieller interval of the exponent."""
        unit = np.zeros(len(self.coefficients))
        unit[2] = 1
        return self._fieller(unit, confidence)

    def estimate(self, method: str, confidence: float = 0.95) -> Estimate:
        """The exponent at x0 with its interval."""
        return Estimate(self.exponent, self.interval(confidence), method)

    def threshold(self, x: float) -> float:
        """Fitted N* at a level x, in samples."""
        return float(np.exp(-self._at(x) @ self.coefficients / self.coefficients[1]))

    def band(self, x: float, confidence: float = 0.95) -> tuple[float, float]:
        """Pointwise Fieller interval of N* at a level x, in samples."""
        interval = self._fieller(self._at(x), confidence)
        return float(np.exp(interval.low)), float(np.exp(interval.high))

    def _at(self, x: float) -> np.ndarray:
        u = np.log(x / self.x0)
        return np.array([1, 0, *(u**power for power in range(1, self.degree + 1))])

    def _fieller(self, weights: np.ndarray, confidence: float) -> Interval:
        """Interval of -w.b / b1: all r for which w.b + r b1 does not differ from 0.

        Unbounded when b1 itself does not differ from 0, so that no threshold is established. Source: Fieller,
        J. R. Statist. Soc. B 16 (1954) 175; Finney, Probit Analysis, 1971, section 4.6.
        """
        t = float(stats.t.ppf((1 + confidence) / 2, self.df))
        numerator, slope = weights @ self.coefficients, self.coefficients[1]
        variance = weights @ self.covariance @ weights
        covariance, slope_variance = (weights @ self.covariance)[1], self.covariance[1, 1]
        a = slope**2 - t**2 * slope_variance
        b = numerator * slope - t**2 * covariance
        c = numerator**2 - t**2 * variance
        if a <= 0 or slope <= 0:
            return Interval(-np.inf, np.inf, confidence)
        root = np.sqrt(max(b**2 - a * c, 0))
        return Interval(float((-b - root) / a), float((-b + root) / a), confidence)


def fit_threshold(cells: pd.DataFrame, factor: str, x0: float | None = None, degree: int = 1) -> ThresholdFit | None:
    """Fit the threshold's exponent to counts of successes.

    Args:
        cells: one row a cell with the columns `factor`, n, successes, trials (trials > 0).
        factor: the column of x.
        x0: where a bent fit takes its local exponent; by default the geometric mean of the levels.
        degree: of log N* in log x.

    Returns:
        The fit, or None when the coefficients are not determined: too few cells, or successes and failures are
        completely separated (Albert and Anderson, Biometrika 71 (1984) 1), so that the likelihood has no maximum.
    """
    x0 = float(np.exp(np.log(cells[factor]).mean())) if x0 is None else x0
    u = np.log(cells[factor] / x0)
    powers = [u**power for power in range(1, degree + 1)]
    result = fit_probit(cells, np.column_stack([np.ones(len(cells)), np.log(cells["n"]), *powers]))
    if result is None:
        return None
    scale = _dispersion(result)
    covariance = result.cov_params() * scale
    return ThresholdFit(x0, result.params, covariance, scale, float(result.deviance), int(result.df_resid))


def shape_p_value(cells: pd.DataFrame, factor: str, degree: int) -> float:
    """P-value of the hypothesis that log N* is a polynomial of the given degree in log x.

    The smaller of two F tests on the deviance (McCullagh and Nelder, 1989, section 4.5): against the next degree, which
    sees a drift, and against a threshold of its own for every level, which sees any shape.

    Args:
        cells: as for fit_threshold; only levels whose threshold lies inside the range of N.
        factor: the column of x.
        degree: of the polynomial.

    Returns:
        Twice the smaller p-value (Bonferroni), at most 1; 1 where the levels are too few to test.
    """
    levels = cells[factor].nunique()
    if levels < degree + 2:
        return 1.0
    smaller = fit_threshold(cells, factor, degree=degree)
    own = np.column_stack([np.log(cells["n"]), *(cells[factor] == x for x in cells[factor].unique())]).astype(float)
    p_values = []
    saturated = fit_probit(cells, own)
    if smaller is not None and saturated is not None:
        p_values.append(_f_test(smaller, saturated.deviance, saturated.df_resid, _dispersion(saturated)))
    # With one level less, the next degree has a threshold of its own for every level.
    richer = fit_threshold(cells, factor, degree=degree + 1) if levels > degree + 2 else None
    if smaller is not None and richer is not None:
        p_values.append(_f_test(smaller, richer.deviance, richer.df, richer.dispersion))
    return min(1.0, len(p_values) * min(p_values, default=1.0))


def _f_test(smaller: ThresholdFit, deviance: float, df: int, dispersion: float) -> float:
    """P-value of a fit against a richer one of given deviance, residual degrees of freedom and dispersion."""
    extra = smaller.df - df
    return float(stats.f.sf((smaller.deviance - deviance) / extra / dispersion, extra, df))


def _dispersion(result: Any) -> float:
    return max(1.0, float(result.pearson_chi2 / result.df_resid))


def fit_probit(cells: pd.DataFrame, design: np.ndarray) -> Any | None:
    """Binomial GLM with probit link on successes out of trials, or None when it has no unique maximum."""
    successes, failures = cells["successes"], cells["trials"] - cells["successes"]
    if len(cells) <= design.shape[1] or np.linalg.matrix_rank(design) < design.shape[1]:
        return None
    if successes.sum() == 0 or failures.sum() == 0:
        return None
    family = sm.families.Binomial(link=sm.families.links.Probit())
    with warnings.catch_warnings():
        warnings.simplefilter("error", PerfectSeparationWarning)
        warnings.simplefilter("ignore", DomainWarning)
        try:
            result = sm.GLM(np.column_stack([successes, failures]), design, family=family).fit(maxiter=200)
        except (PerfectSeparationWarning, np.linalg.LinAlgError):
            return None
    separated = float(result.deviance) < 1e-4
    return result if result.converged and not separated and np.isfinite(result.bse).all() else None
