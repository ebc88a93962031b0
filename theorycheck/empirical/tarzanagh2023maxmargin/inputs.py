"""Random inputs, and the max-margin solution that separates the best token of each from the others."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls


@dataclass(frozen=True)
class Inputs:
    """Inputs of T unit tokens x_t, their queries and scores.

    Attributes:
        tokens: (input, token, d).
        queries: unit vectors z, (input, d).
        scores: Y v.x_t of every token, with v = e_1 and labels Y = +-1 in turn, (input, token).
    """

    tokens: np.ndarray
    queries: np.ndarray
    scores: np.ndarray


def draw(rng: np.random.Generator, n: int, T: int, d: int, scores: str) -> Inputs:
    """Tokens and queries uniform on the sphere.

    With "equal" scores the first token is Y v, and all others are uniform among those that score 0, as is
    assumed where convergence is global.
    """
    tokens, queries = rng.standard_normal((n, T, d)), rng.standard_normal((n, d))
    labels = np.where(np.arange(n) % 2, -1.0, 1.0)
    if scores == "equal":
        tokens[:, :, 0] = 0
        tokens[:, 0] = np.outer(labels, np.eye(d)[0])
    tokens /= np.linalg.norm(tokens, axis=-1, keepdims=True)
    queries /= np.linalg.norm(queries, axis=-1, keepdims=True)
    return Inputs(tokens, queries, labels[:, None] * tokens[:, :, 0])


def constraints(inputs: Inputs) -> np.ndarray:
    """(x_best - x_t) z^T of every other token, flattened, (constraint, d^2)."""
    rows = []
    for tokens, query, scores in zip(inputs.tokens, inputs.queries, inputs.scores, strict=True):
        best = int(scores.argmax())
        others = np.delete(tokens, best, axis=0)
        rows += [np.outer(tokens[best] - other, query).ravel() for other in others]
    return np.array(rows)


def max_margin(inputs: Inputs) -> np.ndarray:
    """Argmin |W|_F  with  (x_best - x_t)^T W z >= 1  for every other token, flattened, (d^2,).

    By least distance programming (Lawson and Hanson, Solving Least Squares Problems, 1974, chapter 23).

    Raises:
        ValueError: no W separates them.
    """
    rows = constraints(inputs)
    stacked = np.vstack([rows.T, np.ones(len(rows))])
    target = np.eye(len(stacked))[-1]
    residual = stacked @ nnls(stacked, target)[0] - target
    if -residual[-1] < 1e-10:
        raise ValueError("no attention separates the best tokens from the others; choose n (T - 1) below d^2")
    return np.asarray(-residual[:-1] / residual[-1])
