"""SIGTERM and SIGHUP, answered like Ctrl-C: what was finished is kept, and the processes below are ended."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

INTERRUPTED, TERMINATED = 130, 143  # exit statuses: 128 + SIGINT, 128 + SIGTERM
_NAMED = ("SIGTERM", "SIGHUP")  # Windows has no SIGHUP


class Stopped(KeyboardInterrupt):
    """A signal asks this process to end."""


@contextmanager
def stoppable(again: bool = False) -> Iterator[None]:
    """Raise Stopped on the first SIGTERM or SIGHUP until the block ends, unless somebody else answers or
    ignores it.

    Args:
        again: whether the block's end is also that of this process, by the same signal, as it would have been
            at once; a caller might take the exception for any other, and go on.
    """
    numbers = [getattr(signal, name) for name in _NAMED if hasattr(signal, name)]
    ours = [number for number in numbers if signal.getsignal(number) is signal.SIG_DFL]
    if threading.current_thread() is not threading.main_thread():  # which alone may do so
        ours = []

    came: list[int] = []

    def stop(number: int, _: object) -> None:
        came.append(number)
        for each in ours:
            signal.signal(each, signal.SIG_IGN)  # a second one must not cut the end short
        raise Stopped(signal.Signals(number).name)

    for number in ours:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)
        if came and again:
            signal.raise_signal(came[0])


def cause_of(error: KeyboardInterrupt) -> tuple[str, int]:
    """What interrupted, in words, and the exit status that says so."""
    if not isinstance(error, Stopped):
        return "interrupted", INTERRUPTED
    return f"interrupted by {error}", TERMINATED if str(error) == "SIGTERM" else INTERRUPTED
