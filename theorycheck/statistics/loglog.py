"""The log-log regression people know: the quantity at each level on the level, by ordinary least squares."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from theorycheck.judgement import Estimate, Interval, Levels, LevelValue, Regression, RegressionRow
from theorycheck.statistics.binomial import fit_binomial
from theorycheck.statistics.least_squares import censored_rows, rounding_variance
from theorycheck.statistics.links import FULL, Asymptotes
from theorycheck.statistics.polynomial import exponential, independent, with_constant
from theorycheck.statistics.seeds import by_cell

CONFIDENCE = 0.95  # of the intervals of the regression: the usual convention


def level_thresholds(
    cells: pd.DataFrame, factors: Sequence[str], asymptotes: Asymptotes = FULL
) -> list[LevelValue]:
    """Estimate the threshold of every combination of levels on its own.

    Args:
        cells: one row a cell with the columns `factors`, searched, successes, trials (trials > 0).
        factors: the columns of the levels.
        asymptotes: of success.

    Returns:
        One threshold a combination, where half of the trials between the asymptotes succeed; intervals by
        the delta method on log N*.
    """
    return [
        _level_threshold(tuple(map(float, point)), level, asymptotes)
        for point, level in by_cell(cells, factors).groupby(list(factors))
    ]


def _level_threshold(point: Levels, level: pd.DataFrame, asymptotes: Asymptotes) -> LevelValue:
    n = [float(n) for n in level["searched"]]
    enough = asymptotes.inside((level["successes"] / level["trials"]).to_numpy()) >= 0.5
    fit = fit_binomial(level, with_constant(np.log(n)), asymptotes=asymptotes)
    if fit is not None and fit.params[1] > 0:
        b0, b1 = fit.params
        log_threshold = -float(b0) / b1
        gradient = np.array([-1, -log_threshold]) / b1
        error = np.sqrt(max(gradient @ fit.covariance @ gradient, 0.0)) * stats.norm.ppf(0.975)
        if np.log(n[0]) <= log_threshold <= np.log(n[-1]):
            low, high = exponential(log_threshold - error), exponential(log_threshold + error)
            return LevelValue(point, exponential(log_threshold), low, high, "fitted")
        enough = np.full_like(enough, log_threshold < np.log(n[0]))
    if enough.all():
        return LevelValue(point, n[0], 0.0, n[0], "below")
    if not enough[-1]:
        return LevelValue(point, n[-1], n[-1], np.inf, "above")
    last = int(np.flatnonzero(~enough)[-1])
    return LevelValue(point, float(np.sqrt(n[last] * n[last + 1])), n[last], n[last + 1], "step")


def level_means(table: pd.DataFrame, factors: Sequence[str]) -> list[LevelValue]:
    """Geometric mean of the measurements of every combination of levels, with its interval by Student's t.

    Where some values are censored the mean is only a lower bound, and the kind is "above".
    """
    means = []
    for point, level in table.groupby(list(factors)):
        y = np.log(level["value"].to_numpy(float))
        error = stats.sem(y) * stats.t.ppf(0.975, len(y) - 1) if len(y) > 1 else 0.0
        at, mean = tuple(map(float, point)), exponential(y.mean())
        if censored_rows(level).any():
            means.append(LevelValue(at, mean, mean, np.inf, "above"))
        else:
            low, high = exponential(y.mean() - error), exponential(y.mean() + error)
            means.append(LevelValue(at, mean, low, high, "fitted"))
    return means


def fit_loglog(values: Sequence[LevelValue], factors: Sequence[str]) -> Regression | None:
    """Regress the log quantity on the log factors.

    None with fewer levels than coefficients and one, or where all levels have one value, or follow the law
    exactly. Censored levels are left out, which biases this estimate towards 0: the reason why no verdict
    rests on it.
    """
    measured = [value for value in values if value.measured]
    if len(measured) < len(factors) + 2:
        return None
    design = with_constant(np.log([value.point for value in measured]))
    if not independent(design):
        return None
    names = ["constant", *(f"log {factor}" for factor in factors)]
    response = pd.Series(np.log([value.value for value in measured]), name="log quantity")
    import statsmodels.api as sm  # which takes a second: claims are listed without it

    result = sm.OLS(response, pd.DataFrame(design, columns=names)).fit()
    if result.ssr <= 0 or np.ptp(response) ** 2 <= rounding_variance(response.to_numpy()):
        return None
    influence = result.get_influence()
    columns = (response, result.fittedvalues, influence.resid_studentized_internal, influence.hat_matrix_diag)
    rows = zip([value.point for value in measured], *columns, influence.cooks_distance[0], strict=True)
    limits = result.conf_int(1 - CONFIDENCE).to_numpy()[1:]
    estimates = tuple(
        Estimate(
            factor,
            float(value),
            Interval(float(low), float(high), CONFIDENCE),
            "log-log regression of levels",
        )
        for factor, value, (low, high) in zip(factors, result.params.iloc[1:], limits, strict=True)
    )
    return Regression(
        estimates, _table(result), tuple(RegressionRow(p, *map(float, rest)) for p, *rest in rows)
    )


def _table(result: Any) -> str:
    """The table of coefficients; statsmodels' full summary carries the time of day, and tests for larger
    samples.
    """
    head = f"R-squared {result.rsquared:.4f}, {int(result.nobs)} levels, {int(result.df_resid)} residual df"
    from statsmodels.iolib.summary import summary_params

    return f"{head}\n{summary_params(result)}"
