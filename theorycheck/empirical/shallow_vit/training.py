"""Mini-batch SGD on the hinge loss for many trials at once (the paper's Algorithm 1), on the CPU.

The trials of a batch share their shapes. Each draws its samples, its model, its mini-batches and its query
tokens from streams of its own, so the result of a trial does not depend on its company.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import inf
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from theorycheck.empirical.shallow_vit import native
from theorycheck.empirical.shallow_vit.setting import Setting
from theorycheck.empirical.shallow_vit.tokens import Samples
from theorycheck.empirical.shallow_vit.vit import Weights, Workspace, initial_weights, loss_and_step

STEPS_DRAWN_AT_ONCE = (
    16  # a call of the generator costs as much as a small training step, so draws come in blocks
)


class Streams(NamedTuple):
    """One independent random generator for each purpose of a trial."""

    samples: np.random.Generator
    model: np.random.Generator
    steps: np.random.Generator
    test: np.random.Generator


class Trained(NamedTuple):
    """A trial that left its batch.

    Attributes:
        position: place of the trial in the batch it was given in.
        W: its weights, with t = 1.
        a: its output weights, shape (1, m).
        iterations: SGD iterations until the training loss was zero, or until the trial was given up.
        fitted: whether the training loss reached zero.
    """

    position: int
    W: Weights
    a: Float[Tensor, "1 m"]
    iterations: int
    fitted: bool


# Told, after every epoch, the iterations so far, the positions of the trials still in training, and their
# weights.
Watch = Callable[[int, Sequence[int], Weights], None]


@contextmanager
def one_thread() -> Iterator[None]:
    """Have PyTorch use one thread, as the work is shared out among processes."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def train(
    settings: Sequence[Setting],
    streams: Sequence[Streams],
    samples: Sequence[Samples],
    dtype: torch.dtype,
    watch: Watch | None = None,
) -> Iterator[Trained]:
    """Train one model a setting, all at once, and yield each as soon as it is fitted or given up.

    A trial is fitted when its loss was exactly zero in every mini-batch of an epoch: no weight moved
    meanwhile, so this is zero loss on the whole training set. It is given up after T iterations, or when its
    loss is not finite.

    Args:
        settings: one setting a trial; the fields that are shapes must agree.
        streams: random streams of each trial.
        samples: training set of each trial.
        dtype: floating-point type of weights and tokens.
        watch: looks at the models before the first step and after every epoch.

    Yields:
        Every trial once, in the order of their leaving.
    """
    if compiled(settings[0], dtype):
        for i, (setting, own, given) in enumerate(zip(settings, streams, samples, strict=True)):
            yield _train_compiled(i, setting, own, given, watch)
        return
    batch = _Batch(settings, streams, samples, dtype)
    while batch.members:
        if watch:
            watch(batch.iterations, batch.members, batch.weights)
        loss = batch.run_epoch()
        fitted = loss == 0
        leaving = fitted | ~torch.isfinite(loss) | (batch.iterations >= batch.stacked["T"])
        if bool(leaving.any()):
            yield from batch.leave(fitted, leaving)


def compiled(setting: Setting, dtype: torch.dtype) -> bool:
    """Whether such models are trained and tested by the compiled code, which takes one after the other."""
    return setting.attention and dtype == torch.float32 and native.library() is not None


def _train_compiled(
    position: int, setting: Setting, streams: Streams, samples: Samples, watch: Watch | None
) -> Trained:
    initial, a = initial_weights(streams.model, setting)
    W, a, ready = Weights(*(w.float() for w in initial)), a.float(), native.Samples(samples.X, samples.y)
    epoch, iterations, loss = setting.steps_per_epoch, 0, 1.0
    order = queries = np.empty(0, np.int64)
    while 0 < loss < inf and iterations < setting.T:
        if watch:
            watch(iterations, [position], W)
        if len(order) == 0:
            order, queries = draw_steps(streams.steps, setting)
        most = epoch if watch else -(-(setting.T - iterations) // epoch) * epoch
        taken, loss = native.take_steps(W, a, ready, order[:most], queries[:most], setting.eta, epoch)
        order, queries, iterations = order[taken:], queries[taken:], iterations + taken
    return Trained(position, W, a, iterations, fitted=loss == 0)


class _Batch:
    """The trials still in training: stacked tensors with the trial as first axis."""

    def __init__(
        self,
        settings: Sequence[Setting],
        streams: Sequence[Streams],
        samples: Sequence[Samples],
        dtype: torch.dtype,
    ) -> None:
        self.setting = settings[0]
        self.members = list(range(len(settings)))
        self.steps = [stream.steps for stream in streams]
        self.iterations = 0
        self.epochs_drawn = 0
        self.workspace = Workspace()
        models = [initial_weights(stream.model, s) for stream, s in zip(streams, settings, strict=True)]
        stacked = {name: torch.cat([getattr(W, name) for W, _ in models]) for name in Weights._fields}
        stacked["a"] = torch.cat([a for _, a in models])
        stacked["eta"] = torch.tensor([s.eta for s in settings])[:, None]
        stacked["X"] = torch.stack([torch.from_numpy(model_tokens(s.X, self.setting)) for s in samples])
        stacked["y"] = torch.stack([torch.from_numpy(s.y) for s in samples])
        self.stacked = {name: tensor.to(dtype) for name, tensor in stacked.items()}
        self.stacked["T"] = torch.tensor([s.T for s in settings])

    @property
    def weights(self) -> Weights:
        """Of the trials still in training."""
        return Weights(*(self.stacked[name] for name in Weights._fields))

    @torch.inference_mode()
    def run_epoch(self) -> Float[Tensor, " t"]:
        """Take the steps of one epoch and return the sum of the mini-batch losses of each trial."""
        if self.epochs_drawn == 0:
            self._draw_block()
        k = self.setting.steps_per_epoch
        first = self.stacked["order"].shape[1] - self.epochs_drawn * k
        self.epochs_drawn -= 1
        self.iterations += k
        losses = [self._step(step) for step in range(first, first + k)]
        return torch.stack(losses).sum(0)

    def _draw_block(self) -> None:
        drawn = [draw_steps(self.steps[i], self.setting) for i in self.members]
        for name, values in zip(("order", "queries"), zip(*drawn, strict=True), strict=True):
            self.stacked[name] = torch.from_numpy(np.stack(values))
        self.epochs_drawn = self.stacked["order"].shape[1] // self.setting.steps_per_epoch

    def _step(self, step: int) -> Float[Tensor, " t"]:
        x = self.stacked
        X, y = x["X"], x["y"]
        if self.setting.steps_per_epoch > 1:
            X, y = take_samples(X, y, x["order"][:, step], self.workspace)
        queries = None
        if self.setting.attention:
            everyone = self.setting.kept == self.setting.S
            queries = X if everyone else take_tokens(X, x["queries"][:, step], self.workspace)
        W = self.weights
        loss, change = loss_and_step(W, x["a"], X, y, queries, x["eta"], self.workspace)
        # No fused multiply-add, as sub_(dw, alpha=eta) would be: vectorised code rounds it otherwise than the
        # scalar code at the end of a tensor, so that the result would depend on where in the batch a weight
        # lies.
        for w, dw in zip(W, change, strict=True):
            w.sub_(dw)
        return loss

    def leave(self, fitted: Tensor, leaving: Tensor) -> Iterator[Trained]:
        """Yield the trials that leave, and keep the others."""
        for i in leaving.nonzero().flatten().tolist():
            W = Weights(*(self.stacked[name][i : i + 1].clone() for name in Weights._fields))
            a = self.stacked["a"][i : i + 1].clone()
            yield Trained(self.members[i], W, a, self.iterations, bool(fitted[i]))
        staying = (~leaving).nonzero().flatten()
        self.members = [self.members[i] for i in staying.tolist()]
        self.stacked = {name: tensor.index_select(0, staying) for name, tensor in self.stacked.items()}


def model_tokens(X: Float[np.ndarray, "n l d"], setting: Setting) -> Float[np.ndarray, "n k d"]:
    """Tokens as the model needs them: all k = l of them, or without attention their mean as the only one, k =
    1.
    """
    return X if setting.attention else X.mean(1, keepdims=True)


def draw_steps(
    rng: np.random.Generator, setting: Setting
) -> tuple[Int[np.ndarray, "steps b"], Int[np.ndarray, "steps b s"]]:
    """Draw the samples of the mini-batches of some epochs, and the query tokens of each (without attention
    none).
    """
    order = draw_order(rng, setting, -(-STEPS_DRAWN_AT_ONCE // setting.steps_per_epoch))
    if setting.steps_per_epoch == 1:
        order = np.sort(order, 1)  # the whole training set is taken as it is
    if setting.attention and setting.kept > setting.S:
        return order, draw_subsets(rng, setting.kept, setting.S, order.shape)
    tokens = np.arange(setting.kept if setting.attention else 0)
    return order, np.broadcast_to(tokens, (*order.shape, len(tokens)))


def draw_order(rng: np.random.Generator, setting: Setting, epochs: int) -> Int[np.ndarray, "steps b"]:
    """Draw the samples of every mini-batch of some epochs: each epoch is a permutation, filled up from its
    start.
    """
    permutations = rng.permuted(np.tile(np.arange(setting.N), (epochs, 1)), axis=1)
    filled = np.resize(np.arange(setting.N), setting.steps_per_epoch * setting.batch_size)
    return permutations[:, filled].reshape(-1, setting.batch_size)


def draw_subsets(
    rng: np.random.Generator, n: int, k: int, shape: tuple[int, ...]
) -> Int[np.ndarray, "*shape k"]:
    """Draw uniform k-subsets of 0..n-1, one for each entry of shape, by Floyd's algorithm (CACM 30, 1987, p.
    754).
    """
    subsets = np.empty((k, *shape), dtype=np.int64)
    for j in range(k):
        last = n - k + j
        drawn = rng.integers(0, last + 1, size=shape)
        subsets[j] = np.where((subsets[:j] == drawn).any(0), last, drawn)
    return np.moveaxis(subsets, 0, -1)


def take_samples(
    X: Float[Tensor, "t n l d"], y: Float[Tensor, "t n"], order: Int[Tensor, "t b"], workspace: Workspace
) -> tuple[Float[Tensor, "t b l d"], Float[Tensor, "t b"]]:
    """Gather the samples `order` of every trial."""
    t, n, l, d = X.shape
    rows = (order + n * torch.arange(t, device=X.device)[:, None]).flatten()  # (tb)
    taken = workspace.take("X", (len(rows), l * d), X)
    return torch.index_select(X.view(t * n, l * d), 0, rows, out=taken).view(t, -1, l, d), y.gather(1, order)


def take_tokens(
    X: Float[Tensor, "t n l d"], tokens: Int[Tensor, "t n s"], workspace: Workspace
) -> Float[Tensor, "t n s d"]:
    """Gather the query tokens of every sample."""
    t, n, l, d = X.shape
    rows = (tokens.reshape(t * n, -1) + l * torch.arange(t * n, device=X.device)[:, None]).flatten()  # (tns)
    taken = workspace.take("queries", (len(rows), d), X)
    return torch.index_select(X.view(-1, d), 0, rows, out=taken).view(t, n, -1, d)
