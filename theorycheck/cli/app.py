"""The application that commands belong to, and what they share."""

from __future__ import annotations

import shutil
import sys
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

import theorycheck
from theorycheck import __version__
from theorycheck.exits import Commands, status
from theorycheck.stopping import stoppable

if TYPE_CHECKING:
    from theorycheck.reports.report import Format

ProfileName = Literal["smoke", "quick", "standard", "full"]

app = typer.Typer(
    name="theorycheck",
    cls=Commands,
    help="Check a theorem's scaling statement by training what it speaks about.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def claim_names(incomplete: str) -> list[str]:
    """What a shell offers where a claim is asked for: names, by the files' own, and Python files."""
    names = (path.stem for path in Path(theorycheck.__file__).parent.glob("bounds/*/[!_]*.py"))
    return sorted(name for name in names if name.startswith(incomplete)) + sorted(glob(f"{incomplete}*.py"))


StoreOption = Annotated[
    Path, typer.Option(help="File of finished trials; what is found there is not trained again.")
]
OutOption = Annotated[Path, typer.Option(help="Folder of the reports, one subfolder a claim.")]
FragmentOption = Annotated[bool, typer.Option("--fragment", help="Write report.tex without its preamble.")]
DesignOption = Annotated[
    str | None, typer.Option(help="Another experiment that the claim names; see `show`.")
]
DataOption = Annotated[
    str | None,
    typer.Option(
        metavar="[digits|cifar10|fashion_mnist|folder:PATH]",
        help=(
            "Images of the claims about images, by default digits; a folder holds train/ and test/, and these"
            " a folder of images for every class."
        ),
    ),
]
ReportOption = Annotated[
    str | None,
    typer.Option(
        "--report", help="Formats of the report, of md,html,tex,pdf; by default all that can be made here."
    ),
]
JobsOption = Annotated[int | None, typer.Option(min=1, help="Worker processes, by default one a core.")]
SeedOption = Annotated[int, typer.Option(min=0, help="Base seed of all trials.")]
DeviceOption = Annotated[Literal["cpu", "cuda"], typer.Option(help="Where to train.")]
ExecutorOption = Annotated[
    str,
    typer.Option(
        metavar="[local|dask|dask://HOST:PORT|FILE.json]",
        help=(
            "What makes trials: processes of this machine, a dask cluster of it, or a cluster by the address"
            " or the file of its scheduler."
        ),
    ),
]
VerboseOption = Annotated[
    bool, typer.Option("--verbose", help="Print everything that the verdict rests on, all checks included.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]


def main() -> None:
    """Run the command line."""
    with stoppable(last=True):
        ended = status(app)
    sys.exit(ended)


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


def formats_of(report: str | None) -> tuple[Format, ...]:
    """The formats named by --report; without it all that can be made here."""
    from theorycheck.reports.report import FORMATS, available

    if report is None:
        return available(None)
    names = [name.strip() for name in report.split(",")]
    if unknown := [name for name in names if name not in FORMATS]:
        raise typer.BadParameter(
            f"--report takes some of {','.join(FORMATS)}, with commas; got {', '.join(map(repr, unknown))}"
        )
    return available(cast("list[Format]", names))


def say(text: str) -> None:
    """Print a text; on a terminal, in lines that fit it, and verdicts in colour unless NO_COLOR is set."""
    from theorycheck.reports.colour import coloured
    from theorycheck.reports.lines import wrapped

    if not sys.stdout.isatty():
        return typer.echo(text)
    from rich.console import Console

    fitting = wrapped(text, shutil.get_terminal_size().columns)
    Console(soft_wrap=True).print(coloured(fitting), highlight=False)
