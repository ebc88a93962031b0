"""A quantity at every point of a design, by the trials of that point alone: means, thresholds, limits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy import inf, nan
from scipy import stats

from theorycheck.judgement import Levels, LevelValue
from theorycheck.statistics.hypothesis import SHAPE_SIGNIFICANCE
from theorycheck.statistics.loglog import level_thresholds
from theorycheck.statistics.polynomial import exponential, with_constant

Z = float(stats.norm.ppf(0.975))  # half the width of a 95 % interval in standard errors
ROUNDING = 1e-12  # relative error of a mean of equal values, so that an exact one at the edge decides nothing


@dataclass(frozen=True)
class Found:
    """The quantity at a point of the design, from the trials there alone.

    Attributes:
        at: the values of what is varied there.
        value: the mean over trials, or the logarithm of a threshold; nan where they do not determine it.
        error: its standard error.
        df: degrees of freedom of that.
    """

    at: Levels
    value: float
    error: float
    df: float


def means(table: pd.DataFrame, factors: Sequence[str]) -> Iterator[tuple[Found, LevelValue]]:
    """The mean of the values of every combination of levels, with its interval by Student's t.

    Args:
        table: one row a trial, with the columns `factors`, value, and censored: 1 where that is a bound.
        factors: columns of numbers.
    """
    for point, rows in table.groupby(list(factors)):
        y, at = rows["value"].to_numpy(float), tuple(map(float, point))
        mean, df = float(y.mean()), len(y) - 1
        if rows["censored"].any():
            yield Found(at, nan, nan, nan), LevelValue(at, mean, mean, inf, "above")
        elif df == 0:
            yield Found(at, nan, nan, nan), LevelValue(at, mean, -inf, inf, "fitted")
        else:
            error = max(float(stats.sem(y)), ROUNDING * abs(mean), 1e-300)
            half = float(stats.t.ppf(0.975, df)) * error
            yield Found(at, mean, error, df), LevelValue(at, mean, mean - half, mean + half, "fitted")


def log_thresholds(cells: pd.DataFrame, factors: Sequence[str]) -> Iterator[tuple[Found, LevelValue]]:
    """The threshold of every combination of levels; one beyond what was tried has no value, but a bound.

    Args:
        cells: columns `factors`, searched, successes, trials (trials > 0).
        factors: columns of numbers.
    """
    for level in level_thresholds(cells, factors):
        if not level.measured:
            yield Found(level.point, nan, nan, nan), level
            continue
        here = (cells[list(factors)] == np.array(level.point)).all(axis=1)
        df = max(1, cells.loc[here, "searched"].nunique() - 2)
        error = max(log_error(level), ROUNDING)
        yield Found(level.point, float(np.log(level.value)), error, df), level


def log_error(level: LevelValue) -> float:
    """Standard error of the logarithm of a threshold, by its 95 % interval."""
    low, high = np.log([max(level.low, 1e-12), level.high])
    return float(high - low) / (2 * Z)


def extrapolated(at: Levels, found: Sequence[Found], sizes: Sequence[float]) -> tuple[Found, float]:
    """The limit a of  value = a + b / size  for growing sizes, by least squares over the sizes.

    Errors by those of the values, with the degrees of freedom of Welch and Satterthwaite (Biometrics Bulletin
    2 (1946) 110). Where the line is rejected (F test of its residuals, at 1 %), the limit is that of
    a + b / size + c / size^2, with the distance of both limits as a further error.

    Args:
        at: the point of the design, of all but the size.
        found: the quantity at each size.
        sizes: three or more.

    Returns:
        The limit, and the p-value of the line.
    """
    y, error = np.array([(one.value, one.error) for one in found]).T
    if len(found) < 3 or not np.isfinite(y).all():
        return Found(at, nan, nan, nan), nan
    x = 1 / np.asarray(sizes, float)
    line = with_constant(x)
    weighted = line / error[:, None]
    rest = y / error - weighted @ np.linalg.lstsq(weighted, y / error, rcond=None)[0]
    spare = len(y) - 2
    p_value = float(stats.f.sf(rest @ rest / spare, spare, min(one.df for one in found)))
    straight = combined(at, found, intercept(sizes))
    if p_value >= SHAPE_SIGNIFICANCE:
        return straight, p_value
    curved = combined(at, found, np.linalg.pinv(with_constant(x, x**2))[0])
    return replace(curved, error=float(np.hypot(curved.error, curved.value - straight.value))), p_value


def intercept(sizes: Sequence[float]) -> np.ndarray:
    """The weights of the values at some sizes in the limit a of  a + b / size, by least squares."""
    weights: np.ndarray = np.linalg.pinv(with_constant(1 / np.asarray(sizes, float)))[0]
    return weights


def combined(at: Levels, found: Sequence[Found], weights: np.ndarray) -> Found:
    """A weighted sum of independent values."""
    value = float(weights @ [one.value for one in found])
    parts = (weights * [one.error for one in found]) ** 2
    largest = parts.max() or 1.0
    shares = parts / largest  # whose squares neither overflow nor vanish
    df = shares.sum() ** 2 / (shares**2 / [one.df for one in found]).sum()
    return Found(at, value, float(np.sqrt(parts.sum())), float(df))


def logarithm(one: Found) -> Found:
    """Of a mean, with the error of first order; without a value where that is not positive."""
    if not one.value > 0:
        return replace(one, value=nan)
    return replace(one, value=float(np.log(one.value)), error=one.error / one.value)


def _exponential(one: Found) -> Found:
    """The inverse of `logarithm`."""
    value = exponential(one.value)
    return replace(one, value=value, error=value * one.error)


@dataclass(frozen=True)
class Seen:
    """The quantity at the points of a design, and what is predicted there.

    Attributes:
        points: the quantity at every point that was tried, without a value where no trial is evidence;
            limits over the size, where there is one.
        targets: the predictions there.
        levels: the same for readers, at every size.
        lines: p-values of the lines in 1 / size, one a point.
    """

    points: tuple[Found, ...]
    targets: tuple[float, ...]
    levels: tuple[LevelValue, ...]
    lines: tuple[float, ...] = ()


def seen(table: pd.DataFrame, factors: Sequence[str], target: str, size: str | None = None) -> Seen:
    """The quantity at every combination of levels.

    Args:
        table: as for `log_thresholds`, where it has a column trials (which may be 0), else as for `means`.
        factors: columns of numbers.
        target: column of what is predicted, the same in all rows of a point.
        size: the factor that goes to infinity, if one does.
    """
    counts = "trials" in table
    each = list(log_thresholds(table[table["trials"] > 0], factors) if counts else means(table, factors))
    by_place, levels = {one.at: one for one, _ in each}, tuple(level for _, level in each)
    kept = [i for i, name in enumerate(factors) if name != size]
    places: dict[Levels, list[tuple[Found, float, float]]] = {}
    for key, rows in table.groupby(list(factors)):
        at = tuple(map(float, key))
        found = by_place.get(at, Found(at, nan, nan, nan))
        large = at[list(factors).index(size)] if size else inf
        places.setdefault(tuple(at[i] for i in kept), []).append((found, large, float(rows[target].iloc[0])))
    targets = tuple(rows[0][2] for rows in places.values())
    if size is None:
        return Seen(tuple(rows[0][0] for rows in places.values()), targets, levels)
    limits, lines = zip(*(_limit(at, rows, counts) for at, rows in places.items()), strict=True)
    return Seen(limits, targets, levels, lines)


def _limit(at: Levels, rows: Sequence[tuple[Found, float, float]], logarithms: bool) -> tuple[Found, float]:
    """As `extrapolated`, of quantities whose logarithms were found, where these were."""
    sizes = [size for _, size, _ in rows]
    if not logarithms:
        return extrapolated(at, [one for one, _, _ in rows], sizes)
    limit, p_value = extrapolated(at, [_exponential(one) for one, _, _ in rows], sizes)
    return logarithm(limit), p_value
