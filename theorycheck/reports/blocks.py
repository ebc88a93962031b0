"""The blocks of a report, which every format renders, and what makes texts of others fit for all of them."""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from matplotlib.figure import Figure

from theorycheck.text import LONGEST, one_line

TITLE, CELL = 300, 2000  # most characters of a heading, and of a cell of a table


class Code(str):
    """Text as typed."""


class Strong(str):
    """Text to be stressed."""


class Math(str):
    """LaTeX of a formula inside a line."""


Line = str | Sequence[str]  # a piece, or several: plain text, Code, Strong or Math


@dataclass(frozen=True)
class Heading:
    """A title; level 1 is that of the report, 2 of a claim, 3 of a section."""

    text: str
    level: int


@dataclass(frozen=True)
class Paragraph:
    """Running text."""

    line: Line


@dataclass(frozen=True)
class Formula:
    """A formula of its own, in LaTeX without dollar signs."""

    latex: str


@dataclass(frozen=True)
class Table:
    """A table with a row of names; columns of numbers are set to the right."""

    names: Sequence[str]
    rows: Sequence[Sequence[Line]]
    numeric: Collection[int] = ()


@dataclass(frozen=True)
class Definitions:
    """Terms, each with what is said of it."""

    items: Sequence[tuple[str, Line]]


@dataclass(frozen=True)
class Listing:
    """Preformatted text."""

    text: str


@dataclass(frozen=True)
class Picture:
    """A figure: the name of its files, its title, what it shows, and the figure itself."""

    name: str
    title: str
    caption: str
    figure: Figure


@dataclass(frozen=True)
class PageBreak:
    """The end of the summary."""


Block = Heading | Paragraph | Formula | Table | Definitions | Listing | Picture | PageBreak


def harmless(block: Block) -> Block:
    """A block whose texts are neutral lines of bounded length, and whose formulas end where they should."""
    most = {Heading: TITLE, Table: CELL}.get(type(block), LONGEST)
    return each_text(block, lambda text: _fit(text, most))


def _fit(text: str, most: int) -> str:
    shown = one_line(text, most)
    if isinstance(text, Math) and (len(text) > most or not _closed(shown)):
        return Code(shown)
    return type(text)(shown)


def _closed(latex: str) -> bool:
    """Whether a formula has all its braces, and nothing that ends it or hides what follows."""
    depth = 0
    for token in re.findall(r"\\.|[{}$%]", latex):
        depth += {"{": 1, "}": -1}.get(token, 0)
        if depth < 0 or token in "$%":
            return False
    return depth == 0


def each_text(block: Block, change: Callable[[str], str]) -> Block:
    """A block with each of its texts changed, and its lines in pieces.

    A formula of its own is a text as well, and may become another.
    """

    def line(pieces: Line) -> Line:
        return tuple(map(change, (pieces,) if isinstance(pieces, str) else pieces))

    match block:
        case Heading(text):
            return replace(block, text=change(text))
        case Paragraph(pieces):
            return Paragraph(line(pieces))
        case Formula(latex):
            changed = change(Math(latex))
            return Formula(changed) if isinstance(changed, Math) else Paragraph((changed,))
        case Table(names, rows):
            cells = tuple(tuple(map(line, row)) for row in rows)
            return replace(block, names=tuple(map(change, names)), rows=cells)
        case Definitions(items):
            return Definitions(tuple((change(term), line(pieces)) for term, pieces in items))
        case Listing(text):
            return Listing("\n".join(map(change, text.splitlines())))
        case Picture(title=title, caption=caption):
            return replace(block, title=change(title), caption=change(caption))
        case PageBreak():
            return block
