"""Commands on runs: verify, runs, report."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from theorycheck.cli.app import (
    DataOption,
    DesignOption,
    DeviceOption,
    ExecutorOption,
    FragmentOption,
    JobsOption,
    JsonOption,
    OutOption,
    ProfileName,
    ReportOption,
    SeedOption,
    StoreOption,
    VerboseOption,
    app,
    claim_names,
    formats_of,
    say,
)
from theorycheck.empirical.store import DEFAULT_STORE
from theorycheck.errors import StoreError
from theorycheck.exits import explained
from theorycheck.progress import progress as bar
from theorycheck.reports import DEFAULT_OUT


@app.command()
def verify(
    claim: Annotated[
        list[str] | None,
        typer.Option(
            help="Name of a claim, or path of a claim file; may be repeated.", autocompletion=claim_names
        ),
    ] = None,
    paper: Annotated[
        list[str] | None,
        typer.Option(
            help="Key of a paper, as `theorycheck list` shows it: every claim of it; may be repeated."
        ),
    ] = None,
    all_claims: Annotated[bool, typer.Option("--all", help="Verify every claim.")] = False,
    profile: Annotated[
        ProfileName,
        typer.Option(
            help="How much of the design to carry out: seconds, up to 1 or 5 minutes on 2 cores, or all."
        ),
    ] = "standard",
    report: ReportOption = None,
    fragment: FragmentOption = False,
    design: DesignOption = None,
    data: DataOption = None,
    sensitivity: Annotated[
        bool,
        typer.Option("--sensitivity", help="Verify under the claim's variations of the experiment as well."),
    ] = False,
    seed: SeedOption = 0,
    jobs: JobsOption = None,
    device: DeviceOption = "cpu",
    executor: ExecutorOption = "local",
    store: StoreOption = DEFAULT_STORE,
    out: OutOption = DEFAULT_OUT,
    json: JsonOption = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress, and one line a claim.")] = False,
    verbose: VerboseOption = False,
) -> None:
    """Train what a claim speaks about, judge it, and write a report.

    Exit status: 0 every claim SUPPORTED, 1 some REFUTED, 3 none refuted but some INCONCLUSIVE, 2 usage or
    input error, 70 unexpected error, 130 or (by SIGTERM) 143 interrupted (finished trials are stored, and the
    same command continues).
    """
    if bool(claim or paper) == all_claims:
        raise typer.BadParameter(
            "name the claims to verify by --claim NAME, or all of them by --all, or those of a paper by"
            " --paper KEY; with --all not both"
        )
    from theorycheck import bounds
    from theorycheck.executors import opened
    from theorycheck.finding import jointly
    from theorycheck.forecast import cannot_tell
    from theorycheck.plan import make_plan
    from theorycheck.reports.brief import told
    from theorycheck.reports.overview import table
    from theorycheck.reports.report import write_joint_report
    from theorycheck.reports.terminal import together
    from theorycheck.session import Session, folder_of, on_data, silent, write
    from theorycheck.verdict import exit_status, result_document

    with explained():
        claims = bounds.chosen(claim or (), paper or (), all_claims)
        jobs = jobs or os.cpu_count() or 1
        formats = formats_of(report)
        parts = []
        with opened(executor, jobs) as workers:
            session = Session(store, workers, silent if quiet else bar)
            for found in claims:
                asked = on_data(found.of_design(design), data, if_taken=bool(all_claims or paper))
                planned = make_plan(asked, profile, seed, device)
                warning = cannot_tell(planned)
                if warning and not quiet:
                    typer.echo(f"theorycheck: {warning}", err=True)
                finding = session.carry_out(planned, sensitivity)
                parts.append(write(finding, folder_of(finding.claim, out), formats, fragment))
                verdict = parts[-1].verdict
                if not json:
                    say(
                        f"{verdict.name} {finding.decision}"
                        if quiet
                        else told(verdict, finding.claim, verbose)
                    )
        verdicts = [shown.verdict for shown in parts]
        if len(verdicts) > 1:
            paths = write_joint_report(parts, out, formats)
            if not (json or quiet):
                say("\n".join(["", *table(verdicts), together(jointly(verdicts)), *paths]))
        if json:
            typer.echo(result_document(verdicts))
    raise typer.Exit(exit_status(verdicts))


@app.command()
def runs(store: StoreOption = DEFAULT_STORE) -> None:
    """List the runs in the store: claim, plan, trials trained and reused, verdict. Writes nothing."""
    from theorycheck.empirical.store import Store
    from theorycheck.empirical.store_file import is_there
    from theorycheck.reports.lines import columns
    from theorycheck.text import one_line

    with explained():
        if not is_there(store):
            typer.echo(f"no runs yet: there is no store {store}; `theorycheck verify` makes one")
            return
        with Store(store, read_only=True) as opened:
            listed = opened.runs()
        if not listed:
            typer.echo(f"no runs yet in the store {store}")
            return
        rows = [["run", "claim", "plan", "started", "finished", "trained", "reused", "verdict"]]
        for run in listed:
            values = {**run, "plan": run["plan"][:12], "finished": run["finished"] or "unfinished"}
            rows.append(["" if value is None else one_line(str(value), 80) for value in values.values()])
        say("\n".join(columns(rows)))


@app.command()
def report(
    run: Annotated[int, typer.Argument(help="Number of a run, as `theorycheck runs` lists it.")],
    formats: ReportOption = None,
    fragment: FragmentOption = False,
    pasted: Annotated[
        str | None,
        typer.Option(
            "--format",
            help="Print a badge (SVG), sentence, bibtex or latex-table to paste, and write no report.",
        ),
    ] = None,
    claim: Annotated[
        str | None,
        typer.Option(
            help="Path of the claim file, where the run was about one; a store never chooses what is loaded."
        ),
    ] = None,
    store: StoreOption = DEFAULT_STORE,
    out: OutOption = DEFAULT_OUT,
    verbose: VerboseOption = False,
) -> None:
    """Write the report of a run again, from its stored trials; trains nothing. Exit status as for verify."""
    from theorycheck.empirical.store_file import is_there
    from theorycheck.reports import snippets
    from theorycheck.reports.brief import told
    from theorycheck.session import Session, folder_of, write
    from theorycheck.verdict import exit_status

    if pasted is not None and pasted not in snippets.FORMATS:
        raise typer.BadParameter(f"--format takes one of {', '.join(snippets.FORMATS)}; got {pasted!r}")
    with explained():
        wanted = formats_of(formats)
        if not is_there(store):
            raise StoreError(f"there is no store {store}; `theorycheck verify` makes one")
        finding = Session(store).replay(run, claim)
        if pasted is None:
            shown = write(finding, folder_of(finding.claim, out), wanted, fragment)
            say(told(shown.verdict, finding.claim, verbose))
        else:
            typer.echo(snippets.FORMATS[pasted](finding.verdict, finding.claim))
    raise typer.Exit(exit_status([finding.verdict]))
