"""The command that looks at the machine."""

import json as documents

import typer

from theorycheck.cli.app import JsonOption, StoreOption, app, say
from theorycheck.empirical.store import DEFAULT_STORE
from theorycheck.exits import explained


@app.command()
def doctor(store: StoreOption = DEFAULT_STORE, json: JsonOption = False) -> None:
    """Say what theorycheck finds on this machine, what is missing, and how to get it.

    Exit status: 0 all that is needed is there, 2 something that is needed is missing.
    """
    from theorycheck.doctor import document, findings, healthy
    from theorycheck.text import one_line

    with explained():
        found = findings(store)
        width = max(len(one.name) for one in found)
        if json:
            typer.echo(documents.dumps(document(found), indent=2))
        else:
            repairs = {one.name: f"   get it: {one.repair}" for one in found if one.repair}
            for one in found:
                told = f"{one.status:7}   {one.name.ljust(width)}   {one.found}{repairs.get(one.name, '')}"
                say(one_line(told))
    raise typer.Exit(0 if healthy(found) else 2)
