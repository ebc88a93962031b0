"""Speed of the training engine: model-steps per CPU-second, one thread, against the plain loop of the tests.

    python benchmarks/engine.py [--json] [--quick]

Both train the same model on the same data by the same algorithm. The runs alternate, and medians are compared: the
ratio is meaningful on a busy machine, the speeds are not.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"

import argparse
import json
import statistics
import sys
import time
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from oracle import ShallowViT, sgd

from theorycheck.empirical.setting import Setting
from theorycheck.empirical.tokens import draw_samples
from theorycheck.empirical.training import Streams, draw_order, draw_subsets, train
from theorycheck.empirical.vit import Weights, initial_weights

COMMON = {
    **{"alpha_relevant": 0.2, "alpha_confusion": 0.02, "tau": 0.3, "noise": "sphere", "fractions": "random"},
    **{"sigma": 0.1, "delta": 0.2, "attention": True, "test_size": 1, "tolerance": 0.01, "M": 5},
    # Too small a step to fit anything within T, so that every trial takes exactly T steps.
    "eta": 1e-4,
}
SIZES = {
    "small": {"L": 20, "S": 20, "d": 16, "m": 32, "B": 16, "N": 128, "T": 640},
    "default": {"L": 100, "S": 10, "d": 40, "m": 64, "B": 64, "N": 512, "T": 160},
}


def streams(i: int) -> Streams:
    return Streams(*(np.random.default_rng([i, purpose]) for purpose in range(4)))


def eager(setting: Setting) -> float:
    """Model-steps per CPU-second of one nn.Module under torch.optim.SGD, the same draws included."""
    s = streams(0)
    samples = draw_samples(s.samples, setting, setting.N)
    W, a = initial_weights(s.model, setting)
    model = ShallowViT(Weights(*(w.float() for w in W)), a.float(), attention=True)
    X, y = torch.from_numpy(samples.X), torch.from_numpy(samples.y)
    start = time.process_time()
    order = torch.from_numpy(draw_order(s.steps, setting, -(-setting.T // setting.steps_per_epoch)))
    tokens = [None] * len(order)
    if setting.S < setting.L:
        tokens = list(torch.from_numpy(draw_subsets(s.steps, setting.L, setting.S, order.shape)))
    sgd(model, X, y, setting, zip(order, tokens, strict=True))
    return len(order) / (time.process_time() - start)


def ours(setting: Setting) -> float:
    """Model-steps per CPU-second of the batched engine, its draws included."""
    drawn = [streams(i) for i in range(setting.trials_at_once)]
    samples = [draw_samples(s.samples, setting, setting.N) for s in drawn]
    start = time.process_time()
    steps = sum(result.iterations for result in train([setting] * len(drawn), drawn, samples, torch.float32, "cpu"))
    return steps / (time.process_time() - start)


def measure(rounds: int) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for name, shape in SIZES.items():
        setting = Setting(**COMMON, **shape)
        eager(setting), ours(setting)  # warm up
        pairs = [(eager(setting), ours(setting)) for _ in range(rounds)]
        speeds = {"eager": statistics.median(e for e, _ in pairs), "ours": statistics.median(o for _, o in pairs)}
        ratio = statistics.median(o / e for e, o in pairs)
        rows.append({"name": name, "steps_per_cpu_second": speeds, "ratio_eager": ratio})
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = measure(rounds=3 if options.quick else 15)
    if options.json:
        print(json.dumps({"sizes": rows}, indent=2))
        return
    for row in rows:
        speeds = row["steps_per_cpu_second"]
        print(
            f"{row['name']:8} eager {speeds['eager']:7.0f}  ours {speeds['ours']:7.0f}  ratio {row['ratio_eager']:.2f}"
        )


if __name__ == "__main__":
    main()
