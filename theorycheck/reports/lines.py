"""Lines for a terminal: columns of a table, and what is too long for it."""

import re
import textwrap
from collections.abc import Iterable, Sequence

from theorycheck.text import one_line


def columns(rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines of a table, every column as wide as its widest entry."""
    rows = [[one_line(text) for text in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "   ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def wrapped(text: str, width: int) -> str:
    """Lines that are too long for a terminal go on below the place where their last column begins."""
    return "\n".join(part for line in text.split("\n") for part in _wrapped(line, width))


def _wrapped(line: str, width: int) -> list[str]:
    starts = [gap.end() for gap in re.finditer(r"^ +| {2,}", line) if gap.end() <= width / 2]
    hanging = " " * (max(starts, default=0) or 2)
    return textwrap.wrap(line, width, subsequent_indent=hanging, break_on_hyphens=False) or [""]
