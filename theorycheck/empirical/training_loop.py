"""Carries out trainings: what trials draw, the steps of those that train together, and what they measure."""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor
from torch.nn import Module
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter

from theorycheck.design import Point
from theorycheck.empirical.looking import looking_times
from theorycheck.empirical.returned import Outcome, shown
from theorycheck.empirical.training import STEPS, Measure, Training, check_names
from theorycheck.empirical.training_groups import shapes, why_not_stacked
from theorycheck.empirical.training_stack import Alone, Samples, Stack
from theorycheck.errors import ClaimError


@dataclass
class Member:
    """One trial: its module, its data, and its own random numbers.

    Attributes:
        position: among the trials of a call.
        point: design point.
        module: as it was made; trained, once it has left the others.
        samples, test: inputs and targets.
        order: draws the permutations of its epochs.
        seed: of what forward passes and measurements draw.
        watched: what was recorded along the training.
        left: rows of the samples that its epoch has left.
        seen: samples of its epoch so far.
    """

    position: int
    point: Point
    module: Module
    samples: Samples
    test: Samples
    order: torch.Generator
    seed: int
    watched: list[dict[str, float]] = field(default_factory=list)
    left: Int[Tensor, " r"] = field(default_factory=lambda: torch.empty(0, dtype=torch.long))
    seen: int = 0

    def mini_batch(self, batch: int) -> Int[Tensor, " b"]:
        """Its next rows; each epoch is a new permutation."""
        if not len(self.left):
            self.left = torch.randperm(len(self.samples[1]), generator=self.order)
        rows, self.left = self.left[:batch], self.left[batch:]
        return rows


def train(training: Training, points: Sequence[Point], seeds: Sequence[int]) -> Iterator[tuple[int, Outcome]]:
    """Position and outcome of every trial, in the order of their leaving."""
    groups: dict[Any, list[Member]] = {}
    for i, (point, seed) in enumerate(zip(points, seeds, strict=True)):
        member = _drawn(training, i, point, seed)
        groups.setdefault(shapes(training, member), []).append(member)
    for members in groups.values():
        why = why_not_stacked(training, members[0])
        if why is None:
            yield from _trained(training, members, Stack(training, members), None)
        for member in members if why else ():
            with _seeded(member.seed, training.device):
                trained = [*_trained(training, [member], Alone(training, member), f"one at a time: {why}")]
            yield from trained


def _drawn(training: Training, position: int, point: Point, seed: int) -> Member:
    init, data, order, own = np.random.SeedSequence(seed).generate_state(4).tolist()
    with _seeded(init, "cpu"):
        module = training.model(point)
    if not isinstance(module, Module):
        raise ClaimError(
            f"model of the training returned a {type(module).__name__}; return a torch.nn.Module"
        )
    tensors = (*module.parameters(), *module.buffers())
    if any(isinstance(tensor, UninitializedParameter | UninitializedBuffer) for tensor in tensors):
        raise ClaimError(
            "model of the training returned a module with parameters that have no shape yet; name the numbers"
            " of inputs, or call it once on a sample before it is returned"
        )
    drawn = _pairs(training.data(point, torch.Generator().manual_seed(data)))
    samples, test = ((x.to(training.device), y.to(training.device)) for x, y in drawn)
    module.to(training.device)
    return Member(position, point, module, samples, test, torch.Generator().manual_seed(order), own)


def _pairs(drawn: Any) -> tuple[Samples, Samples]:
    """Training and test data; of one pair twice the same."""
    found = tuple(drawn) if isinstance(drawn, tuple | list) else ()
    pairs = (found, found) if found and isinstance(found[0], Tensor) else tuple(map(tuple, found))
    if len(pairs) != 2 or not all(map(_is_pair, pairs)):
        raise ClaimError(
            "data of the training must return (inputs, targets), or two such pairs for training and test,"
            " tensors with the samples as their first axis"
        )
    return pairs[0], pairs[1]


def _is_pair(pair: tuple[Any, ...]) -> bool:
    tensors = len(pair) == 2 and all(isinstance(t, Tensor) and t.dim() > 0 for t in pair)
    return tensors and len(pair[0]) == len(pair[1]) > 0


@contextmanager
def _seeded(seed: int, device: str) -> Iterator[None]:
    """Have torch's own generators give a trial's numbers in the block, and what they gave before after it."""
    with torch.random.fork_rng(devices=[] if device == "cpu" else None):
        torch.manual_seed(seed)
        yield


def _trained(
    training: Training, members: list[Member], models: Stack | Alone, note: str | None
) -> Iterator[tuple[int, Outcome]]:
    """Take the steps of trials with equal shapes until all have left; each has epochs of its own."""
    n, most = len(members[0].samples[1]), training.number("steps", members[0].point)
    batch = min(training.number("batch", members[0].point) or n, n)
    times = looking_times(most) if training.watch else set()
    total = torch.zeros(len(members), dtype=torch.double, device=training.device)  # loss of each one's epoch
    taken = 0
    while members:
        if taken in times:
            _watch(training, members, models, taken)
        rows = torch.stack([m.mini_batch(batch) for m in members]) if batch < n else None
        count = n if rows is None else rows.shape[1]
        total += count * models.step(None if rows is None else rows.to(training.device))
        taken += 1
        for member in members:
            member.seen += count
        ended = [i for i, member in enumerate(members) if taken == most or not len(member.left)]
        if not ended:
            continue
        totals, left = total.tolist(), set()
        for i in ended:
            mean = totals[i] / members[i].seen
            members[i].seen = 0
            done = training.stop is not None and mean <= training.stop
            if not done and math.isfinite(mean) and taken < most:
                continue
            left.add(i)
            models.write_back(i)
            yield members[i].position, _outcome(training, members[i], taken, done, math.isfinite(mean), note)
        total[ended] = 0
        if left:
            staying = [i for i in range(len(members)) if i not in left]
            members = [members[i] for i in staying]
            total = total[staying]
            models.keep(staying)


def _watch(training: Training, members: Sequence[Member], models: Stack | Alone, taken: int) -> None:
    for i, member in enumerate(members):
        models.write_back(i)
        member.watched.append(_look(training, member, taken))


def _look(training: Training, member: Member, taken: int) -> dict[str, float]:
    found = {name: _number(training, name, measure, member) for name, measure in training.watch.items()}
    return {"t": float(taken), **found}


def _asked(training: Training, measure: Measure, member: Member) -> Any:
    """What a function says of a module, which is as if it had not been asked."""
    modes = [(part, part.training) for part in member.module.modules()]
    member.module.eval()
    with _seeded(member.seed, training.device), torch.no_grad():
        found = measure(member.module, *member.test)
    for part, mode in modes:
        part.training = mode
    return found.item() if isinstance(found, Tensor) and found.numel() == 1 else found


def _number(training: Training, name: str, measure: Measure, member: Member) -> float:
    return _as_number(name, _asked(training, measure, member))


def _as_number(name: str, found: Any) -> float:
    if isinstance(found, Real) and not isinstance(found, bool):
        return float(found)
    raise ClaimError(f"{name} of the training returned {shown(found)}; return a number")


def _outcome(
    training: Training, member: Member, taken: int, done: bool, finite: bool, note: str | None
) -> Outcome:
    """What a trial measured when it left."""
    more: dict[str, Any] = {"steps_taken": taken, **({"note": note} if note else {})}
    if not finite:
        return Outcome("unfitted", {**more, "failed": f"its training loss is not finite after {taken} steps"})
    reached = done or training.stop is None
    outcome = Outcome("success" if reached else "unfitted", more)
    if training.value == STEPS:
        return Outcome(outcome.outcome, {**more, "value": float(taken)})
    if training.watch:
        rows = [*member.watched, _look(training, member, taken)]
        lists = {name: [row[name] for row in rows] for name in rows[0]}
        return _finite(outcome, lists)
    if not reached:
        return outcome
    if training.success is not None:
        found = _asked(training, training.success, member)
        if not isinstance(found, bool | np.bool_):
            raise ClaimError(
                f"success of the training returned {shown(found)}; return True or False, such as error <= 0.1"
            )
        return Outcome("success" if found else "failure", more)
    measure: Any = training.value
    found = _asked(training, measure, member)
    named = found if isinstance(found, Mapping) and "value" in found else {"value": found}
    check_names("value", named)
    return _finite(outcome, {name: _as_number(name, one) for name, one in named.items()})


def _finite(outcome: Outcome, measured: dict[str, Any]) -> Outcome:
    """An outcome with what was measured, or without evidence where this is no number."""
    if np.isfinite(np.concatenate([np.atleast_1d(value) for value in measured.values()])).all():
        return Outcome(outcome.outcome, {**outcome.more, **measured})
    return Outcome("unfitted", {**outcome.more, "failed": "what it measured is not finite"})
