"""A report as PDF: by pdflatex or tectonic where there is one, else by typst, which needs no TeX installation."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from theorycheck.errors import ReportError
from theorycheck.reports import latex
from theorycheck.reports.document import Block, PageBreak, Paragraph, Picture

MISSING = "no PDF can be made here: install pdflatex, tectonic, or `pip install 'theorycheck[pdf]'`"
BREAK = "PAGEBREAKHERE"
TYPST = """#set document(date: none)
#set page(paper: "a4", margin: 2.2cm, numbering: "1")
#set text(size: 10pt)
#set par(justify: true)
#set table(stroke: (x, y) => if y == 0 { (bottom: 0.5pt) }, inset: (x: 6pt, y: 3pt))
#show heading: set block(above: 1.4em, below: 0.8em)
#show figure: set block(breakable: true)
#let horizontalrule = line(length: 100%)
"""


def makers() -> list[str]:
    """What can make a PDF on this machine, of "pdflatex", "tectonic" and "typst", in this order."""
    programs = [program for program in ("pdflatex", "tectonic") if shutil.which(program)]
    typst = all(importlib.util.find_spec(name) is not None for name in ("typst", "pypandoc"))
    return programs + ["typst"] * typst


def write(blocks: Sequence[Block], path: Path) -> str:
    """Write the PDF; the figures must lie beside it as PDF files. Returns what made it.

    A TeX installation may lack the packages that the report needs, so the next maker is tried where one fails.

    Raises:
        ReportError: nothing on this machine makes a PDF, or all fail.
    """
    reasons = []
    for by in makers():
        said = [*blocks, Paragraph((f"Typeset by {by}.",))]
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for picture in (block for block in blocks if isinstance(block, Picture)):
                shutil.copy(path.parent / f"{picture.name}.pdf", folder)
            try:
                made = _typst(said, folder) if by == "typst" else _tex(said, folder, by)
            except ReportError as error:
                reasons.append(str(error))
                continue
            shutil.copy(made, path)
            return by
    raise ReportError("; ".join(reasons) or MISSING)


def _tex(blocks: Sequence[Block], folder: Path, program: str) -> Path:
    (folder / "report.tex").write_text(latex.render(blocks), encoding="utf-8")
    options = ["-interaction=nonstopmode", "-halt-on-error"] if program == "pdflatex" else []
    fixed = {**os.environ, "SOURCE_DATE_EPOCH": "0", "FORCE_SOURCE_DATE": "1"}  # equal runs give equal bytes
    command = [program, *options, "report.tex"]
    result = subprocess.run(
        command, cwd=folder, env=fixed, capture_output=True, text=True, errors="replace", check=False
    )
    if result.returncode != 0:
        lines = [line for line in result.stdout.splitlines() if line.startswith("!")] or ["it gave no reason"]
        raise ReportError(f"{program} could not typeset the report: {lines[0]}; report.tex has its source")
    return folder / "report.pdf"


def _typst(blocks: Sequence[Block], folder: Path) -> Path:
    import pypandoc
    import typst

    marked = [Paragraph((BREAK,)) if isinstance(block, PageBreak) else block for block in blocks]
    body = pypandoc.convert_text(latex.render(marked), "typst", format="latex")
    source = TYPST + body.replace(BREAK, "#pagebreak(weak: true)")
    (folder / "report.typ").write_text(source, encoding="utf-8")
    try:
        typst.compile(folder / "report.typ", output=folder / "report.pdf", timestamp=0)
    except Exception as error:
        reason = str(error).splitlines()[0]
        raise ReportError(f"typst could not typeset the report: {reason}; report.tex has its source") from error
    return folder / "report.pdf"
