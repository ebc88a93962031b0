"""What trials of shallow ViTs measure on a card; `generalization` says what it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from theorycheck.empirical.shallow_vit import tokens
from theorycheck.empirical.shallow_vit.card.batches import query_tokens
from theorycheck.empirical.shallow_vit.card.memory import trials_tested
from theorycheck.empirical.shallow_vit.card.samples import Drawing, draw_samples, mean_token
from theorycheck.empirical.shallow_vit.card.step import forward
from theorycheck.empirical.shallow_vit.card.training import Batch, Realised
from theorycheck.empirical.shallow_vit.performance import TEST_SAMPLES_AT_ONCE, Performance
from theorycheck.empirical.shallow_vit.training import Trained
from theorycheck.empirical.shallow_vit.vit import Weights, hinge_loss

Ended = tuple[Trained, Realised]


def losses(batch: Batch, to_the_end: bool = False) -> Iterator[tuple[int, dict[str, Any]]]:
    """Train the trials and measure each on fresh samples, as `generalization.losses` does."""
    together, untested = trials_tested(batch.settings[0]), list[Ended]()
    for ended in batch.train():
        untested.append(ended)
        if len(untested) == together:
            yield from _measured(batch, untested, together, to_the_end)
            untested = []
    if untested:
        yield from _measured(batch, untested, together, to_the_end)


def _measured(
    batch: Batch, ended: Sequence[Ended], together: int, to_the_end: bool
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Measurements of some trials, padded by the first one to as many as are tested together."""
    trained = [one for one, _ in (*ended, *[ended[0]] * (together - len(ended)))]
    tested = _test(batch, trained, to_the_end)
    for (one, realised), performance in zip(ended, tested, strict=False):
        yield one.position, performance.measurement(one, batch.settings[one.position]) | realised


@torch.no_grad()
def _test(batch: Batch, trained: Sequence[Trained], to_the_end: bool) -> list[Performance]:
    """Performance of each on fresh samples, until all are seen or its losses add up to a failure."""
    members = [one.position for one in trained]
    settings = [batch.settings[i] for i in members]
    W = Weights(*(torch.cat(w) for w in zip(*(one.W for one in trained), strict=True)))
    a = torch.cat([one.a for one in trained])
    found, piece = [Performance() for _ in trained], 0
    while True:
        following = [p.still(s, to_the_end) for p, s in zip(found, settings, strict=True)]
        if not any(following):
            return found
        counts, piece = torch.tensor(following, device=a.device)[:, None], piece + 1
        asked = Drawing(batch.data[members], settings, counts, TEST_SAMPLES_AT_ONCE, stage=piece)
        for i, told in enumerate(_losses(asked, W, a)):
            found[i] = found[i].after(following[i], *told)


def _losses(asked: Drawing, W: Weights, a: Float[Tensor, "t m"]) -> list[tuple[float, int]]:
    """Sum of the hinge losses, and number of the samples that are misclassified, of each trial."""
    setting, samples = asked.setting, draw_samples(asked)
    X, y, queries = samples.X.to(a.dtype), samples.y.to(a.dtype), None
    if setting.attention:
        stage = torch.full_like(asked.counts, asked.stage)
        chosen = query_tokens(asked.keys, stage, asked.n, X.shape[2], setting.S)[:, 0, :, :, None]
        queries = X.gather(2, chosen.expand(*chosen.shape[:3], setting.d))  # (t, n, s, d)
    F = forward(W, a, X if setting.attention else mean_token(X), queries).F
    there = torch.arange(asked.n, device=a.device) < asked.counts
    loss = torch.where(there, hinge_loss(F, y), 0).double().sum(-1)
    wrong = ((y * F <= 0) & there).sum(-1)
    return list(zip(loss.tolist(), wrong.tolist(), strict=True))


@torch.no_grad()
def fresh(batch: Batch, member: int, n: int) -> tokens.Samples:
    """Draw n fresh samples of one trial; the first of its tests."""
    counts = torch.tensor([[n]], device=batch.device)
    drawn = draw_samples(Drawing(batch.data[[member]], [batch.settings[member]], counts, n, stage=1))
    return tokens.Samples(*(values[0].cpu().numpy() for values in drawn))
