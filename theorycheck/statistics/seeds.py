"""Counts whose rows of one seed share randomness: sums over seeds, and the delete-one-seed jackknife."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from theorycheck.statistics.binomial import BinomialFit, fit_binomial
from theorycheck.statistics.links import Asymptotes, Link
from theorycheck.statistics.polynomial import REFITS, by_group, jackknife, solved


def over_seeds(cells: pd.DataFrame, factors: Sequence[str]) -> pd.DataFrame:
    """The counts of each cell, summed over its seeds."""
    if "seed" not in cells:
        return cells
    return cells.groupby([*factors, "searched"], as_index=False)[["successes", "trials"]].sum()


def without_one_seed(
    cells: pd.DataFrame, counts: pd.DataFrame, fit: BinomialFit, factors: Sequence[str], link: Link,
    asymptotes: Asymptotes,
) -> tuple[np.ndarray, int] | None:  # fmt: skip
    """Covariance by the delete-one-seed jackknife, and its degrees of freedom; None where one seed is needed.

    Of many seeds each takes one of Fisher's steps from the fit of all, which is what the refit tends to
    (MacKinnon, Nielsen and Webb, J. Econometrics 232 (2023) 272, linearised).
    """
    place = {
        cell: i for i, cell in enumerate(counts[[*factors, "searched"]].itertuples(index=False, name=None))
    }
    at = np.array([place[cell] for cell in cells[[*factors, "searched"]].itertuples(index=False, name=None)])
    seed = pd.factorize(cells["seed"])[0]
    if seed.max() < 1:
        return None
    refitted = _one_step if seed.max() >= REFITS else _refitted
    known = refitted(cells, counts, at, seed, fit, link, asymptotes)
    return None if known is None else (jackknife(known), int(seed.max()))


def _refitted(
    cells: pd.DataFrame, counts: pd.DataFrame, at: np.ndarray, seed: np.ndarray, fit: BinomialFit, link: Link,
    asymptotes: Asymptotes,
) -> list[np.ndarray] | None:  # fmt: skip
    """Coefficients of the counts summed over all seeds but one, for each seed."""
    own, known = cells[["successes", "trials"]].to_numpy(float), []
    for one in range(int(seed.max()) + 1):
        kept = counts[["successes", "trials"]].to_numpy(float, copy=True)
        np.subtract.at(kept, at[seed == one], own[seed == one])
        rows = kept[:, 1] > 0
        left = pd.DataFrame({"successes": kept[rows, 0], "trials": kept[rows, 1]})
        result = fit_binomial(left, fit.columns[rows], link, asymptotes) if rows.any() else None
        if result is None:
            return None
        known.append(result.params)
    return known


def _one_step(
    cells: pd.DataFrame, counts: pd.DataFrame, at: np.ndarray, seed: np.ndarray, fit: BinomialFit, link: Link,
    asymptotes: Asymptotes,
) -> np.ndarray | None:  # fmt: skip
    """The same to first order in what a seed tells."""
    mu, slope, columns = fit.mu[at], fit.slope[at], fit.columns[at]
    unit = np.divide(slope, mu * (1 - mu), out=np.zeros_like(mu), where=mu * (1 - mu) > 1e-14)
    trials = cells["trials"].to_numpy(float)
    pull, weight = (cells["successes"].to_numpy(float) - trials * mu) * unit, trials * slope * unit
    squares = by_group(columns, seed, weight)
    scores = np.array([np.bincount(seed, pull * column) for column in columns.T]).T
    moved = solved(squares.sum(axis=0) - squares, scores)
    return None if moved is None else fit.params - moved
