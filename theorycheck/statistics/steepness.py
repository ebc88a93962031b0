"""How much more steeply success rises with N at some levels than at others."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
from numpy import nan

from theorycheck.statistics.binomial import BinomialFit, Regression, fit_binomial
from theorycheck.statistics.dispersion import deviance_p_value, dispersion, informative_cells
from theorycheck.statistics.links import FULL, Asymptotes
from theorycheck.statistics.polynomial import level_numbers, points_of
from theorycheck.statistics.seeds import by_cell

STEEPNESS_SIGNIFICANCE = 0.1  # a power left out costs more than one too many: docs/history.md, study 8
MOST_STEPS = 20  # a maximum takes 3 or 4
CLOSE = 1e-3  # of the powers: a hundredth of their usual standard error
LARGEST = 3.0  # logarithm of a relative steepness, a factor of 20, beyond which steps run away: a convention


@dataclass(frozen=True)
class Steepness:
    """Steepness of success against log N as a power of the factors, relative to that in the middle of their
    ranges.

    Attributes:
        factors: columns of the levels; none when steepness is the same everywhere.
        powers: of each factor.
        low: the smallest measured level of each factor; below it steepness stays what it is there.
        high: the largest, likewise.
        p_value: of the hypothesis that steepness is the same everywhere; nan when the data cannot tell.
    """

    factors: tuple[str, ...] = ()
    powers: tuple[float, ...] = ()
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    p_value: float = nan

    def of(self, table: pd.DataFrame) -> np.ndarray:
        """Steepness of every row relative to the middle, shape (row)."""
        return np.exp(self.derivatives(table) @ np.array(self.powers, float))

    def scaled(self, terms: np.ndarray, table: pd.DataFrame) -> np.ndarray:
        """The terms of every row times its steepness, shape (row, term)."""
        return terms * self.of(table)[:, None]

    def derivatives(self, table: pd.DataFrame) -> np.ndarray:
        """Of the logarithm of the steepness by the powers, shape (row, power).

        These are the logarithms of the levels relative to the middle of their range, and no further than its
        ends.
        """
        if not self.factors:
            return np.empty((len(table), 0))
        low, high = np.array(self.low, float), np.array(self.high, float)
        inside = np.clip(points_of(table, self.factors), low, high)
        return np.log(inside) - (np.log(low) + np.log(high)) / 2


SAME = Steepness()  # no factors, or too few data to tell


def fit_steepness(cells: pd.DataFrame, factors: Sequence[str], asymptotes: Asymptotes = FULL) -> Steepness:
    """Fit the powers by maximum likelihood, beside a threshold of its own for every combination of levels.

    P(success) = Phi(s_k (log N - t_k))  at level k, with  log s_k  linear in the logarithms of the factors.
    The first step of `refit` tells whether steepness is the same everywhere: an F test on the deviance
    (McCullagh and Nelder, Generalized Linear Models, 1989, section 4.5).

    Args:
        cells: columns `factors`, searched, successes, trials, of levels whose threshold lies inside the range
            of N; rows of one cell are added up.
        factors: the columns of the levels.
        asymptotes: of success.

    Returns:
        The powers where the test rejects, at 10 %, that steepness is the same everywhere; else, or where some
        regression has no unique maximum, none.
    """
    cells = by_cell(cells, factors)
    if cells.empty:
        return SAME
    points = points_of(cells, factors)
    low, high = points.min(axis=0), points.max(axis=0)
    terms, levels = np.log(cells["searched"].to_numpy(float))[:, None], level_numbers(cells, factors)
    steepness = Steepness(tuple(factors), (0.0,) * len(factors), _floats(low), _floats(high))
    regress = partial(fit_binomial, asymptotes=asymptotes, groups=levels)
    step = _step(steepness, cells, terms, regress)
    if step is None or step[0].params[0] <= 0:
        return SAME
    same, richer = step
    df = informative_cells(richer) - richer.coefficients
    p_value = deviance_p_value(same.deviance - richer.deviance, len(factors), dispersion(richer, cells), df)
    if p_value >= STEEPNESS_SIGNIFICANCE:
        return Steepness(p_value=p_value)
    return refit(replace(steepness, p_value=p_value), cells, terms, regress) or SAME


def refit(
    steepness: Steepness, cells: pd.DataFrame, terms: np.ndarray, regress: Regression
) -> Steepness | None:
    """The powers of maximum likelihood beside other terms, or None when the steps do not converge.

    Every step moves the powers by the coefficients of their derivatives (Pregibon, J. R. Stat. Soc. C 29
    (1980) 15).

    Args:
        steepness: where the steps begin.
        cells: with the columns successes and trials.
        terms: what the steepness multiplies, shape (cell, coefficient).
        regress: of the cells on columns; groups with an intercept of their own are of one combination of
            levels each.
    """
    if not steepness.factors:
        return steepness
    for _ in range(MOST_STEPS):
        step = _step(steepness, cells, terms, regress)
        if step is None:
            return None
        change = step[1].params[-len(steepness.powers) :]
        steepness = replace(steepness, powers=_floats(steepness.powers + change))
        if np.abs(steepness.derivatives(cells) @ np.array(steepness.powers)).max() > LARGEST:
            return None
        if np.abs(change).max() < CLOSE:
            return steepness
    return None


def _step(
    steepness: Steepness, cells: pd.DataFrame, terms: np.ndarray, regress: Regression
) -> tuple[BinomialFit, BinomialFit] | None:
    """The regression with given powers, and that with derivatives by them as columns; None when one has no
    maximum.
    """
    scaled = steepness.scaled(terms, cells)
    fit = regress(cells, scaled)
    if fit is None:
        return None
    by_power = steepness.derivatives(cells) * fit.z[:, None]
    richer = regress(cells, np.column_stack([scaled, by_power]))
    return None if richer is None else (fit, richer)


def _floats(values: np.ndarray) -> tuple[float, ...]:
    return tuple(map(float, values))
