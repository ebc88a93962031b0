"""Gives up on a computation that takes too long, in whatever thread it is asked for."""

import ctypes
import time
from collections.abc import Callable, Iterator, Sequence
from threading import Thread, get_ident
from typing import TypeVar

import mpmath

T = TypeVar("T")
# Times the seconds, by the clock; so that what is derived does not depend on how busy a machine is.
_PATIENCE = 2.0
_GRACE = 1.0  # seconds that a computation has to end after it was stopped, before it is stopped again
_STOPS = 3  # SymPy may catch the first


class OutOfTime(Exception):
    """A computation did not end in time."""


class _Stop(BaseException):
    """Ends a computation from outside; no `except Exception` in its way catches it."""


def within(seconds: float, compute: Callable[[], T]) -> T:
    """What a computation in Python returns or raises, if that takes it no more than so many seconds of a
    processor.

    It runs in a thread of its own, because signals reach the main thread alone, and a process would have to
    load SymPy.

    Raises:
        OutOfTime: it did not end in time, and was stopped.
    """
    results: list[T] = []
    errors: list[BaseException] = []
    clocks: list[int] = []

    def run() -> None:
        try:
            try:
                clocks.extend(_clock())
                results.append(compute())
            except BaseException as error:
                errors.append(error)
        except _Stop as stop:  # which came while the result was put away
            errors.append(stop)

    digits = mpmath.mp.prec
    thread = Thread(target=run, name="theorycheck-deadline", daemon=True)
    thread.start()
    try:
        _wait(thread, clocks, seconds)
    finally:
        if thread.is_alive():
            _stop(thread)
            mpmath.mp.prec = digits  # which a stopped evaluation may leave changed
    if results:
        return results[0]
    if errors and not isinstance(errors[0], _Stop):
        raise errors[0]
    raise OutOfTime(f"{seconds:g} seconds")


def _clock() -> Iterator[int]:
    """The processor's clock of this thread, where the system has one; of another that has ended, asking may
    crash.
    """
    if hasattr(time, "pthread_getcpuclockid"):
        yield time.pthread_getcpuclockid(get_ident())


def _wait(thread: Thread, clocks: Sequence[int], seconds: float) -> None:
    thread.join(seconds)
    latest = time.monotonic() + (_PATIENCE - 1) * seconds
    while thread.is_alive() and time.monotonic() < latest and _used(clocks) < seconds:
        thread.join(seconds / 10)


def _used(clocks: Sequence[int]) -> float:
    """Seconds of a processor that a thread has used; without end where it has ended, or the system does not
    say.
    """
    try:
        return time.clock_gettime(clocks[0])
    except (IndexError, OSError):
        return float("inf")


def _stop(thread: Thread) -> None:
    """Raise an exception in a thread, as CPython offers to debuggers."""
    for _ in range(_STOPS):
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(_Stop))
        thread.join(_GRACE)
        if not thread.is_alive():
            return
