"""Where functions are called: by anything with `submit`, as in concurrent.futures.

This process and worker processes are here; the latter end with it, and leave its signals to it.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import partial
from queue import SimpleQueue
from typing import Any, ParamSpec, Protocol, Self, TypeVar

from joblib.externals.loky.process_executor import ProcessPoolExecutor

P = ParamSpec("P")
T = TypeVar("T")
_LIBRARIES = ("OMP", "OPENBLAS", "MKL", "BLIS", "NUMBA", "NUMEXPR")
_ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in _LIBRARIES} | {"VECLIB_MAXIMUM_THREADS": "1"}
_LIBC: Any = ctypes.CDLL(None) if sys.platform == "linux" else None
_PR_SET_PDEATHSIG = 1  # Linux, include/uapi/linux/prctl.h


class Executor(Protocol):
    """Whatever calls functions, here or elsewhere, now or later."""

    def submit(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Have a function called; the future tells its result."""


def started(executor: Executor | int) -> AbstractContextManager[Executor]:
    """The executor, or so many worker processes, which end with the block."""
    return Workers(executor) if isinstance(executor, int) else nullcontext(executor)


def completed(
    executor: Executor, calls: Sequence[Callable[[], T]], isolated: bool = False
) -> Iterator[tuple[int, T]]:
    """Position and result of each call, as they come.

    Args:
        executor: has the calls made; those that wait when the iteration ends early are cancelled.
        calls: functions without arguments.
        isolated: whether they may ruin the process that they are made in.
    """
    if isinstance(executor, Workers):
        executor = executor.sized(len(calls), isolated)
    ended: SimpleQueue[int] = SimpleQueue()
    running: dict[int, Future[T]] = {}
    try:
        for i, call in enumerate(calls):
            running[i] = executor.submit(call)
            running[i].add_done_callback(partial(_put, ended, i))
            while not ended.empty():  # of this process, every call ends before the next is submitted
                yield _taken(running, ended.get())
        while running:
            yield _taken(running, ended.get())
    finally:
        if not isinstance(executor, Workers):  # they end what waits with their block; loky hangs if cancelled
            for future in running.values():
                future.cancel()


def _put(ended: SimpleQueue[int], i: int, _: Future[Any]) -> None:
    ended.put(i)


def _taken(running: dict[int, Future[T]], i: int) -> tuple[int, T]:
    return i, running.pop(i).result()


class ThisProcess:
    """Makes every call at once."""

    def submit(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Call a function; Ctrl-C ends it as anywhere else."""
        future: Future[T] = Future()
        try:
            future.set_result(function(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


class Workers:
    """Processes of one thread each, started by the first `submit`, and killed when the block ends.

    Attributes:
        jobs: how many there may be.
    """

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs
        self._size = 1
        self._pool: Any = None

    def sized(self, tasks: int, isolated: bool) -> Executor:
        """As many processes as so many tasks can use, or this one where it does as well as one of them.

        Args:
            tasks: how many will be submitted; nothing may be running.
            isolated: whether they may ruin the process that they run in.
        """
        wanted = min(tasks, self.jobs)
        if wanted <= 1 and not isolated:
            return ThisProcess()
        if wanted > self._size:
            self._end()
            self._size = wanted
        return self

    def submit(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Have a function called by a worker process."""
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self._size, initializer=_begin, initargs=(os.getpid(),), env=_ONE_THREAD
            )
        future: Future[T] = self._pool.submit(function, *args, **kwargs)
        return future

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def _end(self) -> None:
        if self._pool is None:
            return
        hook, threading.excepthook = (
            threading.excepthook,
            lambda _: None,
        )  # loky's thread, as workers are killed
        try:
            with warnings.catch_warnings(
                action="ignore"
            ):  # where no pgrep is, only the workers' own processes stay
                self._pool.shutdown(kill_workers=True)  # a thread that a response left behind would never end
        finally:
            threading.excepthook = hook
        self._pool = None


def _begin(parent: int) -> None:
    """Prepare a worker process."""
    for name in (
        "SIGINT",
        "SIGTERM",
        "SIGHUP",
    ):  # they may reach the whole group; the parent alone answers them
        if hasattr(signal, name):
            signal.signal(
                getattr(signal, name), _leave_it
            )  # no SIG_IGN, which commands that it starts would inherit
    _end_with(parent)
    with suppress(OSError):  # where there is no standard error
        os.dup2(2, 1)  # standard output is the verdict's


def _leave_it(number: int, frame: object) -> None:
    pass


def _end_with(parent: int) -> None:
    """End this process when its parent does, however that ends."""
    killed_with_parent()
    if sys.platform != "win32":
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def killed_with_parent() -> None:
    """Have this process killed when its parent ends; on Linux alone."""
    if sys.platform == "linux":
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.2)
    os._exit(1)
