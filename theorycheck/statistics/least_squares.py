"""Regression of logarithms of measured values on terms that are equal at each combination of levels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from theorycheck.statistics.censored import Rows, fit_censored, sandwich
from theorycheck.statistics.polynomial import (
    REFITS,
    by_group,
    independent,
    jackknife,
    level_numbers,
    points_of,
    solved,
)

Errors = Literal["HC3", "seeds", "bootstrap"]
BOOTSTRAP_SAMPLES = 999  # Davison and Hinkley, Bootstrap Methods and their Application, 1997, section 2.5.2
FEWEST_SAMPLES = 199  # below which an interval is too noisy: a convention; it decides no verdict
MOST_DRAWS = 2e7  # rows drawn by all bootstrap samples together, a second or two


@dataclass(frozen=True)
class Data:
    """The logarithms of measured values, with what least squares needs of each combination of levels.

    Attributes:
        points: the combinations of levels, one a row, with the columns of the factors.
        level: number of every value's combination, shape (row).
        y: natural logarithms of the values.
        censored: whether each is a lower bound.
        seed: number of each value's seed; None where the table tells none.
    """

    points: pd.DataFrame
    level: np.ndarray
    y: np.ndarray
    censored: np.ndarray
    seed: np.ndarray | None

    @classmethod
    def of(cls, table: pd.DataFrame, factors: Sequence[str]) -> Data:
        """What a table of measurements holds."""
        level = level_numbers(table, factors)
        first = np.unique(level, return_index=True)[1]
        points = pd.DataFrame(points_of(table, factors)[first], columns=list(factors))
        seed = pd.factorize(table["seed"])[0] if "seed" in table else None
        return cls(points, level, np.log(table["value"].to_numpy(float)), censored_rows(table), seed)

    @property
    def rounding(self) -> float:
        """Variance below which values that follow a law exactly cannot be distinguished from it."""
        return rounding_variance(self.y)

    @property
    def means(self) -> np.ndarray:
        """Of the uncensored values at each combination of levels; 0 where there are none."""
        known = ~self.censored
        return self.summed(np.where(known, self.y, 0)) / np.maximum(self.summed(known), 1)

    def within(self, means: np.ndarray) -> np.ndarray:
        """Squares of the uncensored values about the means, at each combination of levels."""
        return self.summed(np.where(self.censored, 0, self.y - means[self.level]) ** 2)

    def law(self, at_levels: np.ndarray, means: np.ndarray, weight: np.ndarray) -> np.ndarray:
        """Coefficients of a law by weighted least squares of means; its design has a row for each."""
        root = np.sqrt(weight)
        return np.linalg.lstsq(at_levels * root[:, None], means * root, rcond=None)[0]

    def summed(self, values: np.ndarray | None = None) -> np.ndarray:
        """Sum of values (by default their number) at each combination of levels."""
        return np.bincount(self.level, values, len(self.points))


@dataclass(frozen=True)
class Fitted:
    """Least squares or maximum likelihood: coefficients, log of the errors' scale, and their variance."""

    coefficients: np.ndarray
    log_scale: float
    dispersion: float


# With the covariance of the coefficients, and its degrees of freedom.
Estimated = tuple[Fitted, np.ndarray, int]


def censored_rows(table: pd.DataFrame) -> np.ndarray:
    """Whether each value is a lower bound, shape (row)."""
    return table["censored"].to_numpy(bool) if "censored" in table else np.zeros(len(table), bool)


def rounding_variance(y: np.ndarray) -> float:
    """Of logarithms y that follow a law exactly, from the precision of floats."""
    return float(1e-13 * max(1.0, np.abs(y).max())) ** 2


def estimate(data: Data, at_levels: np.ndarray, errors: Errors | None = None) -> Estimated | None:
    """Coefficients, their covariance and its degrees of freedom; None when the rows do not determine them.

    The design `at_levels` has a row for each combination of levels.
    """
    errors = errors or ("seeds" if data.seed is not None else "HC3")
    fitted = _fit(data, at_levels)
    if fitted is None or (errors == "seeds" and (data.seed is None or data.seed.max() < 1)):
        return None
    covariance = _covariance(data, at_levels, fitted, errors)
    if covariance is None:
        return None
    df = len(data.y) - at_levels.shape[1]
    return fitted, covariance, df if data.seed is None or errors == "HC3" else int(data.seed.max())


def _fit(data: Data, at_levels: np.ndarray) -> Fitted | None:
    known, count = ~data.censored, at_levels.shape[1]
    number = data.summed(known)
    seen = at_levels[number > 0]
    if known.sum() <= count or len(seen) < count or not independent(seen):
        return None
    coefficients = data.law(at_levels, data.means, number)  # which is that of the rows
    squares = float(data.within(at_levels @ coefficients).sum())
    variance = squares / (known.sum() - count) + data.rounding
    if not data.censored.any():
        return Fitted(coefficients, float(np.log(variance) / 2), float(variance))
    theta = fit_censored(_rows(data, at_levels), np.append(coefficients, np.log(variance) / 2))
    return None if theta is None else Fitted(theta[:-1], float(theta[-1]), 1.0)


def _rows(data: Data, at_levels: np.ndarray) -> Rows:
    return Rows(data.y, at_levels[data.level], data.censored, np.ones(len(data.y)))


def _covariance(data: Data, at_levels: np.ndarray, fitted: Fitted, errors: Errors) -> np.ndarray | None:
    """Covariance of the coefficients; None when one seed alone determines one of them."""
    if errors == "bootstrap":
        return _bootstrap(data, at_levels, fitted)
    if data.censored.any():
        theta = np.append(fitted.coefficients, fitted.log_scale)
        return _censored_covariance(_rows(data, at_levels), theta, data.seed if errors == "seeds" else None)
    if errors == "seeds" and data.seed is not None:
        # From the normal equations of every seed.
        squares, products = _normal_equations(data, at_levels, data.seed)
        known = solved(squares.sum(axis=0) - squares, products.sum(axis=0) - products)
        return None if known is None else jackknife(known) + data.rounding * _bread(data, at_levels)
    return _hc3(data, at_levels, fitted)


def _bread(data: Data, at_levels: np.ndarray) -> np.ndarray:
    """Inverse of the normal equations' matrix."""
    return np.linalg.inv(at_levels.T @ (data.summed()[:, None] * at_levels))


def _hc3(data: Data, at_levels: np.ndarray, fitted: Fitted) -> np.ndarray:
    """HC3 in closed form, as rows of one combination of levels have one leverage.

    A row that alone determines a coefficient has leverage 1 and no residual; the variance of all rows stands
    in.
    """
    number, residual = data.summed(), data.y - (at_levels @ fitted.coefficients)[data.level]
    bread = _bread(data, at_levels)
    leverage = ((at_levels @ bread) * at_levels).sum(axis=1)
    alone = leverage > 1 - 1e-9
    squares = data.summed(residual**2 + data.rounding) / np.where(alone, 1, 1 - leverage) ** 2
    squares = np.where(alone, number * fitted.dispersion, squares)
    return bread @ (at_levels.T @ (squares[:, None] * at_levels)) @ bread


def _normal_equations(data: Data, at_levels: np.ndarray, group: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """X'X and X'y of the rows of every group, shapes (group, p, p) and (group, p)."""
    rows = at_levels[data.level]
    return by_group(rows, group), np.array([np.bincount(group, column * data.y) for column in rows.T]).T


def _censored_covariance(rows: Rows, theta: np.ndarray, seed: np.ndarray | None) -> np.ndarray | None:
    """Of the coefficients: sandwich, or jackknife over few seeds, whose limit the clustered sandwich is for
    many.
    """
    if seed is None or seed.max() >= REFITS:
        return sandwich(rows, theta, seed)[:-1, :-1]
    known = []
    for one in range(int(seed.max()) + 1):
        best = fit_censored(replace(rows, weight=(seed != one).astype(float)), theta)
        if best is None:
            return None
        known.append(best[:-1])
    return jackknife(known)


def _bootstrap(data: Data, at_levels: np.ndarray, fitted: Fitted) -> np.ndarray | None:
    """Covariance over samples of rows or seeds, drawn with replacement; None where the rows are too many for
    that.
    """
    group = np.arange(len(data.y)) if data.seed is None else data.seed
    groups, rng = int(group.max()) + 1, np.random.default_rng(0)
    samples = int(min(BOOTSTRAP_SAMPLES, MOST_DRAWS // len(data.y)))
    if samples < FEWEST_SAMPLES:
        return None
    theta, rows = np.append(fitted.coefficients, fitted.log_scale), _rows(data, at_levels)
    squares, products = _normal_equations(data, at_levels, group)
    flat, drawn = squares.reshape(groups, -1), []
    for _ in range(samples):
        times = np.bincount(rng.integers(groups, size=groups), minlength=groups).astype(float)
        if data.censored.any():
            best = fit_censored(replace(rows, weight=times[group]), theta)
            drawn += [] if best is None else [best[:-1]]
            continue
        both = (times @ flat).reshape(squares.shape[1:])
        if np.linalg.cond(both) < 1e12:
            drawn.append(np.linalg.solve(both, times @ products))
    return np.atleast_2d(np.cov(np.array(drawn).T)) if len(drawn) > samples // 2 else None
