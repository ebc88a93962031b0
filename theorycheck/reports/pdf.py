"""A report as PDF: by pdflatex or tectonic where there is one, else by typst, which needs no TeX
installation.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from pathlib import Path

import matplotlib as mpl
from matplotlib.font_manager import findSystemFonts
from matplotlib.ft2font import FT2Font

from theorycheck.drawing.style import MARKS
from theorycheck.errors import ReportError
from theorycheck.reports import latex
from theorycheck.reports.blocks import (
    Badge,
    Block,
    Card,
    Code,
    Math,
    Paragraph,
    each_line,
    each_text,
    pictures,
)
from theorycheck.reports.makers import MISSING, makers

__all__ = ["MISSING", "makers", "write"]

BOX, BOX_ENDS, BADGE = "BOXBEGINSOF", "BOXENDSHERE", "BADGEOF"
FONTS = Path(mpl.get_data_path()) / "fonts/ttf"  # which matplotlib brings along
SECONDS = 120  # for a program that waits for a network, or loops
TYPST = """#set document(date: none)
#set page(paper: "a4", margin: (x: 2.2cm, y: 1.9cm), numbering: "1")
#set text(size: 9.5pt)
#set par(justify: true)
#set table(stroke: (x, y) => if y == 0 { (bottom: 0.5pt) }, inset: (x: 6pt, y: 3pt))
#show heading: set block(above: 1.4em, below: 0.8em)
#show figure: set block(breakable: true)
#show figure.where(kind: image): set block(breakable: false)
#show terms: it => grid(
  columns: (8.5em, 1fr), column-gutter: 0.8em, row-gutter: 0.7em,
  ..it.children.map(item => (par(justify: false, strong(item.term)), item.description)).flatten()
)
#let badge(colour, said) = box(
  fill: colour, inset: (x: 5pt, y: 3pt), outset: (y: 1pt), radius: 2pt,
  text(fill: white, weight: "bold", said)
)
#let card(colour, said) = block(
  width: 100%, inset: 10pt, radius: 3pt, stroke: (left: 3pt + colour, rest: 0.5pt + luma(75%)), said
)
#let horizontalrule = line(length: 100%)
"""


def write(blocks: Sequence[Block], path: Path) -> str:
    """Write the PDF; the figures must lie beside it as PDF files. Returns what made it.

    A TeX installation may lack the packages that the report needs, so the next maker is tried where one
    fails.

    Raises:
        ReportError: nothing on this machine makes a PDF, or all fail.
    """
    reasons = []
    for said, by in _attempts(blocks):
        said = [*said, Paragraph((f"Typeset by {by}.",))]
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for picture in pictures(blocks):
                shutil.copy(path.parent / f"{picture.name}.pdf", folder)
            try:
                made = _typst(said, folder) if by == "typst" else _tex(said, folder, by)
            except ReportError as error:
                reasons.append(str(error))
                continue
            shutil.copy(made, path)
            return by
    raise ReportError("; ".join(reasons) or MISSING)


def _attempts(blocks: Sequence[Block]) -> Iterator[tuple[Sequence[Block], str]]:
    """What makes the PDF of what: last by formulas as code, as some hold LaTeX that only their author's
    macros know.

    Typst first where characters are foreign, as it takes the fonts of the system; TeX would only name them.
    """
    order = sorted(makers(), key="typst".__ne__) if latex.foreign(latex.render(blocks)) else makers()
    spelled = [
        each_text(block, lambda text: Code(text) if isinstance(text, Math) else text) for block in blocks
    ]
    return product([blocks, spelled] if spelled != list(blocks) else [blocks], order)


def _tex(blocks: Sequence[Block], folder: Path, program: str) -> Path:
    (folder / "report.tex").write_text(latex.render(blocks), encoding="utf-8")
    options = ["-interaction=nonstopmode", "-halt-on-error"] if program == "pdflatex" else []
    fixed = {**os.environ, "SOURCE_DATE_EPOCH": "0", "FORCE_SOURCE_DATE": "1"}  # equal runs give equal bytes
    command = [program, *options, "report.tex"]
    try:
        result = subprocess.run(
            command, cwd=folder, env=fixed, capture_output=True, text=True, errors="replace",
            timeout=SECONDS, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise ReportError(
            f"{program} took over {SECONDS} s to typeset the report; report.tex has its source"
        ) from error
    if result.returncode != 0:
        lines = [line for line in result.stdout.splitlines() if line.startswith("!")] or ["it gave no reason"]
        raise ReportError(f"{program} could not typeset the report: {lines[0]}; report.tex has its source")
    return folder / "report.pdf"


def _typst(blocks: Sequence[Block], folder: Path) -> Path:
    import pypandoc
    import typst

    drawable = _drawable(blocks)
    drawn = [each_text(block, drawable) for block in blocks]
    marked = [marks for block in drawn for marks in _marked(block)]
    try:
        body = pypandoc.convert_text(latex.render(marked), "typst", format="latex", extra_args=["--quiet"])
        source = TYPST + _unmarked(body)
        (folder / "report.typ").write_text(source, encoding="utf-8")
        made = folder / "report.pdf"
        typst.compile(folder / "report.typ", output=made, font_paths=[FONTS], timestamp=0)
    except Exception as error:
        reason = str(error).splitlines()[0]
        raise ReportError(
            f"typst could not typeset the report: {reason}; report.tex has its source"
        ) from error
    return made


def _marked(block: Block) -> Iterator[Block]:
    """A block with words that pandoc passes on instead of what it would drop."""
    match block:
        case Card(decision, inner):
            yield Paragraph((f"{BOX}{decision}",))
            for one in inner:
                yield from _marked(one)
            yield Paragraph((BOX_ENDS,))
        case _:
            yield each_line(block, lambda piece: [f"{BADGE}{piece}" if isinstance(piece, Badge) else piece])


def _unmarked(source: str) -> str:
    """Typst's markup with what the words stand for."""
    for word, markup in ((BOX_ENDS, "]"), ("#box(image(", "#align(center, image(")):
        source = source.replace(word, markup)
    for decision, (_, colour) in MARKS.items():
        source = source.replace(f"{BOX}{decision}", f'#card(rgb("{colour}"))[')
        source = source.replace(f"{BADGE}{decision}", f'#badge(rgb("{colour}"))[{decision}]')
    return source


def _drawable(blocks: Sequence[Block]) -> Callable[[str], str]:
    """Puts marks in a text for those characters of a report that no font here has; a formula with such is
    code.
    """
    missing = set(latex.foreign(latex.render(blocks)))
    for path in (str(FONTS / "DejaVuSans.ttf"), *sorted(findSystemFonts())):
        if not missing:
            break
        try:
            missing -= set(map(chr, FT2Font(path).get_charmap()))
        except (OSError, RuntimeError):  # a file that FreeType does not read
            continue

    def change(text: str) -> str:
        if not missing & set(text):
            return text
        marked = "".join(latex.mark(c) if c in missing else c for c in text)
        return Code(marked) if isinstance(text, Math) else type(text)(marked)

    return change
