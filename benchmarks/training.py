"""Speed of the training of any module: trials per CPU-second, one thread, against the plain loop of PyTorch.

    python benchmarks/training.py [--json] [--quick]

All train the same models on the same data for the same number of steps:

* loop: one nn.Module after the other under torch.optim, as anybody would;
* training 1, 8, 32: theorycheck.Training with so many trials at once, what it spends on checks included;
* engine: the shallow ViT's own engine, where the model is that one.

The runs alternate, and medians are compared: ratios mean something on a busy machine, speeds do not.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import vit_module

from theorycheck import Training
from theorycheck.empirical.shallow_vit import REVISION
from theorycheck.empirical.sweep import train_batch
from theorycheck.empirical.trial import Trial

TRIALS = 32
AT_ONCE = (1, 8, 32)
VIT = {
    **{"alpha_relevant": 0.2, "alpha_confusion": 0.02, "tau": 0.3, "noise": "sphere", "fractions": "random"},
    **{"sigma": 0.1, "delta": 0.2, "attention": True, "test_size": 1, "tolerance": 0.01, "M": 5},
    **{"L": 20, "S": 20, "d": 16, "m": 32, "B": 128, "N": 32},
    "eta": 1e-4,  # too small a step to fit anything within T, so that every trial takes exactly T steps
}


def sgd(parameters: Any, point: Mapping[str, Any]) -> torch.optim.Optimizer:
    """Plain stochastic gradient descent."""
    return torch.optim.SGD(parameters, lr=point["eta"])


def adam(parameters: Any, point: Mapping[str, Any]) -> torch.optim.Optimizer:
    """Adam."""
    return torch.optim.Adam(parameters, lr=point["eta"])


def normal(*shape: int) -> Callable[[Any, torch.Generator], tuple[torch.Tensor, torch.Tensor]]:
    """Draws standard normal inputs, whose label is the sign of their first number."""

    def data(point: Any, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        x = torch.randn(*shape, generator=generator)
        return x, x.flatten(1)[:, :1].sign()

    return data


def mlp(width: int) -> Callable[[Any], nn.Module]:
    """Makes networks with one hidden layer over 20 inputs."""
    return lambda point: nn.Sequential(nn.Linear(20, width), nn.ReLU(), nn.Linear(width, 1))


def cnn(point: Any) -> nn.Module:
    """Two convolutions over images of 3 x 12 x 12."""
    return nn.Sequential(
        *(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 3), nn.ReLU(), nn.Flatten()),
        nn.Linear(144, 1),
    )


def task(steps: int, **told: Any) -> Training:
    """A training that takes all its steps, and measures nothing that takes time."""
    return Training(**{"loss": vit_module.hinge, "steps": steps, "value": lambda module, x, y: 1.0, **told})


def tasks(quick: bool) -> dict[str, tuple[Training, dict[str, Any]]]:
    """Trainings, and their design points."""
    steps = 50 if quick else 300
    point = {"eta": 1e-3}
    vit = {"model": vit_module.model, "data": vit_module.data, "optimizer": sgd}
    narrow = {"model": mlp(64), "data": normal(64, 20), "batch": 16}
    wide = {"model": mlp(1024), "data": normal(256, 20), "batch": 256}
    images = {"model": cnn, "data": normal(64, 3, 12, 12), "batch": 16}
    return {
        "MLP, 64 neurons, batches of 16, SGD": (task(steps, optimizer=sgd, **narrow), point),
        "MLP, 64 neurons, batches of 16, Adam": (task(steps, optimizer=adam, **narrow), point),
        "MLP, 1024 neurons, batches of 256, SGD": (task(steps, optimizer=sgd, **wide), point),
        "CNN on 3 x 12 x 12, batches of 16, SGD": (task(steps, optimizer=sgd, **images), point),
        "shallow ViT, L = 20, batches of 32, SGD": (task(steps, **vit), {**VIT, "T": steps}),
    }


def loop(training: Training, point: Mapping[str, Any]) -> None:
    """The plain loop of PyTorch."""
    for seed in range(TRIALS):
        torch.manual_seed(seed)
        module = training.model(point)
        drawn = training.data(point, torch.Generator().manual_seed(seed))
        x, y = drawn if isinstance(drawn[0], torch.Tensor) else drawn[0]
        optimizer, taken = training.optimizer(module.parameters(), point), 0
        while taken < training.steps:
            rows = torch.randperm(len(x)) if training.batch else torch.arange(len(x))
            for part in rows.split(training.batch or len(x)):
                optimizer.zero_grad()
                loss = training.loss(module(x[part]), y[part])
                loss.backward()
                optimizer.step()
                taken += 1


def together(training: Training, point: Mapping[str, Any], size: int) -> None:
    """The same number of trials, so many at once."""
    for first in range(0, TRIALS, size):
        replace(training, at_once=size)([point] * size, range(first, first + size))


def engine(point: Mapping[str, Any]) -> None:
    """The same by the shallow ViT's own engine."""
    trials = [Trial("training_iterations", point, 0, i, REVISION) for i in range(TRIALS)]
    train_batch(trials)


def measure(training: Training, point: Mapping[str, Any], rounds: int) -> dict[str, float]:
    """Trials per CPU-second of each way: medians of alternating runs."""
    ways: dict[str, Callable[[], None]] = {"loop": lambda: loop(training, point)}
    for size in AT_ONCE:
        ways[f"training {size}"] = lambda size=size: together(training, point, size)  # type: ignore[misc]
    if "L" in point:
        ways["engine"] = lambda: engine(point)
    taken: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, run in ways.items():
            begun = time.process_time()
            run()
            taken[way].append(time.process_time() - begun)
    return {way: TRIALS / statistics.median(seconds) for way, seconds in taken.items()}


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--quick", action="store_true", help="fewer steps and rounds")
    options = parser.parse_args()
    torch.set_num_threads(1)
    ways = ["loop", *(f"training {size}" for size in AT_ONCE), "engine"]
    found = {}
    if not options.json:
        print("| trials per CPU-second (ratio to the loop) | " + " | ".join(ways) + " |")
        print("|:---" + "|---:" * len(ways) + "|")
    for name, (training, point) in tasks(options.quick).items():
        speeds = found[name] = measure(training, point, 1 if options.quick else 3)
        cells = [f"{speeds[w]:.3g} ({speeds[w] / speeds['loop']:.1f})" if w in speeds else "" for w in ways]
        if not options.json:
            print(f"| {name} | " + " | ".join(cells) + " |", flush=True)
    if options.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
