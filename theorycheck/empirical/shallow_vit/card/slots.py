"""Trials that train side by side on a card: as many as there are slots, each of which takes the next trial
when its own has ended.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Int
from torch import Tensor

from theorycheck.empirical.shallow_vit.card.models import draw_models
from theorycheck.empirical.shallow_vit.card.samples import Samples, mean_token
from theorycheck.empirical.shallow_vit.card.shapes import width
from theorycheck.empirical.shallow_vit.card.stepping import State, Stepping
from theorycheck.empirical.shallow_vit.setting import Setting
from theorycheck.empirical.shallow_vit.training import Trained
from theorycheck.empirical.shallow_vit.vit import Weights


class Slots:
    """Tensors with the slot as first axis, and which trial is in each slot.

    Attributes:
        state: the tensors by name: X, y, weights, a, share (of a sample in the loss of its mini-batch), eta,
            loss (of the epoch so far), keys, counts (of samples), size (of mini-batches), T, step, live
            (still in training), fitted.
        members: position of the trial in each slot; None where it is free.
        taken: steps taken since the trial of a slot entered it.
        advance: takes some steps of all slots.
    """

    def __init__(
        self,
        setting: Setting,
        most: int,
        slots: int,
        together: int,
        steps: int,
        dtype: torch.dtype,
        device: str,
    ) -> None:
        """Make room.

        Args:
            setting: of any of the trials.
            most: samples that one of them has.
            slots: trials side by side.
            together: how many of them an operation takes at once.
            steps: taken by each call of `run`.
            dtype: of weights and tokens.
            device: where they are.
        """
        self.setting, self.steps, self.width = setting, steps, width(setting)
        self.most = max(most, self.width)
        self.members: list[int | None] = [None] * slots
        self.taken = [0] * slots
        self.state = self._empty(slots, dtype, device)
        stepping = Stepping(setting, self.state, self.width, together, steps)
        self.advance: Callable[[], None] = stepping.captured() if device == "cuda" else stepping

    def _empty(self, slots: int, dtype: torch.dtype, device: str) -> State:
        s, tokens = self.setting, self.setting.kept if self.setting.attention else 1
        square = dict.fromkeys(("W_V", "W_K", "W_Q"), (s.d, s.d))
        real = {"X": (self.most, tokens, s.d), "y": (self.most,), "W_O": (s.m, s.d), **square, "a": (s.m,)}
        real |= {"share": (self.width,), "eta": (1,), "loss": (1,)}
        whole = {"keys": 3, "counts": 1, "size": 1, "T": 1, "step": 1}
        state = {n: torch.zeros((slots, *shape), dtype=dtype, device=device) for n, shape in real.items()}
        state |= {n: torch.ones((slots, k), dtype=torch.int64, device=device) for n, k in whole.items()}
        told = ("live", "fitted")
        return state | {n: torch.zeros((slots, 1), dtype=torch.bool, device=device) for n in told}

    @property
    def free(self) -> list[int]:
        """Slots without a trial."""
        return [place for place, member in enumerate(self.members) if member is None]

    def weights(self, place: int) -> Weights:
        """Of one slot, with t = 1; they go on changing."""
        return Weights(*(self.state[name][place : place + 1] for name in Weights._fields))

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
        numbers = zip(*((s.N, s.batch_size, s.T, s.eta) for s in settings), strict=True)
        columns = [torch.tensor(n, dtype=torch.float64, device=keys.device)[:, None] for n in numbers]
        new = dict(zip(("counts", "size", "T", "eta"), columns, strict=True))
        X = samples.X if self.setting.attention else mean_token(samples.X)
        new |= {**W._asdict(), "a": a, "X": X, "y": samples.y, "keys": keys}
        new["share"] = (torch.arange(self.width, device=keys.device) < new["size"]) / new["size"]
        new |= {name: torch.zeros_like(new["T"]) for name in ("step", "loss", "fitted")}
        new["live"] = torch.ones_like(new["T"])
        where = torch.tensor(places, device=keys.device)
        for name, values in new.items():
            self.state[name].index_copy_(0, where, values.to(self.state[name].dtype))
        for place, member in zip(places, members, strict=True):
            self.members[place], self.taken[place] = member, 0

    def run(self) -> list[Trained]:
        """Take some steps, free the slots whose trials have ended, and return these."""
        self.advance()
        self.taken = [taken + self.steps for taken in self.taken]
        names = ("live", "fitted", "step")
        told = torch.cat(
            [self.state[name].long() for name in names], 1
        ).tolist()  # the only wait for the card
        ended = []
        for place, (live, fitted, step) in enumerate(told):
            member = self.members[place]
            if member is not None and not live:
                W, a = self.weights(place), self.state["a"][place : place + 1]
                copied = Weights(*(w.clone() for w in W))
                ended.append(Trained(member, copied, a.clone(), step, bool(fitted)))
                self.members[place] = None
        return ended
