"""Values over the time of a training: where they end, how fast what is missing falls, which way they go."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy import inf
from scipy import optimize

from theorycheck.judgement import Check, LevelValue, Status
from theorycheck.statistics.evidence import Measurements
from theorycheck.statistics.hypothesis import CHECK_SIGNIFICANCE
from theorycheck.statistics.loglog import level_means
from theorycheck.statistics.measurement import fit_measurement
from theorycheck.statistics.tests import Tested, decided, mean_test, undetermined

SLOWEST, FASTEST = 0.01, 8.0  # rates among which that of a trial is sought
FEWEST_LOOKS = 5  # at a trial, two more than limit, size and rate of what is missing


def last_gaps(table: pd.DataFrame, factor: str, base: float) -> pd.DataFrame:
    """How far the last value of every trial is from a base: the factor, seed, and value.

    Args:
        table: columns of the factor, key, seed, t, value.
        factor: column that trials differ in.
        base: what the values stay away from.
    """
    last = table.sort_values("t").groupby("key").last()
    return pd.DataFrame(
        {factor: last[factor], "seed": last["seed"], "value": (base - last["value"]).abs()}
    ).reset_index(drop=True)


def power_of(gaps: pd.DataFrame, factor: str) -> Tested:
    """Whether gaps are a positive power of the factor: log gap = c + C log x, and a one-sided test of C > 0.

    Clustered by seed (`measurement.fit_measurement`). The estimate is C.
    """
    method = "log-log regression of the last gaps"
    fit = fit_measurement(gaps.drop(columns="seed"), [factor]) if gaps["value"].min() > 0 else None
    if fit is None:
        return undetermined(method)
    p_values = fit.p_value(factor, 0.0, "above"), fit.p_value(factor, 0.0, "below")
    return decided(fit.exponent(factor), fit.interval(factor), p_values, method)


def shape_p_value(gaps: pd.DataFrame, factor: str) -> float | None:
    """P-value of the hypothesis that gaps are one power of the factor; None where a gap is 0."""
    if gaps["value"].min() <= 0:
        return None
    return Measurements.of(gaps.drop(columns="seed"), [factor]).shape_p_value(1)


def shape_check(p_value: float | None, letter: str) -> Check:
    """Whether one power describes the gaps."""
    if p_value is None:
        return Check("power law", "warning", "a gap is 0, which is no power")
    status: Status = "ok" if p_value >= CHECK_SIGNIFICANCE else "warning"
    return Check("power law", status, f"the last gap is one power of {letter}: p = {p_value:.2g}")


def levels(gaps: pd.DataFrame, factor: str) -> list[LevelValue]:
    """The geometric mean of the last gaps at each level; none where a gap is 0."""
    return level_means(gaps, [factor]) if gaps["value"].min() > 0 else []


def own_rate(table: pd.DataFrame, start: float, rate: float, margin: float) -> Tested:
    """Whether what is missing to each trial's own limit falls at least as fast as t^-rate, within a margin.

    To every trial is fitted  value = limit - c t^-r  over t >= start by least squares, in which limit and c
    are linear (Golub and Pereyra, SIAM J. Numer. Anal. 10 (1973) 413); a t test over trials compares the mean
    of -r with margin - rate. A trial that was looked at fewer than five times by then tells no rate.

    Args:
        table: columns key, t, value, of trials alike.
        start: time from which on the fit is asked for.
        rate: as claimed.
        margin: how much lower the rate may be.

    Returns:
        The test; its estimate is the mean of -r.
    """
    late = table[table["t"] >= start].sort_values("t")
    found = [
        _rate(rows["t"].to_numpy(float), rows["value"].to_numpy(float)) for _, rows in late.groupby("key")
    ]
    rates = np.array([one for one in found if one is not None])
    method = f"least squares of a limit and a power of t >= {start:g} for each of {len(rates)} trials, t test"
    if len(rates) and np.median(rates) < 2 * SLOWEST:
        method += "; values accelerate to the end, where no power is"
    return mean_test(-rates, -inf, margin - rate, method)


def _rate(t: np.ndarray, value: np.ndarray) -> float | None:
    if len(t) < FEWEST_LOOKS or np.ptp(value) <= 0:
        return None

    def misfit(rate: float) -> float:
        design = np.column_stack([np.ones_like(t), (t / t[0]) ** -rate])
        _, residual, _, _ = np.linalg.lstsq(design, value, rcond=None)
        return float(residual[0]) if len(residual) else inf

    grid = np.geomspace(SLOWEST, FASTEST, 25)
    best = int(np.argmin([misfit(rate) for rate in grid]))
    low, high = grid[max(0, best - 1)], grid[min(len(grid) - 1, best + 1)]
    return float(optimize.minimize_scalar(misfit, bounds=(low, high), method="bounded").x)


def change(table: pd.DataFrame, column: str, *, rises: bool) -> Tested:
    """Whether a column rises (or falls) from first to last look, by a paired t test over trials (Student,
    Biometrika, 1908).
    """
    by_trial = table.sort_values("t").groupby("key")[column]
    first, last = (np.asarray(end, float) for end in (by_trial.first(), by_trial.last()))
    low, high = (0, inf) if rises else (-inf, 0)
    return mean_test(last - first, low, high, "paired t test")
