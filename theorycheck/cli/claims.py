"""Commands on claims that train nothing: list, show, plan, new."""

import os
from pathlib import Path
from typing import Annotated

import typer

from theorycheck.cli.app import DesignOption, JobsOption, OutOption, ProfileName, app, claim_names, say
from theorycheck.errors import ClaimError
from theorycheck.exits import explained
from theorycheck.progress import progress as bar
from theorycheck.reports import DEFAULT_OUT


@app.command("list")
def list_claims(out: OutOption = DEFAULT_OUT) -> None:
    """List the claims by paper: name, last verdict among the reports, place in the paper, statement."""
    from theorycheck.bounds import claims
    from theorycheck.reports.listing import listing

    with explained():
        say(listing(list(claims().values()), out))


@app.command()
def show(
    claim: Annotated[
        str,
        typer.Argument(help="Name of a claim, or path of a claim file.", autocompletion=claim_names),
    ],
) -> None:
    """Show one claim: statement, source, how to cite it, assumptions, and the experiment that tests it."""
    from theorycheck.bounds import find
    from theorycheck.empirical.response import response
    from theorycheck.reports.terminal import description

    with explained():
        found = find(claim)
        say(description(found, response(found.response).meaning))


@app.command()
def plan(
    claim: Annotated[
        str, typer.Option(help="Name of a claim, or path of a claim file.", autocompletion=claim_names)
    ],
    profile: Annotated[ProfileName, typer.Option(help="How much of the design to carry out.")] = "standard",
    threshold: Annotated[
        float | None,
        typer.Option(min=1, help="Threshold at the middle level; by default the middle of what is searched."),
    ] = None,
    steepness: Annotated[
        float,
        typer.Option(min=0.1, help="Steepness of the probit of success per factor e of what is searched."),
    ] = 1.5,
    design: DesignOption = None,
    jobs: JobsOption = None,
) -> None:
    """Forecast what a claim's design can tell, before training it.

    Plants worlds in which the claim holds, fails, or stands at its edge, and judges them by the design.
    """
    from theorycheck import forecast as simulated
    from theorycheck.bounds import find
    from theorycheck.plan import make_plan
    from theorycheck.reports.terminal import outlook

    with explained():
        found = find(claim)
        made = make_plan(found.of_design(design), profile)
        workers = jobs or os.cpu_count() or 1
        middle = simulated.middle_of_samples(made)
        assumed = middle and simulated.Assumptions(threshold or middle.threshold, steepness)
        with bar(f"simulate {made.claim.name}") as advance:
            advance(0, simulated.worlds(made) * simulated.REPLICATIONS)
            chances = simulated.forecast(made, assumed, lambda done: advance(done, 0), workers)
        trials = chances[0].trials
        seconds = simulated.seconds_per_trial(made) * trials / workers
        say(outlook(made.claim, made.design, assumed, chances, trials, seconds, workers))


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
