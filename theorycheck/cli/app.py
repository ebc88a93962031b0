"""The application that commands belong to, and what they share."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from theorycheck import __version__
from theorycheck.exits import Commands, status

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


def formats_of(report: str | None) -> list[Format] | None:
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


def say(text: str) -> None:
    """Print a text; on a terminal, in lines that fit it."""
    from theorycheck.reports.terminal import wrapped

    typer.echo(wrapped(text, shutil.get_terminal_size().columns) if sys.stdout.isatty() else text)
