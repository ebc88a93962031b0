"""Training of many trials on a card, whatever their number: they wait for slots."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import torch

from theorycheck.empirical.parameters import Mark
from theorycheck.empirical.shallow_vit.card import shapes
from theorycheck.empirical.shallow_vit.card.counter import keys_of
from theorycheck.empirical.shallow_vit.card.memory import NUMBERS_DRAWN, SLOTS, STEPS, slots_for
from theorycheck.empirical.shallow_vit.card.samples import Drawing, Samples, draw_samples
from theorycheck.empirical.shallow_vit.card.slots import Slots
from theorycheck.empirical.shallow_vit.setting import Setting
from theorycheck.empirical.shallow_vit.training import Trained, Watch
from theorycheck.empirical.trial import Trial

Realised = dict[str, float]
MOST_IDLE = 8  # a claim has at most 5 kinds of batches, as a rule
# Slots of batches that have ended, for the rounds to come: to capture a graph takes as long as many steps.
_idle: dict[tuple[Any, ...], Slots] = {}


def _keep(kept_as: tuple[Any, ...], slots: Slots) -> None:
    _idle[kept_as] = slots
    while len(_idle) > MOST_IDLE:
        _idle.pop(next(iter(_idle)))


class Batch:
    """Trials of equal `Setting.shape_on`, and where they are trained.

    Attributes:
        settings: of the trials.
        data: keys of their data; trials that differ in model or training only share these.
        own: keys of their models and mini-batches.
    """

    def __init__(
        self,
        trials: Sequence[Trial],
        device: str | None = None,
        slots: int | None = None,
        together: int | None = None,
    ) -> None:
        """Prepare.

        Args:
            trials: the trials.
            device: another one than theirs, for tests of this code.
            slots: another number of them than the memory suggests.
            together: how many of these an operation then takes at once; by default all.
        """
        self.device = device or trials[0].device
        self.dtype: torch.dtype = getattr(torch, trials[0].dtype)
        self.settings = [Setting(**trial.parameters) for trial in trials]
        names = Setting.marked(Mark.DATA)
        self.data = keys_of([trial.shared_key(names) for trial in trials], self.device)
        self.own = keys_of([trial.key for trial in trials], self.device)
        self.most = shapes.power_of_two(max(setting.N for setting in self.settings))
        self.slots, self.together = (slots, together or slots) if slots else self._slots()

    def _slots(self) -> tuple[int, int]:
        if self.device != "cuda":
            return (min(SLOTS, len(self.settings)),) * 2
        kept = torch.cuda.memory_reserved() - torch.cuda.memory_allocated()  # by PyTorch, for what comes next
        free = torch.cuda.mem_get_info()[0] + kept
        return slots_for(len(self.settings), self.settings[0], self.most, self.dtype, free)

    def train(
        self, watch: Watch | None = None, due: Collection[int] = ()
    ) -> Iterator[tuple[Trained, Realised]]:
        """Train the trials, and yield each when it has ended, with the fractions of tokens realised.

        Args:
            watch: looks at the model of every trial, and also at that of one at rest whose end is not known
                yet.
            due: after so many iterations, where they end an epoch.
        """
        sizes = (self.most, self.slots, self.together, 1 if watch else STEPS, self.dtype, self.device)
        kept_as = (shapes.shape(self.settings[0]), *sizes)
        slots = _idle.pop(kept_as, None) or Slots(self.settings[0], *sizes)
        waiting, realised = deque(range(len(self.settings))), dict[int, Realised]()
        while True:
            while waiting and slots.free:
                realised |= self._enter(slots, waiting)
            if len(slots.free) == self.slots:
                _keep(kept_as, slots)
                return
            if watch:
                self._show(slots, watch, due)
            for trained in slots.run():
                yield trained, realised.pop(trained.position)

    def _enter(self, slots: Slots, waiting: deque[int]) -> dict[int, Realised]:
        s = self.settings[0]
        at_once = max(1, NUMBERS_DRAWN // (slots.most * s.L * s.d))
        places = slots.free[: min(at_once, len(waiting))]
        members = [waiting.popleft() for _ in places]
        settings = [self.settings[i] for i in members]
        counts = torch.tensor([[setting.N] for setting in settings], device=self.device)
        samples = draw_samples(Drawing(self.data[members], settings, counts, slots.most, stage=0))
        slots.fill(places, members, settings, self.own[members], samples)
        return dict(zip(members, _realised(samples, counts), strict=True))

    def _show(self, slots: Slots, watch: Watch, due: Collection[int]) -> None:
        for place, (member, taken) in enumerate(zip(slots.members, slots.taken, strict=True)):
            if member is not None and taken in due and taken % self.settings[member].steps_per_epoch == 0:
                watch(taken, [member], slots.weights(place))


def _realised(samples: Samples, counts: torch.Tensor) -> list[Realised]:
    """Fractions of tokens of each kind in the training samples, as of `generalization._realised`."""
    n, tokens = samples.pattern.shape[1:]
    there = (torch.arange(n, device=counts.device) < counts)[:, :, None]
    own = (samples.y < 0).long()[:, :, None]
    found = [
        ((samples.pattern == kind) & there).sum((1, 2)).double() / (counts[:, 0] * tokens)
        for kind in (own, 1 - own)
    ]
    names = ("realised_alpha_relevant", "realised_alpha_confusion")
    return [dict(zip(names, pair, strict=True)) for pair in torch.stack(found, 1).tolist()]
