"""Where the attention of a shallow ViT lies while it trains."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from theorycheck.empirical.looking import looking_times
from theorycheck.empirical.shallow_vit.card.measure import fresh
from theorycheck.empirical.shallow_vit.card.memory import SLOTS
from theorycheck.empirical.shallow_vit.card.training import Batch
from theorycheck.empirical.shallow_vit.generalization import prepare
from theorycheck.empirical.shallow_vit.tokens import Samples, draw_samples
from theorycheck.empirical.shallow_vit.training import Trained, Watch, one_thread, train
from theorycheck.empirical.shallow_vit.vit import Weights
from theorycheck.empirical.trial import Trial

# The probes of a trial by its position, and what trains and shows each model.
Watched = tuple[Callable[[int], Samples], Callable[[Watch], Iterator[Trained]]]
PROBES = 32  # fresh samples whose attention is looked at


def watched(trials: Sequence[Trial]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Train the trials in one batch, and watch the attention on fresh samples.

    Yields:
        Position of the trial, and its measurement: outcome ("success" when the training loss reached zero,
        else "unfitted"), iterations, and lists over the looks, at about equal ratios of iterations and at the
        end: t (iterations so far, from 0), relevant and confusion (mean attention on label-relevant and
            confusion tokens),
        own_query (the same on label-relevant tokens by label-relevant queries alone) and attended (the
        exponential of the mean entropy of the attention in nats: an effective number of tokens).
    """
    due = looking_times(max(trial.parameters["T"] for trial in trials))
    probes, train = _on_cpu(trials) if trials[0].device == "cpu" else _on_a_card(trials, due)
    looks: list[list[dict[str, float]]] = [[] for _ in trials]

    def watch(iterations: int, members: Sequence[int], W: Weights) -> None:
        if iterations in due:
            for place, i in enumerate(members):
                looks[i].append({"t": iterations} | look(_one(W, place), probes(i)))

    with one_thread():
        for trained in train(watch):
            i = trained.position
            last = {"t": trained.iterations} | look(trained.W, probes(i))
            rows = [row for row in looks[i] if row["t"] < trained.iterations] + [last]
            outcome = "success" if trained.fitted else "unfitted"
            lists = {name: [row[name] for row in rows] for name in last}
            yield i, {"outcome": outcome, "iterations": trained.iterations} | lists


def _on_cpu(trials: Sequence[Trial]) -> Watched:
    settings, streams, samples = prepare(trials)
    probes = [
        draw_samples(s.test, setting, PROBES, training=False)
        for s, setting in zip(streams, settings, strict=True)
    ]
    dtype = getattr(torch, trials[0].dtype)
    return probes.__getitem__, lambda watch: train(settings, streams, samples, dtype, watch)


def _on_a_card(trials: Sequence[Trial], due: Collection[int]) -> Watched:
    batch = Batch(trials)
    probes = lru_cache(maxsize=SLOTS)(lambda i: fresh(batch, i, PROBES))  # all of them may be many
    return probes, lambda watch: (trained for trained, _ in batch.train(watch, due))


def attention_map(W: Weights, X: Float[np.ndarray, "n l d"]) -> Float[Tensor, "n q l"]:
    """Attention of one model (t = 1): of every token as query q, on every token l."""
    tokens = torch.from_numpy(X).to(W.W_K)
    C = W.W_Q[0].T @ W.W_K[0]
    return torch.softmax(tokens @ C @ tokens.transpose(1, 2), -1)


def look(W: Weights, probes: Samples) -> dict[str, float]:
    """Where the attention of one model lies on some samples; see `watched`."""
    attention = attention_map(W, probes.X).double().cpu()
    own = torch.from_numpy(probes.pattern == np.where(probes.y > 0, 0, 1)[:, None])
    confusion = torch.from_numpy(probes.pattern == np.where(probes.y > 0, 1, 0)[:, None])
    on_own = (attention * own[:, None, :]).sum(-1)  # (n, q)
    return {
        "relevant": float(on_own.mean()),
        "confusion": float((attention * confusion[:, None, :]).sum(-1).mean()),
        "own_query": float(on_own[own].mean()),
        "attended": float(torch.special.entr(attention).sum(-1).mean().exp()),
    }


def _one(W: Weights, place: int) -> Weights:
    return Weights(*(w[place : place + 1] for w in W))
