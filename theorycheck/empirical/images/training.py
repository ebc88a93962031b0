"""Trains plain vision transformers on images, by the training of any module."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, optim
from torch.nn import Module
from torch.nn.functional import softplus

from theorycheck.design import Point
from theorycheck.empirical.images.setting import Setting
from theorycheck.empirical.images.tokens import draw, patch_size
from theorycheck.empirical.images.vit import ViT, rollout
from theorycheck.empirical.parameters import Mark
from theorycheck.empirical.training import Measure, Training
from theorycheck.empirical.trial import Trial

Measured = Iterator[tuple[int, dict[str, Any]]]


def trained(trials: Sequence[Trial], value: Measure) -> Measured:
    """Train trials that agree in their parameters, and measure the trained models on test samples.

    Trials that differ only in model, training or removal share their samples, and what else they draw.

    Yields:
        Position of the trial, and its measurement: outcome, steps_taken, and what was measured as `value`.
    """
    training = Training(
        model=_model,
        data=lambda point, generator: draw(Setting(**point), generator),
        loss=_logistic,
        optimizer=lambda parameters, point: optim.AdamW(parameters, lr=point["eta"]),
        schedule=lambda optimizer, point: optim.lr_scheduler.CosineAnnealingLR(optimizer, point["T"]),
        steps=lambda point: int(point["T"]),
        batch=lambda point: int(point["B"]),
        value=value,
        device=trials[0].device,
    )
    shared = Setting.marked(Mark.DATA)
    seeds = [int(trial.shared_key(shared), 16) for trial in trials]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # the work is shared out among processes
    try:
        outcomes = training([trial.parameters for trial in trials], seeds)
    finally:
        torch.set_num_threads(threads)
    for i, outcome in enumerate(outcomes):
        yield i, {"outcome": outcome.outcome, **outcome.more}


def accuracies(trials: Sequence[Trial]) -> Measured:
    """Train, and measure the share of test samples whose label is right, as test_accuracy and test_error."""
    for i, found in trained(trials, _accuracy):
        right = found.pop("value", None)
        yield i, found if right is None else {**found, "test_accuracy": right, "test_error": 1 - right}


def attention_on_object(trials: Sequence[Trial]) -> Measured:
    """Train, and measure the attention rollout on the object's tokens of test samples, as on_object."""
    K = Setting(**trials[0].parameters).K

    def on_object(model: Module, tokens: Tensor, y: Tensor) -> float:
        assert isinstance(model, ViT)
        return float(rollout(model, tokens)[:, :K].sum(1).mean())

    for i, found in trained(trials, on_object):
        share = found.pop("value", None)
        yield i, found if share is None else {**found, "on_object": share}


def _model(point: Point) -> ViT:
    s = Setting(**point)
    return ViT(patch_size(s), s.D, s.heads, s.depth, s.attention)


def _logistic(outputs: Float[Tensor, " n"], y: Float[Tensor, " n"]) -> Float[Tensor, ""]:
    return softplus(-outputs * y).mean()


def _accuracy(model: Module, tokens: Tensor, y: Tensor) -> float:
    return float((model(tokens) * y > 0).double().mean())
