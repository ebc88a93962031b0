"""A report as one HTML file that needs nothing else: figures as SVG, formulas as MathML, no network."""

import re
from collections.abc import Iterator, Sequence
from html import escape, unescape
from importlib.resources import files
from string import Template
from xml.etree.ElementTree import tostring

from latex2mathml.converter import convert_to_element
from matplotlib.figure import Figure

from theorycheck.drawing.axes import TOLD, rendered
from theorycheck.drawing.style import DARK
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

OBEYED = ("href", "style", "class", "id")  # attributes of MathML that a page acts on
SHORT = 22  # characters of cells that are not broken into lines
FIRST_AXES = "logarithmic axes"  # of a figure that can be shown on others
CHOICE = (  # in the figure itself, as a notebook has no other style sheet
    "<style>.choice>.view{display:none}"
    ".choice>input:nth-of-type(1):checked~.view:nth-of-type(1),"
    ".choice>input:nth-of-type(2):checked~.view:nth-of-type(2){display:block}</style>"
)


def render(blocks: Sequence[Block]) -> str:
    """Text of report.html."""
    title = next(block.text for block in blocks if isinstance(block, Heading))
    page = files("theorycheck.reports").joinpath("templates/report.html").read_text(encoding="utf-8")
    colours = {"light": _colours({c: c for c in DARK}), "dark": _colours(DARK)}
    contents = "\n".join(_contents(blocks))
    return Template(page.rstrip()).substitute(
        title=escape(title), contents=contents, body=body(blocks), **colours
    )


def body(blocks: Sequence[Block]) -> str:
    """The report without its page, for notebooks."""
    return "\n".join(_block(block, f"f{i}") for i, block in enumerate(blocks))


def _contents(blocks: Sequence[Block]) -> Iterator[str]:
    """The table of contents: a link to every title but that of the report."""
    for i, block in enumerate(blocks):
        match block:
            case Heading(text, level) if level > 1:
                yield f'<a class="level{level}" href="#f{i}">{escape(text)}</a>'


def _block(block: Block, identifier: str) -> str:
    match block:
        case Heading(text, level):
            return f'<h{level} id="{identifier}">{escape(text)}</h{level}>'
        case Paragraph(line):
            return f"<p>{_line(line)}</p>"
        case Formula(latex):
            return "\n".join(f'<div class="formula">{_row(row)}</div>' for row in _rows(latex))
        case Table():
            return _table(block)
        case Definitions(items):
            parts = "\n".join(
                f"<dt{_noted(term)}>{_line(term)}</dt><dd>{_line(line)}</dd>" for term, line in items
            )
            return f"<dl>\n{parts}\n</dl>"
        case Listing(text):
            return f'<pre class="wide">{escape(text)}</pre>'
        case Picture():
            return _picture(block, identifier)
        case Card(decision, inner):
            parts = "\n".join(_block(one, f"{identifier}-{i}") for i, one in enumerate(inner))
            return f'<section class="card {decision.lower()}">\n{parts}\n</section>'


def _row(latex: str) -> str:
    """A line of a formula; words at its end stand beside it, as those in MathML are never broken."""
    ending = re.fullmatch(r"(.+?)\\text\{((?:[^{}\\]|\\[_%$#&{}])*)\}", latex, re.DOTALL)
    if not ending:
        return _mathml(latex, "block")
    words = re.sub(r"\\(.)", r"\1", ending[2]).lstrip(" ,")
    return f'{_mathml(ending[1], "block")}<div class="words">{escape(words)}</div>'


def _rows(latex: str) -> list[str]:
    """The lines of a formula, as the converter does not align them."""
    aligned = re.fullmatch(r"\\begin\{aligned\}(.*)\\end\{aligned\}", latex)
    return re.sub(r"(?<!\\)&", "", aligned[1]).split(r"\\") if aligned else [latex]


def _noted(term: Line) -> str:
    return ' class="attention"' if "".join(term).endswith(("(warning)", "(failed)")) else ""


def _table(table: Table) -> str:
    columns = list(zip(*table.rows, strict=True)) or [()] * len(table.names)
    kind = [
        ' class="number"' if i in table.numeric else ' class="short"' * all(map(_short, column))
        for i, column in enumerate(columns)
    ]
    head = "".join(
        f'<th scope="col" tabindex="0"{k}>{escape(n)}</th>' for k, n in zip(kind, table.names, strict=True)
    )
    cells = (
        "".join(f"<td{k}>{_line(cell)}</td>" for k, cell in zip(kind, row, strict=True)) for row in table.rows
    )
    lines = "\n".join(f"<tr>{row}</tr>" for row in cells)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>\n{lines}\n</tbody></table></div>'


def _short(cell: Line) -> bool:
    return len("".join(cell)) <= SHORT


def _line(line: Line) -> str:
    """Pieces in a row; a formula is not parted from the punctuation after it."""
    shown = "".join(map(_piece, in_pieces(line)))
    return re.sub(r"(<math(?:(?!</math>).)*</math>[])]*[.,;:])", r'<span class="whole">\1</span>', shown)


def _piece(piece: str) -> str:
    match piece:
        case Code():
            return f"<code>{escape(piece)}</code>"
        case Badge():
            return f'<strong class="badge {piece.lower()}">{escape(piece)}</strong>'
        case Strong():
            return f"<strong>{_text(piece)}</strong>"
        case Math():
            return _mathml(piece)
        case _:
            return _text(piece)


def _text(text: str) -> str:
    """Text with minus signs instead of hyphens before numbers."""
    return re.sub(r"(?<![\w-])-(?=\d)", "\u2212", escape(text))


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
        if element.text in ("*", "\u221e"):  # no operators here, which stand apart
            element.tag, element.text = "mi", element.text.replace("*", "\u2217")
        kept = {name: unescape(value) for name, value in element.attrib.items() if name not in OBEYED}
        element.attrib.clear()
        element.attrib.update(kept)
    if any("\\" in (element.text or "") for element in formula.iter()):  # a command that it does not know
        return f"<code>{escape(latex)}</code>"
    return tostring(formula, encoding="unicode")


def _picture(picture: Picture, identifier: str) -> str:
    """A figure, on other axes where these are chosen, with its caption and a line for what it tells."""
    shown = _svg(picture.figure, identifier)
    if picture.others:
        views = {FIRST_AXES: shown} | {
            name: _svg(figure, f"{identifier}-{i}") for i, (name, figure) in enumerate(picture.others.items())
        }
        shown = _choice(views, identifier)
    told = '<output class="telling"></output>' if 'class="told"' in shown else ""
    caption = _line(picture.caption)
    said = f"<figcaption>{caption}</figcaption>" if caption else ""
    return f'<figure aria-label="{escape(picture.title)}">{shown}{told}{said}</figure>'


def _choice(views: dict[str, str], identifier: str) -> str:
    """The same on several axes, of which one is seen."""
    buttons = "".join(
        f'<input type="radio" name="{identifier}" id="{identifier}-axes{i}"{" checked" * (i == 0)}>'
        f'<label for="{identifier}-axes{i}">{escape(name)}</label>'
        for i, name in enumerate(views)
    )
    shown = "".join(f'<div class="view">{svg}</div>' for svg in views.values())
    return f'{CHOICE}<div class="choice">{buttons}{shown}</div>'


def _svg(figure: Figure, identifier: str) -> str:
    """A figure as SVG, with identifiers of its own, colours that a dark page changes, and what it tells of
    its points as tooltips.
    """
    svg = rendered(figure, "svg").decode()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(rf'<g id="{TOLD}([^"]*)">', r'<g class="told"><title>\1</title>', svg)
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{identifier}-\1"', svg)
    svg = re.sub(r'(href="#|url\(#)([^")]+)', rf"\1{identifier}-\2", svg)
    svg = re.sub("|".join(DARK), lambda colour: f"var({_variable(colour[0])}, {colour[0]})", svg)
    return re.sub(r'<svg ([^>]*?)height="[^"]+" ([^>]*?)width="[^"]+"', r"<svg \1\2", svg, count=1)


def _variable(colour: str) -> str:
    return f"--figure-{colour[1:]}"


def _colours(shown: dict[str, str]) -> str:
    """The style sheet's colours as variables of a page."""
    return " ".join(f"{_variable(colour)}: {other};" for colour, other in shown.items())
