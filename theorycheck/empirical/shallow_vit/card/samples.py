"""Samples of many trials at once, drawn where they are needed; `tokens` says what they are.

The trials agree in everything but numbers: see `Setting.shape_on`. Samples beyond a trial's own number pad it
to the others.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache, reduce
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from theorycheck.empirical.shallow_vit.card.counter import (
    WORD,
    For,
    below,
    keys_of,
    normals,
    permuted,
    uniform,
    words,
)
from theorycheck.empirical.shallow_vit.setting import Setting
from theorycheck.empirical.shallow_vit.tokens import SPURIOUS

TABLE = 2**16  # rows of noise that all tests share, as in `tokens.pick_noise`


class Samples(NamedTuple):
    """Tokens (t, n, k, d), labels and patterns of t trials."""

    X: Float[Tensor, "t n k d"]
    y: Float[Tensor, "t n"]
    pattern: Int[Tensor, "t n k"]


class Drawing(NamedTuple):
    """What a draw of samples depends on.

    Attributes:
        keys: of the trials' data.
        settings: of the trials.
        counts: samples of each trial, (t, 1).
        n: samples of each trial with those that pad it.
        stage: 0 draws training samples, 1, 2, ... draw fresh ones.
    """

    keys: Int[Tensor, "t 3"]
    settings: Sequence[Setting]
    counts: Int[Tensor, "t 1"]
    n: int
    stage: int

    @property
    def setting(self) -> Setting:
        """Of any trial: what they agree in."""
        return self.settings[0]

    def words(self, purpose: For, of_a_sample: int) -> Int[Tensor, "t n c"]:
        """Words for every sample."""
        stage = torch.full_like(self.counts, self.stage)
        return words(self.keys, purpose, stage, self.n * of_a_sample).view(len(self.keys), self.n, -1)

    def column(self, value: Callable[[Setting], float]) -> Float[Tensor, "t 1 1"]:
        """A number of every trial."""
        return torch.tensor([[[float(value(s))]] for s in self.settings], device=self.keys.device)


def draw_samples(asked: Drawing) -> Samples:
    """Draw labelled samples, as `tokens.draw_samples` does."""
    setting, training = asked.setting, asked.stage == 0
    y = _labels(asked)
    pattern = _patterns(asked, y)
    X, noisy = _noise(asked)
    one = torch.ones((), device=X.device).expand(pattern.numel(), 1)
    X.view(-1, setting.d).scatter_add_(1, pattern.view(-1, 1), one)
    if training and setting.labels == "shuffled":
        y = y.gather(1, permuted(asked.words(For.SHUFFLED, 1)[:, :, 0], asked.counts))
    if setting.removed == 0 or (setting.removal == "spurious" and not training):
        return Samples(X, y, pattern)
    kept = _kept(asked, pattern, noisy)
    return Samples(X.gather(2, kept[..., None].expand(*kept.shape, setting.d)), y, pattern.gather(2, kept))


def _labels(asked: Drawing) -> Float[Tensor, "t n"]:
    stage = torch.full_like(asked.counts, asked.stage)
    sign = 2.0 * below(words(asked.keys, For.SIGN, stage, 1)[:, :, 0], 2) - 1  # (t, 1)
    alternating = sign * (1 - 2 * (torch.arange(asked.n, device=sign.device) % 2))
    return alternating.gather(1, permuted(asked.words(For.LABELS, 1)[:, :, 0], asked.counts))


def _patterns(asked: Drawing, y: Float[Tensor, "t n"]) -> Int[Tensor, "t n l"]:
    setting = asked.setting
    own = (y < 0).long()[:, :, None]
    token = torch.arange(setting.L, device=y.device)
    first = SPURIOUS + 2 * bool(setting.alpha_spurious)
    pattern = first + below(asked.words(For.PATTERNS, setting.L), setting.M - first)
    relevant = _counts(asked, For.RELEVANT, lambda s: s.alpha_relevant)
    confusion = relevant + _counts(asked, For.CONFUSION, lambda s: s.alpha_confusion)
    if setting.alpha_spurious:
        told = own if asked.stage == 0 else below(asked.words(For.TOLD, 1), 2)
        spurious = confusion + _counts(asked, For.SPURIOUS, lambda s: s.alpha_spurious)
        pattern = torch.where(token < spurious, SPURIOUS + told, pattern)
    return torch.where(token < relevant, own, torch.where(token < confusion, 1 - own, pattern))


def _counts(asked: Drawing, purpose: For, fraction: Callable[[Setting], float]) -> Int[Tensor, "t n 1"]:
    """Tokens of one kind, as `tokens.draw_counts` does."""
    if asked.setting.fractions == "exact":
        return asked.column(lambda s: round(fraction(s) * s.L)).long().expand(-1, asked.n, 1)
    whole = asked.column(lambda s: math.floor(fraction(s) * s.L + 1e-9))
    rest = asked.column(lambda s: fraction(s) * s.L - math.floor(fraction(s) * s.L + 1e-9))
    return whole.long() + (uniform(asked.words(purpose, 1)) < rest).long()


def _noise(asked: Drawing) -> tuple[Float[Tensor, "t n l d"], Bool[Tensor, "t n l"]]:
    """Noise of every token, and which tokens have the other noise level."""
    setting, t = asked.setting, len(asked.keys)
    shape = (t, asked.n, setting.L, setting.d)
    if asked.stage == 0:
        X = _unit(
            normals(asked.keys, For.NOISE, torch.zeros_like(asked.counts), math.prod(shape[1:])).view(shape),
            setting.noise,
        )
    else:
        X = _table(setting.d, setting.noise, asked.keys.device)[asked.words(For.NOISE, setting.L) % TABLE]
    noisy = torch.zeros(shape[:3], dtype=torch.bool, device=X.device)
    level = asked.column(lambda s: s.tau)
    if setting.noisy:
        rank = asked.words(For.NOISY, setting.L).argsort(stable=True).argsort(-1)
        noisy = rank < asked.column(lambda s: round(s.noisy * s.L))
        level = torch.where(noisy, asked.column(lambda s: s.tau_noisy), level)
    return X.mul_(level[..., None]), noisy


def _unit(noise: Float[Tensor, "*shape d"], kind: str) -> Float[Tensor, "*shape d"]:
    """Standard normal noise made noise of level 1."""
    if kind == "gaussian":
        return noise.mul_(noise.shape[-1] ** -0.5)
    return noise.div_(torch.linalg.vector_norm(noise, dim=-1, keepdim=True))


@lru_cache(maxsize=4)
def _table(d: int, kind: str, device: torch.device) -> Float[Tensor, "rows d"]:
    stage = torch.zeros((1, 1), dtype=torch.int64, device=device)
    drawn = normals(keys_of(["0" * 24], device), For.NOISE, stage, TABLE * d)
    return _unit(drawn.view(TABLE, d), kind)


def _kept(
    asked: Drawing, pattern: Int[Tensor, "t n l"], noisy: Bool[Tensor, "t n l"]
) -> Int[Tensor, "t n k"]:
    """The tokens that stay, in their order, as `tokens.draw_kept` draws them."""
    setting = asked.setting
    of_kind = {
        "irrelevant": pattern >= SPURIOUS + 2 * bool(setting.alpha_spurious),
        "noisy": noisy,
        "random": torch.ones_like(noisy),
        "spurious": (pattern == SPURIOUS) | (pattern == SPURIOUS + 1),
    }[setting.removal]
    order = (of_kind * WORD + asked.words(For.KEPT, setting.L)).argsort(stable=True)
    return torch.sort(order[:, :, : setting.kept]).values


def mean_token(X: Float[Tensor, "t n k d"]) -> Float[Tensor, "t n 1 d"]:
    """The mean over the tokens of every sample, as its only token.

    Added up one by one: the order of a reduction may depend on how many samples there are.
    """
    return (reduce(torch.add, X.unbind(2)) / X.shape[2])[:, :, None]
