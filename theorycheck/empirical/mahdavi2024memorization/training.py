"""Training of all weights of an attention layer, many layers at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from theorycheck.empirical.mahdavi2024memorization.responses import TrainedSetting

FINENESS = 0.04  # of a count, to which it is bisected


def outputs(queries: Tensor, context: Tensor, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    r"""sum_h softmax(x^T W_Q^h (W_K^h)^T E^T / sqrt(d_h)) E v^h  for every query x.

    Args:
        queries: (trials, T, d).
        context: (trials, n, d).
        query: W_Q (trials, H, d, d_h).
        key: W_K (trials, H, d, d_h).
        value: v (trials, H, d, 1).

    Returns:
        (trials, T).
    """
    asked = queries.unsqueeze(1) @ query  # (trials, H, T, d_h)
    keys = context.unsqueeze(1) @ key  # (trials, H, n, d_h)
    attention = torch.softmax(asked @ keys.mT / key.shape[-1] ** 0.5, -1)  # (trials, H, T, n)
    return (attention @ (context.unsqueeze(1) @ value)).sum(1).squeeze(-1)


def memorised(s: TrainedSetting, seeds: Sequence[int]) -> list[int]:
    """How many of a sequence of random examples each trial memorises, trained anew on the first T of them.

    T is bisected between 0 and H examples_a_head, to within FINENESS of it. Weights start alike at every T.

    Args:
        s: the setting, which trials of one batch share.
        seeds: one a trial.
    """
    most = s.H * s.examples_a_head
    drawn = [torch.stack(each) for each in zip(*(draw(s, most, seed) for seed in seeds), strict=True)]
    fitted, more = torch.zeros(len(seeds), dtype=torch.int64), torch.full((len(seeds),), most + 1)
    while ((more - fitted > 1) & (more - fitted > FINENESS * fitted)).any():
        middle = (fitted + more) // 2
        fits = errors(s, middle, *drawn) <= s.error
        fitted, more = torch.where(fits, middle, fitted), torch.where(fits, more, middle)
    return [int(count) for count in fitted]


def errors(s: TrainedSetting, counts: Tensor, queries: Tensor, context: Tensor, labels: Tensor,
            *start: Tensor) -> Tensor:  # fmt: skip
    """Mean squared errors on the first `counts` examples after training on them by Adam (Kingma, Ba 2015)."""
    weights = [each.clone().requires_grad_() for each in start]
    longest = int(counts.max())
    share = (torch.arange(longest) < counts[:, None]) / counts.clamp(min=1)[:, None]
    queries, labels = queries[:, :longest], labels[:, :longest]

    def now() -> Tensor:
        return (share * (outputs(queries, context, *weights) - labels).square()).sum(1)

    optimizer = torch.optim.Adam(weights, lr=s.eta)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, s.steps)
    for _ in range(s.steps):
        optimizer.zero_grad()
        now().sum().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    with torch.no_grad():
        return now()


def draw(s: TrainedSetting, examples: int, seed: int) -> list[Tensor]:
    """Queries, context, labels; and initial W_Q, W_K, v."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator)

    query, key = (normal(s.H, s.d, s.d_h) / s.d**0.5 for _ in range(2))
    value = normal(s.H, s.d, 1) / (s.H * s.d) ** 0.5
    return [normal(examples, s.d), normal(s.n, s.d), normal(examples), query, key, value]
