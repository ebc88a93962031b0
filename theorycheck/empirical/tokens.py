"""The data of the shallow-ViT paper: tokens that are noisy copies of M orthonormal patterns (section 1 of the setting).

The patterns are the first M unit vectors: data and initial model are invariant under a common rotation, so no
generality is lost. Pattern 0 is the discriminative pattern of label +1, pattern 1 that of label -1.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float32, Int

from theorycheck.empirical.setting import Setting


class Samples(NamedTuple):
    """Labelled samples: tokens X (sample, token, dimension), labels y in {-1, +1} (sample,), pattern of every token."""

    X: Float32[np.ndarray, "n l d"]
    y: Float32[np.ndarray, " n"]
    pattern: Int[np.ndarray, "n l"]


def draw_samples(rng: np.random.Generator, setting: Setting, n: int) -> Samples:
    """Draw n labelled samples, label-relevant tokens first, then confusion tokens, then the others.

    The order of the tokens carries no information: the model is equivariant under permutations and samples its
    query tokens at random.

    Args:
        rng: source of all randomness.
        setting: L tokens in R^d, M patterns, fractions alpha_* and alpha_#, noise level tau.
        n: number of samples; labels are balanced, an odd sample out gets a random label.

    Returns:
        Samples with `X` of shape (n, L, d), in float32.
    """
    y = draw_labels(rng, n)
    pattern = draw_patterns(rng, setting, y)
    X = draw_noise(rng, setting, n)
    sample, token = np.ogrid[:n, : setting.L]
    X[sample, token, pattern] += 1
    return Samples(X, y, pattern)


def draw_labels(rng: np.random.Generator, n: int) -> Float32[np.ndarray, " n"]:
    """Draw n labels, as many +1 as -1 (the sign of an odd one out is random), in random order."""
    sign = rng.choice(np.array([-1.0, 1.0], dtype=np.float32))
    return rng.permutation(np.where(np.arange(n) % 2 == 0, sign, -sign))


def draw_patterns(rng: np.random.Generator, setting: Setting, y: Float32[np.ndarray, " n"]) -> Int[np.ndarray, "n l"]:
    """Draw the pattern of every token: own label's, the other label's, then uniformly from the M - 2 others."""
    relevant = draw_counts(rng, setting, setting.alpha_relevant, len(y))[:, None]
    confusion = draw_counts(rng, setting, setting.alpha_confusion, len(y))[:, None]
    own = np.where(y > 0, 0, 1)[:, None]
    token = np.arange(setting.L)[None, :]
    background = rng.integers(2, setting.M, size=(len(y), setting.L))
    return np.where(token < relevant, own, np.where(token < relevant + confusion, 1 - own, background))


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
    """Draw token noise of level tau: on the sphere of radius tau, or Gaussian with root-mean-square norm tau."""
    generator = torch.Generator().manual_seed(int(rng.integers(2**63)))  # its normals take a third of NumPy's time
    noise = torch.empty(n, setting.L, setting.d).normal_(generator=generator)
    if setting.noise == "gaussian":
        noise *= setting.tau / math.sqrt(setting.d)
    else:
        noise *= setting.tau / torch.linalg.vector_norm(noise, dim=-1, keepdim=True)
    return noise.numpy()
