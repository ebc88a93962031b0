"""Commands on others' tables: fit and compare."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from theorycheck.cli.app import JsonOption, app, say
from theorycheck.exits import explained
from theorycheck.progress import patience


@app.command()
def fit(
    table: Annotated[Path, typer.Argument(help="CSV file of success counts or of measurements.")],
    claim: Annotated[
        str | None, typer.Option(help="Judge this claim: its name, or the path of its file.")
    ] = None,
    law: Annotated[str | None, typer.Option(help="Or judge this bound, such as alpha^-2.")] = None,
    relation: Annotated[Literal["O", "Omega", "Theta"], typer.Option(help="Of --law.")] = "O",
    variable: Annotated[
        list[str] | None, typer.Option(help="Of --law, and its column; may be repeated.")
    ] = None,
    as_variable_goes_to: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[0|oo]", help="Where it goes; by default 0 if no level is above 1, oo if none is below."
        ),
    ] = None,
    margin: Annotated[
        float | None,
        typer.Option(
            help=(
                "How much worse than claimed an exponent may be; by default the claim's, or 0.25 or half"
                " of it."
            )
        ),
    ] = None,
    guess_rate: Annotated[
        float | None,
        typer.Option(
            help="Share of trials that succeed by chance, such as 0.5 of two classes; estimated by default."
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Judge a claim or a bound by somebody else's table, training nothing.

    The table has a column for each variable and either n, successes, trials (and maybe seed), or value (and
    maybe censored, 1 where the value is a lower bound, and seed). Exit status as for verify.
    """
    if (claim is None) == (law is None):
        raise typer.BadParameter(
            "say what to judge: by --claim NAME, or by --law EXPR with --variable; not both"
        )
    if claim and variable:
        raise typer.BadParameter("--variable belongs to --law; a claim knows its own variables")
    from theorycheck.bounds import find
    from theorycheck.fit import Bound
    from theorycheck.fit import fit as fit_table
    from theorycheck.reports.terminal import summary
    from theorycheck.verdict import exit_status, result_document

    with explained():
        found = find(claim) if claim else None
        judged = found or Bound(law or "", relation, tuple(variable or ()), tuple(as_variable_goes_to or ()))
        with patience(f"reading and judging {table}"):
            verdict = fit_table(table, judged, margin, guess_rate)
        if json:
            typer.echo(result_document([verdict]))
        else:
            say(summary(verdict, found))
    raise typer.Exit(exit_status([verdict]))


@app.command()
def compare(
    run: Annotated[Path, typer.Argument(help="Folder of a run, as verify wrote it for a claim.")],
    table: Annotated[Path, typer.Argument(help="CSV file of somebody else's success counts, or curve.")],
    within: Annotated[
        float | None,
        typer.Option(
            help="Difference that matters: a ratio of thresholds (1.5), or a difference of values (0.05)."
        ),
    ] = None,
    level: Annotated[
        float | None, typer.Option(help="Of the run's factor, to compare with a curve, if it has several.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Say whether a run reproduces somebody else's table or curve.

    REPRODUCED (exit status 0) where differences that matter are excluded at every level that both have, or
    time; NOT REPRODUCED (1) where some are shown and none is excluded; PARTLY or INCONCLUSIVE (3) else.
    """
    from theorycheck.compare import compare as compared

    with explained():
        found = compared(run, table, within, level)
        if json:
            typer.echo(found.document())
        else:
            say(found.text)
    raise typer.Exit(found.status)
