"""Gradient descent on a layer of linear self-attention, from a small random start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from theorycheck.empirical.zhang2024trained.prompts import Prompts, draw, eigenvalues

if TYPE_CHECKING:
    from theorycheck.empirical.zhang2024trained.responses import Setting


@dataclass(frozen=True)
class LinearAttention:
    """The parts of the layer E + W_PV E (E^T W_KQ E) / n on which the predicted label depends.

    Attributes:
        p: last row of W_PV, (d + 1,).
        Q: first d columns of W_KQ, as the label of the query is 0, (d + 1, d).
    """

    p: np.ndarray
    Q: np.ndarray

    def errors(self, prompts: Prompts) -> np.ndarray:
        """Predicted less true labels of the queries, (prompt,)."""
        seen = prompts.moments @ self.p
        return np.asarray((seen * (prompts.queries @ self.Q.T)).sum(1) - prompts.labels)

    def gradient(self, prompts: Prompts) -> LinearAttention:
        """That of half the mean squared error over prompts."""
        errors, seen = self.errors(prompts), prompts.moments @ self.p
        asked = prompts.queries @ self.Q.T
        p = np.einsum("b,bij,bj->i", errors, prompts.moments, asked) / len(errors)
        return LinearAttention(p, (errors[:, None] * seen).T @ prompts.queries / len(errors))

    def population_gradient(self, n: int, values: np.ndarray) -> LinearAttention:
        """That of half the risk, for parameters of which p[:d] and Q[d] are 0, as they stay from the start.

        The risk is then  u^2 tr(A^T L G A L) - 2 u tr(L A L) + tr L  with u = p[d], A = Q[:d],
        L = diag(values)  and  G = (1 + 1/n) L + tr(L)/n I,  by E[S^2] = L G of the
        empirical covariance S of n examples.
        """
        d, u, A = len(values), self.p[-1], self.Q[:-1]
        weighted = (values * ((1 + 1 / n) * values + values.sum() / n))[:, None] * A * values
        p, Q = np.zeros_like(self.p), np.zeros_like(self.Q)
        p[-1] = u * (A * weighted).sum() - (np.diag(A) * values**2).sum()
        Q[:d] = u**2 * weighted - u * np.diag(values**2)
        return LinearAttention(p, Q)


def start(rng: np.random.Generator, d: int, scale: float) -> LinearAttention:
    """The start of the theorem: p = scale e, Q = scale (Theta Theta^T; 0) of Frobenius norm scale."""
    theta = rng.standard_normal((d, d))
    p, Q = np.zeros(d + 1), np.zeros((d + 1, d))
    p[d], Q[:d] = scale, scale * theta @ theta.T / np.linalg.norm(theta @ theta.T)
    return LinearAttention(p, Q)


def trained(s: Setting, rng: np.random.Generator) -> LinearAttention:
    """The layer after T steps: of fresh prompts with a step size that falls to 0, or of the population."""
    values = eigenvalues(s.d, s.kappa)
    layer = start(rng, s.d, s.start)
    with np.errstate(over="ignore", invalid="ignore"):  # of a training that diverges
        for t in range(s.T):
            if s.B:
                slope, step = layer.gradient(draw(rng, s.B, s.n, values)), s.eta * (1 - t / s.T)
            else:
                slope, step = layer.population_gradient(s.n, values), s.eta
            layer = LinearAttention(layer.p - step * slope.p, layer.Q - step * slope.Q)
    return layer
