"""What standard error shows while a command works: a bar while trials are made, a line from time to time."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from theorycheck.text import one_line

PATIENCE, REMINDER = 2.0, 10.0  # seconds until the first line, and from one line to the next


class Bar:
    """A bar on standard error, with the time left of what is known to be needed, and a line below.

    Attributes:
        tell: changes the line; None where there is no terminal, so that nobody need make one.
    """

    def __init__(self, name: str) -> None:
        from rich.console import Console, Group
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
        from rich.text import Text

        columns = (
            TextColumn("{task.description}"),
            BarColumn(bar_width=16),  # the line fits 80 columns
            MofNCompleteColumn(),
            TimeRemainingColumn(elapsed_when_finished=True),
        )
        bar = self

        class Noted(Progress):
            def get_renderable(self) -> Group:
                return Group(self.make_tasks_table(self.tasks), *([Text(bar._line, "dim")] * bool(bar._line)))

        console, self._line, self._total = Console(stderr=True), "", 0
        # Refreshed by no thread: Ctrl-C while that is started would end in a traceback.
        self._shown = Noted(*columns, console=console, auto_refresh=False)
        self._task = self._shown.add_task(name, total=0)
        self.tell = self._tell if console.is_terminal else None

    def __call__(self, done: int, more: int) -> None:
        """Count what is done now, and how much more there will be."""
        self._total += more
        self._shown.update(self._task, advance=done, total=self._total)
        if not self._shown.finished:
            self._shown.start()
        self._shown.refresh()

    def _tell(self, line: str) -> None:
        self._line = one_line(line, 200)
        self._shown.refresh()

    def stop(self) -> None:
        """Leave the bar as it is."""
        self._shown.stop()


@contextmanager
def progress(name: str) -> Iterator[Bar]:
    """A bar on standard error, which counts what is done of what is known to be needed so far."""
    bar = Bar(name)
    try:
        yield bar
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
