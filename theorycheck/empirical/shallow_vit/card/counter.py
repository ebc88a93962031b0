"""Random numbers as a function of a key and a counter, on any device: Philox4x32-10.

Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3 (SC 2011). A number depends on the
trial's key, on what it is for and on its place alone, so not on what else is drawn, nor in which order. Words
of 32 bits are held in int64, as PyTorch has few operations on unsigned integers; the products wrap around.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import IntEnum, auto

import torch
from jaxtyping import Float, Int
from torch import Tensor

WORD = 2**32
_MASK = WORD - 1
_ROUNDS = 10
_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)  # of the two products of a round: the paper's table 2
_WEYL = (0x9E3779B9, 0xBB67AE85)  # added to the key after every round: golden ratio, and sqrt(3) - 1

Four = tuple[Tensor, Tensor, Tensor, Tensor]


class For(IntEnum):
    """What numbers are for; those of different purposes are independent."""

    SIGN = auto()
    LABELS = auto()
    SHUFFLED = auto()
    RELEVANT = auto()
    CONFUSION = auto()
    SPURIOUS = auto()
    TOLD = auto()
    PATTERNS = auto()
    NOISE = auto()
    NOISY = auto()
    KEPT = auto()
    W_O = auto()
    W_V = auto()
    W_K = auto()
    W_Q = auto()
    SIGNS = auto()
    ORDER = auto()
    QUERIES = auto()


def philox(counter: Four, key: tuple[Tensor, Tensor]) -> Four:
    """Philox4x32-10 of counters and keys, all of 32-bit words in int64 of shapes that broadcast."""
    (c0, c1, c2, c3), (k0, k1) = counter, key
    for _ in range(_ROUNDS):
        first, second = c0 * _MULTIPLIERS[0], c2 * _MULTIPLIERS[1]
        c0, c2 = (second >> 32) & _MASK ^ c1 ^ k0, (first >> 32) & _MASK ^ c3 ^ k1
        c1, c3 = second & _MASK, first & _MASK
        k0, k1 = (k0 + _WEYL[0]) & _MASK, (k1 + _WEYL[1]) & _MASK
    return c0, c1, c2, c3


def keys_of(digests: Sequence[str], device: str | torch.device = "cpu") -> Int[Tensor, "t 3"]:
    """The first 96 bits of hexadecimal digests: two words are the key of Philox, one is of its counter."""
    words = [[int(digest[i : i + 8], 16) for i in (0, 8, 16)] for digest in digests]
    return torch.tensor(words, dtype=torch.int64, device=device)


def words(
    keys: Int[Tensor, "t 3"], purpose: int, stage: Int[Tensor, "t k"], count: int
) -> Int[Tensor, "t k count"]:
    """Uniform 32-bit words: the first `count` of every trial, at each of its stages (steps, epochs, ...)."""
    key, stage = keys[:, :, None, None], stage[:, :, None]
    block = torch.arange(-(-count // 4), device=keys.device)
    drawn = philox((block, stage, torch.full_like(stage, purpose), key[:, 2]), (key[:, 0], key[:, 1]))
    return torch.stack(drawn, -1).flatten(2)[:, :, :count]  # (t, k, blocks, 4) before


def below(drawn: Int[Tensor, "*shape"], n: int | Tensor) -> Int[Tensor, "*shape"]:
    """Words as whole numbers in 0..n-1; no probability is off by more than 2^-32."""
    return (drawn * n) >> 32


def uniform(drawn: Int[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Words as float32 in [0, 1), multiples of 2^-24."""
    return (drawn >> 8).to(torch.float32) * 2.0**-24


def normals(
    keys: Int[Tensor, "t 3"], purpose: int, stage: Int[Tensor, "t k"], count: int
) -> Float[Tensor, "t k count"]:
    """Standard normal float32, by Box and Muller (1958); within +-6.7."""
    drawn = words(keys, purpose, stage, count + count % 2)
    first, second = drawn[:, :, 0::2], drawn[:, :, 1::2]
    radius = torch.sqrt(-2 * torch.log((first + 1).to(torch.float32) / WORD))
    angle = second.to(torch.float32) * (2 * math.pi / WORD)
    return torch.stack((radius * torch.cos(angle), radius * torch.sin(angle)), -1).flatten(-2)[:, :, :count]


def permuted(drawn: Int[Tensor, "*shape n"], counts: Int[Tensor, "*counts"]) -> Int[Tensor, "*shape n"]:
    """Uniform permutations of 0..count-1, which come first, by words; the places after these stay last."""
    place = torch.arange(drawn.shape[-1], device=drawn.device)
    return torch.where(place < counts, drawn, WORD).argsort(stable=True)


def subsets(drawn: Int[Tensor, "*shape k"], n: int) -> Int[Tensor, "*shape k"]:
    """Uniform k-subsets of 0..n-1, by k words each: Floyd's algorithm (CACM 30, 1987, p. 754)."""
    k = drawn.shape[-1]
    chosen = torch.empty_like(drawn)
    for j in range(k):
        last = n - k + j
        one = below(drawn[..., j], last + 1)
        taken = (chosen[..., :j] == one[..., None]).any(-1)
        chosen[..., j] = torch.where(taken, last, one)
    return chosen
