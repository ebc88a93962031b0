"""The command that tabulates runs: what is claimed, found and decided of each."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from theorycheck.cli.app import app
from theorycheck.exits import explained
from theorycheck.reports import DEFAULT_OUT


@app.command("table")
def tabulate(
    results: Annotated[
        list[Path] | None,
        typer.Argument(help="Files result.json, or folders with such in them; by default theorycheck-out."),
    ] = None,
    kind: Annotated[
        Literal["md", "html", "json", "yaml"],
        typer.Option(
            "--format", help="A page of Markdown or HTML, or records that a registry of replications imports."
        ),
    ] = "md",
    claim: Annotated[
        list[str] | None,
        typer.Option(help="Path of a claim file that a run was about, for its paper; may be repeated."),
    ] = None,
    all_claims: Annotated[
        bool, typer.Option("--all", help="Tell of claims that have no run here as well.")
    ] = False,
) -> None:
    """Tabulate runs on standard output: paper, statement, prediction, estimate, verdict, trials, minutes.

    Trains and judges nothing: every figure is that of a result.json.
    """
    from theorycheck import bounds
    from theorycheck.reports.records import records
    from theorycheck.reports.stored import read
    from theorycheck.reports.theorems import RENDERED

    with explained():
        known = bounds.claims() | {(own := bounds.find(name)).name: own for name in claim or []}
        found = list(read(results or [DEFAULT_OUT]))
        typer.echo(RENDERED[kind](records(found, known, all_claims), {}, ""), nl=False)
