"""Overdispersion of counts: its estimate, its degrees of freedom, and the tests that allow for it."""

import numpy as np
import pandas as pd
from scipy import stats

from theorycheck.statistics.binomial import BinomialFit

BINOMIAL_DF = 10**6  # effectively infinite: Student's t quantile is then the normal's to six digits


def dispersion(fit: BinomialFit, cells: pd.DataFrame, beside: np.ndarray | None = None) -> float:
    """Variance of the counts as a multiple of the binomial one, at least 1, for quasi-likelihood.

    The moment estimator  sum (y - m)^2 / sum v (1 - h)  of counts y with fitted means m, binomial variances v
    and leverages h (weighted moments: Moore, Biometrika 73 (1986) 583). Pearson's chi-square, which weighs
    every cell alike, is no use here: a single success in a cell where none is expected would widen every
    interval severalfold.

    Args:
        fit: of the cells.
        cells: with the column successes.
        beside: as for `BinomialFit.jacobian`.
    """
    residual = cells["successes"].to_numpy(float) - fit.trials * fit.mu
    expected = float((fit.variance * (1 - fit.leverage(beside))).sum())
    return max(1.0, float((residual**2).sum()) / expected) if expected > 0 else 1.0


def residual_df(scale: float, df: int) -> int:
    """Degrees of freedom of a dispersion: those of its estimate; effectively infinite when it is 1, the
    binomial's.
    """
    return df if scale > 1 else max(df, BINOMIAL_DF)


def deviance_p_value(gain: float, extra: int, scale: float, df: int) -> float:
    """P-value of a fit against a richer one: an F test (McCullagh and Nelder, Generalized Linear Models,
    1989, 4.5).

    Args:
        gain: of deviance, by the richer fit.
        extra: coefficients of the richer fit.
        scale: its dispersion.
        df: its informative cells less its coefficients; at least 1 is taken.
    """
    return float(stats.f.sf(gain / extra / scale, extra, residual_df(scale, max(df, 1))))


def informative_cells(fit: BinomialFit) -> int:
    """How many cells the dispersion is in fact estimated from: cells all but sure to succeed or to fail say
    nothing.

    Kish's effective number, (sum v)^2 / sum v^2, of the fitted variances v of the counts (Survey Sampling,
    1965, section 8.2).
    """
    variance = fit.variance
    return int(variance.sum() ** 2 / (variance**2).sum())
