"""Gradient descent on attention and linear layer together, for many starts at once."""

from dataclasses import dataclass

import numpy as np

from theorycheck.empirical.huang2025regular.language import Language


@dataclass(frozen=True)
class Layers:
    """f(X) = sum_l softmax_l(x_l^T W x_last) u^T x_l  of tokens x, a unit vector per letter and position.

    Attributes:
        W: of attention, (start, 2 L, 2 L).
        u: of the linear layer, (start, 2 L).
    """

    W: np.ndarray
    u: np.ndarray


class LogisticLoss:
    """The weighted mean of  log(1 + exp(-y f(X)))  over a language, and its gradient."""

    def __init__(self, language: Language) -> None:
        self.language, size = language, 2 * language.tokens.shape[1]
        places, self.pairs = language.tokens.size, language.tokens * size + language.last[:, None]
        self.of_token, self.of_pair = np.zeros((places, size)), np.zeros((places, size * size))
        present = language.present.ravel()
        self.of_token[np.arange(places), language.tokens.ravel()] = present
        self.of_pair[np.arange(places), self.pairs.ravel()] = present

    def outputs(self, layers: Layers) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Attention and u^T x_l, both (start, sequence, L), and f, (start, sequence)."""
        logits = layers.W.reshape(len(layers.W), -1)[:, self.pairs]
        logits = np.where(self.language.present, logits, -np.inf)
        attention = np.exp(logits - logits.max(-1, keepdims=True))
        attention /= attention.sum(-1, keepdims=True)
        seen = layers.u[:, self.language.tokens]
        return attention, seen, (attention * seen).sum(-1)

    def value(self, layers: Layers) -> np.ndarray:
        """Of every start, (start,)."""
        margins = self.language.labels * self.outputs(layers)[2]
        return np.asarray((self.language.weights * np.logaddexp(0, -margins)).sum(-1))

    def gradient(self, layers: Layers) -> Layers:
        """In W and u, shaped as these are."""
        attention, seen, f = self.outputs(layers)
        of_f = -self.language.weights * self.language.labels / (1 + np.exp(self.language.labels * f))
        by_place = of_f[..., None] * attention
        moved = by_place * (seen - f[..., None])
        flat = len(f), -1
        return Layers(
            (moved.reshape(flat) @ self.of_pair).reshape(layers.W.shape),
            by_place.reshape(flat) @ self.of_token,
        )


def descended(loss: LogisticLoss, layers: Layers, steps: int, eta: float) -> Layers:
    """The layers after so many steps."""
    W, u = layers.W.copy(), layers.u.copy()
    for _ in range(steps):
        slope = loss.gradient(Layers(W, u))
        W -= eta * slope.W
        u -= eta * slope.u
    return Layers(W, u)
