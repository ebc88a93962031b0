"""Counts whose rows of one seed share randomness: sums over seeds, and the delete-one-seed jackknife."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from theorycheck.statistics.binomial import BinomialFit, Regression, quotient
from theorycheck.statistics.polynomial import REFITS, by_group, jackknife, level_numbers, solved


def by_cell(rows: pd.DataFrame, factors: Sequence[str]) -> pd.DataFrame:
    """The counts of each cell, summed over its rows."""
    return rows.groupby([*factors, "searched"], as_index=False)[["successes", "trials"]].sum()


def over_seeds(cells: pd.DataFrame, factors: Sequence[str]) -> pd.DataFrame:
    """The counts of each cell, summed over its seeds."""
    return by_cell(cells, factors) if "seed" in cells else cells


def without_one_seed(
    cells: pd.DataFrame, fit: BinomialFit, factors: Sequence[str], regress: Regression
) -> tuple[np.ndarray, int] | None:
    """Covariance by the delete-one-seed jackknife, and its degrees of freedom; None where one seed is needed.

    Of many seeds each takes one of Fisher's steps from the fit of all, which is what the refit tends to
    (MacKinnon, Nielsen and Webb, J. Econometrics 232 (2023) 272, linearised).

    Args:
        cells: with the column seed.
        fit: of their counts summed over the seeds.
        factors: the columns of the levels.
        regress: as the fit was made.
    """
    at, seed = level_numbers(cells, [*factors, "searched"]), pd.factorize(cells["seed"])[0]
    if seed.max() < 1:
        return None
    if seed.max() >= REFITS:
        known = _one_step(cells, at, seed, fit)
    else:
        known = _refitted(cells, at, seed, fit.columns, regress)
    return None if known is None else (jackknife(known), int(seed.max()))


def _refitted(
    cells: pd.DataFrame, at: np.ndarray, seed: np.ndarray, columns: np.ndarray, regress: Regression
) -> np.ndarray | None:
    """Coefficients of the counts summed over all seeds but one, for each seed."""
    known = []
    for one in range(int(seed.max()) + 1):
        kept = (seed != one).astype(float)
        rest = pd.DataFrame({name: np.bincount(at, kept * cells[name]) for name in ("successes", "trials")})
        tried = rest["trials"].to_numpy() > 0
        result = regress(rest[tried], columns[tried])
        if result is None:
            return None
        known.append(result.params)
    return np.array(known)


def _one_step(cells: pd.DataFrame, at: np.ndarray, seed: np.ndarray, fit: BinomialFit) -> np.ndarray | None:
    """The same to first order in what a seed tells."""
    mu, slope, columns = fit.mu[at], fit.slope[at], fit.columns[at]
    unit = quotient(slope, mu * (1 - mu), mu * (1 - mu))
    trials = cells["trials"].to_numpy(float)
    pull, weight = (cells["successes"].to_numpy(float) - trials * mu) * unit, trials * slope * unit
    squares = by_group(columns, seed, weight)
    scores = np.array([np.bincount(seed, pull * column) for column in columns.T]).T
    moved = solved(squares.sum(axis=0) - squares, scores)
    return None if moved is None else fit.params - moved
