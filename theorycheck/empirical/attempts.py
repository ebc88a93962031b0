"""What is lost when a process dies is made again: trial by trial, then alone, to find the one at fault.

Loads no torch itself.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor
from functools import partial
from typing import Any, TypeVar

from theorycheck.empirical.machine import machine
from theorycheck.empirical.response import Measured, response
from theorycheck.empirical.trial import Trial
from theorycheck.errors import ClaimError
from theorycheck.executors import Executor, completed, fitting

HOPELESS = 3  # as many deaths before anything else has ended are a fault of all trials; a convention
Results = list[tuple[Trial, Mapping[str, Any]]]
T = TypeVar("T")


class Attempts:
    """Has batches of trials made, and survives the processes that die of them.

    A batch whose process dies is made again, one trial a call; a trial whose process dies again is made
    alone, while no other runs; one that kills its process for the third time is no evidence, and says why.

    Args:
        executor: makes calls.
        measured: the response of the trials, where it is a function.
    """

    def __init__(self, executor: Executor, measured: Measured | None) -> None:
        self._executor = executor
        self._measured = measured
        self._finished = False  # whether any trial has ended in its own way
        self._named: Results = []  # those at fault, held back until any other has ended

    def made(self, groups: Sequence[list[Trial]]) -> Iterator[Results]:
        """The results of batches, as they end.

        Raises:
            BrokenExecutor: all processes die, whatever they make.
            ClaimError: a function fails.
        """
        isolated = self._measured is not None and self._measured.isolated
        first, retried = fitting(self._executor, len(groups), isolated), fitting(self._executor, 1, True)
        waiting = deque(groups)
        while waiting:
            lost = yield from self._tried(waiting, first)
            apart = deque([trial] for group in lost for trial in group)
            while apart:
                for group in (yield from self._tried(apart, retried)):
                    yield from self._alone(group, retried)
        yield self._named

    def _alone(self, group: list[Trial], executor: Executor) -> Iterator[Results]:
        lost = yield from self._tried(deque([group]), executor)
        if not lost:
            return
        died = f"its worker process died three times ({cause(self._error) or 'nobody says of what'})"
        self._named.append((group[0], {"outcome": "unfitted", "failed": died}))
        if self._finished:
            yield self._named
            self._named = []
        elif len(self._named) >= HOPELESS:
            raise self._error

    def _tried(
        self, waiting: deque[list[Trial]], executor: Executor
    ) -> Generator[Results, None, list[list[Trial]]]:
        """The results of groups, which are taken away; those whose process died are returned."""
        lost: list[list[Trial]] = []
        begun: list[list[Trial]] = []

        def calls() -> Iterator[Callable[[], Any]]:
            while waiting and (self._finished or len(lost) < HOPELESS):
                begun.append(waiting.popleft())
                group = begun[-1]
                job = (self._measured or response(group[0].response)).job(group)
                yield partial(_on_this_machine, job, group[0].device)

        for ended in completed(executor, calls()):
            results: Results = []
            failure: Exception | None = None  # raised when what ended beside it is stored
            for i, future in ended:
                try:
                    (done, said), where = future.result()
                except BrokenExecutor as error:
                    self._error = error
                    lost.append(begun[i])
                except Exception as error:
                    failure = error
                else:
                    results += [(begun[i][k], {**measured, "machine": where}) for k, measured in done]
                    failure = ClaimError(said) if said else failure
            if results:
                self._finished = True
                yield results
            if failure:
                raise failure
        return lost


def _on_this_machine(job: Callable[[], T], device: str) -> tuple[T, str]:
    """What a job gives, and on which machine."""
    where = machine(device)
    return job(), where


def cause(error: BrokenExecutor) -> str | None:
    """Of what a process died, as far as its executor tells: its exit status, or the signal."""
    found = re.search(r"\bEXIT\(\d+\)|\bSIG\w+", str(error))
    return found[0] if found else None
