"""Samples: the patches of an image of one of two classes among patches of background.

How the paper places its images among background is not known. Here every background token is a patch of some
image of another class, each drawn by itself, of the same split; tokens carry no position, so that their order
says nothing. The object keeps its size, whatever alpha_* is.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from theorycheck.empirical.images.setting import Setting
from theorycheck.empirical.images.sources import opened

Samples = tuple[Tensor, Tensor]  # tokens (n, l, p) and labels (n,)
SPURIOUS_IN_TESTS = 0.5


def draw(setting: Setting, generator: torch.Generator) -> tuple[Samples, Samples]:
    """Training and test samples of a trial."""
    seed = int(torch.randint(2**62, (), generator=generator))
    training, test, removal, labels = (
        np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(4)
    )
    x, y = _samples(setting, training, "train", setting.N)
    fresh, own = _samples(setting, test, "test", setting.test_size)
    if setting.labels == "shuffled":
        y = labels.permutation(y)
    return (torch.from_numpy(_kept(setting, x, removal)), torch.from_numpy(y)), (
        torch.from_numpy(_kept(setting, fresh, removal)),
        torch.from_numpy(own),
    )


def _samples(
    setting: Setting, rng: np.random.Generator, split: str, n: int
) -> tuple[UInt8[np.ndarray, "n l p"], Float[np.ndarray, " n"]]:
    """Samples of a split, the object's K tokens first; labels alternate."""
    images = opened(setting.data).images[split]
    y = np.where(np.arange(n) % 2, 1, -1).astype(np.float32)
    objects = np.empty((n, *images[setting.first].shape[1:]), np.uint8)
    for sign, name in ((-1, setting.first), (1, setting.second)):
        objects[y == sign] = images[name][_distinct(rng, len(images[name]), n // 2)]
    background = _background(setting, rng, split, y)
    return np.concatenate([patches(objects, setting.grid), background], 1), y


def _distinct(rng: np.random.Generator, of: int, count: int) -> Int[np.ndarray, " count"]:
    """Rows without replacement; where there are too few, each as often as any other, or once more."""
    rounds = -(-count // of)
    return np.concatenate([rng.permutation(of) for _ in range(rounds)])[:count]


def _background(
    setting: Setting, rng: np.random.Generator, split: str, y: Float[np.ndarray, " n"]
) -> UInt8[np.ndarray, "n b p"]:
    others = tuple(c for c in opened(setting.data).classes if c not in (setting.first, setting.second))
    shape = (len(y), setting.L - setting.K)
    if not setting.spurious:
        pool = _pool(setting.data, others, setting.grid, split)
        return pool[rng.integers(len(pool), size=shape)]
    alike = rng.random(len(y)) < (setting.spurious if split == "train" else SPURIOUS_IN_TESTS)
    found = np.empty((*shape, _pool(setting.data, others[:1], setting.grid, split).shape[1]), np.uint8)
    for sign, name in ((-1, others[0]), (1, others[1])):  # the background that goes with a label
        rows, pool = np.where(alike, y, -y) == sign, _pool(setting.data, (name,), setting.grid, split)
        found[rows] = pool[rng.integers(len(pool), size=(int(rows.sum()), shape[1]))]
    return found


@lru_cache(maxsize=8)
def _pool(data: str, classes: tuple[str, ...], grid: int, split: str) -> UInt8[np.ndarray, "b p"]:
    """All patches of the images of some classes."""
    images = opened(data).images[split]
    cut = [patches(images[name], grid) for name in classes]
    return np.concatenate([one.reshape(-1, one.shape[-1]) for one in cut])


def patches(images: UInt8[np.ndarray, "n s s c"], grid: int) -> UInt8[np.ndarray, "n k p"]:
    """Images cut into K = grid x grid patches, row by row."""
    n, side, _, channels = images.shape
    size = side // grid
    cut = images.reshape(n, grid, size, grid, size, channels).swapaxes(2, 3)  # (n, grid, grid, size, size, c)
    return cut.reshape(n, grid**2, size**2 * channels)


def patch_size(setting: Setting) -> int:
    """Numbers of a token."""
    side, _, channels = opened(setting.data).images["train"][setting.first].shape[1:]
    return int((side // setting.grid) ** 2 * channels)


def _kept(
    setting: Setting, tokens: UInt8[np.ndarray, "n l p"], rng: np.random.Generator
) -> UInt8[np.ndarray, "n m p"]:
    """The tokens that are not removed; those that are, are drawn for each sample."""
    if not setting.removed:
        return tokens
    n, L, _ = tokens.shape
    chance = rng.random((n, L))
    if setting.removal == "background":
        chance[:, : setting.K] -= 1  # the object's come first, and stay
    stay = np.sort(np.argsort(chance, 1)[:, : L - setting.removed], 1)
    return np.take_along_axis(tokens, stay[..., None], 1)
