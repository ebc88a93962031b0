"""Writes what a run found to a folder of its own: a Markdown report, its figures, the trials, the verdict as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from theorycheck.claim import Claim
from theorycheck.errors import StoreError
from theorycheck.law import Law
from theorycheck.reports import statement_figures as drawn
from theorycheck.reports.figures import log_log_plot, published_map, residual_plot, save, success_map
from theorycheck.reports.markdown import render
from theorycheck.statements import Contrast, Direction, Limit, Ordering, Transition
from theorycheck.verdict import Verdict, result_document


@dataclass(frozen=True)
class Picture:
    """A figure of a report: the name of its files, its title, and what it shows."""

    name: str
    title: str
    caption: str
    figure: Figure


def pictures(verdict: Verdict, claim: Claim, observed: pd.DataFrame) -> list[Picture]:
    """The figures that show what a claim of its kind says."""
    match claim.law:
        case Law() if claim.design.crossed or not claim.design.samples:
            what = "Values at each level alone; dashed: the claimed slope."
            return [Picture("levels", "Levels", what, drawn.levels_plot(verdict, claim))]
        case Law():
            shares = (
                "Share of successful trials in the cells tried. Grey cells hold no evidence: they were not needed, lie "
                "outside of the theorem's regime, or their trials did not fit the training data."
            )
            alone = "Thresholds estimated from each level alone, beside the law fitted to all trials at once."
            shown = [
                Picture("success_map", "Success map", shares, success_map(verdict, claim, observed)),
                Picture("log_log", "Log-log plot", alone, log_log_plot(verdict, claim)),
            ]
            if claim.design.published:
                beside = published_map(verdict, claim, observed, pd.read_csv(claim.design.published))
                shown.append(
                    Picture("published", "Beside the published map", "This run and the published table.", beside)
                )
            return shown
        case Contrast():
            what = "Thresholds of each group and level alone, and the power law fitted to each group."
            return [Picture("contrast", "Contrast", what, drawn.contrast_plot(verdict, claim))]
        case Direction():
            what = "Thresholds at each level alone, and an exponential fitted to all trials."
            return [Picture("direction", "Direction", what, drawn.direction_plot(verdict, claim))]
        case Limit() as law:
            what = "Left: the quantity during training, a line a seed. Right: its gap to the limit."
            figure = drawn.trajectories(verdict, claim, observed, law.value, law.rate, law.start)
            return [Picture("trajectories", "Trajectories", what, figure)]
        case Transition() as law:
            what = "Share of successful trials against the ratio."
            letter = claim.latex(law.expression)
            figure = drawn.transition_plot(verdict, claim, observed, float(law.bound), letter)
            return [Picture("transition", "Transition", what, figure)]
        case Ordering():
            what = "Means over seeds, with 95 % intervals; the tests compare seed by seed."
            return [Picture("ordering", "Ordering", what, drawn.ordering_plot(verdict, claim, observed))]


def write_report(verdict: Verdict, claim: Claim, trials: pd.DataFrame, observed: pd.DataFrame, folder: Path) -> Verdict:
    """Write report.md, the figures as PNG and PDF, trials.csv and result.json.

    Args:
        verdict: what was found.
        claim: what was claimed.
        trials: one row a trial.
        observed: what the judge saw of them: counts by cell, or values.
        folder: where the files go; files of an earlier run are replaced.

    Returns:
        The verdict with the paths of its artifacts.

    Raises:
        StoreError: the folder cannot be written.
    """
    shown = pictures(verdict, claim, observed)
    figures = {picture.name: picture.figure for picture in shown}
    if verdict.judgement.regression:
        figures["residuals"] = residual_plot(verdict, claim)
    names = [f"{name}.{kind}" for name in figures for kind in ("png", "pdf")]
    paths = [folder / name for name in ("report.md", *names, "trials.csv", "result.json")]
    verdict = replace(verdict, artifacts=tuple(map(str, paths)))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, figure in figures.items():
            save(figure, folder / name)
        trials.to_csv(folder / "trials.csv", index=False, lineterminator="\n")
        (folder / "report.md").write_text(render(verdict, claim, shown), encoding="utf-8")
        (folder / "result.json").write_text(json.dumps(result_document([verdict]), indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise StoreError(
            f"the report cannot be written to {folder}: {error.strerror}; the trials are stored, so name another --out "
            "or free space, and run again without training"
        ) from error
    return verdict
