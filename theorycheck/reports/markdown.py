"""A report in Markdown, for a terminal, an editor, or a code host."""

import re
from collections.abc import Sequence

from theorycheck.reports.blocks import (
    Badge,
    Block,
    Card,
    Code,
    Definitions,
    Formula,
    Heading,
    Line,
    Listing,
    Math,
    Paragraph,
    Picture,
    Strong,
    Table,
    in_pieces,
)


def render(blocks: Sequence[Block]) -> str:
    """Text of report.md."""
    return "\n\n".join(map(_block, blocks)) + "\n"


def _block(block: Block) -> str:
    match block:
        case Heading(text, level):
            return f"{'#' * level} {_escape(text)}"
        case Paragraph(line):
            return _at_start(_line(line))
        case Formula(latex):
            return f"$$ {_formula(latex)} $$"
        case Table(names, rows, numeric):
            rule = "|".join("---:" if i in numeric else ":---" for i in range(len(names)))
            lines = [(_escape(name) for name in names), *(map(_cell, row) for row in rows)]
            head, *body = (f"| {' | '.join(cells)} |" for cells in lines)
            return "\n".join([head, f"|{rule}|", *body])
        case Definitions(items):
            return "\n".join(f"* **{_line(term)}**: {_line(line)}" for term, line in items)
        case Listing(text):
            fence = "`" * max(3, 1 + _ticks(text))
            return f"{fence}\n{text}\n{fence}"
        case Picture(name, title, caption):
            return f"![{_escape(title)}]({name}.png)\n\n{_line(caption)}".rstrip()
        case Card(blocks=inner):
            return render(inner).rstrip("\n")


def _line(line: Line) -> str:
    return "".join(map(_piece, in_pieces(line)))


def _cell(line: Line) -> str:
    """A line in a table, where a bar ends the cell also in code and formulas."""
    return "".join(
        _piece(piece).replace("|", r"\|") if isinstance(piece, Code | Math) else _piece(piece)
        for piece in (_without_norm(piece) for piece in line)
    )


def _without_norm(piece: str) -> str:
    r"""A piece without `\|`, which a table takes for an escaped bar: `\Vert` in a formula, text instead of
    code.
    """
    if isinstance(piece, Math):
        return Math(piece.replace(r"\|", r"\Vert "))
    return str(piece) if isinstance(piece, Code) and r"\|" in piece else piece


def _piece(piece: str) -> str:
    match piece:
        case Code():
            fence = "`" * (1 + _ticks(piece))
            space = " " * (piece.startswith("`") or piece.endswith("`"))
            return f"{fence}{space}{piece}{space}{fence}" if piece.strip() else ""
        case Strong() | Badge():
            return f"**{_escape(piece)}**"
        case Math():
            return f"${_formula(piece)}$"
        case _:
            return _escape(piece)


def _formula(latex: str) -> str:
    """A formula in which no HTML begins, for readers that typeset none."""
    return re.sub(r"<(?=[A-Za-z/!?])", r"\\lt ", latex)


def _ticks(text: str) -> int:
    """The length of the longest run of backticks."""
    return max(map(len, re.findall("`+", text)), default=0)


def _escape(text: str) -> str:
    """Text that begins no markup, HTML, entity, formula or link (CommonMark 0.31, section 2.4; GFM 0.29)."""
    return re.sub(r"[\\`*_|<$~]|\](?=[(\[:])|&(?=#?\w+;)|(?:^|(?<=\s))#", r"\\\g<0>", str(text))


def _at_start(line: str) -> str:
    """A line that does not begin a heading, quote, list, rule or block of code."""
    return re.sub(r"^(?:(?=>|[+-](?:\s|$)|--)|(\d+)(?=[.)](?:\s|$)))", r"\1\\", line.lstrip())
