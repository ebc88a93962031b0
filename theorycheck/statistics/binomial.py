"""Binomial regression by statsmodels, its links, and the dispersion of counts."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import special, stats
from statsmodels.genmod.families import links
from statsmodels.tools.sm_exceptions import DomainWarning, PerfectSeparationWarning

Link = Literal["probit", "logit", "cloglog"]
BINOMIAL_DF = 10**6
START_STEPS = 4  # towards the maximum, before statsmodels finds it


class LapsingProbit(links.Probit):  # type: ignore[misc]  # statsmodels has no types
    """P(success) = (1 - lapse) Phi(eta): with probability `lapse` a trial fails whatever N is.

    Source: Wichmann and Hill, Perception and Psychophysics 63 (2001) 1293, equation 1, guess rate 0. Without lapses it
    is statsmodels' probit link, in half the time.
    """

    def __init__(self, lapse: float = 0.0) -> None:
        super().__init__()
        self.lapse = lapse

    def __call__(self, p: np.ndarray) -> np.ndarray:
        """The linear predictor of a success rate."""
        return np.asarray(special.ndtri(np.clip(np.asarray(p) / (1 - self.lapse), 1e-10, 1 - 1e-10)))

    def inverse(self, z: np.ndarray) -> np.ndarray:
        """The success rate of a linear predictor."""
        return np.asarray((1 - self.lapse) * special.ndtr(z))

    def deriv(self, p: np.ndarray) -> np.ndarray:
        """Derivative of the link."""
        return np.asarray(1 / self.inverse_deriv(self(p)))

    def inverse_deriv(self, z: np.ndarray) -> np.ndarray:
        """Derivative of the inverse link."""
        return np.asarray((1 - self.lapse) * np.exp(-(np.asarray(z) ** 2) / 2) / np.sqrt(2 * np.pi))

    def inverse_deriv2(self, z: np.ndarray) -> np.ndarray:
        """Second derivative of the inverse link."""
        return np.asarray(-np.asarray(z) * self.inverse_deriv(z))

    def deriv2(self, p: np.ndarray) -> np.ndarray:
        """Second derivative of the link."""
        z = self(p)
        return np.asarray(-self.inverse_deriv2(z) / self.inverse_deriv(z) ** 3)


LINKS: Mapping[Link, type[links.Link]] = {"probit": LapsingProbit, "logit": links.Logit, "cloglog": links.CLogLog}


def probit_information(z: np.ndarray) -> np.ndarray:
    """Fisher information of a trial about the linear predictor z: phi(z)^2 / (Phi(z) Phi(-z)).

    Source: McCullagh and Nelder, Generalized Linear Models, 1989, section 4.4.
    """
    return np.asarray(np.exp(-(z**2) - special.log_ndtr(z) - special.log_ndtr(-z)) / (2 * np.pi))


def dispersion(result: Any, cells: pd.DataFrame, by_power: np.ndarray | None = None) -> float:
    """Variance of the counts as a multiple of the binomial one, at least 1, for quasi-likelihood.

    The moment estimator  sum (y - m)^2 / sum v (1 - h)  of counts y with fitted means m, binomial variances v and
    leverages h (weighted moments: Moore, Biometrika 73 (1986) 583). Pearson's chi-square, which weighs every cell
    alike, is no use here: a single success in a cell where none is expected would widen every interval severalfold.

    Args:
        result: a fit by `fit_binomial`.
        cells: with the columns successes and trials.
        by_power: of powers that were estimated beside the coefficients, as for `covariance_beside`.
    """
    trials, rate = cells["trials"].to_numpy(float), np.asarray(result.mu)
    residual = cells["successes"].to_numpy(float) - trials * rate
    columns, weight = _predictors(result, by_power)
    orthonormal, _ = np.linalg.qr(np.sqrt(weight)[:, None] * columns)
    leverage = np.clip((orthonormal**2).sum(axis=1), 0, 1)
    return max(1.0, float((residual**2).sum() / (trials * rate * (1 - rate) * (1 - leverage)).sum()))


def covariance_beside(result: Any, by_power: np.ndarray) -> np.ndarray | None:
    """Covariance of the coefficients where powers of the linear predictor's scale are estimated beside them.

    The block of the inverse Fisher information of all of them (McCullagh and Nelder, Generalized Linear Models, 1989,
    section 11.4); without powers the usual covariance.

    Args:
        result: a fit by `fit_binomial`.
        by_power: derivative of the logarithm of the scale by each power, shape (cell, power).

    Returns:
        The covariance, or None where the information is singular: with few trials the rates can be all but 0 or 1 in so
        many cells that the others do not determine the coefficients.
    """
    columns, weight = _predictors(result, by_power)
    count = len(result.params)
    try:
        return np.asarray(np.linalg.inv(columns.T @ (weight[:, None] * columns))[:count, :count])
    except np.linalg.LinAlgError:
        return None


def _predictors(result: Any, by_power: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """What every coefficient, and every power, changes in the linear predictor of a cell, and the cell's weight."""
    design, link = result.model.exog, result.model.family.link
    z = design @ result.params
    rate = link.inverse(z)
    variance = rate * (1 - rate)
    told = variance > 1e-14  # statsmodels' own weights go wrong where a rate is all but 0 or 1
    weight = np.where(told, result.model.n_trials * link.inverse_deriv(z) ** 2 / np.where(told, variance, 1), 0)
    return design if by_power is None else np.column_stack([design, by_power * z[:, None]]), weight


def residual_df(scale: float, df: int) -> int:
    """Degrees of freedom of a dispersion: those of its estimate, or none to speak of when it is 1, the binomial's."""
    return df if scale > 1 else max(df, BINOMIAL_DF)


def deviance_p_value(gain: float, extra: int, scale: float, df: int) -> float:
    """P-value of a fit against a richer one: an F test (McCullagh and Nelder, Generalized Linear Models, 1989, 4.5).

    Args:
        gain: of deviance, by the richer fit.
        extra: coefficients of the richer fit.
        scale: its dispersion.
        df: its informative cells less its coefficients; at least 1 is taken.
    """
    return float(stats.f.sf(gain / extra / scale, extra, residual_df(scale, max(df, 1))))


def informative_cells(result: Any, cells: pd.DataFrame) -> int:
    """How many cells the dispersion is in fact estimated from: cells all but sure to succeed or to fail say nothing.

    Kish's effective number, (sum v)^2 / sum v^2, of the fitted variances v of the counts (Survey Sampling, 1965,
    section 8.2).
    """
    rate = np.asarray(result.mu)
    variance = cells["trials"].to_numpy(float) * rate * (1 - rate)
    return int(variance.sum() ** 2 / (variance**2).sum())


def fit_binomial(cells: pd.DataFrame, design: np.ndarray, link: Link = "probit", lapse: float = 0.0) -> Any | None:
    """Binomial GLM of successes out of trials, or None when it has no unique maximum.

    Args:
        cells: with the columns successes and trials.
        design: shape (cell, coefficient).
        link: name of the link.
        lapse: as for fit_threshold.
    """
    successes, trials = cells["successes"].to_numpy(float), cells["trials"].to_numpy(float)
    failures = trials - successes
    if len(cells) <= design.shape[1] or np.linalg.matrix_rank(design) < design.shape[1]:
        return None
    if successes.sum() == 0 or failures.sum() == 0:
        return None
    family = sm.families.Binomial(link=LapsingProbit(lapse) if lapse else LINKS[link]())
    with warnings.catch_warnings():
        warnings.simplefilter("error", PerfectSeparationWarning)
        warnings.simplefilter("ignore", DomainWarning)
        try:
            counts = np.column_stack([successes, failures])
            model = sm.GLM(counts, design, family=family, hasconst=False)  # which saves the search for a constant
            start = _near_maximum(successes, trials, design, family.link)
            result = model.fit(start, maxiter=50)  # from there a maximum takes 1 to 15
        except (PerfectSeparationWarning, np.linalg.LinAlgError):
            return None
    rate = np.asarray(result.mu)
    separated = float((trials * rate * (1 - rate)).sum()) < 1e-3
    return result if result.converged and not separated and np.isfinite(result.bse).all() else None


def _near_maximum(successes: np.ndarray, trials: np.ndarray, design: np.ndarray, link: links.Link) -> np.ndarray | None:
    """Coefficients from which statsmodels has a step or two to go, so that a fit takes a third of the time; or None.

    The same steps, without its bookkeeping (McCullagh and Nelder, Generalized Linear Models, 1989, section 2.5).
    """
    rate = (successes + 0.5) / (trials + 1)
    z = link(rate)
    with np.errstate(all="ignore"):
        for _ in range(START_STEPS):
            slope = link.inverse_deriv(z)
            weighted = design.T * (trials * slope**2 / (rate * (1 - rate)))
            try:
                coefficients = np.linalg.solve(weighted @ design, weighted @ (z + (successes / trials - rate) / slope))
            except np.linalg.LinAlgError:  # statsmodels' own steps bear a singular one
                return None
            z = design @ coefficients
            rate = link.inverse(z)
    return coefficients if np.isfinite(coefficients).all() else None
