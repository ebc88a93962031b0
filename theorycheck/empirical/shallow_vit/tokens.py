"""The data of the shallow-ViT paper: tokens that are noisy copies of M orthonormal patterns (section 1 of the
setting).

The patterns are the first M unit vectors: data and initial model are invariant under a common rotation, so no
generality is lost. Pattern 0 is the discriminative pattern of label +1, pattern 1 that of label -1.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float32, Int

from theorycheck.empirical.shallow_vit.setting import Setting


class Samples(NamedTuple):
    """Labelled samples: tokens X (sample, token, dimension), labels y in {-1, +1} (sample,), pattern of every
    token.
    """

    X: Float32[np.ndarray, "n l d"]
    y: Float32[np.ndarray, " n"]
    pattern: Int[np.ndarray, "n l"]


SPURIOUS = 2  # pattern that goes with the label +1 in training, and the next one with -1


def draw_samples(rng: np.random.Generator, setting: Setting, n: int, training: bool = True) -> Samples:
    """Draw n labelled samples, label-relevant tokens first, then confusion tokens, spurious ones, and the
    others.

    The order of the tokens carries no information: the model is equivariant under permutations and samples
    its query tokens at random.

    Args:
        rng: source of all randomness.
        setting: L tokens in R^d, M patterns, fractions alpha_* and alpha_#, noise level tau.
        n: number of samples; labels are balanced, an odd sample out gets a random label.
        training: whether spurious tokens tell the label, and are removed where the setting says so; whether
            labels are shuffled where it says so; and whether no two tokens share their noise, see
            `pick_noise`.

    Returns:
        Samples with `X` of shape (n, L, d), in float32; L less the tokens that the setting removes.
    """
    y = draw_labels(rng, n)
    pattern = draw_patterns(rng, setting, y, training)
    X = draw_noise(rng, setting, n) if training else pick_noise(rng, setting, n)
    noisy = draw_noisy(rng, setting, n)
    if setting.noisy:
        X[noisy] *= setting.tau_noisy / setting.tau
    X.reshape(-1)[np.arange(pattern.size) * setting.d + pattern.ravel()] += 1  # faster than by three indices
    if training and setting.labels == "shuffled":
        (own,) = rng.spawn(1)
        y = own.permutation(y)
    if setting.removed == 0 or (setting.removal == "spurious" and not training):
        return Samples(X, y, pattern)
    sample, kept = np.arange(n)[:, None], draw_kept(rng, setting, y, pattern, noisy)
    return Samples(X[sample, kept], y, pattern[sample, kept])


def draw_labels(rng: np.random.Generator, n: int) -> Float32[np.ndarray, " n"]:
    """Draw n labels, as many +1 as -1 (the sign of an odd one out is random), in random order."""
    sign = rng.choice(np.array([-1.0, 1.0], dtype=np.float32))
    return rng.permutation(np.where(np.arange(n) % 2 == 0, sign, -sign))


def draw_patterns(
    rng: np.random.Generator, setting: Setting, y: Float32[np.ndarray, " n"], training: bool = True
) -> Int[np.ndarray, "n l"]:
    """Draw the pattern of every token: own label's, the other label's, then uniformly from the M - 2 others.

    With spurious tokens, these come third, with a pattern that tells the label in training and a random one
    of the two in tests; the others have the M - 4 remaining patterns.
    """
    relevant, confusion = (counts[:, None] for counts in draw_vote(rng, setting, len(y)))
    own = np.where(y > 0, 0, 1)[:, None]
    token = np.arange(setting.L)[None, :]
    background = rng.integers(SPURIOUS, setting.M, size=(len(y), setting.L))
    if setting.alpha_spurious:
        told = own if training else rng.integers(0, 2, size=(len(y), 1))
        spurious = draw_counts(rng, setting, setting.alpha_spurious, len(y))[:, None]
        others = rng.integers(SPURIOUS + 2, setting.M, size=background.shape)
        background = np.where(token < relevant + confusion + spurious, SPURIOUS + told, others)
    return np.where(token < relevant, own, np.where(token < relevant + confusion, 1 - own, background))


def draw_noisy(rng: np.random.Generator, setting: Setting, n: int) -> Bool[np.ndarray, "n l"]:
    """Draw which tokens have the other noise level: equally many in every sample, wherever they are."""
    if not setting.noisy:
        return np.zeros((n, setting.L), bool)
    rank = rng.random((n, setting.L)).argsort(1).argsort(1)
    return rank < round(setting.noisy * setting.L)


def draw_kept(
    rng: np.random.Generator,
    setting: Setting,
    y: Float32[np.ndarray, " n"],
    pattern: Int[np.ndarray, "n l"],
    noisy: Bool[np.ndarray, "n l"],
) -> Int[np.ndarray, "n k"]:
    """Draw which tokens stay, in their order: all but `removed` random ones of the kind that is removed.

    From a generator of its own, so that samples that differ in nothing but what is removed are the same
    samples.
    """
    of_kind = {
        "none": np.zeros_like(noisy),
        "irrelevant": pattern >= SPURIOUS + 2 * bool(setting.alpha_spurious),
        "noisy": noisy,
        "random": np.ones_like(noisy),
        "spurious": (pattern == SPURIOUS) | (pattern == SPURIOUS + 1),
    }[setting.removal]
    (own,) = rng.spawn(1)
    order = (of_kind + own.random(pattern.shape)).argsort(1)  # those of the kind come last
    return np.sort(order[:, : setting.kept], 1)


def draw_vote(
    rng: np.random.Generator, setting: Setting, n: int
) -> tuple[Int[np.ndarray, " n"], Int[np.ndarray, " n"]]:
    """Draw the numbers of label-relevant and of confusion tokens in each of n samples.

    Where the kind of every token is drawn by itself, the majority tells the label, so that the label-relevant
    tokens are the more numerous ones; samples with a tie are drawn again.
    """
    fractions = (setting.alpha_relevant, setting.alpha_confusion)
    if setting.fractions != "independent":
        relevant, confusion = (draw_counts(rng, setting, fraction, n) for fraction in fractions)
        return relevant, confusion
    votes = np.zeros((n, 2), np.int64)
    while len(tied := np.flatnonzero(votes[:, 0] == votes[:, 1])):
        chances = (*fractions, max(0.0, 1 - sum(fractions)))
        votes[tied] = rng.multinomial(setting.L, chances, size=len(tied))[:, :2]
    return votes.max(1), votes.min(1)


def draw_counts(rng: np.random.Generator, setting: Setting, fraction: float, n: int) -> Int[np.ndarray, " n"]:
    """Draw the number of tokens of one kind in each of n samples, with mean fraction * L.

    Exact fractions give every sample the same count; random ones round fraction * L up or down at random, so
    that the mean is exact even where fraction * L is not a whole number.
    """
    mean = float(fraction * setting.L)
    if setting.fractions == "exact":
        return np.full(n, round(mean))
    # The guard keeps 8.000000001, a whole number up to rounding, from becoming 9 once in a billion samples.
    floor = math.floor(mean + 1e-9)
    return np.where(rng.random(n) < mean - floor, floor + 1, floor)


def draw_noise(rng: np.random.Generator, setting: Setting, n: int) -> Float32[np.ndarray, "n l d"]:
    """Draw token noise of level tau: on the sphere of radius tau, or Gaussian with RMS norm tau."""
    return _normal_noise(int(rng.integers(2**63)), (n, setting.L, setting.d), setting.noise, setting.tau)


def pick_noise(rng: np.random.Generator, setting: Setting, n: int) -> Float32[np.ndarray, "n l d"]:
    """Pick token noise, for tests, from a table of 2^16 draws of it, which all trials share.

    To draw it anew would take two thirds of the time of a test, for no other outcome: a test of 500 samples
    of 100 tokens has fewer tokens than the table has rows (docs/design-of-the-experiment.md).
    """
    table = _noise_table(setting.d, setting.noise)
    rows = rng.integers(0, len(table), (n, setting.L), dtype=np.uint16)
    noise = table.take(rows, axis=0, mode="clip")  # none is out of range; looking whether one is takes longer
    noise *= np.float32(setting.tau)
    return noise


@lru_cache(maxsize=2)
def _noise_table(d: int, kind: str) -> Float32[np.ndarray, "rows d"]:
    return _normal_noise(0, (2**16, d), kind, level=1.0)


def _normal_noise(
    seed: int, shape: tuple[int, ...], kind: str, level: float
) -> Float32[np.ndarray, "*shape"]:
    noise = torch.empty(shape).normal_(
        generator=torch.Generator().manual_seed(seed)
    )  # a third of NumPy's time
    if kind == "gaussian":
        noise *= level / math.sqrt(shape[-1])
    else:
        noise *= level / torch.linalg.vector_norm(noise, dim=-1, keepdim=True)
    return noise.numpy()
