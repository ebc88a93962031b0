"""The command line. Commands import what they need, so that `--help`, `list` and `--version` stay fast."""

from __future__ import annotations

import json as json_module
import os
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from theorycheck import __version__
from theorycheck.empirical.store import DEFAULT_STORE
from theorycheck.errors import ClaimError, StoreError
from theorycheck.exits import Commands, explained, status
from theorycheck.progress import patience
from theorycheck.progress import progress as bar
from theorycheck.reports import DEFAULT_OUT

ProfileName = Literal["smoke", "quick", "standard", "full"]
Format = Literal["md", "html", "tex", "pdf"]

app = typer.Typer(
    name="theorycheck",
    cls=Commands,
    help="Check a theorem's scaling statement by training what it speaks about.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

StoreOption = Annotated[
    Path, typer.Option(help="File of finished trials; what is found there is not trained again.")
]


def main() -> None:
    """Run the command line."""
    sys.exit(status(app))


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"theorycheck {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    pass


@app.command("list")
def list_claims() -> None:
    """List the claims: name, source, statement."""
    from theorycheck.bounds import claims
    from theorycheck.reports.terminal import columns

    with explained():
        rows = [(c.name, f"{c.source} ({c.provenance})", c.statement) for c in claims().values()]
        typer.echo("\n".join(columns(rows)))


@app.command()
def show(claim: Annotated[str, typer.Argument(help="Name of a claim, or path of a claim file.")]) -> None:
    """Show one claim: statement, source, assumptions, and the experiment that tests it."""
    from theorycheck.bounds import find
    from theorycheck.empirical.response import response
    from theorycheck.reports.terminal import description

    with explained():
        found = find(claim)
        typer.echo(description(found, response(found.response).meaning))


@app.command()
def verify(
    claim: Annotated[
        list[str] | None, typer.Option(help="Name of a claim, or path of a claim file; may be repeated.")
    ] = None,
    all_claims: Annotated[bool, typer.Option("--all", help="Verify every claim.")] = False,
    profile: Annotated[
        ProfileName,
        typer.Option(
            help="How much of the design to carry out: seconds, up to 1 or 5 minutes on 2 cores, or all."
        ),
    ] = "standard",
    report: Annotated[
        str | None,
        typer.Option(help="Formats of the report, of md,html,tex,pdf; by default all that can be made here."),
    ] = None,
    fragment: Annotated[
        bool, typer.Option("--fragment", help="Write report.tex without its preamble.")
    ] = False,
    design: Annotated[
        str | None, typer.Option(help="Another experiment that the claim names; see `show`.")
    ] = None,
    sensitivity: Annotated[
        bool,
        typer.Option("--sensitivity", help="Verify under the claim's variations of the experiment as well."),
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Base seed of all trials.")] = 0,
    jobs: Annotated[int | None, typer.Option(min=1, help="Worker processes, by default one a core.")] = None,
    device: Annotated[Literal["cpu", "cuda"], typer.Option(help="Where to train.")] = "cpu",
    store: StoreOption = DEFAULT_STORE,
    out: Annotated[Path, typer.Option(help="Folder of the reports, one subfolder a claim.")] = DEFAULT_OUT,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress, and one line a claim.")] = False,
) -> None:
    """Train what a claim speaks about, judge it, and write a report.

    Exit status: 0 every claim SUPPORTED, 1 some REFUTED, 3 none refuted but some INCONCLUSIVE, 2 usage or
    input error, 70 unexpected error, 130 or (by SIGTERM) 143 interrupted (finished trials are stored, and the
    same command continues).
    """
    if bool(claim) == all_claims:
        raise typer.BadParameter(
            "name the claims to verify by --claim NAME, or all of them by --all; not both"
        )
    from theorycheck import bounds
    from theorycheck.finding import jointly
    from theorycheck.forecast import cannot_tell
    from theorycheck.plan import make_plan
    from theorycheck.reports.overview import table, write_overview
    from theorycheck.reports.report import available, part, write_joint_report
    from theorycheck.reports.terminal import summary, together
    from theorycheck.session import Session, folder_of, silent, write
    from theorycheck.verdict import exit_status, result_document

    with explained():
        claims = list(bounds.claims().values()) if all_claims else [bounds.find(name) for name in claim or []]
        jobs = jobs or os.cpu_count() or 1
        formats = available(_formats(report))
        session = Session(store, jobs, silent if quiet else bar)
        verdicts, findings = [], []
        for found in claims:
            planned = make_plan(found.of_design(design), profile, seed, device)
            warning = cannot_tell(planned)
            if warning and not quiet:
                typer.echo(f"theorycheck: {warning}", err=True)
            finding = session.carry_out(planned, sensitivity)
            verdict = write(finding, folder_of(found, design, out), formats, fragment)
            verdicts.append(verdict)
            findings.append(finding)
            if not json:
                typer.echo(
                    f"{verdict.name} {verdict.judgement.decision}"
                    if quiet
                    else summary(verdict, finding.claim)
                )
        if len(verdicts) > 1:
            parts = [part(v, f.claim, f.observed) for v, f in zip(verdicts, findings, strict=True)]
            paths = [str(write_overview(verdicts, out)), *write_joint_report(parts, out, formats)]
            if not (json or quiet):
                typer.echo("\n".join(["", *table(verdicts), together(jointly(verdicts)), *paths]))
        if json:
            typer.echo(json_module.dumps(result_document(verdicts), indent=2))
    raise typer.Exit(exit_status(verdicts))


@app.command()
def plan(
    claim: Annotated[str, typer.Option(help="Name of a claim, or path of a claim file.")],
    profile: Annotated[ProfileName, typer.Option(help="How much of the design to carry out.")] = "standard",
    threshold: Annotated[
        float | None,
        typer.Option(min=1, help="Threshold at the middle level; by default the middle of what is searched."),
    ] = None,
    steepness: Annotated[
        float,
        typer.Option(min=0.1, help="Steepness of the probit of success per factor e of what is searched."),
    ] = 1.5,
    design: Annotated[
        str | None, typer.Option(help="Another experiment that the claim names; see `show`.")
    ] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Worker processes, by default one a core.")] = None,
) -> None:
    """Forecast what a claim's design can tell, before training it.

    Plants worlds in which the claim holds, fails, or stands at its edge, and judges them by the design.
    """
    from theorycheck.bounds import find
    from theorycheck.forecast import (
        REPLICATIONS,
        Assumptions,
        forecast,
        middle_of_samples,
        seconds_per_trial,
        worlds,
    )
    from theorycheck.plan import make_plan
    from theorycheck.reports.terminal import outlook

    with explained():
        found = find(claim)
        made = make_plan(found.of_design(design), profile)
        workers = jobs or os.cpu_count() or 1
        middle = middle_of_samples(made)
        assumed = middle and Assumptions(threshold or middle.threshold, steepness)
        with bar(f"simulate {made.claim.name}") as advance:
            advance(0, worlds(made) * REPLICATIONS)
            chances = forecast(made, assumed, lambda done: advance(done, 0), workers)
        trials = chances[0].trials
        seconds = seconds_per_trial(made) * trials / workers
        typer.echo(outlook(made.claim, made.design, assumed, chances, trials, seconds, workers))


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
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")] = False,
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
        typer.echo(
            json_module.dumps(result_document([verdict]), indent=2) if json else summary(verdict, found)
        )
    raise typer.Exit(exit_status([verdict]))


def _formats(report: str | None) -> list[Format] | None:
    """The formats named by --report."""
    if report is None:
        return None
    known: dict[str, Format] = {"md": "md", "html": "html", "tex": "tex", "pdf": "pdf"}
    names = [name.strip() for name in report.split(",")]
    if unknown := [name for name in names if name not in known]:
        raise typer.BadParameter(
            f"--report takes some of {','.join(known)}, with commas; got {', '.join(map(repr, unknown))}"
        )
    return [known[name] for name in names]


@app.command()
def runs(store: StoreOption = DEFAULT_STORE) -> None:
    """List the runs in the store: claim, plan, trials trained and reused, verdict. Writes nothing."""
    from theorycheck.empirical.store import Store
    from theorycheck.empirical.store_file import is_there
    from theorycheck.reports.terminal import columns
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
        typer.echo("\n".join(columns(rows)))


@app.command()
def report(
    run: Annotated[int, typer.Argument(help="Number of a run, as `theorycheck runs` lists it.")],
    formats: Annotated[
        str | None,
        typer.Option("--report", help="Formats, of md,html,tex,pdf; by default all that can be made here."),
    ] = None,
    fragment: Annotated[
        bool, typer.Option("--fragment", help="Write report.tex without its preamble.")
    ] = False,
    claim: Annotated[
        str | None,
        typer.Option(
            help="Path of the claim file, where the run was about one; a store never chooses what is loaded."
        ),
    ] = None,
    store: StoreOption = DEFAULT_STORE,
    out: Annotated[Path, typer.Option(help="Folder of the reports, one subfolder a claim.")] = DEFAULT_OUT,
) -> None:
    """Write the report of a run again, from its stored trials; trains nothing. Exit status as for verify."""
    from theorycheck.empirical.store_file import is_there
    from theorycheck.reports.report import available
    from theorycheck.reports.terminal import summary
    from theorycheck.session import Session, folder_of, write
    from theorycheck.verdict import exit_status

    with explained():
        wanted = available(_formats(formats))
        if not is_there(store):
            raise StoreError(f"there is no store {store}; `theorycheck verify` makes one")
        finding = Session(store).replay(run, claim)
        verdict = write(finding, folder_of(finding.claim, finding.claim.design_name, out), wanted, fragment)
        typer.echo(summary(verdict, finding.claim))
    raise typer.Exit(exit_status([verdict]))


@app.command()
def new(path: Annotated[Path, typer.Argument(help="File to write, ending in .py.")]) -> None:
    """Write a commented claim file that runs as it is, to be changed into yours."""
    from importlib.resources import files

    from theorycheck.text import neutral, shell_word

    with explained():
        if path.suffix != ".py" or not path.stem.isidentifier() or not path.stem.islower():
            raise ClaimError(
                f"a claim file is named like its claim, such as my_claim.py, got {path.name}; rename it"
            )
        if path.exists():
            raise ClaimError(f"{path} is there already and was left as it is; choose another name")
        template = files("theorycheck.reports").joinpath("templates/claim.py.txt").read_text(encoding="utf-8")
        try:
            path.write_text(template.replace("NAME", path.stem).replace("FILE", path.name), encoding="utf-8")
        except OSError as error:
            raise ClaimError(f"{path} cannot be written: {error.strerror}") from error
        typer.echo(
            neutral(f"wrote {path}; now: theorycheck verify --claim {shell_word(str(path))} --profile quick")
        )
