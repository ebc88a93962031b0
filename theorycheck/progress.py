"""What standard error shows while a command works: a bar while trials are made, a line from time to time."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from theorycheck.text import one_line

PATIENCE, REMINDER = 2.0, 10.0  # seconds until the first line, and from one line to the next


@contextmanager
def progress(name: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error, which counts what is done of what is known to be needed so far."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=16),  # the line fits 80 columns
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        auto_refresh=False,  # by a thread: Ctrl-C while that is started would end in a traceback
    )
    task, total = bar.add_task(name, total=0), 0

    def advance(done: int, more: int) -> None:
        nonlocal total
        total += more
        bar.update(task, advance=done, total=total)
        if not bar.finished:
            bar.start()
        bar.refresh()

    try:
        yield advance
    finally:
        bar.stop()


@contextmanager
def patience(task: str) -> Iterator[None]:
    """Say on standard error what a command is doing, where it takes more than two seconds, and for how long
    by now.
    """
    done, started, told = threading.Event(), time.monotonic(), one_line(task, 200)

    def remind() -> None:
        wait = PATIENCE
        while not done.wait(wait):
            print(
                f"theorycheck: {told}, {time.monotonic() - started:.0f} s so far", file=sys.stderr, flush=True
            )
            wait = REMINDER

    reminder = threading.Thread(target=remind, daemon=True)
    reminder.start()
    try:
        yield
    finally:
        done.set()
        reminder.join()
