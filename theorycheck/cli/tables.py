"""Commands on others' tables: fit and compare."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from theorycheck.cli.app import JobsOption, JsonOption, StoreOption, VerboseOption, app, say
from theorycheck.empirical.store import DEFAULT_STORE
from theorycheck.exits import explained
from theorycheck.progress import patience

if TYPE_CHECKING:
    from theorycheck.comparison import Comparison
    from theorycheck.reconcile import Reconciliation


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
    verbose: VerboseOption = False,
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
    from theorycheck.reports.brief import told
    from theorycheck.verdict import exit_status, result_document

    with explained():
        found = find(claim) if claim else None
        judged = found or Bound(law or "", relation, tuple(variable or ()), tuple(as_variable_goes_to or ()))
        with patience(f"reading and judging {table}"):
            verdict = fit_table(table, judged, margin, guess_rate)
        if json:
            typer.echo(result_document([verdict]))
        else:
            say(told(verdict, found, verbose))
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
    reconcile: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE,VALUE",
            help="Train with other values of a choice that nobody reported, and compare the nearest; may be"
            " repeated.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the trials by which --reconcile chooses.")] = 9000,
    claim: Annotated[
        str | None, typer.Option(help="With --reconcile: path of the claim file, if the run was of one.")
    ] = None,
    jobs: JobsOption = None,
    store: StoreOption = DEFAULT_STORE,
    json: JsonOption = False,
) -> None:
    """Say whether a run reproduces somebody else's table or curve.

    REPRODUCED (exit status 0) where differences that matter are excluded at every level that both have, or
    time; NOT REPRODUCED (1) where some are shown and none is excluded; PARTLY or INCONCLUSIVE (3) else.
    """
    from theorycheck.comparison import compare as compared

    with explained():
        found: Comparison | Reconciliation
        if reconcile:
            from theorycheck.progress import progress
            from theorycheck.reconcile import choices_of
            from theorycheck.reconcile import reconcile as reconciled
            from theorycheck.session import Session

            session = Session(store, jobs or os.cpu_count() or 1, progress)
            found = reconciled(run, table, choices_of(reconcile), session, within, level, seed, claim)
        else:
            found = compared(run, table, within, level)
        typer.echo(found.document()) if json else say(found.text)
    raise typer.Exit(found.status)
