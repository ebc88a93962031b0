"""Trains plain vision transformers on images, by the training of any module."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, optim
from torch.nn import Module
from torch.nn.functional import softplus

from theorycheck.design import Point
from theorycheck.empirical.images.pretraining import start
from theorycheck.empirical.images.setting import Setting
from theorycheck.empirical.images.tokens import Samples, draw, patch_size
from theorycheck.empirical.images.vit import ViT, rollout
from theorycheck.empirical.parameters import Mark
from theorycheck.empirical.training import Training
from theorycheck.empirical.trial import Trial

TESTED_AT_ONCE = 128  # samples: a thousand photographs take a gigabyte
Measured = Iterator[tuple[int, dict[str, Any]]]


def trained(trials: Sequence[Trial], value: Callable[[Module, Tensor, Tensor], Any]) -> Measured:
    """Train trials that agree in their parameters but N, and measure the trained models.

    They are measured on the N training samples and, after them, the test samples.

    Trials that differ only in model, training or removal share their samples, and what else they draw.

    Yields:
        Position of the trial, and its measurement: outcome, steps_taken, and what was measured as `value`.
    """
    training = Training(
        model=_model,
        data=_data,
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
    """Train, and measure how many labels are right: train_accuracy, test_accuracy and test_error."""
    tests = Setting(**trials[0].parameters).test_size

    def right(model: Module, tokens: Tensor, y: Tensor) -> dict[str, float]:
        outputs = torch.cat([model(part) for part in torch.split(tokens, TESTED_AT_ONCE)])
        correct = (outputs * y > 0).double()
        return {"value": float(correct[-tests:].mean()), "train_accuracy": float(correct[:-tests].mean())}

    for i, found in trained(trials, right):
        test = found.pop("value", None)
        yield i, found if test is None else {**found, "test_accuracy": test, "test_error": 1 - test}


def attention_on_object(trials: Sequence[Trial]) -> Measured:
    """Train, and measure the attention rollout on the object's tokens of test samples, as on_object."""
    s = Setting(**trials[0].parameters)

    def on_object(model: Module, tokens: Tensor, y: Tensor) -> float:
        assert isinstance(model, ViT)
        shares = torch.cat(
            [rollout(model, part) for part in torch.split(tokens[-s.test_size :], TESTED_AT_ONCE)]
        )
        return float(shares[:, : s.K].sum(1).mean())

    for i, found in trained(trials, on_object):
        share = found.pop("value", None)
        yield i, found if share is None else {**found, "on_object": share}


def _model(point: Point) -> ViT:
    s = Setting(**point)
    return start(ViT(patch_size(s), s.D, s.heads, s.depth, s.attention), s)


def _data(point: Point, generator: torch.Generator) -> tuple[Samples, Samples]:
    training, test = draw(Setting(**point), generator)
    return training, (torch.cat([training[0], test[0]]), torch.cat([training[1], test[1]]))


def _logistic(outputs: Float[Tensor, " n"], y: Float[Tensor, " n"]) -> Float[Tensor, ""]:
    return softplus(-outputs * y).mean()
