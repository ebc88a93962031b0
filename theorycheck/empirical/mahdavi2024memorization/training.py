"""Training of all weights of an attention layer, many layers at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from theorycheck.empirical.mahdavi2024memorization.responses import TrainedSetting


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


def errors(s: TrainedSetting, seeds: Sequence[int]) -> list[float]:
    """The mean squared error on its T examples that each trial ends with, by Adam (Kingma and Ba, 2015).

    Args:
        s: the setting, which trials of one batch share, but for what counts as memorised.
        seeds: one a trial.
    """
    drawn = [_draw(s, seed) for seed in seeds]
    queries, context, labels, *start = (torch.stack(each) for each in zip(*drawn, strict=True))
    weights = [each.requires_grad_() for each in start]
    optimizer = torch.optim.Adam(weights, lr=s.eta)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, s.steps)
    for _ in range(s.steps):
        optimizer.zero_grad()
        (outputs(queries, context, *weights) - labels).square().mean(1).sum().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    with torch.no_grad():
        left = (outputs(queries, context, *weights) - labels).square().mean(1)
    return [float(error) for error in left]


def _draw(s: TrainedSetting, seed: int) -> list[Tensor]:
    """Queries, context, labels; and initial W_Q, W_K, v."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator)

    query, key = (normal(s.H, s.d, s.d_h) / s.d**0.5 for _ in range(2))
    value = normal(s.H, s.d, 1) / (s.H * s.d) ** 0.5
    return [normal(s.T, s.d), normal(s.n, s.d), normal(s.T), query, key, value]
