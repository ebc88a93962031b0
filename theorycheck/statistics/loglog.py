"""The log-log regression people know: each level's 50 % threshold on the level, by ordinary least squares."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats

from theorycheck.statistics.threshold import fit_probit
from theorycheck.verdict import Estimate, Interval, LevelThreshold


def level_thresholds(cells: pd.DataFrame, factor: str) -> list[LevelThreshold]:
    """Estimate the threshold of every level on its own.

    Args:
        cells: one row a cell with the columns `factor`, n, successes, trials (trials > 0).
        factor: the column of the levels.

    Returns:
        One threshold a level; intervals by the delta method on log N*.
    """
    return [_level_threshold(float(x), level.sort_values("n")) for x, level in cells.groupby(factor)]


def _level_threshold(x: float, level: pd.DataFrame) -> LevelThreshold:
    n = [float(n) for n in level["n"]]
    half = (level["successes"] / level["trials"]).to_numpy() >= 0.5
    fit = fit_probit(level, np.column_stack([np.ones(len(n)), np.log(n)]))
    if fit is not None and fit.params[1] > 0:
        b0, b1 = fit.params
        log_threshold = -b0 / b1
        gradient = np.array([-1, -log_threshold]) / b1
        error = np.sqrt(gradient @ fit.cov_params() @ gradient) * stats.norm.ppf(0.975)
        if np.log(n[0]) <= log_threshold <= np.log(n[-1]):
            low, high = np.exp(log_threshold - error), np.exp(log_threshold + error)
            return LevelThreshold(x, float(np.exp(log_threshold)), float(low), float(high), "fitted")
        half = np.full_like(half, log_threshold < np.log(n[0]))
    if half.all():
        return LevelThreshold(x, n[0], 0.0, n[0], "below")
    if not half[-1]:
        return LevelThreshold(x, n[-1], n[-1], np.inf, "above")
    last = int(np.flatnonzero(~half)[-1])
    return LevelThreshold(x, float(np.sqrt(n[last] * n[last + 1])), n[last], n[last + 1], "step")


def fit_loglog(thresholds: Sequence[LevelThreshold], confidence: float = 0.95) -> Estimate | None:
    """Regress log N* on log x over the levels whose threshold was measured; None with fewer than 3 of them.

    Censored levels are left out, which biases this estimate towards 0: the reason why no verdict rests on it.
    """
    measured = [t for t in thresholds if t.measured]
    if len(measured) < 3:
        return None
    x = np.log([t.level for t in measured])
    result = sm.OLS(np.log([t.value for t in measured]), sm.add_constant(x)).fit()
    low, high = result.conf_int(1 - confidence)[1]
    interval = Interval(float(low), float(high), confidence)
    return Estimate(float(result.params[1]), interval, "log-log regression of thresholds")
