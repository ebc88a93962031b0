"""Training of all weights of an attention layer, many layers at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from theorycheck.empirical.training_stack import at_least_two

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
    keys = context.unsqueeze(1) @ key  # (trials, H, n, d_h)
    asking = (keys @ query.mT / key.shape[-1] ** 0.5).flatten(1, 2)  # (trials, H n, d)
    scores = asking @ queries.mT  # (trials, H n, T), by a product of trials instead of heads
    attention = torch.softmax(scores.unflatten(1, keys.shape[1:3]), 2)  # over the tokens
    values = (context.unsqueeze(1) @ value).flatten(1, 2).mT  # (trials, 1, H n)
    return (values @ attention.flatten(1, 2)).squeeze(1)


def memorised(s: TrainedSetting, seeds: Sequence[int]) -> list[int]:
    """How many of a sequence of random examples each trial memorises, trained anew on the first T of them.

    T is bisected between 0 and H examples_a_head, to within FINENESS of it. Weights start alike at every T.

    Args:
        s: the setting, which trials of one batch share.
        seeds: one a trial.
    """
    most = s.H * s.examples_a_head
    half = -(-most // 2)  # two lengths to compute with, each a trial's own, and most trials alike in it
    drawn = [draw(s, most, seed) for seed in seeds]
    fitted, more = [0] * len(seeds), [most + 1] * len(seeds)
    while unsure := [i for i, f in enumerate(fitted) if more[i] - f > max(1, FINENESS * f)]:
        tried = {i: (fitted[i] + more[i]) // 2 for i in unsure}
        few, many = [i for i in tried if tried[i] <= half], [i for i in tried if tried[i] > half]
        for length, group in ((half, few), (most, many)):
            together = zip(*(drawn[i] for i in group), strict=True)
            found = errors(s, length, [tried[i] for i in group], *map(torch.stack, together)) if group else []
            for i, error in zip(group, found, strict=True):
                (fitted if error <= s.error else more)[i] = tried[i]
    return fitted


def errors(s: TrainedSetting, length: int, counts: Sequence[int], queries: Tensor, context: Tensor,
            labels: Tensor, *start: Tensor) -> list[float]:  # fmt: skip
    """Mean squared errors on the first `counts` examples after training on them by Adam (Kingma, Ba 2015).

    No trial's depends on the others.

    Args:
        s: the setting.
        length: examples to compute with; it may decide how sums are rounded.
        counts: one a trial, at most `length`.
        queries: (trials, length or more, d).
        context: (trials, n, d).
        labels: (trials, length or more).
        *start: weights, as of `outputs`.
    """
    rows = at_least_two(range(len(counts)))
    weights = [each[rows].requires_grad_() for each in start]
    queries, context, labels = queries[rows, :length], context[rows], labels[rows, :length]
    many = torch.tensor(counts)[rows, None]
    share = (torch.arange(length) < many) / many

    def now() -> Tensor:
        return (share * (outputs(queries, context, *weights) - labels).square()).sum(1)

    optimizer = torch.optim.Adam(weights, lr=s.eta, foreach=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, s.steps)
    for _ in range(s.steps):
        optimizer.zero_grad()
        now().sum().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    with torch.no_grad():
        return now()[: len(counts)].tolist()


def draw(s: TrainedSetting, examples: int, seed: int) -> list[Tensor]:
    """Queries, context, labels; and initial W_Q, W_K, v."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator)

    query, key = (normal(s.H, s.d, s.d_h) / s.d**0.5 for _ in range(2))
    value = normal(s.H, s.d, 1) / (s.H * s.d) ** 0.5
    return [normal(examples, s.d), normal(s.n, s.d), normal(examples), query, key, value]
