"""A report in Markdown, for a terminal, an editor, or a code host."""

from __future__ import annotations

import re
from collections.abc import Sequence

from theorycheck.reports.document import (
    Block,
    Code,
    Definitions,
    Formula,
    Heading,
    Line,
    Listing,
    Math,
    PageBreak,
    Paragraph,
    Picture,
    Strong,
    Table,
)


def render(blocks: Sequence[Block]) -> str:
    """Text of report.md."""
    return "\n\n".join(text for block in blocks if (text := _block(block))) + "\n"


def _block(block: Block) -> str:
    match block:
        case Heading(text, level):
            return f"{'#' * level} {_escape(text)}"
        case Paragraph(line):
            return _line(line)
        case Formula(latex):
            return f"$$ {latex} $$"
        case Table(names, rows, numeric):
            rule = "|".join("---:" if i in numeric else ":---" for i in range(len(names)))
            lines = [f"| {' | '.join(names)} |", f"|{rule}|", *(f"| {' | '.join(map(_line, row))} |" for row in rows)]
            return "\n".join(lines)
        case Definitions(items):
            return "\n".join(f"* **{_escape(term)}**: {_line(line)}" for term, line in items)
        case Listing(text):
            return f"```\n{text}\n```"
        case Picture(name, title, caption):
            return f"![{title}]({name}.png)\n\n{_escape(caption)}"
        case PageBreak():
            return ""


def _line(line: Line) -> str:
    return "".join(_piece(piece) for piece in line)


def _piece(piece: str) -> str:
    match piece:
        case Code():
            return f"`{piece}`"
        case Strong():
            return f"**{_escape(piece)}**"
        case Math():
            return f"${piece}$"
        case _:
            return _escape(piece)


def _escape(text: str) -> str:
    return re.sub(r"([*_|<])", r"\\\1", str(text))
