"""Where functions are called: by anything with `submit`, as in concurrent.futures.

A file or folder beside this serves some names of `verify --executor`, by its `serves`, `opened` and `SERVES`.
Loads no engine.
"""

from __future__ import annotations

import importlib
import math
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from queue import SimpleQueue
from typing import Any, ParamSpec, Protocol, TypeVar

from theorycheck.errors import DesignError
from theorycheck.executors.code import Code
from theorycheck.executors.local import Workers

P = ParamSpec("P")
T = TypeVar("T")


class Executor(Protocol):
    """Whatever calls functions, here or elsewhere, now or later.

    A future of a call whose process died raises BrokenExecutor, one of a connection that is lost raises
    ConnectionError. An executor may have `jobs`, how many calls it makes at once, and `ahead`, how many times
    as many it should be given.
    """

    def submit(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Have a function called; the future tells its result."""


def opened(name: str, jobs: int) -> AbstractContextManager[Executor | int]:
    """The executor of a name, until the block ends.

    Args:
        name: "local", or what another file of this folder serves.
        jobs: worker processes, where the name leaves open how many.

    Raises:
        DesignError: no file serves it, or what it needs is not there.
    """
    names = [found.name for found in pkgutil.iter_modules(__path__, f"{__name__}.")]
    serving = [module for module in map(importlib.import_module, names) if hasattr(module, "serves")]
    for module in serving:
        if module.serves(name):
            context: AbstractContextManager[Executor | int] = module.opened(name, jobs)
            return context
    known = "; ".join(module.SERVES for module in serving)
    raise DesignError(f"asked for the executor {name!r}, which there is not; there is {known}")


def started(executor: Executor | int, isolated: bool = False) -> AbstractContextManager[Executor]:
    """The executor, or so many worker processes, which end with the block.

    Args:
        executor: the one that is there, or how many processes.
        isolated: whether calls may leave something behind in their process, as functions of claim files do,
            so that they get processes of their own.
    """
    if isolated and isinstance(executor, Workers):
        executor = executor.jobs
    return Workers(executor) if isinstance(executor, int) else nullcontext(executor)


def fitting(executor: Executor, calls: int, isolated: bool = False) -> Executor:
    """The executor, or this process, where it does as well for so few calls.

    Args:
        executor: the one that is there.
        calls: how many there will be.
        isolated: whether they may ruin the process that they are made in.
    """
    return executor.fitting(calls, isolated) if isinstance(executor, Workers) else executor


def prepare(executor: Executor, code: Code) -> None:
    """Tell an executor whose processes stand elsewhere what the calls to come are made by.

    Raises:
        DesignError: it is not the same there.
    """
    if hasattr(executor, "prepare"):
        executor.prepare(code)


def calls_at_once(executor: Executor) -> int | None:
    """How many calls an executor makes at once; None where it does not say."""
    return getattr(executor, "jobs", None) or getattr(executor, "_max_workers", None)


def completed(executor: Executor, calls: Iterable[Callable[[], T]]) -> Iterator[list[tuple[int, Future[T]]]]:
    """Position and future of each call, as they end; together those that have ended meanwhile.

    Where the executor says how many it makes at once, no more calls are taken than these and some that wait:
    however many there are, memory stays bounded.
    Those that run when the iteration ends early are cancelled, or end with their worker.
    """
    ended: SimpleQueue[int] = SimpleQueue()
    running: dict[int, Future[T]] = {}
    waiting, jobs = iter(enumerate(calls)), calls_at_once(executor)
    most = jobs * getattr(executor, "ahead", 1) if jobs else math.inf

    def taken() -> list[tuple[int, Future[T]]]:
        first = ended.get()
        found = [first, *(ended.get() for _ in range(ended.qsize()))]
        return [(i, running.pop(i)) for i in found]

    def more() -> Iterator[list[tuple[int, Future[T]]]]:
        while len(running) < most and (following := next(waiting, None)):
            i, call = following
            running[i] = executor.submit(call)
            running[i].add_done_callback(partial(_put, ended, i))
            while not ended.empty():  # as always by this process, where each is kept before the next is made
                yield taken()

    try:
        yield from more()
        while running:
            results = taken()
            yield from more()  # so that processes work while results are stored
            yield results
    finally:
        if not isinstance(executor, Workers):  # they end what runs with their block; loky hangs if cancelled
            for future in running.values():
                future.cancel()


def _put(ended: SimpleQueue[int], i: int, _: Future[Any]) -> None:
    ended.put(i)
