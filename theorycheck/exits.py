"""How a command ends: its exit status, what it says then, and that no unforeseen end looks like a verdict."""

import io
import os
import platform
import shlex
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO

import typer
from typer.core import TyperGroup

from theorycheck import __version__
from theorycheck.errors import TheoryCheckError
from theorycheck.stopping import cause_of
from theorycheck.text import cut, neutral

UNEXPECTED, READER_LEFT = 70, 141  # EX_SOFTWARE; 128 + SIGPIPE
_ENDS = (KeyboardInterrupt, EOFError, OSError)
_LONGEST = 300  # characters of a quoted command or message


class Unforeseen(Exception):
    """An end that no command means, carried past Typer, which would turn some into exit status 0 or 1:
    verdicts.
    """


@contextmanager
def _carried(kinds: tuple[type[BaseException], ...]) -> Iterator[None]:
    try:
        yield
    except kinds as error:
        raise Unforeseen from error


class Commands(TyperGroup):
    """The commands; what ends one of them unforeseen reaches `status`."""

    # While options are parsed no claim is loaded: what exits is --install-completion or --show-completion.
    make_context = _carried(_ENDS)(TyperGroup.make_context)
    invoke = _carried((SystemExit, *_ENDS))(TyperGroup.invoke)


@contextmanager
def explained() -> Iterator[None]:
    """Turn errors that a user can repair into a message and the documented exit status."""
    try:
        yield
    except TheoryCheckError as error:
        _say(str(error))
        raise typer.Exit(error.status) from error
    except KeyboardInterrupt as error:
        raise typer.Exit(_interrupted(error)) from error


def _interrupted(error: KeyboardInterrupt) -> int:
    """Say what interrupted, and return the exit status that says so."""
    cause, status = cause_of(error)
    _say(f"{cause}, nothing is lost; run the same command again to go on")
    return status


class Stream(io.FileIO):
    """Standard output or error, which knows whether writing to it failed.

    Args:
        stream: in whose place it comes; None where that is closed, and what is written is thrown away.
        essential: whether a failure ends the command; messages and progress are not worth that.
    """

    failure: OSError | None = None

    def __init__(self, stream: TextIO | None, essential: bool) -> None:
        # A closed stream is opened, or the next file that is opened would take its place.
        super().__init__(stream.fileno() if stream else os.devnull, "w", closefd=stream is None)
        self.essential = essential
        self.encoding = stream.encoding if stream else "utf-8"

    def write(self, data: Any) -> int:
        """Write bytes."""
        try:
            return super().write(data)
        except OSError as error:
            self.failure = error
            if self.essential:
                raise
            return len(data)

    def text(self) -> TextIO:
        """The stream for text, of any kind: what the encoding lacks is escaped."""
        buffer = io.BufferedWriter(self)
        return io.TextIOWrapper(buffer, self.encoding, "backslashreplace", line_buffering=self.isatty())


def status(app: Callable[[], Any]) -> int:
    """Run the command line and return its exit status: that of a verdict only where a verdict was told."""
    if sys.stdin is None:
        sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(os.devnull)))
    output = Stream(sys.stdout, essential=True)
    sys.stdout, sys.stderr = output.text(), Stream(sys.stderr, essential=False).text()
    ended: BaseException | int
    try:
        try:
            ended = app()
        except SystemExit as end:  # Typer's own; others come as Unforeseen
            ended = end.code if isinstance(end.code, int) else end
        sys.stdout.flush()
    except Unforeseen as error:
        ended = error.__cause__ or error
    except BaseException as error:
        ended = error
    if output.failure:
        return _unprinted(output)
    return _unforeseen(ended) if isinstance(ended, BaseException) else ended or 0


def _unprinted(output: Stream) -> int:
    """End a command whose output could not be written."""
    failure, nowhere = output.failure, os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, output.fileno())  # or the interpreter would fail to write the rest once more
    if isinstance(failure, BrokenPipeError):
        return READER_LEFT
    _say(f"standard output cannot be written ({failure and failure.strerror}), so no verdict was told")
    return UNEXPECTED


def _unforeseen(error: BaseException) -> int:
    """Say in one line how the command ended, and return the exit status of such an end."""
    if isinstance(error, KeyboardInterrupt):
        return _interrupted(error)
    if isinstance(error, SystemExit):
        what = f"sys.exit({error.code!r}) was called"
    else:
        what = traceback.format_exception_only(error)[-1]
    command = shlex.join(["theorycheck", *sys.argv[1:]])
    _say(
        f"an unexpected error ended `{_line(command)}`, which is no verdict: {_line(what)};"
        f" {_log(command, error)}"
    )
    return UNEXPECTED


def _say(message: str) -> None:
    """Print a message; what it quotes may hold anything, also what steers terminals."""
    typer.echo(f"theorycheck: {neutral(message)}", err=True)


def _line(text: str) -> str:
    """A text of any kind in one line, and cut."""
    return cut(" ".join(text.split()), _LONGEST)


def _log(command: str, error: BaseException) -> str:
    """Write what somebody who repairs the program needs to a file, and say where it is."""
    heading = (
        f"theorycheck {__version__}, Python {platform.python_version()} on"
        f" {platform.platform()}\n{command}\n\n"
    )
    try:
        with tempfile.NamedTemporaryFile(
            "w",
            prefix="theorycheck-",
            suffix=".log",
            delete=False,
            encoding="utf-8",
            errors="backslashreplace",
        ) as file:
            file.write(heading + "".join(traceback.format_exception(error)))
    except OSError as refused:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        return (
            f"it was raised at {frame.filename}:{frame.lineno}, and no log can be written"
            f" ({refused.strerror})"
        )
    return f"the traceback is in {file.name}; please report it"
