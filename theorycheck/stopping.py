"""Ctrl-C, SIGTERM and SIGHUP: what was finished is kept, and the processes below are ended."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

INTERRUPTED, TERMINATED = 130, 143  # exit statuses: 128 + SIGINT, 128 + SIGTERM
_NAMED = ("SIGTERM", "SIGHUP", "SIGINT")  # Windows has no SIGHUP


class Stopped(KeyboardInterrupt):
    """A signal asks this process to end."""


@contextmanager
def stoppable(again: bool = False, last: bool = False) -> Iterator[None]:
    """Raise Stopped on the first SIGTERM or SIGHUP, and KeyboardInterrupt on Ctrl-C, until the block ends,
    unless somebody else answers or ignores it; what comes after that is ignored.

    Args:
        again: whether the block's end is also that of this process, by the same signal (but Ctrl-C), as it
            would have been at once; a caller might take the exception for any other, and go on.
        last: whether this process ends after the block, and nothing that still comes changes how.
    """
    numbers = [getattr(signal, name) for name in _NAMED if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    ours = [n for n in numbers if before[n] in (signal.SIG_DFL, signal.default_int_handler)]
    if threading.current_thread() is not threading.main_thread():  # which alone may do so
        ours = []

    came: list[int] = []

    def stop(number: int, _: object) -> None:
        came.append(number)
        for each in ours:
            signal.signal(each, signal.SIG_IGN)  # a second one must not cut the end short
        raise KeyboardInterrupt if number == signal.SIGINT else Stopped(signal.Signals(number).name)

    for number in ours:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_IGN if last else before[number])
        if came and again and came[0] != signal.SIGINT:
            signal.raise_signal(came[0])


def cause_of(error: KeyboardInterrupt) -> tuple[str, int]:
    """What interrupted, in words, and the exit status that says so."""
    if not isinstance(error, Stopped):
        return "interrupted", INTERRUPTED
    return f"interrupted by {error}", TERMINATED if str(error) == "SIGTERM" else INTERRUPTED
