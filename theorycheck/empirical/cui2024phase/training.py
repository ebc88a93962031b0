"""Data of two tokens, and gradient descent of the attention from both informed starts at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
SIGMA = 0.5  # standard deviation of the components of a token
RIDGE = 0.01
POSITIONAL = np.array([[0.6, 0.4], [0.4, 0.6]])  # A, by which the target attends to positions
STEP = 0.15
MOMENTUM = (
    0.9  # 500 steps with it end no higher than the authors' 5,000 without it (tests/test_cui2024phase.py)
)


@dataclass(frozen=True)
class Problem:
    r"""What the training loss depends on, for n samples of two tokens.

    Token i attends to token 1 with weight a_i = sigmoid(s_i (s_1 - s_2)), s = x Q / sqrt(d).
    The error on token i is |r_i + a_i D|^2 with D = x_1 - x_2 and r_i = x_2 - y_i, which needs products of
    vectors once only.

    Attributes:
        tokens: with their positions, x (2 n, d); the first tokens of all samples, then the second.
        cross: r_i . D (2, n).
        norm: D . D (n,).
        constant: sum of |r_i|^2.
        direction: Q* (d,), by which the target attends to meaning.
    """

    tokens: Array
    cross: Array
    norm: Array
    constant: float
    direction: Array


def draw(rng: np.random.Generator, d: int, n: int, omega: float) -> Problem:
    """Normal tokens u; targets (1 - omega) softmax(u Q* (u Q*)^T / d) u + omega A u.

    The student sees tokens with their positions, u +- 1 / sqrt(d).
    """
    direction, plain = rng.standard_normal(d), SIGMA * rng.standard_normal((2, n, d))
    told = omega * POSITIONAL[:, :1] + (1 - omega) * _attention(plain @ direction / d**0.5)
    targets = plain[1] + told[..., None] * (plain[0] - plain[1])
    seen = plain + np.array([1, -1])[:, None, None] / d**0.5
    difference, rest = seen[0] - seen[1], seen[1] - targets
    return Problem(
        seen.reshape(2 * n, d),
        np.einsum("ind,nd->in", rest, difference),
        np.einsum("nd,nd->n", difference, difference),
        float((rest**2).sum()),
        direction,
    )


def loss_and_gradient(problem: Problem, Q: Array) -> tuple[Array, Array]:
    r"""Half the squared error  sum |y - f_Q(x)|^2 / (2 d) + ridge / 2 |Q|^2

    Args:
        problem: the samples.
        Q: (d, starts).

    Returns:
        The loss of every start (starts,), and its gradient (d, starts).
    """
    d, starts = Q.shape
    scores = (problem.tokens @ Q / d**0.5).reshape(2, -1, starts)
    attention = _attention(scores)  # (2, n, starts)
    cross, norm = problem.cross[..., None], problem.norm[:, None]
    errors = problem.constant + (2 * attention * cross + attention**2 * norm).sum((0, 1))
    loss = errors / (2 * d) + RIDGE / 2 * (Q**2).sum(0)
    by_logit = (cross + attention * norm) / d * attention * (1 - attention)
    away = scores[0] - scores[1]
    by_difference = (by_logit * scores).sum(0)
    by_score = by_logit * away
    by_score[0] += by_difference
    by_score[1] -= by_difference
    gradient = problem.tokens.T @ by_score.reshape(-1, starts) / d**0.5 + RIDGE * Q
    return loss, gradient


def descend(problem: Problem, steps: int, momentum: float = MOMENTUM) -> tuple[Array, Array]:
    """Q (d, 2) and the losses (2,) after gradient descent from the positional and the semantic start."""
    d = len(problem.direction)
    Q = np.stack([np.full(d, d**-0.5), problem.direction], 1)
    velocity = np.zeros_like(Q)
    for _ in range(steps):
        velocity = momentum * velocity - STEP * loss_and_gradient(problem, Q)[1]
        Q = Q + velocity
    return Q, loss_and_gradient(problem, Q)[0]


def _attention(scores: Array) -> Array:
    """Weights of the first token, from scores (2, ...) of both: softmax of s_i s_1 and s_i s_2."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * scores * (scores[0] - scores[1]))))
