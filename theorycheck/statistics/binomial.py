"""Binomial regression of success, and the covariances of its coefficients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import special

from theorycheck.statistics.links import FULL, LINKS, Asymptotes, Curve, Link
from theorycheck.statistics.polynomial import independent

MOST_STEPS = 50  # a maximum takes 4 to 15
CLOSE = 1e-9  # change of the deviance at which a maximum is reached: far below what a test sees
SEPARATED = 1e-3  # binomial variance of all counts below which the fit is a separation: a convention


@dataclass(frozen=True)
class BinomialFit:
    """The maximum of a binomial likelihood:  P(success) = guess + (1 - guess - lapse) F(z),  z = columns @
    params.

    Attributes:
        columns: of the design, shape (cell, coefficient).
        groups: number of each cell's group, whose own intercept is part of z; None where there are none.
        params: coefficients of the columns.
        z: linear predictor, shape (cell).
        mu: fitted success rate, shape (cell).
        slope: its derivative by z, shape (cell).
        trials: of each cell.
        deviance: of the fit, unscaled.
        df_resid: cells less coefficients and groups.
        lower: derivative of mu by the guess rate, shape (cell).
        covariance: of the coefficients.
    """

    columns: np.ndarray
    groups: np.ndarray | None
    params: np.ndarray
    z: np.ndarray
    mu: np.ndarray
    slope: np.ndarray
    trials: np.ndarray
    deviance: float
    df_resid: int
    lower: np.ndarray
    covariance: np.ndarray = field(default_factory=lambda: np.empty(0))

    @property
    def coefficients(self) -> int:
        """How many numbers were fitted, intercepts of the groups included."""
        return len(self.mu) - self.df_resid

    @property
    def variance(self) -> np.ndarray:
        """Binomial variance of the count of every cell."""
        return self.trials * self.mu * (1 - self.mu)

    def jacobian(self, beside: np.ndarray | None = None) -> np.ndarray:
        """Derivatives of the counts by the coefficients in units of their standard deviation, groups swept
        out.

        Args:
            beside: derivatives of the success rates by numbers that were estimated beside, shape (cell,
                number).
        """
        rates = self.slope[:, None] * self.columns
        if beside is not None:
            rates = np.column_stack([rates, beside])
        scale = quotient(self.trials, np.sqrt(self.variance), self.variance)
        rows = rates * scale[:, None]
        if self.groups is None:
            return rows
        return rows - _projected(rows, self.slope * scale, self.groups)

    def leverage(self, beside: np.ndarray | None = None) -> np.ndarray:
        """Diagonal of the hat matrix, shape (cell); arguments as for `jacobian`."""
        orthonormal, _ = np.linalg.qr(self.jacobian(beside))
        own = 0.0
        if self.groups is not None:
            weight = quotient((self.trials * self.slope) ** 2, self.variance, self.variance)
            own = weight / np.maximum(np.bincount(self.groups, weight), 1e-300)[self.groups]
        return np.clip((orthonormal**2).sum(axis=1) + own, 0, 1)


# Of cells on columns.
Regression = Callable[[pd.DataFrame, np.ndarray], BinomialFit | None]


def quotient(top: np.ndarray, bottom: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """A quotient, cell by cell; 0 where the binomial variance is all but 0, as such cells tell nothing."""
    return np.divide(top, bottom, out=np.zeros_like(variance), where=variance > 1e-14)


def _projected(rows: np.ndarray, intercept: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """The part of weighted rows along the intercept of their group, shape of the rows."""
    count = int(groups.max()) + 1
    squares = np.maximum(np.bincount(groups, intercept**2, count), 1e-300)
    along = [np.bincount(groups, intercept * column, count) / squares for column in rows.T]
    return np.column_stack(along)[groups] * intercept[:, None]


def covariance_beside(fit: BinomialFit, beside: np.ndarray | None = None) -> np.ndarray | None:
    """Covariance of the coefficients where other numbers are estimated beside them.

    The block of the inverse Fisher information of all of them (McCullagh and Nelder, Generalized Linear
    Models, 1989, section 11.4); without others the usual covariance.

    Args:
        fit: of the cells.
        beside: as for `BinomialFit.jacobian`.

    Returns:
        The covariance, or None where the information is singular: with few trials the rates can be all but 0
        or 1 in so many cells that the others do not determine the coefficients.
    """
    rows, count = fit.jacobian(beside), len(fit.params)
    with np.errstate(over="ignore", invalid="ignore"):  # as in `_solve`
        try:
            found = np.linalg.inv(rows.T @ rows)[:count, :count]
        except np.linalg.LinAlgError:
            return None
    return found if (np.diag(found) > 0).all() and np.isfinite(found).all() else None


def clustered_covariance(fit: BinomialFit, cells: pd.DataFrame, cluster: np.ndarray) -> np.ndarray | None:
    """Covariance of a probit regression's coefficients, robust to clusters of cells that share their
    randomness.

    Liang and Zeger, Biometrika 73 (1986) 13, theorem 1, with the observed information, times
    G / (G - 1) (n - 1) / (n - k) for G clusters, n cells and k coefficients, as in Stata and statsmodels.

    Args:
        fit: without groups and asymptotes.
        cells: with the column successes.
        cluster: number of each cell's cluster, from 0 on.

    Returns:
        The covariance, or None where the information is singular.
    """
    x, z = fit.columns, np.clip(fit.z, -30, 30)
    successes = cells["successes"].to_numpy(float)
    success, failure, density = LINKS["probit"].values(z)
    failures, up, down = fit.trials - successes, density / success, density / failure
    pull = successes * up - failures * down
    observed = successes * up * (z + up) + failures * down * (down - z)
    try:
        bread = np.linalg.inv((x.T * observed) @ x)
    except np.linalg.LinAlgError:
        return None
    count, (n, k) = int(cluster.max()) + 1, x.shape
    scores = np.column_stack([np.bincount(cluster, pull * column, count) for column in x.T])
    small_sample = count / (count - 1) * (n - 1) / (n - k)
    return small_sample * bread @ scores.T @ scores @ bread


def fit_binomial(
    cells: pd.DataFrame,
    columns: np.ndarray,
    link: Link = "probit",
    asymptotes: Asymptotes = FULL,
    groups: np.ndarray | None = None,
) -> BinomialFit | None:
    """Binomial regression of successes out of trials, or None when it has no unique maximum.

    By Fisher's scoring (McCullagh and Nelder, Generalized Linear Models, 1989, section 2.5) with halved steps
    where the likelihood would fall, as with asymptotes it is not concave. Intercepts of groups are swept out,
    so that thousands of them cost no more than a few.

    Args:
        cells: with the columns successes and trials.
        columns: shape (cell, coefficient).
        link: name of the link.
        asymptotes: of success.
        groups: number of each cell's group, from 0 on, where every group has an intercept of its own.
    """
    successes, trials = cells["successes"].to_numpy(float), cells["trials"].to_numpy(float)
    own = 0 if groups is None else int(groups.max()) + 1
    if len(cells) <= columns.shape[1] + own or not 0 < successes.sum() < trials.sum():
        return None
    if groups is None and not independent(columns):
        return None
    curve = LINKS[link]
    rate = np.clip(asymptotes.inside((successes + 0.5) / (trials + 1)), 0.02, 0.98)
    z = curve.quantile(rate)
    _, _, slope = curve.values(z)
    solved = _solve(columns, groups, trials * slope**2 / (rate * (1 - rate)), z)
    if solved is None:
        return None
    params, z = solved
    state = _State.at(z, successes, trials, curve, asymptotes)
    close = CLOSE * (1 + 1e-6 * trials.sum())  # beyond rounding, however many trials there are
    for _ in range(MOST_STEPS):
        solved = _solve(columns, groups, state.weight, state.pull / np.maximum(state.weight, 1e-300))
        if solved is None:
            return None
        change, move = solved
        for _ in range(12):
            after = _State.at(z + move, successes, trials, curve, asymptotes)
            if after.deviance <= state.deviance + close:
                break
            change, move = change / 2, move / 2
        done = abs(after.deviance - state.deviance) < close
        params, z, state = params + change, z + move, after
        if done:
            return _result(columns, groups, params, z, state, trials, own)
    return None


def _result(
    columns: np.ndarray, groups: np.ndarray | None, params: np.ndarray, z: np.ndarray, state: _State,
    trials: np.ndarray, own: int,
) -> BinomialFit | None:  # fmt: skip
    if float((trials * state.success * state.failure).sum()) < SEPARATED:
        return None
    df = len(z) - len(params) - own
    fit = BinomialFit(
        columns, groups, params, z, state.mu, state.slope, trials, float(state.deviance), df, state.failure
    )
    covariance = covariance_beside(fit)
    return None if covariance is None else replace(fit, covariance=covariance)


class _State(NamedTuple):
    """The likelihood at a linear predictor: F, 1 - F, rate and its slope, score and information by z,
    deviance.
    """

    success: np.ndarray
    failure: np.ndarray
    mu: np.ndarray
    slope: np.ndarray
    pull: np.ndarray
    weight: np.ndarray
    deviance: float

    @classmethod
    def at(
        cls, z: np.ndarray, successes: np.ndarray, trials: np.ndarray, curve: Curve, asymptotes: Asymptotes
    ) -> _State:
        success, failure, density = curve.values(np.clip(z, *curve.ends))
        mu, rest = asymptotes.guess + asymptotes.span * success, asymptotes.lapse + asymptotes.span * failure
        slope, failures = asymptotes.span * density, trials - successes
        pull = successes * (slope / mu) - failures * (slope / rest)
        weight = trials * (slope / mu) * (slope / rest)
        with np.errstate(divide="ignore"):
            deviance = 2 * float(
                (
                    special.xlogy(successes, successes / trials / mu)
                    + special.xlogy(failures, failures / trials / rest)
                ).sum()
            )
        return cls(success, failure, mu, slope, pull, weight, deviance)


def _solve(
    columns: np.ndarray, groups: np.ndarray | None, weight: np.ndarray, target: np.ndarray
) -> tuple[np.ndarray, np.ndarray] | None:
    """Weighted least squares of a target on the columns and the groups' intercepts: coefficients, and fitted
    target.
    """
    x, y, means = columns, target, None
    if groups is not None:
        total = np.maximum(np.bincount(groups, weight), 1e-300)
        means = [np.bincount(groups, weight * v) / total for v in (*columns.T, target)]
        x = columns - np.column_stack(means[:-1])[groups]
        y = target - means[-1][groups]
    weighted = x.T * weight
    with np.errstate(over="ignore", invalid="ignore"):  # of columns or steps beyond all bounds
        try:
            params = np.linalg.solve(weighted @ x, weighted @ y)
        except np.linalg.LinAlgError:
            return None
        fitted = x @ params
    if not np.isfinite(fitted).all():
        return None
    return params, fitted if means is None or groups is None else fitted + means[-1][groups]
