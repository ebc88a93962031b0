"""Gradient descent on a linear layer and on the attention logits of one last token."""

from __future__ import annotations

import numpy as np
from scipy.special import softmax

from theorycheck.empirical.tian2023joma.responses import Setting


def correlation(s: Setting, seed: int) -> float:
    """Correlation over tokens of z(t) with its estimate by the linear layer (JoMA, Theorem 1).

    With V the rows of the layer for contextual tokens, W all of them, and b the mean frequencies of tokens,
        softmax:      (sum_k V^2 - b ||W||^2) / (2 T) + C,
        exponential:  sum_k V^2 / (2 T) + C,
    with C such that the estimate is z at the start.
    """
    rng = np.random.default_rng(seed)
    X = frequencies(s, rng)
    W = s.scale * rng.standard_normal((len(X) + 1, s.K))
    z = s.scale * rng.standard_normal(len(X))
    constant = z - estimate(s, X, W)
    for _ in range(s.t):
        of_W, of_z = gradients(s, X, W, z)
        W, z = W - s.eta * of_W, z - s.eta * of_z
    return float(np.corrcoef(z, estimate(s, X, W) + constant)[0, 1])


def frequencies(s: Setting, rng: np.random.Generator) -> np.ndarray:
    """Of tokens in classes, token x class; those of a class add up to 1.

    A bump is exp(-(l - c)^2 / 30) at token l, with its centre c at the share of the class.
    """
    X = rng.uniform(0, 0.5, (s.distinct + s.common, s.K))
    if s.tokens == "gaussian":
        centres = np.arange(s.K) / s.K * s.distinct
        X[: s.distinct] = np.exp(-((np.arange(s.distinct)[:, None] - centres) ** 2) / 30)
    return np.asarray(X / X.sum(0))


def estimate(s: Setting, X: np.ndarray, W: np.ndarray) -> np.ndarray:
    """Of the attention logits, up to a constant."""
    of_tokens = (W[:-1] ** 2).sum(1)
    normalised = X.mean(1) * (W**2).sum() if s.attention == "softmax" else 0.0
    return np.asarray((of_tokens - normalised) / (2 * s.T))


def gradients(s: Setting, X: np.ndarray, W: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of the mean cross entropy over classes by W and by z; the last row of W reads the last token."""
    B = X * np.exp(z / s.T)[:, None]  # token class
    if s.attention == "softmax":
        B = B / B.sum(0)
    inputs = np.vstack([B, np.ones(s.K)])
    error = (softmax(inputs.T @ W, axis=1) - np.eye(s.K)) / s.K  # class output
    back = W[:-1] @ error.T  # token class
    if s.attention == "softmax":
        back = back - (B * back).sum(0)
    return inputs @ error, (B * back).sum(1) / s.T
