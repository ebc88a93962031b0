"""Speed of the training engine: model-steps per CPU-second, one thread, against other ways to train the same
models.

    python benchmarks/engine.py [--json] [--quick]

All train the same model on the same data by the same algorithm, their draws of mini-batches and query tokens
included:

* eager: one nn.Module under torch.optim.SGD, the plain formula (tests/oracle.py);
* vmap: torch.func.vmap over the gradient of the plain formula of several models;
* jax: jit(scan) over vmap of the plain formula in JAX, and jax_reassociated of the engine's cheaper formula;
* ours: the engine.

vmap and jax get the number of models at once, of 1, 4 and 16, that suits them best. The runs alternate, and
medians are compared: ratios mean something on a busy machine, speeds do not. JAX is left out where it is not
installed ([bench]).
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ["JAX_PLATFORMS"] = "cpu"

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch.func import functional_call, grad, vmap

try:
    import jax
    import jax.numpy as jnp
except ImportError:
    jax = None

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from operations import multiply_adds, peak, shares
from oracle import ShallowViT, sgd, streams

from theorycheck.empirical.shallow_vit.setting import Setting
from theorycheck.empirical.shallow_vit.tokens import draw_samples
from theorycheck.empirical.shallow_vit.training import draw_order, draw_subsets, train
from theorycheck.empirical.shallow_vit.vit import Weights, Workspace, initial_weights

COMMON = {
    **{"alpha_relevant": 0.2, "alpha_confusion": 0.02, "tau": 0.3, "noise": "sphere", "fractions": "random"},
    **{"sigma": 0.1, "delta": 0.2, "attention": True, "test_size": 1, "tolerance": 0.01, "M": 5},
    # Too small a step to fit anything within T, so that every trial takes exactly T steps.
    "eta": 1e-4,
}
SIZES = {
    "small": {"L": 20, "S": 20, "d": 16, "m": 32, "B": 16, "N": 128, "T": 640},
    "default": {"L": 100, "S": 10, "d": 40, "m": 64, "B": 64, "N": 512, "T": 160},
    "large": {"L": 200, "S": 10, "d": 64, "m": 512, "B": 64, "N": 256, "T": 32},
}
LABELS = ("eager", "vmap", "jax", "jax_reassociated", "ours")
TOGETHER = (1, 4, 16)  # models at once, of which vmap and jax get the best


class Task:
    """Some models with their samples, and fresh streams for their draws."""

    def __init__(self, setting: Setting, models: int) -> None:
        self.setting = setting
        drawn = [streams(i) for i in range(models)]
        self.samples = [draw_samples(s.samples, setting, setting.N) for s in drawn]
        weights = [initial_weights(s.model, setting) for s in drawn]
        self.W = Weights(
            *(torch.cat([getattr(W, name) for W, _ in weights]).float() for name in Weights._fields)
        )
        self.a = torch.cat([a for _, a in weights]).float()
        self.X = np.stack([s.X for s in self.samples])
        self.y = np.stack([s.y for s in self.samples])
        self.streams = [streams(i) for i in range(models)]

    def draws(self) -> tuple[np.ndarray, np.ndarray]:
        """Samples (step, model, b) and query tokens (step, model, b, s) of every mini-batch."""
        s = self.setting
        orders, tokens = [], []
        for stream in self.streams:
            orders.append(draw_order(stream.steps, s, -(-s.T // s.steps_per_epoch)))
            shape = orders[-1].shape
            everything = np.broadcast_to(np.arange(s.L), (*shape, s.L))
            tokens.append(draw_subsets(stream.steps, s.L, s.S, shape) if s.S < s.L else everything)
        return np.stack(orders, 1), np.stack(tokens, 1)


def eager(task: Task) -> int:
    """Train the models one after the other."""
    order, tokens = (torch.from_numpy(np.ascontiguousarray(draw)) for draw in task.draws())
    for i, samples in enumerate(task.samples):
        model = ShallowViT(Weights(*(w[i : i + 1] for w in task.W)), task.a[i : i + 1], attention=True)
        X, y = torch.from_numpy(samples.X), torch.from_numpy(samples.y)
        chosen = [None] * len(order) if task.setting.S == task.setting.L else list(tokens[:, i])
        sgd(model, X, y, task.setting, zip(order[:, i], chosen, strict=True))
    return order.shape[0] * order.shape[1]


def func_vmap(task: Task) -> int:
    """Train all models at once by torch.func."""
    model = ShallowViT(Weights(*(w[:1] for w in task.W)), task.a[:1], attention=True)
    parameters = {name: w.clone() for name, w in zip(Weights._fields, task.W, strict=True)}
    X, y = torch.from_numpy(task.X), torch.from_numpy(task.y)

    def loss(parameters, a, X, y, order, tokens):
        F = functional_call(model, {**parameters, "a": a}, (X[order], tokens))
        return torch.relu(1 - y[order] * F).mean()

    step = vmap(grad(loss))
    order, tokens = (torch.from_numpy(np.ascontiguousarray(draw)) for draw in task.draws())
    with torch.no_grad():
        for one_order, one_tokens in zip(order, tokens, strict=True):
            gradient = step(parameters, task.a, X, y, one_order, one_tokens)
            for name, g in gradient.items():
                parameters[name] -= task.setting.eta * g
    return order.shape[0] * order.shape[1]


def plain(W, a, X, queries):
    """The formula as it is written, every token projected."""
    scores = (queries @ W.W_Q.T) @ jnp.swapaxes(X @ W.W_K.T, 1, 2)
    attended = jax.nn.softmax(scores) @ (X @ W.W_V.T)
    return (jax.nn.relu(attended @ W.W_O.T) @ a).mean(-1)


def reassociated(W, a, X, queries):
    """The engine's formula: no token is projected."""
    scores = (queries @ (W.W_Q.T @ W.W_K)) @ jnp.swapaxes(X, 1, 2)
    attended = jax.nn.softmax(scores) @ X
    return (jax.nn.relu(attended @ (W.W_O @ W.W_V).T) @ a).mean(-1)


def jax_scan(formula: Callable) -> Callable[[Task], int]:
    """Train all models at once by JAX."""

    def loss(W, a, X, y, tokens):
        queries = jnp.take_along_axis(X, tokens[:, :, None], 1)
        return jax.nn.relu(1 - y * formula(W, a, X, queries)).mean()

    def one_step(W, a, X, y, eta, order, tokens):
        gradient = jax.grad(loss)(W, a, X[order], y[order], tokens)
        return jax.tree.map(lambda w, g: w - eta * g, W, gradient)

    @jax.jit
    def all_steps(W, a, X, y, eta, order, tokens):
        def step(W, draws):
            return jax.vmap(one_step, in_axes=(0, 0, 0, 0, None, 0, 0))(W, a, X, y, eta, *draws), None

        return jax.lax.scan(step, W, (order, tokens))[0]

    def run(task: Task) -> int:
        order, tokens = task.draws()
        W = Weights(*(jnp.asarray(w.numpy()) for w in task.W))
        jax.block_until_ready(
            all_steps(W, jnp.asarray(task.a.numpy()), task.X, task.y, task.setting.eta, order, tokens)
        )
        return order.shape[0] * order.shape[1]

    return run


def ours(task: Task) -> int:
    """Train all models by the engine, as many at once as it asks for."""
    results = train([task.setting] * len(task.samples), task.streams, task.samples, torch.float32)
    return sum(result.iterations for result in results)


def speed(method: Callable[[Task], int], setting: Setting, models: int) -> float:
    """Model-steps per CPU-second."""
    task = Task(setting, models)
    start = time.process_time()
    steps = method(task)
    return steps / (time.process_time() - start)


def methods(setting: Setting) -> dict[str, tuple[Callable[[Task], int], tuple[int, ...]]]:
    """The contestants, with the numbers of models at once to choose from."""
    contestants: dict[str, tuple[Callable[[Task], int], tuple[int, ...]]] = {
        "eager": (eager, (1,)),
        "vmap": (func_vmap, TOGETHER),
        "ours": (ours, (setting.trials_at_once,)),
    }
    if jax is not None:
        contestants["jax"] = (jax_scan(plain), TOGETHER)
        contestants["jax_reassociated"] = (jax_scan(reassociated), TOGETHER)
    return contestants


def measure(rounds: int, shorten: int = 1) -> list[dict[str, object]]:
    """One row a size, of runs of T / shorten steps; what was not measured is None."""
    rows: list[dict[str, object]] = []
    for name, shape in SIZES.items():
        setting = Setting(**COMMON, **{**shape, "T": shape["T"] // shorten})
        chosen = {}
        for label, (method, numbers) in methods(setting).items():
            best = {
                n: max(speed(method, setting, n) for _ in range(2)) for n in numbers
            }  # the first compiles
            chosen[label] = (method, max(best, key=best.__getitem__))
        runs = [
            {label: speed(method, setting, n) for label, (method, n) in chosen.items()} for _ in range(rounds)
        ]
        speeds: dict[str, float | None] = dict.fromkeys(LABELS)
        ratios: dict[str, float | None] = {f"ratio_{label}": None for label in LABELS if label != "ours"}
        for label in chosen:
            speeds[label] = statistics.median(run[label] for run in runs)
            if label != "ours":
                ratios[f"ratio_{label}"] = statistics.median(run["ours"] / run[label] for run in runs)
        at_once = {label: n for label, (_, n) in chosen.items()}
        rows.append({"name": name, "steps_per_cpu_second": speeds, "models_at_once": at_once, **ratios})
        print(f"{name} done", file=sys.stderr, flush=True)
    return rows


def operations(size: str) -> float:
    """Multiply-adds that a step of some size needs."""
    task = Task(Setting(**COMMON, **SIZES[size]), models=1)
    found = shares(task.streams[0].test, task.setting, task.samples[0], task.W, task.a, Workspace())
    return multiply_adds(task.setting, *found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = measure(rounds=3, shorten=4) if options.quick else measure(rounds=11)
    highest = peak()
    share = {
        row["name"]: row["steps_per_cpu_second"]["ours"] * operations(row["name"]) / highest for row in rows
    }
    document = {"sizes": rows, "peak_share": share["default"], "peak_shares": share}
    if options.json:
        print(json.dumps(document, indent=2))
        return
    for row in rows:
        speeds = "  ".join(
            f"{label} {value:.0f}" for label, value in row["steps_per_cpu_second"].items() if value
        )
        ratios = "  ".join(
            f"{key} {value:.2f}" for key, value in row.items() if key.startswith("ratio") and value
        )
        print(f"{row['name']:8} {speeds}\n         {ratios}  share of peak {share[row['name']]:.2f}")


if __name__ == "__main__":
    main()
