"""A one-layer transformer that is trained on two tasks apart, and the model that their task vectors make."""

from __future__ import annotations

import numpy as np
from scipy.special import softmax

from theorycheck.empirical.li2025taskvectors.responses import Setting

Samples = tuple[np.ndarray, np.ndarray]  # tokens, sample token axis; labels +-1
Weights = tuple[np.ndarray, np.ndarray]  # query-key d x d, values m x d
MOST, PRECISION = 3.0, 0.001  # of the share that is left out; at 3 the second task is learned negated


def left_out(s: Setting, seed: int) -> float | None:
    """The largest 1 - lambda at which the edited model has learned both tasks; None where one alone did not.

    Found by bisection between 0, where it must succeed, and 3; both losses are on fresh samples.
    """
    rng = np.random.default_rng(seed)
    start, trained, fresh = tasks(s, rng)
    if any(hinge(s, *one, *model) > s.tolerance for one, model in zip(fresh, trained, strict=True)):
        return None

    def succeeds(share: float) -> bool:
        model = edited(start, trained, 1 - share)
        return all(hinge(s, *one, *model) <= s.tolerance for one in fresh)

    low, high = (0.0, MOST) if succeeds(0.0) else (0.0, 0.0)
    while high - low > PRECISION:
        middle = (low + high) / 2
        low, high = (middle, high) if succeeds(middle) else (low, middle)
    return low


def tasks(s: Setting, rng: np.random.Generator) -> tuple[Weights, list[Weights], list[Samples]]:
    """The weights at the start, those of the models of both tasks, and fresh samples of both."""
    patterns = np.linalg.qr(rng.standard_normal((s.d, s.irrelevant + 2)))[0].T
    first, other, irrelevant = patterns[0], patterns[1], patterns[2:]
    both = (first, s.alpha * first + (1 - s.alpha**2) ** 0.5 * other)
    start = np.zeros((s.d, s.d)), s.scale * rng.standard_normal((s.m, s.d))
    trained = [train(s, samples(s, task, irrelevant, s.N, rng), start) for task in both]
    return start, trained, [samples(s, task, irrelevant, s.test_size, rng) for task in both]


def edited(start: Weights, trained: list[Weights], factor: float) -> Weights:
    """Weights start + D_1 + lambda D_2 with the task vectors D_T = trained_T - start (Li et al. 2025)."""
    W, V = (w + (a - w) + factor * (b - w) for w, a, b in zip(start, *trained, strict=True))
    return W, V


def samples(
    s: Setting, task: np.ndarray, irrelevant: np.ndarray, n: int, rng: np.random.Generator
) -> Samples:
    """Tokens are the task's pattern with the label's sign, with the other sign, or irrelevant patterns."""
    y = np.where(np.arange(n) % 2 == 0, 1.0, -1.0)
    X = irrelevant[rng.integers(len(irrelevant), size=(n, s.L))]
    X[:, : s.relevant] = y[:, None, None] * task
    X[:, s.relevant : s.relevant + s.opposite] = -y[:, None, None] * task
    return X + s.noise / s.d**0.5 * rng.standard_normal(X.shape), y


def signs(s: Setting) -> np.ndarray:
    """Output weights of the neurons, which are not trained: +-1/sqrt(m)."""
    return np.asarray(np.where(np.arange(s.m) % 2 == 0, 1, -1) / s.m**0.5)


def forward(s: Setting, X: np.ndarray, W: np.ndarray, V: np.ndarray) -> tuple[np.ndarray, ...]:
    """Attention (sample query key), attended tokens, neurons before ReLU, mean output over queries."""
    A = softmax(X @ W @ X.transpose(0, 2, 1), axis=2)
    Z = A @ X
    H = Z @ V.T
    return A, Z, H, (np.maximum(H, 0) @ signs(s)).mean(1)


def hinge(s: Setting, X: np.ndarray, y: np.ndarray, W: np.ndarray, V: np.ndarray) -> float:
    """Mean hinge loss."""
    return float(np.maximum(0, 1 - y * forward(s, X, W, V)[-1]).mean())


def gradients(s: Setting, X: np.ndarray, y: np.ndarray, W: np.ndarray, V: np.ndarray) -> Weights:
    """Of the mean hinge loss."""
    A, Z, H, output = forward(s, X, W, V)
    of_output = -y * (y * output < 1) / len(y) / s.L
    dH = (H > 0) * signs(s) * of_output[:, None, None]
    dA = dH @ V @ X.transpose(0, 2, 1)
    dS = A * (dA - (dA * A).sum(2, keepdims=True))
    of_values = dH.reshape(-1, s.m).T @ Z.reshape(-1, s.d)
    return X.reshape(-1, s.d).T @ (dS @ X).reshape(-1, s.d), of_values


def train(s: Setting, data: Samples, start: Weights) -> Weights:
    """T steps of full-batch gradient descent."""
    W, V = start
    for _ in range(s.T):
        of_W, of_V = gradients(s, *data, W, V)
        W, V = W - s.eta * of_W, V - s.eta * of_V
    return W, V
