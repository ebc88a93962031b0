"""SGD steps of all slots, in place, and as a graph that a card carries out by itself."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import NamedTuple

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from theorycheck.empirical.shallow_vit.card.batches import mini_batches, query_tokens
from theorycheck.empirical.shallow_vit.card.step import loss_and_step
from theorycheck.empirical.shallow_vit.setting import Setting
from theorycheck.empirical.shallow_vit.vit import Weights

State = dict[str, Tensor]  # by name, with the slot as first axis: see `Slots`


class Coming(NamedTuple):
    """What is drawn for the coming steps, the step as first axis.

    Attributes:
        samples: of every mini-batch, as rows of all X; None where every mini-batch is the whole training set.
        queries: of every mini-batch, as rows of its tokens; None where all tokens are queries, or none is.
        ends: whether an epoch ends with the step.
        goes_on: whether more steps may follow.
    """

    samples: Int[Tensor, "k slots n"] | None
    queries: Int[Tensor, "k slots ns"] | None
    ends: Bool[Tensor, "k slots 1"]
    goes_on: Bool[Tensor, "k slots 1"]


class Stepping:
    """Takes some steps of all slots."""

    def __init__(self, setting: Setting, state: State, width: int, together: int, steps: int) -> None:
        """Prepare.

        Args:
            setting: of any trial.
            state: is changed in place, as a captured graph needs it.
            width: samples of a padded mini-batch.
            together: slots that an operation takes at once; the results of a trial may depend on it in their
                last bits, so it is fixed.
            steps: taken by a call.
        """
        self.setting, self.state, self.width, self.steps = setting, state, width, steps
        slots, self.most = state["y"].shape
        self.parts = [slice(i, min(i + together, slots)) for i in range(0, slots, together)]

    @torch.no_grad()
    def __call__(self) -> None:
        """Take the steps."""
        coming = self._draw()
        for i in range(self.steps):
            for part in self.parts:
                self._step(coming, i, part)
            self._count(coming.ends[i], coming.goes_on[i])

    def captured(self) -> Callable[[], None]:
        """The same as a graph, whose kernels start without this process; no slot may be live yet."""
        beside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        beside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(beside):
            self()  # once as it is, as libraries make their workspaces
        torch.cuda.current_stream().wait_stream(beside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self()
        return graph.replay

    def _draw(self) -> Coming:
        x, s, samples, queries = self.state, self.setting, None, None
        slots, device = len(x["y"]), x["y"].device
        step = x["step"] + torch.arange(self.steps, device=device)  # (slots, k)
        if self.most > self.width:
            first = torch.arange(0, slots * self.most, self.most, device=device)[:, None, None]
            drawn = mini_batches(x["keys"], step, x["counts"], x["size"], self.most, self.width)
            samples = (first + drawn).transpose(0, 1).contiguous()
        if s.attention and s.kept > s.S:
            sample = torch.arange(slots * self.width, device=device).view(slots, 1, self.width, 1)
            sample %= self.parts[0].stop * self.width  # of those that an operation takes at once
            drawn = query_tokens(x["keys"], step, self.width, s.kept, s.S)
            queries = (sample * s.kept + drawn).transpose(0, 1).flatten(2)
        ends = (step + 1) % -(-x["counts"] // x["size"]) == 0
        goes_on = step + 1 < x["T"]
        return Coming(samples, queries, *(told.t()[:, :, None].contiguous() for told in (ends, goes_on)))

    def _step(self, coming: Coming, i: int, part: slice) -> None:
        x = {name: values[part] for name, values in self.state.items()}
        X, y, queries = x["X"], x["y"], None
        if coming.samples is not None:
            rows = coming.samples[i, part].flatten()
            X = self.state["X"].flatten(0, 1).index_select(0, rows).view(-1, self.width, *X.shape[2:])
            y = self.state["y"].flatten().index_select(0, rows).view(-1, self.width)
        if self.setting.attention:
            queries = X
        if coming.queries is not None:
            rows = coming.queries[i, part].flatten()
            queries = X.flatten(0, 2).index_select(0, rows).view(*y.shape, -1, X.shape[3])
        W = Weights(*(x[name] for name in Weights._fields))
        loss, change = loss_and_step(W, x["a"], X, y, queries, x["share"], x["eta"] * x["live"])
        for w, dw in zip(W, change, strict=True):
            w.sub_(dw)  # no fused multiply-add: see training._Batch._step
        x["loss"] += loss[:, None]

    def _count(self, ends: Bool[Tensor, "slots 1"], goes_on: Bool[Tensor, "slots 1"]) -> None:
        """Have trials rest that are fitted, or given up, at the end of an epoch."""
        x = self.state
        x["step"] += x["live"]
        x["fitted"] |= x["live"] & ends & (x["loss"] == 0)
        x["live"] &= (x["loss"] > 0) & (x["loss"] < inf) & goes_on | ~ends
        x["loss"].masked_fill_(ends, 0)
