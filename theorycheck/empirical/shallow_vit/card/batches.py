"""The mini-batches and query tokens of coming steps, of many trials at once.

Those of a step depend on the trial and the step's number alone, so that a trial may be at any step.
"""

from __future__ import annotations

import torch
from jaxtyping import Int
from torch import Tensor

from theorycheck.empirical.shallow_vit.card.counter import For, permuted, subsets, words


def mini_batches(
    keys: Int[Tensor, "t 3"],
    step: Int[Tensor, "t k"],
    counts: Int[Tensor, "t 1"],
    size: Int[Tensor, "t 1"],
    most: int,
    width: int,
) -> Int[Tensor, "t k width"]:
    """The samples of mini-batches: every epoch is a permutation, filled up from its start.

    Args:
        keys: of the trials.
        step: numbers of the steps, from 0.
        counts: samples of each trial, at most `most`.
        size: of each trial's mini-batches, at most `width`; what follows them is padding.
        most: samples that are held of a trial.
        width: of a padded mini-batch.
    """
    epoch_steps = -(-counts // size)
    order = permuted(words(keys, For.ORDER, step // epoch_steps, most), counts[:, :, None])  # (t, k, most)
    place = (step % epoch_steps * size)[:, :, None] + torch.arange(width, device=keys.device)
    place %= counts[:, :, None]  # (t, k, width)
    whole = epoch_steps == 1  # the whole training set is taken as it is
    return torch.where(whole[:, :, None], place, order.gather(2, place))


def query_tokens(
    keys: Int[Tensor, "t 3"], step: Int[Tensor, "t k"], samples: int, tokens: int, queries: int
) -> Int[Tensor, "t k n s"]:
    """Uniform subsets of the tokens of every sample of some steps."""
    drawn = words(keys, For.QUERIES, step, samples * queries)
    return subsets(drawn.reshape(*step.shape, samples, queries), tokens)
