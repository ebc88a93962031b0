"""Writes what a run found to a folder: the report in several formats, its figures, the trials, the verdict as
JSON.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal, get_args

import pandas as pd
from matplotlib.figure import Figure

from theorycheck.claim import Claim
from theorycheck.drawing import Shown
from theorycheck.drawing.axes import save
from theorycheck.drawing.maps import residual_plot
from theorycheck.drawing.style import sheet
from theorycheck.errors import ReportError, StoreError
from theorycheck.reports import html, latex, markdown, pdf
from theorycheck.reports.blocks import Block, Paragraph, Picture, pictures
from theorycheck.reports.document import Part, document
from theorycheck.reports.overview import draw, gauge
from theorycheck.statements.base import Drawing
from theorycheck.text import told
from theorycheck.verdict import Verdict, result_document

Format = Literal["md", "html", "tex", "pdf"]
FORMATS: tuple[Format, ...] = get_args(Format)


def part(verdict: Verdict, claim: Claim, observed: pd.DataFrame) -> Part:
    """What a report says of one claim.

    Its figures are those of the claim's statement, and the residuals of the regression, if there is one.
    """
    shown = Shown(verdict.judgement, claim, observed, verdict.tried.words)
    number = _drawn(Drawing("estimate", "Estimate in what is allowed", "", partial(gauge, verdict)))
    drawings = list(claim.law.draw(shown))
    if regression := verdict.judgement.regression:
        what = "Residuals of the log-log regression, and the leverage of each level."
        residuals = partial(residual_plot, regression, shown)
        drawings.append(Drawing("residuals", "Residuals and leverage", what, residuals))
    return Part(verdict, claim, [_drawn(drawing) for drawing in drawings], number)


def _drawn(drawing: Drawing) -> Picture | Paragraph:
    """A figure, or a sentence where it cannot be drawn: no text of a claim may cost the rest of it."""
    try:
        figure, others = _made(drawing.draw), {name: _made(draw) for name, draw in drawing.others.items()}
    except Exception as error:
        return Paragraph(f"The figure {drawing.title} could not be drawn ({told(error)}).")
    return Picture(drawing.name, drawing.title, drawing.caption, figure, others)


def _made(draw: Callable[[], Figure]) -> Figure:
    with sheet():
        draw().draw_without_rendering()  # on another, as every drawing moves the layout of the next
        return draw()


def available(wanted: Sequence[Format] | None) -> tuple[Format, ...]:
    """The formats wanted, or all that can be made here.

    Raises:
        ReportError: a PDF is wanted, and nothing here makes one.
    """
    if wanted is None:
        return FORMATS if pdf.makers() else tuple(name for name in FORMATS if name != "pdf")
    if "pdf" in wanted and not pdf.makers():
        raise ReportError(pdf.MISSING)
    return tuple(wanted)


def write_report(
    verdict: Verdict,
    claim: Claim,
    trials: pd.DataFrame,
    observed: pd.DataFrame,
    folder: Path,
    formats: Sequence[Format] | None = None,
    fragment: bool = False,
) -> Part:
    """Write the report in some formats, the figures as PNG and PDF, trials.csv and result.json.

    Args:
        verdict: what was found.
        claim: what was claimed.
        trials: one row a trial.
        observed: what the judge saw of them: counts by cell, or values.
        folder: where the files go; files of an earlier run are replaced.
        formats: md, html, tex, pdf; by default all that can be made here.
        fragment: whether report.tex is the body alone.

    Returns:
        What the report says. Its verdict knows the paths of its artifacts, and has a sentence on each format
        that could not be made.

    Raises:
        ReportError: nothing here makes a format that was asked for.
        StoreError: the folder cannot be written.
    """
    asked = available(formats)
    with _written_to(folder):
        trials.to_csv(folder / "trials.csv", index=False, lineterminator="\n", errors="backslashreplace")
        _write_result(verdict, folder, [])  # before what may fail
        shown = part(verdict, claim, observed)
        blocks = document([shown])
        unwritten = _write(blocks, folder, asked, fragment)
        written = [f"report.{name}" for name in asked if name not in unwritten]
        figures = [f"{picture.name}.{kind}" for picture in pictures(blocks) for kind in ("png", "pdf")]
        verdict = replace(verdict, unwritten=tuple(unwritten.values()))
        return replace(shown, verdict=_write_result(verdict, folder, written + figures))


def write_joint_report(
    parts: Sequence[Part], folder: Path, formats: Sequence[Format] | None = None
) -> list[str]:
    """Write an overview of several claims as a figure, and one report on all with a table of verdicts first.

    Returns:
        Their paths, and a sentence on each format that could not be made.

    Raises:
        ReportError: nothing here makes a format that was asked for.
        StoreError: the folder cannot be written.
    """
    asked = available(formats)
    named = [
        replace(
            p, pictures=[_named(f, p.claim.name) for f in p.pictures], gauge=_named(p.gauge, p.claim.name)
        )
        for p in parts
    ]
    overview = _drawn(Drawing("overview", "Overview", "", partial(draw, [p.verdict for p in parts])))
    with _written_to(folder):
        unwritten = _write(document(named, overview), folder, asked)
    reports = (unwritten.get(name, str(folder / f"report.{name}")) for name in asked)
    return [str(folder / "overview.png"), *reports]


def _named(shown: Picture | Paragraph, claim: str) -> Picture | Paragraph:
    return replace(shown, name=f"{claim}-{shown.name}") if isinstance(shown, Picture) else shown


def _write_result(verdict: Verdict, folder: Path, files: Sequence[str]) -> Verdict:
    """Write result.json; the verdict that is returned knows its artifacts."""
    artifacts = tuple(str(folder / name) for name in (*files, "trials.csv", "result.json"))
    verdict = replace(verdict, artifacts=artifacts)
    (folder / "result.json").write_text(result_document([verdict]) + "\n", encoding="utf-8")
    return verdict


def _write(
    blocks: Sequence[Block], folder: Path, formats: Sequence[Format], fragment: bool = False
) -> dict[Format, str]:
    """Write the figures, and each format to its file; return a sentence on each that could not be made."""
    for picture in pictures(blocks):
        save(picture.figure, folder / picture.name)
    texts: dict[str, Callable[[Sequence[Block]], str]] = {
        "md": markdown.render,
        "html": html.render,
        "tex": partial(latex.render, fragment=fragment),
    }
    unwritten: dict[Format, str] = {}
    for name in formats:
        path = folder / f"report.{name}"
        path.unlink(missing_ok=True)  # of an earlier run
        try:
            if name == "pdf":
                pdf.write(blocks, path)
            else:
                path.write_text(texts[name](blocks), encoding="utf-8")
        except OSError:
            raise
        except Exception as error:  # of what typesets it
            unwritten[name] = f"report.{name} could not be made ({told(error)})"
    return unwritten


@contextmanager
def _written_to(folder: Path) -> Iterator[None]:
    """Make the folder of a report, and say what to do where it cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise StoreError(
            f"the report cannot be written to {folder}: {error.strerror}; the trials are stored, so name"
            " another --out or free space, and run again without training"
        ) from error
