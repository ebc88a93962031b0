"""Polynomials in the logarithms of the factors: how the logarithm of a quantity may depend on them."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations_with_replacement

import numpy as np
import pandas as pd

from theorycheck.judgement import Interval, Levels

# Seeds up to which the jackknife fits anew; beyond, one step: intervals then differ by about 1 %.
REFITS = 100
COLLINEAR = 1e-7  # root of the precision of floats: normal equations square the condition number


@dataclass(frozen=True)
class Basis:
    """All monomials in u_j = log(x_j / centre_j) of total degree 1 to `degree`, the linear ones first.

    Attributes:
        factors: columns of the x_j, all positive.
        centre: where every u_j is 0.
        degree: 1 for a power law.
    """

    factors: tuple[str, ...]
    centre: tuple[float, ...]
    degree: int = 1

    @cached_property
    def monomials(self) -> list[tuple[int, ...]]:
        """Each monomial as the positions of the factors it multiplies: (0, 0, 1) is u_0^2 u_1."""
        positions = range(len(self.factors))
        return [m for d in range(1, self.degree + 1) for m in combinations_with_replacement(positions, d)]

    def columns(self, table: pd.DataFrame) -> np.ndarray:
        """Values of the monomials, shape (row, monomial)."""
        return self.at(points_of(table, self.factors))

    def at(self, points: Sequence[float] | np.ndarray) -> np.ndarray:
        """Values of the monomials at a point, shape (monomial), or at many, shape (point, monomial)."""
        u = np.log(np.asarray(points, float) / self.centre)
        return np.stack([u[..., list(m)].prod(axis=-1) for m in self.monomials], axis=-1)

    def slope(self, factor: str, point: Sequence[float] | None = None) -> np.ndarray:
        """Derivatives of the monomials by one u_j at a point (by default the centre), shape (monomial)."""
        j = self.factors.index(factor)
        u = np.zeros(len(self.factors)) if point is None else np.log(np.asarray(point, float) / self.centre)
        values = []
        for m in self.monomials:
            rest = list(m)
            if j in rest:
                rest.remove(j)
            values.append(m.count(j) * u[rest].prod())
        return np.array(values)


@dataclass(frozen=True)
class PolynomialFit(ABC):
    """A quantity fitted by a polynomial, and how well its value and its local exponents are known.

    Attributes:
        basis: the terms f.
        coefficients: of constants, then of the terms.
        covariance: of the coefficients.
        dispersion: of the data around the fit.
    """

    basis: Basis
    coefficients: np.ndarray
    covariance: np.ndarray
    dispersion: float

    @abstractmethod
    def _interval(self, weights: np.ndarray, confidence: float) -> Interval:
        """Interval of what weights make of the coefficients, as a logarithm or an exponent."""

    def interval(self, factor: str, confidence: float = 0.95, at: Sequence[float] | None = None) -> Interval:
        """Interval of the local exponent in a factor, by default at the basis' centre."""
        return self._interval(self._slope(factor, at), confidence)

    def band(self, point: Sequence[float]) -> tuple[float, float]:
        """Pointwise 95 % interval of the fitted quantity."""
        interval = self._interval(self._value(point), 0.95)
        return exponential(interval.low), exponential(interval.high)

    def _slope(self, factor: str, at: Sequence[float] | None) -> np.ndarray:
        terms = self.basis.slope(factor, at)
        return np.concatenate([np.zeros(len(self.coefficients) - len(terms)), terms])

    def _value(self, point: Sequence[float]) -> np.ndarray:
        terms = self.basis.at(point)
        return np.concatenate([np.eye(len(self.coefficients) - len(terms))[0], terms])


def points_of(table: pd.DataFrame, factors: Sequence[str]) -> np.ndarray:
    """Values of the factors, shape (row, factor), in a tenth of the time of `table[factors].to_numpy()`."""
    return np.column_stack([table[factor].to_numpy(float) for factor in factors])


def with_constant(first: np.ndarray | pd.Series, *others: np.ndarray) -> np.ndarray:
    """A design that begins with a constant, shape (row, coefficient)."""
    return np.column_stack([np.ones(len(first)), first, *others])


def at_points(table: pd.DataFrame, factors: Sequence[str], points: Collection[Levels]) -> pd.DataFrame:
    """The rows of some combinations of levels."""
    numbers = level_numbers(table, factors)
    first = points_of(table, factors)[np.unique(numbers, return_index=True)[1]]
    wanted = np.array([tuple(map(float, point)) in points for point in first], bool)
    return table[wanted[numbers]] if len(table) else table


def centred_basis(table: pd.DataFrame, factors: Sequence[str], degree: int = 1) -> Basis:
    """The basis centred at the geometric mean of the rows."""
    centre = np.exp(np.log(points_of(table, factors)).mean(axis=0))
    return Basis(tuple(factors), tuple(map(float, centre)), degree)


def level_numbers(table: pd.DataFrame, factors: Sequence[str]) -> np.ndarray:
    """Number of every row's combination of levels, in increasing order from 0 on, shape (row)."""
    points = points_of(table, factors)
    numbers = np.zeros(len(points), int)
    for column in points.T:  # faster than a search for unique rows
        values, own = np.unique(column, return_inverse=True)
        numbers = numbers * len(values) + own
    return np.unique(numbers, return_inverse=True)[1].ravel()


def jackknife(coefficients: Sequence[np.ndarray] | np.ndarray) -> np.ndarray:
    """Covariance of coefficients from the fits that leave out one seed each.

    (G - 1) / G times the sum of squares around their mean, to be used with G - 1 degrees of freedom. Of the
    covariances robust to clustering it is the one that stays honest with few clusters (MacKinnon, Nielsen and
    Webb, J. Econometrics 232 (2023) 272, CV3J).
    """
    deviations = np.array(coefficients) - np.mean(coefficients, axis=0)
    return (len(deviations) - 1) / len(deviations) * deviations.T @ deviations


def by_group(columns: np.ndarray, group: np.ndarray, weight: np.ndarray | float = 1.0) -> np.ndarray:
    """Weighted X'X of the rows of every group, shape (group, column, column).

    Args:
        columns: X, shape (row, column).
        group: number of each row's group, from 0 on.
        weight: of each row.
    """
    each, groups = range(columns.shape[1]), int(group.max()) + 1
    squares = [
        [np.bincount(group, weight * columns[:, i] * columns[:, j], groups) for j in each] for i in each
    ]
    return np.array(squares).transpose(2, 0, 1)


def solved(matrices: np.ndarray, vectors: np.ndarray) -> np.ndarray | None:
    """Solutions of many sets of normal equations, shape (set, column); None where one is singular."""
    size = np.linalg.eigvalsh(matrices)
    if (size[:, 0] <= 1e-12 * size[:, -1]).any():
        return None
    return np.linalg.solve(matrices, vectors[..., None])[..., 0]


def independent(columns: np.ndarray) -> bool:
    """Whether columns are linearly independent, as far as normal equations can tell."""
    length = np.linalg.norm(columns, axis=0)
    if not (length > 0).all():
        return False
    return bool(np.linalg.matrix_rank(columns / length, tol=COLLINEAR) == columns.shape[1])


def exponential(logarithm: float) -> float:
    """The number of a natural logarithm; infinite where it is larger than floats are."""
    with np.errstate(over="ignore"):
        return float(np.exp(logarithm))
