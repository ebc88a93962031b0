"""Stochastic gradient descent on a decoder Y and attention logits Z, with batches of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

from theorycheck.empirical.tian2023scan.responses import Setting


@dataclass(frozen=True)
class Trained:
    """After training.

    Attributes:
        P: probability of each contextual token in a class, K x M.
        Y: decoder, M x (K + 1): its columns of the next tokens, and that of every other token.
        Z: attention logits of the last token of each class, K x M, which began at 0.
        distinct: tokens that occur in one class alone, K x distinct.
    """

    P: np.ndarray
    Y: np.ndarray
    Z: np.ndarray
    distinct: np.ndarray

    @property
    def margins(self) -> np.ndarray:
        """Logit of the next token less the mean of the others, of each class."""
        K, M = self.P.shape
        logits = features(self.P, self.Z) @ self.Y
        own, others = logits[np.arange(K), np.arange(K)], logits[:, K] * (M - K)
        return np.asarray(own - (logits[:, :K].sum(1) + others - own) / (M - 1))

    @property
    def growth(self) -> np.ndarray:
        """z(t) - z(0) of the most frequent distinct token, of each class."""
        return np.asarray(self._of(self.Z).max(1, where=self._most_frequent, initial=-np.inf))

    @property
    def gain_exponents(self) -> np.ndarray:
        """log(r(t) / r(0)) / (2 (z(t) - z(0))) of each class, where r = c^2 / c'^2 - 1 compares the attended
        masses c = P e^z of the most and of the least frequent distinct token.
        """
        before, after = (self._gains(self.P * np.exp(Z)) for Z in (0 * self.Z, self.Z))
        return np.asarray(np.log(after / before) / (2 * self.growth))

    def _gains(self, attended: np.ndarray) -> np.ndarray:
        c, frequency = self._of(attended), self._of(self.P)
        rows = np.arange(len(c))
        return np.asarray((c[rows, frequency.argmax(1)] / c[rows, frequency.argmin(1)]) ** 2 - 1)

    @property
    def _most_frequent(self) -> np.ndarray:
        frequency = self._of(self.P)
        return np.asarray(frequency == frequency.max(1, keepdims=True))

    def _of(self, tokens: np.ndarray) -> np.ndarray:
        """Of each class the values of its distinct tokens."""
        return np.take_along_axis(tokens, self.distinct, 1)


def classes(s: Setting, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities P(l|n), K x M, and the distinct tokens of each class.

    Distinct tokens are up to five times as frequent as others of their class; common ones are alike.
    """
    weight = rng.uniform(0.2, 1, (s.K, s.distinct))
    tokens = np.arange(s.K * s.distinct).reshape(s.K, s.distinct)
    P = np.zeros((s.K, s.M))
    np.put_along_axis(P, tokens, (1 - s.shared) * weight / weight.sum(1, keepdims=True), 1)
    P[:, tokens.size : tokens.size + s.common] = s.shared / s.common
    return P, tokens


def features(P: np.ndarray, Z: np.ndarray) -> np.ndarray:
    """What the decoder sees of a class whose sequences are endless: P e^z, of norm 1."""
    c = P * np.exp(Z)
    return np.asarray(c / np.linalg.norm(c, axis=-1, keepdims=True))


def train(settings: Sequence[Setting], seeds: Sequence[int]) -> list[Trained]:
    """Each of s rounds takes the classes in a random order; the loss is cross entropy. Trials go together.

    With f the features, alpha the predicted probabilities and e_n the next token
    (Tian et al. 2023, the dynamics of Y and Z):
        Y += eta_Y f (e_n - alpha)^T,  z += eta_Z diag(f) (1 - f f^T) Y (e_n - alpha).
    The M - K tokens that never come next have the same column of Y, which is kept once.
    """
    M, K, rounds = settings[0].M, settings[0].K, settings[0].s
    rngs = [np.random.default_rng(seed) for seed in seeds]
    drawn = [classes(s, rng) for s, rng in zip(settings, rngs, strict=True)]
    P = np.stack([frequency for frequency, _ in drawn])  # trial class token
    Y, Z, all_trials = np.zeros((len(P), M, K + 1)), np.zeros_like(P), np.arange(len(P))
    alike = np.array([1.0] * K + [M - K])  # tokens that share a column
    eta_Y, eta_Z = (np.array([getattr(s, name) for s in settings]) for name in ("eta_Y", "eta_Z"))
    for _ in range(rounds):
        for n in np.stack([rng.permutation(K) for rng in rngs], 1):
            f = features(P[all_trials, n], Z[all_trials, n])  # trial token
            logits = np.matmul(f[:, None], Y)[:, 0]  # trial column
            error = -softmax(logits + np.log(alike), axis=1) / alike
            error[all_trials, n] += 1
            back = np.matmul(Y, (error * alike)[..., None])[..., 0]  # trial token
            Y += eta_Y[:, None, None] * f[:, :, None] * error[:, None]
            Z[all_trials, n] += eta_Z[:, None] * f * (back - f * (f * back).sum(1, keepdims=True))
    return [Trained(P[i], Y[i], Z[i], drawn[i][1]) for i in range(len(P))]
