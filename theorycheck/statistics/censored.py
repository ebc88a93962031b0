"""Regression with censored values: maximum of the likelihood of normal errors, where some values are lower
bounds.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import special

from theorycheck.statistics.links import LOG_ROOT_2_PI
from theorycheck.statistics.polynomial import independent

MOST_STEPS = 60  # the log-likelihood is concave: a maximum takes 3 to 5
CLOSE = 1e-10  # of a Newton step's gain in the log-likelihood, at which the maximum is reached


@dataclass(frozen=True)
class Rows:
    """Values with their design.

    Attributes:
        y: logarithms of the values.
        design: shape (row, coefficient).
        censored: whether the value is a lower bound.
        weight: how often each row counts.
    """

    y: np.ndarray
    design: np.ndarray
    censored: np.ndarray
    weight: np.ndarray

    @cached_property
    def known(self) -> float:
        """How many values are no bounds."""
        return float(self.weight[~self.censored].sum())

    @cached_property
    def columns(self) -> np.ndarray:
        """What (b / scale, 1 / scale) multiplies, which makes the residuals in units of the scale."""
        return np.column_stack([-self.design, self.y])

    def loss(self, at: np.ndarray) -> float:
        """Minus the log-likelihood at (b / scale, 1 / scale)."""
        if at[-1] <= 0:
            return np.inf
        z = self.columns @ at
        each = np.where(self.censored, special.log_ndtr(-z), -(z**2) / 2 - LOG_ROOT_2_PI)
        return float(-(self.weight * each).sum() - self.known * np.log(at[-1]))

    def derivatives(self, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Gradient and Hessian of the loss."""
        columns, weight = self.columns, self.weight
        pull, second = _by_z(columns @ at, self.censored)
        gradient, hessian = columns.T @ (weight * pull), (columns.T * (weight * second)) @ columns
        gradient[-1] -= self.known / at[-1]
        hessian[-1, -1] += self.known / at[-1] ** 2
        return gradient, hessian


def fit_censored(rows: Rows, start: np.ndarray) -> np.ndarray | None:
    """Coefficients and the log of the errors' scale that make  y = design b + e  most likely (Tobin 1958).

    By Newton's method in (b / scale, 1 / scale), in which the log-likelihood is concave (Olsen, Econometrica
    46 (1978) 1211).

    Args:
        rows: the values.
        start: coefficients, and log of the scale.

    Returns:
        The maximum; None where the rows have none.
    """
    keep = rows.weight > 0
    rows = Rows(rows.y[keep], rows.design[keep], rows.censored[keep], rows.weight[keep])
    if rows.known <= rows.design.shape[1] or not independent(rows.design[~rows.censored]):
        return None
    at = np.append(start[:-1], 1.0) * np.exp(-start[-1])
    loss = rows.loss(at)
    for _ in range(MOST_STEPS):
        gradient, hessian = rows.derivatives(at)
        try:
            step = np.linalg.solve(hessian, gradient)
        except np.linalg.LinAlgError:
            return None
        gain, length = float(gradient @ step), 1.0
        after = rows.loss(at - step)
        while not after <= loss and length > 1e-8:
            length /= 2
            after = rows.loss(at - length * step)
        if not np.isfinite(after) or length <= 1e-8:
            break
        at, loss = at - length * step, after
        if gain < CLOSE:
            break
    gradient, _ = rows.derivatives(at)
    if at[-1] <= 0 or not np.isfinite(loss) or np.abs(gradient).max() > 1e-3 * len(rows.y):
        return None
    return np.append(at[:-1] / at[-1], -np.log(at[-1]))


def _by_z(z: np.ndarray, censored: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Derivatives of every row's loss by its residual z, in units of the scale: the first and the second."""
    hazard = np.exp(-(z**2) / 2 - LOG_ROOT_2_PI - special.log_ndtr(-z))
    return np.where(censored, hazard, z), np.where(censored, hazard * (hazard - z), 1.0)


def sandwich(rows: Rows, theta: np.ndarray, seed: np.ndarray | None = None) -> np.ndarray:
    """Covariance of coefficients and log scale, robust to unequal variances (White, Econometrica 50 (1982)
    1).

    Args:
        rows: the values.
        theta: their maximum.
        seed: number of each row's seed, where rows of one seed share their randomness.
    """
    scale, x = np.exp(theta[-1]), rows.design
    z = (rows.y - x @ theta[:-1]) / scale
    pull, second = _by_z(z, rows.censored)
    by_scale = np.where(rows.censored, pull * z, z**2 - 1)
    scores = np.column_stack([(pull / scale)[:, None] * x, by_scale])
    mixed = x.T @ (second * z + pull) / scale
    last = float((second * z**2 + pull * z).sum())
    information = np.block([[(x.T * second) @ x / scale**2, mixed[:, None]], [mixed, last]])
    bread = np.linalg.pinv(information)
    n, lost = scores.shape
    if seed is not None:
        n, lost = int(seed.max()) + 1, 1
        scores = np.column_stack([np.bincount(seed, column, n) for column in scores.T])
    return bread @ scores.T @ scores @ bread * n / (n - lost)
