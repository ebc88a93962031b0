"""Trains a share of a plan's trials: without an engine, on machines that share nothing but a copied file.

A trial belongs to a shard by its key, so that shards are disjoint, and together complete.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from theorycheck.empirical import sweep
from theorycheck.empirical.store import Store
from theorycheck.empirical.store_file import is_there
from theorycheck.empirical.trial import Repeat, Trial
from theorycheck.errors import DesignError
from theorycheck.executors import Executor, started
from theorycheck.plan import Plan
from theorycheck.rounds import Find, Round, rounds
from theorycheck.session import Progress, silent


@dataclass(frozen=True)
class Shard:
    """One share of the trials.

    Attributes:
        number: 1 to `of`.
        of: how many shares there are.
    """

    number: int = 1
    of: int = 1

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read 3/16.

        Raises:
            DesignError: there is no such shard.
        """
        found = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text, flags=re.ASCII)
        number, of = map(int, found.groups()) if found else (0, 0)
        if not 1 <= number <= of:
            raise DesignError(
                "a shard is its number and how many there are, from 1/16 to 16/16 where they are 16; got"
                f" {text[:80]!a}"
            )
        return cls(number, of)

    def __str__(self) -> str:
        """As it is written."""
        return f"{self.number}/{self.of}"

    def has(self, trial: Trial) -> bool:
        """Whether a trial belongs to it, and what is made of it once more as well: on one machine."""
        return number_of(trial, self.of) == self.number


def number_of(trial: Trial, of: int) -> int:
    """The shard that a trial belongs to."""
    return int(trial.key, 16) % of + 1


@dataclass(frozen=True)
class Progressed:
    """How far the trials of a plan are.

    Attributes:
        last: the last round that is known, with the trials of all shards.
        share: how many of its trials belong to this shard.
        trained: how many trials were trained now, of this round and of those before it.
        reused: how many trials of this shard were stored already, in all of these rounds.
        missing: by the number of a shard, how many of its trials are not stored, as far as is known here;
            all trials of the plan are there where none is missing.
    """

    last: Round
    share: int
    trained: int
    reused: int
    missing: Counter[int]


def train(
    plan: Plan,
    shard: Shard,
    store: Path,
    known: Path | None = None,
    executor: Executor | int = 1,
    progress: Progress = silent,
) -> Progressed:
    """Train a shard's trials of every round that can be known, but those that are stored.

    Args:
        plan: whose trials.
        shard: which of them.
        store: takes them.
        known: a store that is only read, of the trials of all shards in earlier rounds; before the first it
            need not be there.
        executor: of trials, as that of a Session.
        progress: shows the training's progress.

    Raises:
        TheoryCheckError: as by `theorycheck.empirical.sweep.run`; finished trials are stored.
    """
    with Store(store) as own, started(executor) as workers:
        run = own.start_run(plan.hash, plan.claim.name, plan.document)

        def make(part: Round) -> None:
            with progress(f"train {plan.claim.name}, shard {shard}, round {part.number}") as advance:
                advance(0, len(part))
                for trials, kept_as in ((part.trials, lambda trial: trial), (part.again, Repeat)):
                    sweep.run(trials, own, workers, lambda done: advance(done, 0), plan.measured, kept_as)

        found = follow(plan, shard, _finding([own, known]), make)
        own.finish_run(run, found.trained, found.reused, None)
        return found


def left(plan: Plan, stores: Sequence[Path | None]) -> int:
    """How many trials of the first round that is not complete are missing in all of some stores."""
    return follow(plan, Shard(), _finding(stores), lambda part: None).missing.total()


def follow(plan: Plan, shard: Shard, find: Find, make: Callable[[Round], None]) -> Progressed:
    """Have a shard's trials made round by round, as far as others have made theirs."""
    trained = reused = 0
    for last in rounds(plan, find):
        share = last.of(shard.has)
        lacking = share.lacking(find)
        trained, reused = trained + len(lacking), reused + len(share) - len(lacking)
        if len(lacking):
            make(lacking)
    missing = last.lacking(find)
    by_shard = Counter(number_of(trial, shard.of) for trial in (*missing.trials, *missing.again))
    return Progressed(last, len(share), trained, reused, by_shard)


def _finding(stores: Sequence[Store | Path | None]) -> Find:
    """Looks measurements up in several stores.

    Those given by their paths are only read, if they are there, and not kept open: a merge may want to write.
    """

    def find(keys: Iterable[str]) -> dict[str, dict[str, Any]]:
        wanted, found = set(keys), dict[str, dict[str, Any]]()
        for store in stores:
            if isinstance(store, Store):
                found |= store.find(wanted - set(found))
            elif store and is_there(store):
                with Store(store, read_only=True) as opened:
                    found |= opened.find(wanted - set(found))
        return found

    return find
