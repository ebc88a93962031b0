"""A bar on standard error while trials are made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress(name: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error, which counts what is done of what is known to be needed so far."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=16),  # the line fits 80 columns
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    # Without a thread that refreshes it: Ctrl-C while that is started would end in a traceback.
    bar = Progress(*columns, console=Console(stderr=True), auto_refresh=False)
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
