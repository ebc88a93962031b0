"""This process and worker processes; the latter end with it, and leave its signals to it."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, Future
from contextlib import suppress
from typing import Any, ParamSpec, Self, TypeVar

from joblib.externals.loky.process_executor import ProcessPoolExecutor

P = ParamSpec("P")
T = TypeVar("T")
_LIBRARIES = ("OMP", "OPENBLAS", "MKL", "BLIS", "NUMBA", "NUMEXPR")
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in _LIBRARIES} | {"VECLIB_MAXIMUM_THREADS": "1"}
_LIBC: Any = ctypes.CDLL(None) if sys.platform == "linux" else None
SERVES = "local, worker processes of this machine"
_PR_SET_PDEATHSIG = 1  # Linux, include/uapi/linux/prctl.h


def serves(name: str) -> bool:
    """Whether a name asks for worker processes of this machine."""
    return name == "local"


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
    """Processes of one thread each, started as calls come, and killed when the block ends.

    Each is a pool of its own, so that one which dies loses nothing but what it was at.

    Attributes:
        jobs: how many there may be.
    """

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs
        self._pools: list[tuple[ProcessPoolExecutor, Future[Any]]] = []  # and the last call of each

    def fitting(self, calls: int, isolated: bool) -> Workers | ThisProcess:
        """This process, where it does as well as one of them: for one call, or where one works at a time."""
        return self if isolated or min(calls, self.jobs) > 1 else ThisProcess()

    def submit(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Have a function called by a worker process, the first that is free."""
        pool = self._free()
        try:
            future: Future[T] = pool.submit(function, *args, **kwargs)
        except BrokenExecutor:  # it died while it had nothing to do
            _kill([pool])
            pool = _pool()
            future = pool.submit(function, *args, **kwargs)
        self._pools.append((pool, future))
        return future

    def _free(self) -> ProcessPoolExecutor:
        """A pool without a call, or else the one whose call is the oldest; not among the pools until it has
        another.
        """
        idle = [i for i, (_, last) in enumerate(self._pools) if last.done()]
        if not idle and len(self._pools) < self.jobs:
            return _pool()
        pool, _ = self._pools.pop(idle[0] if idle else 0)
        return pool

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pools, self._pools = [pool for pool, _ in self._pools], []
        _kill(pools)


def opened(name: str, jobs: int) -> Workers:
    """Worker processes, which several runs share."""
    return Workers(jobs)


def _pool() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, initializer=begin, initargs=(os.getpid(),), env=ONE_THREAD)


def _kill(pools: Sequence[ProcessPoolExecutor]) -> None:
    hook, threading.excepthook = threading.excepthook, lambda _: None  # loky's thread, as workers are killed
    try:
        with warnings.catch_warnings(action="ignore"):  # where no pgrep is, only the workers' own stay
            for pool in pools:
                pool.shutdown(kill_workers=True)  # a thread that a response left behind would never end
    finally:
        threading.excepthook = hook


def begin(parent: int) -> None:
    """Prepare a worker process, in its main thread.

    Args:
        parent: the number of the process that it ends with.
    """
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
