"""A report as one HTML file that needs nothing else: figures as SVG, formulas as MathML, no network."""

import io
import re
from collections.abc import Sequence
from html import escape, unescape
from importlib.resources import files
from string import Template
from xml.etree.ElementTree import tostring

import matplotlib as mpl
from latex2mathml.converter import convert_to_element

from theorycheck.drawing.axes import TOLD
from theorycheck.reports.blocks import (
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

OBEYED = ("href", "style", "class", "id")  # attributes of MathML that a page acts on


def render(blocks: Sequence[Block]) -> str:
    """Text of report.html."""
    title = next(block.text for block in blocks if isinstance(block, Heading))
    page = files("theorycheck.reports").joinpath("templates/report.html").read_text(encoding="utf-8")
    return Template(page.rstrip()).substitute(title=escape(title), body=body(blocks))


def body(blocks: Sequence[Block]) -> str:
    """The report without its page, for notebooks."""
    return "\n".join(_block(block, i) for i, block in enumerate(blocks))


def _block(block: Block, position: int) -> str:
    match block:
        case Heading(text, level):
            return f"<h{level}>{escape(text)}</h{level}>"
        case Paragraph(line):
            return f"<p>{_line(line)}</p>"
        case Formula(latex):
            return f'<div class="wide">{_mathml(latex, "block")}</div>'
        case Table(names, rows, numeric):
            kind = [' class="number"' if i in numeric else "" for i in range(len(names))]
            head = "".join(
                f'<th scope="col" tabindex="0"{k}>{escape(n)}</th>' for k, n in zip(kind, names, strict=True)
            )
            cells = (
                "".join(f"<td{k}>{_line(cell)}</td>" for k, cell in zip(kind, row, strict=True))
                for row in rows
            )
            lines = "\n".join(f"<tr>{row}</tr>" for row in cells)
            return (
                "<div"
                f' class="wide"><table><thead><tr>{head}</tr></thead><tbody>\n{lines}\n</tbody></table></div>'
            )
        case Definitions(items):
            parts = "\n".join(f"<dt>{escape(term)}</dt><dd>{_line(line)}</dd>" for term, line in items)
            return f"<dl>\n{parts}\n</dl>"
        case Listing(text):
            return f'<pre class="wide">{escape(text)}</pre>'
        case Picture(_, title, caption):
            said = f"<figcaption>{escape(caption)}</figcaption>"
            return f'<figure aria-label="{escape(title)}">{_svg(block, position)}{said}</figure>'
        case PageBreak():
            return ""


def _line(line: Line) -> str:
    return "".join(map(_piece, line))


def _piece(piece: str) -> str:
    match piece:
        case Code():
            return f"<code>{escape(piece)}</code>"
        case Strong():
            return f"<strong>{escape(piece)}</strong>"
        case Math():
            return _mathml(piece)
        case _:
            return escape(piece)


def _mathml(latex: str, display: str = "inline") -> str:
    """A formula as MathML without links; its LaTeX as code, where it is not understood.

    The converter's own text would hold the characters of HTML unescaped.
    """
    try:
        formula = convert_to_element(latex, display=display)
    except Exception:  # of any kind, for LaTeX that is none
        return f"<code>{escape(latex)}</code>"
    for element in formula.iter():
        text = unescape(element.text or "")
        element.text = re.sub(r"\\([_%$#&{}])", r"\1", text) if element.tag == "mtext" else text or None
        kept = {name: unescape(value) for name, value in element.attrib.items() if name not in OBEYED}
        element.attrib.clear()
        element.attrib.update(kept)
    if any("\\" in (element.text or "") for element in formula.iter()):  # a command that it does not know
        return f"<code>{escape(latex)}</code>"
    return tostring(formula, encoding="unicode")


def _svg(picture: Picture, position: int) -> str:
    """The figure as SVG, with identifiers of its own and what it tells of its points as tooltips."""
    written = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": picture.name}):
        picture.figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None})
    svg = written.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(rf'<g id="{TOLD}([^"]*)">', r'<g class="told"><title>\1</title>', svg)
    svg = re.sub(r'\bid="([^"]+)"', rf'id="f{position}-\1"', svg)
    svg = re.sub(r'(href="#|url\(#)([^")]+)', rf"\1f{position}-\2", svg)
    return re.sub(r'<svg ([^>]*?)height="[^"]+" ([^>]*?)width="[^"]+"', r"<svg \1\2", svg, count=1)
