"""Commands for many machines without an engine: train a share of the trials, merge the stores."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from theorycheck.cli.app import (
    DataOption,
    DesignOption,
    DeviceOption,
    JobsOption,
    ProfileName,
    SeedOption,
    StoreOption,
    app,
    claim_names,
    say,
)
from theorycheck.empirical.store import DEFAULT_STORE
from theorycheck.exits import explained
from theorycheck.progress import progress as bar


@app.command()
def train(
    claim: Annotated[
        str, typer.Option(help="Name of a claim, or path of a claim file.", autocompletion=claim_names)
    ],
    shard: Annotated[
        str, typer.Option(help="Which share of the trials, such as 3/16: the third of sixteen.")
    ] = "1/1",
    store: StoreOption = DEFAULT_STORE,
    known: Annotated[
        Path | None,
        typer.Option(
            help="Merged store of all shards' earlier rounds, where trials depend on them; read only."
        ),
    ] = None,
    count: Annotated[
        bool,
        typer.Option(
            "--count", help="Train nothing; print how many trials of the present round are missing."
        ),
    ] = False,
    profile: Annotated[ProfileName, typer.Option(help="How much of the design to carry out.")] = "standard",
    design: DesignOption = None,
    data: DataOption = None,
    sensitivity: Annotated[
        bool,
        typer.Option("--sensitivity", help="Train the claim's variations of the experiment as well."),
    ] = False,
    seed: SeedOption = 0,
    jobs: JobsOption = None,
    device: DeviceOption = "cpu",
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress.")] = False,
) -> None:
    """Train a share of a claim's trials into a store of its own; judge nothing.

    Shards are merged by `theorycheck merge`, and judged by `theorycheck verify`, which then trains nothing.
    A claim whose trials are placed by the results of others takes several rounds: it says what comes next.
    Exit status: 0 the share is stored, 2 usage or input error, 70 unexpected error, 130 or (by SIGTERM) 143
    interrupted (finished trials are stored, and the same command continues).
    """
    from theorycheck import shards
    from theorycheck.bounds import find
    from theorycheck.cli.next_steps import next_steps, stored
    from theorycheck.plan import make_plan
    from theorycheck.session import on_data, silent

    with explained():
        asked = shards.Shard.parse(shard)
        found = on_data(find(claim).of_design(design), data)
        claims = [found, *(found.varied(name) for name in found.variations if sensitivity)]
        plans = [make_plan(each, profile, seed, device) for each in claims]
        if count:
            typer.echo(sum(shards.left(plan, [store, known]) for plan in plans))
            return
        done = [
            shards.train(plan, asked, store, known, jobs or os.cpu_count() or 1, silent if quiet else bar)
            for plan in plans
        ]
        lines = [
            line for plan, one in zip(plans, done, strict=True) for line in stored(plan, asked, store, one)
        ]
        say(
            "\n".join(
                [*lines, *next_steps(plans, asked, store, known, complete=not any(d.missing for d in done))]
            )
        )


@app.command()
def merge(
    target: Annotated[Path, typer.Argument(help="Store that takes the trials; made where there is none.")],
    sources: Annotated[list[Path], typer.Argument(help="Stores whose trials are copied; only read.")],
) -> None:
    """Copy the trials of some stores into another one.

    A trial that two stores measured differently is an error, which names it, and nothing is copied. Runs stay
    in the stores where they were made. Exit status: 0 all is copied, 2 usage or input error.
    """
    from theorycheck.empirical.merge import merge as merged
    from theorycheck.reports.lines import columns
    from theorycheck.text import one_line

    with explained():
        taken = merged(target, sources)
        rows = [["store", "new", "known", "damaged"]]
        rows += [[one_line(str(one.source)), *map(str, (one.added, one.known, one.damaged))] for one in taken]
        say(
            "\n".join(
                [*columns(rows), one_line(f"{sum(one.added for one in taken)} trials are new in {target}")]
            )
        )
        if lost := sum(one.damaged for one in taken):
            typer.echo(
                f"theorycheck: {lost} damaged rows were left out and count as missing; train those shards"
                " again",
                err=True,
            )
