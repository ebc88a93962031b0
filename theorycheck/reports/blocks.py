"""The blocks of a report, which every format renders, and what makes texts of others fit for all of them."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from matplotlib.figure import Figure

from theorycheck.judgement import Decision
from theorycheck.text import LONGEST, one_line

TITLE, CELL = 300, 2000  # most characters of a heading, and of a cell of a table


class Code(str):
    """Text as typed."""


class Strong(str):
    """Text to be stressed."""


class Badge(str):
    """A verdict, in its colour."""


class Math(str):
    """LaTeX of a formula inside a line."""


Line = str | Sequence[str]  # a piece, or several: plain text, Code, Strong, Badge or Math


def in_pieces(line: Line) -> Sequence[str]:
    """The pieces of a line."""
    return (line,) if isinstance(line, str) else line


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

    items: Sequence[tuple[Line, Line]]


@dataclass(frozen=True)
class Listing:
    """Preformatted text."""

    text: str


@dataclass(frozen=True)
class Picture:
    """A figure: the name of its files, its title, what it shows, the figure itself, and the same on other
    axes, by what they are called.
    """

    name: str
    title: str
    caption: Line
    figure: Figure
    others: Mapping[str, Figure] = field(default_factory=dict)


@dataclass(frozen=True)
class Card:
    """A box around blocks, with the decision that they are about."""

    decision: Decision
    blocks: Sequence["Block"]


Block = Heading | Paragraph | Formula | Table | Definitions | Listing | Picture | Card


def pictures(blocks: Iterable[Block]) -> Iterator[Picture]:
    """The figures among blocks and in their boxes."""
    for block in blocks:
        match block:
            case Picture():
                yield block
            case Card(blocks=inner):
                yield from pictures(inner)


def harmless(block: Block) -> Block:
    """A block whose texts are neutral lines of bounded length, and whose formulas end where they should."""
    if isinstance(block, Card):
        return replace(block, blocks=tuple(map(harmless, block.blocks)))
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
    if isinstance(block, Card):
        return replace(block, blocks=tuple(each_text(inner, change) for inner in block.blocks))
    match block := each_line(block, lambda piece: [change(piece)]):
        case Heading(text):
            return replace(block, text=change(text))
        case Formula(latex):
            changed = change(Math(latex))
            return Formula(changed) if isinstance(changed, Math) else Paragraph((changed,))
        case Table(names):
            return replace(block, names=tuple(map(change, names)))
        case Listing(text):
            return Listing("\n".join(map(change, text.splitlines())))
        case Picture(title=title):
            return replace(block, title=change(title))
        case _:
            return block


def each_line(block: Block, split: Callable[[str], Iterable[str]]) -> Block:
    """A block with each piece of its running text replaced by others."""

    def line(pieces: Line) -> Line:
        return tuple(new for piece in in_pieces(pieces) for new in split(piece))

    match block:
        case Paragraph(pieces):
            return Paragraph(line(pieces))
        case Table(rows=rows):
            return replace(block, rows=tuple(tuple(map(line, row)) for row in rows))
        case Definitions(items):
            return Definitions(tuple((line(term), line(pieces)) for term, pieces in items))
        case Picture(caption=caption):
            return replace(block, caption=line(caption))
        case Card(blocks=inner):
            return replace(block, blocks=tuple(each_line(b, split) for b in inner))
        case _:
            return block
