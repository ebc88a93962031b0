"""Writes what a run found to a folder: the report in several formats, its figures, the trials, the verdict as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pandas as pd
from sympy import fraction

from theorycheck.claim import Claim
from theorycheck.errors import ReportError, StoreError
from theorycheck.law import Law
from theorycheck.reports import html, latex, markdown, pdf
from theorycheck.reports import statement_figures as drawn
from theorycheck.reports.document import Block, Part, Picture, document
from theorycheck.reports.figures import log_log_plot, published_map, residual_plot, save, success_map
from theorycheck.statements import Contrast, Direction, Limit, Ordering, Transition
from theorycheck.verdict import Verdict, result_document

Format = Literal["md", "html", "tex", "pdf"]
FORMATS: tuple[Format, ...] = ("md", "html", "tex", "pdf")


def pictures(verdict: Verdict, claim: Claim, observed: pd.DataFrame) -> list[Picture]:
    """The figures that show what a claim of its kind says."""
    match claim.law:
        case Law() if claim.design.crossed or not claim.design.samples:
            what = "Values at each level alone; dashed: the claimed slope."
            return [Picture("levels", "Levels", what, drawn.levels_plot(verdict, claim, observed))]
        case Law():
            shares = (
                "Share of successful trials in the cells tried. Grey cells hold no evidence: they were not needed, lie "
                "outside of the theorem's regime, or their trials did not fit the training data."
            )
            alone = "Thresholds estimated from each level alone, beside the law fitted to all trials at once."
            shown = [
                Picture("success_map", "Success map", shares, success_map(verdict, claim, observed)),
                Picture("log_log", "Log-log plot", alone, log_log_plot(verdict, claim, observed)),
            ]
            if claim.design.published:
                beside = published_map(verdict, claim, observed, pd.read_csv(claim.design.published))
                shown.append(
                    Picture("published", "Beside the published map", "This run and the published table.", beside)
                )
            return shown
        case Contrast():
            what = "Thresholds of each group and level alone, and the power law fitted to each group."
            return [Picture("contrast", "Contrast", what, drawn.contrast_plot(verdict, claim, observed))]
        case Direction():
            what = "Thresholds at each level alone, and an exponential fitted to all trials."
            return [Picture("direction", "Direction", what, drawn.direction_plot(verdict, claim, observed))]
        case Limit() as law:
            what = "Left: the quantity during training, a line a trial. Right: its gap to the limit."
            figure = drawn.trajectories(claim, observed, law.value, law.rate, law.start)
            return [Picture("trajectories", "Trajectories", what, figure)]
        case Transition() as law:
            what = "Share of successful trials against the ratio."
            letter = " / ".join(claim.latex(part) for part in fraction(law.expression))
            figure = drawn.transition_plot(claim, observed, float(law.bound), letter)
            return [Picture("transition", "Transition", what, figure)]
        case Ordering():
            what = "Means over seeds, with 95 % intervals; the tests compare seed by seed."
            return [Picture("ordering", "Ordering", what, drawn.ordering_plot(claim, observed))]


def part(verdict: Verdict, claim: Claim, observed: pd.DataFrame) -> Part:
    """What a report says of one claim."""
    shown = pictures(verdict, claim, observed)
    if verdict.judgement.regression:
        what = "Residuals of the log-log regression, and the leverage of each level."
        shown.append(Picture("residuals", "Residuals and leverage", what, residual_plot(verdict, claim)))
    return Part(verdict, claim, shown)


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
) -> Verdict:
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
        The verdict with the paths of its artifacts.

    Raises:
        ReportError: a format cannot be made.
        StoreError: the folder cannot be written.
    """
    asked = available(formats)
    said = part(verdict, claim, observed)
    names = [f"{picture.name}.{kind}" for picture in said.pictures for kind in ("png", "pdf")]
    paths = [folder / name for name in (*(f"report.{name}" for name in asked), *names, "trials.csv", "result.json")]
    verdict = replace(verdict, artifacts=tuple(map(str, paths)))
    with _explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
        trials.to_csv(folder / "trials.csv", index=False, lineterminator="\n")
        (folder / "result.json").write_text(json.dumps(result_document([verdict]), indent=2) + "\n", encoding="utf-8")
        for picture in said.pictures:
            save(picture.figure, folder / picture.name)
        _write(document([said]), folder, asked, fragment)
    return verdict


def write_joint_report(parts: Sequence[Part], folder: Path, formats: Sequence[Format] | None = None) -> list[Path]:
    """Write one report on several claims, with a table of their verdicts first.

    Raises:
        ReportError: a format cannot be made.
        StoreError: the folder cannot be written.
    """
    asked = available(formats)
    named = [replace(p, pictures=[replace(f, name=f"{p.claim.name}-{f.name}") for f in p.pictures]) for p in parts]
    with _explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for picture in (picture for one in named for picture in one.pictures):
            save(picture.figure, folder / picture.name)
        _write(document(named), folder, asked, fragment=False)
    return [folder / f"report.{name}" for name in asked]


def _write(blocks: Sequence[Block], folder: Path, formats: Sequence[Format], fragment: bool) -> None:
    """Each format in its file; the figures lie in the folder already."""
    texts = {
        "md": lambda: markdown.render(blocks),
        "html": lambda: html.render(blocks),
        "tex": lambda: latex.render(blocks, fragment),
    }
    for name in formats:
        if name == "pdf":
            pdf.write(blocks, folder / "report.pdf")
        else:
            (folder / f"report.{name}").write_text(texts[name](), encoding="utf-8")


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"the report cannot be written to {folder}: {error.strerror}; the trials are stored, so name another --out "
            "or free space, and run again without training"
        ) from error
