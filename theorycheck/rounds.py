"""The rounds in which trials are placed: one is complete before the next is known.

A plan whose trials depend on no result has one. What is made twice belongs to it, or is a last one of its
own, as it is chosen from all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from theorycheck.empirical.trial import Repeat, Trial
from theorycheck.observation import check_hope, count, tabulate
from theorycheck.plan import Cell, Plan
from theorycheck.repeats import how_many

Following = list[tuple[Cell, Trial]]
Find = Callable[[Iterable[str]], dict[str, dict[str, Any]]]  # measurements, by the keys of trials


class Made:
    """The trials of a plan, as far as they are made round by round.

    Attributes:
        table: of them, as by `tabulate`.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._rounds: list[pd.DataFrame] = []
        self.table = tabulate(plan, [], {})

    def following(self) -> Following:
        """The trials of the next round, with their cells; none when there are enough."""
        return self._plan.next_trials(count(self.table, self._plan))

    def add(self, following: Following, stored: Mapping[str, Mapping[str, Any]]) -> None:
        """Take a round whose trials are all stored.

        Raises:
            ClaimError: no trial so far is evidence.
        """
        self._rounds.append(tabulate(self._plan, following, stored))
        self.table = pd.concat(self._rounds)
        check_hope(self.table, self._plan)


@dataclass(frozen=True)
class Round:
    """Trials that depend on no others but those of the rounds before.

    Attributes:
        number: 1, 2, ...
        trials: as they are made for the first time.
        again: of all rounds, those that are made twice, where they are known by now.
    """

    number: int
    trials: Sequence[Trial]
    again: Sequence[Trial]

    def __len__(self) -> int:
        return len(self.trials) + len(self.again)

    def of(self, has: Callable[[Trial], bool]) -> Round:
        """Of this round, what belongs to a shard."""
        return Round(self.number, list(filter(has, self.trials)), list(filter(has, self.again)))

    def lacking(self, find: Find) -> Round:
        """Of this round, what is not stored."""
        stored = find([t.key for t in self.trials] + [Repeat(t).key for t in self.again])
        again = [t for t in self.again if Repeat(t).key not in stored]
        return Round(self.number, [t for t in self.trials if t.key not in stored], again)


def rounds(plan: Plan, find: Find) -> Iterator[Round]:
    """The rounds of a plan, as far as they are known; the last one may be complete or not.

    Args:
        plan: whose trials.
        find: looks up measurements, those of a round when the next is asked for.
    """
    made, every, number = Made(plan), list[Trial](), 0
    while following := made.following():
        trials, number = [trial for _, trial in following], number + 1
        every += trials
        yield Round(number, trials, _again(plan, every) if plan.rounds == 1 else [])
        stored = find(trial.key for trial in trials)
        if len(stored) < len(trials):
            return
        made.add(following, stored)
    if plan.rounds > 1 and (again := _again(plan, every)):
        yield Round(number + 1, [], again)


def _again(plan: Plan, made: list[Trial]) -> list[Trial]:
    return sorted(made, key=lambda trial: trial.key)[: how_many(plan, len(made))]


def most_rounds(plan: Plan) -> int:
    """About how many rounds there are at most, with that of what is made twice."""
    return plan.rounds + (plan.rounds > 1 and how_many(plan, 1) > 0)
