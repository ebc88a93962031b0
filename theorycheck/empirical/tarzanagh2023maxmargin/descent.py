"""Gradient descent on the weights of attention, for many sets of inputs at once."""

from collections.abc import Sequence

import numpy as np

from theorycheck.empirical.tarzanagh2023maxmargin.inputs import Inputs


class Attention:
    """The mean of  log(1 + exp(-Y v^T X^T softmax(X W z)))  over the inputs of a set, and its gradient in W.

    Args:
        sets: of inputs, of equal shapes.
    """

    def __init__(self, sets: Sequence[Inputs]) -> None:
        tokens, queries = (np.array([getattr(s, name) for s in sets]) for name in ("tokens", "queries"))
        self.scores = np.array([s.scores for s in sets])
        self.differences = self.scores[..., :, None] - self.scores[..., None, :]
        count, n, T, d = tokens.shape
        self.features = np.einsum("bntd,bne->bntde", tokens, queries).reshape(count, n * T, d * d)

    def gradient(self, W: np.ndarray) -> np.ndarray:
        """Of every set, (set, d^2), at W, (set, d^2).

        The score of a token less their mean is a sum of differences: as attention becomes sparse, the mean
        comes so near the best score that the subtraction itself would lose the direction of the gradient.
        """
        logits = np.einsum("bkw,bw->bk", self.features, W).reshape(self.scores.shape)
        weights = np.exp(logits - logits.max(-1, keepdims=True))
        weights /= weights.sum(-1, keepdims=True)
        slope = -1 / (1 + np.exp((weights * self.scores).sum(-1))) / self.scores.shape[1]
        above_mean = np.einsum("bntu,bnu->bnt", self.differences, weights)
        by_token = (slope[..., None] * weights * above_mean).reshape(len(W), -1, 1)
        return np.asarray((self.features.transpose(0, 2, 1) @ by_token)[..., 0])


def descended(sets: Sequence[Inputs], steps: int, eta: float, normalized: bool) -> np.ndarray:
    """W after so many steps from 0, each along the gradient or along its direction, (set, d^2)."""
    loss = Attention(sets)
    W = np.zeros((len(sets), loss.features.shape[-1]))
    for _ in range(steps):
        slope = loss.gradient(W)
        if normalized:
            slope = direction(slope)
        W -= eta * slope
    return W


def direction(vectors: np.ndarray) -> np.ndarray:
    """Vectors of unit length, (set, d^2); a gradient that has underflowed to 0 stays 0."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.where(length > 0, length, 1))
