"""Writes what a run found to a folder of its own: a Markdown report, its figures, the trials, the verdict as JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd

from theorycheck.claim import Claim
from theorycheck.errors import StoreError
from theorycheck.reports.figures import log_log_plot, residual_plot, save, success_map
from theorycheck.reports.markdown import render
from theorycheck.verdict import Verdict, result_document


def write_report(verdict: Verdict, claim: Claim, trials: pd.DataFrame, cells: pd.DataFrame, folder: Path) -> Verdict:
    """Write report.md, the figures as PNG and PDF, trials.csv and result.json.

    Args:
        verdict: what was found.
        claim: what was claimed.
        trials: one row a trial.
        cells: outcomes counted by level and N, inside the theorem's regime.
        folder: where the files go; files of an earlier run are replaced.

    Returns:
        The verdict with the paths of its artifacts.

    Raises:
        StoreError: the folder cannot be written.
    """
    figures = {"success_map": success_map(verdict, claim, cells), "log_log": log_log_plot(verdict, claim)}
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
        (folder / "report.md").write_text(render(verdict, claim), encoding="utf-8")
        (folder / "result.json").write_text(json.dumps(result_document([verdict]), indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise StoreError(
            f"the report cannot be written to {folder}: {error.strerror}; the trials are stored, so name another --out "
            "or free space, and run again without training"
        ) from error
    return verdict
