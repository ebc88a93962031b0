"""Random prompts of linear regression, by the second moments that linear attention sees of them."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Prompts:
    """Prompts of n examples (x_i, w.x_i) and a query.

    Attributes:
        moments: E E^T / n of every prompt, (prompt, d + 1, d + 1); the columns of E are the examples and the
            query with a label of 0.
        queries: (prompt, d).
        labels: of the queries, (prompt,).
    """

    moments: np.ndarray
    queries: np.ndarray
    labels: np.ndarray


def eigenvalues(d: int, kappa: float) -> np.ndarray:
    """Of the covariance of tokens: 1 in the first half of the dimensions, 1/kappa in the second, (d,)."""
    return np.where(2 * np.arange(d) < d, 1, 1 / kappa)


def draw(rng: np.random.Generator, count: int, n: int, eigenvalues: np.ndarray) -> Prompts:
    """Prompts with x ~ N(0, diag(eigenvalues)) and w ~ N(0, I).

    The sum of x x^T is a Wishart matrix, drawn by its Cholesky factor (Bartlett, Proc. R. Soc. Edinb. 53
    (1933) 260), so that a long prompt takes no longer than a short one. This needs n >= d.
    """
    d, scale = len(eigenvalues), np.sqrt(eigenvalues)
    factor = np.zeros((count, d, d))
    rows, columns = np.tril_indices(d, -1)
    factor[:, rows, columns] = rng.standard_normal((count, len(rows)))
    diagonal = np.arange(d)
    factor[:, diagonal, diagonal] = np.sqrt(rng.chisquare(n - diagonal, (count, d)))
    covariance = scale[:, None] * (factor @ factor.transpose(0, 2, 1)) * scale / n
    w, queries = rng.standard_normal((2, count, d))
    queries = queries * scale
    moments = np.empty((count, d + 1, d + 1))
    moments[:, :d, :d] = covariance + queries[:, :, None] * queries[:, None, :] / n
    moments[:, :d, d] = moments[:, d, :d] = covariance_w = np.einsum("pij,pj->pi", covariance, w)
    moments[:, d, d] = (w * covariance_w).sum(1)
    return Prompts(moments, queries, (w * queries).sum(1))
