"""Writes what a run found to a folder: the report in several formats, its figures, the trials, the verdict as
JSON.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from matplotlib.figure import Figure

from theorycheck.claim import Claim
from theorycheck.errors import ReportError, StoreError
from theorycheck.law import Law
from theorycheck.reports import html, latex, markdown, pdf
from theorycheck.reports import statement_figures as drawn
from theorycheck.reports.blocks import Block, Paragraph, Picture
from theorycheck.reports.document import Part, document
from theorycheck.reports.figures import log_log_plot, published_map, residual_plot, save, success_map
from theorycheck.statements import Contrast, Direction, Limit, Ordering, Transition
from theorycheck.verdict import Verdict, result_document

Format = Literal["md", "html", "tex", "pdf"]
FORMATS: tuple[Format, ...] = ("md", "html", "tex", "pdf")


def pictures(verdict: Verdict, claim: Claim, observed: pd.DataFrame) -> list[Picture | Paragraph]:
    """The figures that show what a claim of its kind says."""
    match claim.law:
        case Law() if claim.design.crossed or not claim.design.samples:
            what = "Values at each level alone; dashed: the claimed slope."
            return [_drawn("levels", "Levels", what, drawn.levels_plot, verdict, claim, observed)]
        case Law():
            shares = (
                "Share of successful trials in the cells tried. Grey cells hold no evidence: they were not"
                " needed, lie outside of the theorem's regime, or none of their trials is evidence."
            )
            alone = "Thresholds estimated from each level alone, beside the law fitted to all trials at once."
            shown = [
                _drawn("success_map", "Success map", shares, success_map, verdict, claim, observed),
                _drawn("log_log", "Log-log plot", alone, log_log_plot, verdict, claim, observed),
            ]
            if claim.design.published:
                what = "This run and the published table."
                shown.append(
                    _drawn(
                        "published", "Beside the published map", what, published_map, verdict, claim, observed
                    )
                )
            return shown
        case Contrast():
            what = "Thresholds of each group and level alone, and the power law fitted to each group."
            return [_drawn("contrast", "Contrast", what, drawn.contrast_plot, verdict, claim, observed)]
        case Direction():
            what = "Thresholds at each level alone, and an exponential fitted to all trials."
            return [_drawn("direction", "Direction", what, drawn.direction_plot, verdict, claim, observed)]
        case Limit() as law:
            what = "Left: the quantity over the iterations, a line a trial. Right: its gap to the limit."
            stated = (law.value, law.rate, law.start)
            return [
                _drawn(
                    "trajectories",
                    "Trajectories",
                    what,
                    drawn.trajectories,
                    verdict,
                    claim,
                    observed,
                    *stated,
                )
            ]
        case Transition() as law:
            what = "Share of successful trials against the ratio."
            bound, ratio = float(law.bound), law.expression
            return [
                _drawn("transition", "Transition", what, drawn.transition_plot, claim, observed, bound, ratio)
            ]
        case Ordering():
            what = "Means over seeds, with 95 % intervals; the tests compare seed by seed."
            return [_drawn("ordering", "Ordering", what, drawn.ordering_plot, claim, observed)]


def _drawn(
    name: str, title: str, caption: str, draw: Callable[..., Figure], *shown: Any
) -> Picture | Paragraph:
    """A figure, or a sentence where it cannot be drawn: no value or text of a claim may cost the rest of the
    report.
    """
    try:
        draw(*shown).draw_without_rendering()  # on another, as every drawing moves the layout of the next
        figure = draw(*shown)
    except Exception as error:
        return Paragraph((f"The figure {title} could not be drawn ({_reason(error)}).",))
    return Picture(name, title, caption, figure)


def _reason(error: Exception) -> str:
    """What went wrong, in the first line of it."""
    said = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {said[0]}"


def part(verdict: Verdict, claim: Claim, observed: pd.DataFrame) -> Part:
    """What a report says of one claim."""
    shown = pictures(verdict, claim, observed)
    if verdict.judgement.regression:
        what = "Residuals of the log-log regression, and the leverage of each level."
        shown.append(_drawn("residuals", "Residuals and leverage", what, residual_plot, verdict, claim))
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
        The verdict with the paths of its artifacts, and a sentence on each format that could not be made.

    Raises:
        ReportError: nothing here makes a format that was asked for.
        StoreError: the folder cannot be written.
    """
    asked = available(formats)
    with _explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
        trials.to_csv(folder / "trials.csv", index=False, lineterminator="\n", errors="backslashreplace")
        results = ("trials.csv", "result.json")
        _write_result(replace(verdict, artifacts=_paths(folder, results)), folder)  # before what may fail
        said = part(verdict, claim, observed)
        names = [f"{name}.{kind}" for name in _save([said], folder) for kind in ("png", "pdf")]
        unwritten = _write(document([said]), folder, asked, fragment)
        written = [f"report.{name}" for name in asked if name not in unwritten]
        artifacts = _paths(folder, (*written, *names, *results))
        verdict = replace(verdict, artifacts=artifacts, unwritten=tuple(unwritten.values()))
        _write_result(verdict, folder)
    return verdict


def write_joint_report(
    parts: Sequence[Part], folder: Path, formats: Sequence[Format] | None = None
) -> list[str]:
    """Write one report on several claims, with a table of their verdicts first.

    Returns:
        Its paths, and a sentence on each format that could not be made.

    Raises:
        ReportError: nothing here makes a format that was asked for.
        StoreError: the folder cannot be written.
    """
    asked = available(formats)
    named = [replace(p, pictures=[_named(f, p.claim.name) for f in p.pictures]) for p in parts]
    with _explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
        _save(named, folder)
        unwritten = _write(document(named), folder, asked, fragment=False)
    return [unwritten.get(name, str(folder / f"report.{name}")) for name in asked]


def _named(shown: Picture | Paragraph, claim: str) -> Picture | Paragraph:
    return replace(shown, name=f"{claim}-{shown.name}") if isinstance(shown, Picture) else shown


def _paths(folder: Path, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(str(folder / name) for name in names)


def _write_result(verdict: Verdict, folder: Path) -> None:
    (folder / "result.json").write_text(
        json.dumps(result_document([verdict]), indent=2) + "\n", encoding="utf-8"
    )


def _save(parts: Sequence[Part], folder: Path) -> list[str]:
    """Write the figures that were drawn, and return their names."""
    drawn = [shown for one in parts for shown in one.pictures if isinstance(shown, Picture)]
    for picture in drawn:
        save(picture.figure, folder / picture.name)
    return [picture.name for picture in drawn]


def _write(
    blocks: Sequence[Block], folder: Path, formats: Sequence[Format], fragment: bool
) -> dict[Format, str]:
    """Write each format to its file, and return a sentence on each that could not be made; the figures are
    there.
    """
    texts = {
        "md": lambda: markdown.render(blocks),
        "html": lambda: html.render(blocks),
        "tex": lambda: latex.render(blocks, fragment),
    }
    unwritten: dict[Format, str] = {}
    for name in formats:
        path = folder / f"report.{name}"
        path.unlink(missing_ok=True)  # of an earlier run
        try:
            if name == "pdf":
                pdf.write(blocks, path)
            else:
                path.write_text(texts[name](), encoding="utf-8")
        except OSError:
            raise
        except Exception as error:  # of what typesets it
            unwritten[name] = f"report.{name} could not be made ({_reason(error)})"
    return unwritten


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"the report cannot be written to {folder}: {error.strerror}; the trials are stored, so name"
            " another --out or free space, and run again without training"
        ) from error
