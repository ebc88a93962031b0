"""Whether a shallow ViT trained on N samples generalizes without error, how well it does, and how long it
trains.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from theorycheck.empirical.parameters import Mark
from theorycheck.empirical.shallow_vit import native
from theorycheck.empirical.shallow_vit.card import measure as card
from theorycheck.empirical.shallow_vit.card.training import Batch
from theorycheck.empirical.shallow_vit.performance import Performance
from theorycheck.empirical.shallow_vit.setting import Setting
from theorycheck.empirical.shallow_vit.tokens import Samples, draw_samples
from theorycheck.empirical.shallow_vit.training import (
    Streams,
    Trained,
    compiled,
    draw_subsets,
    model_tokens,
    one_thread,
    take_tokens,
    train,
)
from theorycheck.empirical.shallow_vit.vit import Workspace, forward, hinge_loss
from theorycheck.empirical.trial import Trial


def losses(trials: Sequence[Trial], to_the_end: bool = False) -> Iterator[tuple[int, dict[str, Any]]]:
    """Train the trials in one batch and measure each on fresh samples.

    Success is a mean test loss (hinge loss or misclassified share: `criterion`) of at most `tolerance` over
    `test_size` fresh samples. Trials that differ only in model or training (with and without attention, say)
    see the same samples.

    Args:
        trials: trials whose parameters are those of Setting, with equal shapes, dtype and device.
        to_the_end: whether all fresh samples are seen. Else a test ends once the losses add up to a failure,
            whatever the other samples would be, as no loss is negative.

    Yields:
        Position of the trial, and its measurement: outcome ("success", "failure", or "unfitted" when the
        training loss did not reach zero, which is no evidence about N), test_loss and test_error
        (misclassified share) with the number of test_samples, iterations, and the fractions of tokens
        realised in the training set.
    """
    if trials[0].device != "cpu":
        yield from card.losses(Batch(trials), to_the_end)
        return
    for i, trained, setting, test, realised in _trained(trials):
        yield i, _measure(trained, setting, test, to_the_end) | realised


def iterations(trials: Sequence[Trial]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Train the trials in one batch until their training loss is zero.

    Yields:
        Position of the trial, and its measurement: iterations, outcome ("success", or "unfitted" when the
        training loss did not reach zero within T, so that `iterations` is a lower bound), and the fractions
        of tokens realised.
    """
    on_cpu = ((trained, realised) for _, trained, _, _, realised in _trained(trials))
    for trained, realised in on_cpu if trials[0].device == "cpu" else Batch(trials).train():
        outcome = "success" if trained.fitted else "unfitted"
        yield trained.position, {"outcome": outcome, "iterations": trained.iterations} | realised


def _trained(
    trials: Sequence[Trial],
) -> Iterator[tuple[int, Trained, Setting, np.random.Generator, dict[str, float]]]:
    """Position, model, setting, source of fresh samples, and realised fractions of every trial, in order of
    leaving.
    """
    settings, streams, samples = prepare(trials)
    dtype = getattr(torch, trials[0].dtype)
    with one_thread():
        for trained in train(settings, streams, samples, dtype):
            i = trained.position
            yield i, trained, settings[i], streams[i].test, _realised(samples[i])


def prepare(trials: Sequence[Trial]) -> tuple[list[Setting], list[Streams], list[Samples]]:
    """Setting, random generators and training samples of every trial."""
    settings = [Setting(**trial.parameters) for trial in trials]
    streams = [draw_streams(trial) for trial in trials]
    samples = [
        draw_samples(s.samples, setting, setting.N) for s, setting in zip(streams, settings, strict=True)
    ]
    return settings, streams, samples


def draw_streams(trial: Trial) -> Streams:
    """The random generators of a trial; trials that differ in model or training only share those of data."""
    data = np.random.SeedSequence(int(trial.shared_key(Setting.marked(Mark.DATA)), 16)).spawn(2)
    own = np.random.SeedSequence(int(trial.key, 16)).spawn(2)
    samples, test, model, steps = (np.random.default_rng(s) for s in (*data, *own))
    return Streams(samples=samples, test=test, model=model, steps=steps)


def _measure(
    trained: Trained, setting: Setting, rng: np.random.Generator, to_the_end: bool
) -> dict[str, Any]:
    workspace, found = Workspace(), Performance()
    while n := found.still(setting, to_the_end):
        F, y = _predict(trained, setting, draw_samples(rng, setting, n, training=False), rng, workspace)
        found = found.after(n, float(hinge_loss(F, y).double().sum()), int((y * F <= 0).sum()))
    return found.measurement(trained, setting)


def _predict(
    trained: Trained, setting: Setting, samples: Samples, rng: np.random.Generator, workspace: Workspace
) -> tuple[Tensor, Tensor]:
    like, queries = trained.a, None
    X = torch.from_numpy(model_tokens(samples.X, setting))[None].to(like)
    y = torch.from_numpy(samples.y)[None].to(like)
    if setting.attention:
        tokens = draw_subsets(rng, samples.X.shape[1], setting.S, (1, len(samples.y)))
        if compiled(setting, like.dtype):
            return native.outputs(trained.W, trained.a, samples.X, tokens[0]), y
        queries = take_tokens(X, torch.from_numpy(tokens), workspace)
    return forward(trained.W, trained.a, X, queries, workspace).F, y


def _realised(samples: Samples) -> dict[str, float]:
    own = np.where(samples.y > 0, 0, 1)[:, None]
    return {
        "realised_alpha_relevant": float((samples.pattern == own).mean()),
        "realised_alpha_confusion": float((samples.pattern == 1 - own).mean()),
    }
