"""The change of one word that moves a random feature map most, sought by projected gradient ascent."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import softmax

from theorycheck.empirical.bombari2024word.responses import Setting

# Of the first word's embedding: ||phi(X') - phi(X)||^2 and its gradient.
Change = Callable[[np.ndarray], tuple[float, np.ndarray]]


def sensitivity(s: Setting, seed: int) -> float:
    """The largest ||phi(X') - phi(X)|| / ||phi(X)|| found, where X' differs from X in the first word by at
    most sqrt(d) in norm (Bombari and Mondelli 2024, definition of S_phi).

    The words are independent and alike, so that the first stands for every one. What a search finds is a
    lower bound of the supremum.
    """
    rng = np.random.default_rng(seed)
    X = words(s.n, s.d, rng)
    change, norm = FEATURES[s.features](X, s, rng)
    found = max(ascend(change, X[0], s, rng) for _ in range(s.starts))
    return float(found**0.5 / norm)


def words(n: int, d: int, rng: np.random.Generator) -> np.ndarray:
    """Embeddings in random directions, of norm sqrt(d): n x d."""
    X = rng.standard_normal((n, d))
    X *= d**0.5 / np.linalg.norm(X, axis=1, keepdims=True)
    return X


def random_features(X: np.ndarray, s: Setting, rng: np.random.Generator) -> tuple[Change, float]:
    """ReLU(V flat(X)) with V of k x n d, entries of variance 1 / (n d): its change, and its norm.

    The words that stay enter by their sum of k normal numbers, of which V is not drawn.
    """
    own = rng.standard_normal((s.k, s.d)) / (s.n * s.d) ** 0.5
    others = rng.standard_normal(s.k) * (1 - 1 / s.n) ** 0.5  # V on words of norm sqrt(d), n - 1 of n
    before = np.maximum(own @ X[0] + others, 0)

    def change(word: np.ndarray) -> tuple[float, np.ndarray]:
        after = np.maximum(own @ word + others, 0)
        moved = after - before
        return float(moved @ moved), 2 * (moved * (after > 0)) @ own

    return change, float(np.linalg.norm(before))


def attention_features(X: np.ndarray, s: Setting, rng: np.random.Generator) -> tuple[Change, float]:
    """softmax(X W X^T / sqrt(d)) X with W of d x d, entries of variance 1 / d: its change, and its norm."""
    W = rng.standard_normal((s.d, s.d)) / s.d  # with the 1 / sqrt(d) of the scores
    queries, scores = X @ W, X @ W @ X.T  # n x d, n x n
    before = softmax(scores, axis=1) @ X

    def change(word: np.ndarray) -> tuple[float, np.ndarray]:
        Y, Q, S = X.copy(), queries.copy(), scores.copy()
        Y[0], Q[0] = word, word @ W
        S[0], S[:, 0] = Y @ Q[0], Q @ word
        A = softmax(S, axis=1)
        moved = A @ Y - before
        G = 2 * moved
        dA = G @ Y.T
        dS = A * (dA - (dA * A).sum(1, keepdims=True))
        return float((moved**2).sum()), A[:, 0] @ G + W @ (dS[0] @ Y) + dS[:, 0] @ Q

    return change, float(np.linalg.norm(before))


def ascend(change: Change, word: np.ndarray, s: Setting, rng: np.random.Generator) -> float:
    """The largest change on the way of steps of one length, each projected on the ball of radius sqrt(d)."""
    radius = s.d**0.5
    delta = words(1, s.d, rng)[0]
    best = 0.0
    for t in range(s.steps):
        value, gradient = change(word + delta)
        best = max(best, value)
        length = s.step * (1 - t / s.steps)  # shrinks, so that the end is near a maximum
        delta = delta + length * radius * gradient / max(float(np.linalg.norm(gradient)), 1e-300)
        delta *= min(1.0, radius / float(np.linalg.norm(delta)))
    return max(best, change(word + delta)[0])


FEATURES = {"random": random_features, "attention": attention_features}
