"""Trials that train side by side on a card: as many as there are slots, each of which takes the next trial
when its own has ended.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce

import torch
from jaxtyping import Int
from torch import Tensor

from theorycheck.empirical.shallow_vit.card.batches import mini_batches, query_tokens
from theorycheck.empirical.shallow_vit.card.models import draw_models
from theorycheck.empirical.shallow_vit.card.samples import Samples
from theorycheck.empirical.shallow_vit.card.shapes import width
from theorycheck.empirical.shallow_vit.card.step import loss_and_step
from theorycheck.empirical.shallow_vit.setting import Setting
from theorycheck.empirical.shallow_vit.training import Trained
from theorycheck.empirical.shallow_vit.vit import Weights


class Slots:
    """Tensors with the slot as first axis, in place from step to step, as a captured graph needs them.

    Attributes:
        members: position of the trial in each slot; None where it is free.
        taken: steps taken since the trial of a slot entered it.
    """

    def __init__(
        self, setting: Setting, most: int, slots: int, steps: int, dtype: torch.dtype, device: str
    ) -> None:
        """Make room.

        Args:
            setting: of any of the trials.
            most: samples that one of them has.
            slots: trials side by side.
            steps: taken by each call of `run`.
            dtype: of weights and tokens.
            device: where they are.
        """
        self.setting, self.width, self.steps = setting, width(setting), steps
        self.most = max(most, self.width)
        self.members: list[int | None] = [None] * slots
        self.taken = [0] * slots
        s, tokens = setting, setting.kept if setting.attention else 1
        square = dict.fromkeys(("W_V", "W_K", "W_Q"), (s.d, s.d))
        real = {"X": (self.most, tokens, s.d), "y": (self.most,), "W_O": (s.m, s.d), **square, "a": (s.m,)}
        real |= {"share": (self.width,), "eta": (1,), "loss": (1,)}
        whole = {"keys": 3, "counts": 1, "size": 1, "T": 1, "step": 1}
        self.state = {
            n: torch.zeros((slots, *shape), dtype=dtype, device=device) for n, shape in real.items()
        }
        self.state |= {n: torch.ones((slots, k), dtype=torch.int64, device=device) for n, k in whole.items()}
        for name in ("live", "fitted"):
            self.state[name] = torch.zeros((slots, 1), dtype=torch.bool, device=device)
        self._advance = self._captured() if device == "cuda" else self._take_steps

    @property
    def free(self) -> list[int]:
        """Slots without a trial."""
        return [place for place, member in enumerate(self.members) if member is None]

    @property
    def weights(self) -> Weights:
        """Of all slots."""
        return Weights(*(self.state[name] for name in Weights._fields))

    @torch.no_grad()
    def fill(
        self,
        places: Sequence[int],
        members: Sequence[int],
        settings: Sequence[Setting],
        keys: Int[Tensor, "t 3"],
        samples: Samples,
    ) -> None:
        """Put trials into free slots.

        Args:
            places: of the slots.
            members: positions of the trials.
            settings: of the trials.
            keys: of their own.
            samples: of theirs, padded to `most`.
        """
        W, a = draw_models(keys, settings)
        numbers = [(s.N, s.batch_size, s.T, s.eta) for s in settings]
        counts, size, T, eta = (
            torch.tensor(n, dtype=torch.float64, device=keys.device)[:, None]
            for n in zip(*numbers, strict=True)
        )
        share = (torch.arange(self.width, device=keys.device) < size) / size
        tokens = samples.X if self.setting.attention else mean_token(samples.X)
        new = {**W._asdict(), "a": a, "X": tokens, "y": samples.y, "share": share, "eta": eta, "keys": keys}
        new |= {"counts": counts, "size": size, "T": T, "live": torch.ones_like(counts)}
        new |= {name: torch.zeros_like(counts) for name in ("step", "loss", "fitted")}
        where = torch.tensor(places, device=keys.device)
        for name, values in new.items():
            self.state[name].index_copy_(0, where, values.to(self.state[name].dtype))
        for place, member in zip(places, members, strict=True):
            self.members[place], self.taken[place] = member, 0

    def run(self) -> list[Trained]:
        """Take some steps, free the slots whose trials have ended, and return these."""
        self._advance()
        self.taken = [taken + self.steps for taken in self.taken]
        names = ("live", "fitted", "step")
        told = torch.cat(
            [self.state[name].long() for name in names], 1
        ).tolist()  # the only wait for the card
        ended = []
        for place, (live, fitted, step) in enumerate(told):
            member = self.members[place]
            if member is not None and not live:
                W, a = (
                    (w[place : place + 1].clone() for w in self.weights),
                    self.state["a"][place : place + 1],
                )
                ended.append(Trained(member, Weights(*W), a.clone(), step, bool(fitted)))
                self.members[place] = None
        return ended

    @torch.no_grad()
    def _take_steps(self) -> None:
        x, s = self.state, self.setting
        coming = x["step"] + torch.arange(self.steps, device=x["step"].device)  # (slots, steps)
        order = queries = None
        if self.most > self.width:
            order = mini_batches(x["keys"], coming, x["counts"], x["size"], self.most, self.width)
        if s.attention and s.kept > s.S:
            queries = query_tokens(x["keys"], coming, self.width, s.kept, s.S)
        for i in range(self.steps):
            self._step(None if order is None else order[:, i], None if queries is None else queries[:, i])

    def _step(self, order: Int[Tensor, "t n"] | None, tokens: Int[Tensor, "t n s"] | None) -> None:
        x = self.state
        X, y = (x["X"], x["y"]) if order is None else (rows(x["X"], order), x["y"].gather(1, order))
        queries = X if self.setting.attention else None
        if tokens is not None:
            queries = rows(X.flatten(0, 1), tokens.flatten(0, 1)).view(*tokens.shape, -1)
        loss, change = loss_and_step(self.weights, x["a"], X, y, queries, x["share"], x["eta"] * x["live"])
        for w, dw in zip(self.weights, change, strict=True):
            w.sub_(dw)  # no fused multiply-add: see training._Batch._step
        self._count(loss[:, None])

    def _count(self, loss: Tensor) -> None:
        """Have trials rest that are fitted, or given up, at the end of an epoch."""
        x = self.state
        x["step"] += x["live"]
        x["loss"] += loss
        ended = x["live"] & (x["step"] % -(-x["counts"] // x["size"]) == 0)
        zero = x["loss"] == 0
        x["fitted"] |= ended & zero
        x["live"] &= ~(ended & (zero | ~torch.isfinite(x["loss"]) | (x["step"] >= x["T"])))
        x["loss"].masked_fill_(ended, 0)

    def _captured(self) -> Callable[[], None]:
        """The same steps as a graph, which starts their kernels without this process."""
        beside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        beside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(beside):  # once as they are: libraries make their workspaces; no slot is live
            self._take_steps()
        torch.cuda.current_stream().wait_stream(beside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._take_steps()
        return graph.replay


def rows(X: Tensor, order: Int[Tensor, "t n"]) -> Tensor:
    """The rows `order` (t, n) of every X (t, rows, ...)."""
    first = X.shape[1] * torch.arange(len(X), device=X.device)[:, None]
    return X.flatten(0, 1).index_select(0, (first + order).flatten()).view(*order.shape, *X.shape[2:])


def mean_token(X: Tensor) -> Tensor:
    """The mean over the tokens of every sample (t, n, k, d), as its only token.

    Added up one by one: a reduction's order may depend on how many samples there are.
    """
    return (reduce(torch.add, X.unbind(2)) / X.shape[2])[:, :, None]
