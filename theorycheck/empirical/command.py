"""Commands as responses: the authors' own script, or any program. Loads no torch."""

from __future__ import annotations

import math
import operator
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from theorycheck.design import Point
from theorycheck.empirical.command_line import (
    condition,
    existing,
    filled_word,
    number,
    placeholders,
    program,
    split_words,
)
from theorycheck.empirical.marks import several
from theorycheck.empirical.reading import OUTPUT, Reading, Unreadable, reading
from theorycheck.empirical.returned import Outcome, measurement
from theorycheck.errors import ClaimError, DesignError
from theorycheck.executors.local import killed_with_parent
from theorycheck.fingerprint import Dependencies
from theorycheck.local_modules import folder_of_caller, local_files
from theorycheck.text import one_line

REVISION = 1  # raise it whenever a command would be called or read otherwise
FOLDERS = Path(".theorycheck/trials")  # where commands run, each trial in a folder of its own
SHOWN_LINES, SHOWN_CHARACTERS = 3, 300  # of the end of a log, in a message
_OWN = ("seed", "out")  # placeholders beside the letters of the design
_COMPARED = {"<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt, "==": operator.eq}


def command(
    words: str | Sequence[str],
    reads: str,
    *,
    success: str | None = None,
    timeout: float | None = None,
    failed: Literal["no evidence", "failure"] = "no evidence",
    inputs: Sequence[str | Path] = (),
    environment: Sequence[str] = (),
    tolerance: float = 0.0,
    folder: str | Path | None = None,
) -> Command:
    r"""A program that carries out one trial, as the response of a claim.

    It is split into words once, filled in, and started without a shell, in a folder of its own that is kept
    where the trial fails. A word that names a file beside the claim file is that file, and is part of the
    trials' key, with the Python modules that it imports from there; `python` is the interpreter that runs
    theorycheck.

    Args:
        words: the command; {N} is replaced by the value of N at the design point, {seed} by the trial's seed,
            {out} by the path of its result file.
        reads: where the value stands: "{out}:test.loss" in JSON, "{out}.csv:loss" in the last row of a CSV
            file, or "output:loss = (\S+)" in what is printed.
        success: when the trial succeeds, such as "<= 0.01"; without it the value itself is measured.
        timeout: seconds after which the trial is ended, and has failed.
        failed: what a trial counts as that ends with another status than 0, takes too long, or leaves no
            readable result: "no evidence", or "failure" of the searched threshold.
        inputs: further files, or folders of them, that the result depends on.
        environment: names of environment variables that the result depends on.
        tolerance: relative difference of the value that a repeated trial may show.
        folder: where its files lie; by default that of the file that calls this function.

    Raises:
        ClaimError: one of these cannot be understood, or the program or an input is missing.

    Example:
        >>> command("sort --version", "output:coreutils. ([0-9.]+)").__name__
        'sort'
    """
    beside = Path(folder).absolute() if folder else folder_of_caller()
    split = split_words(words)
    if failed not in ("no evidence", "failure") or (failed == "failure" and success is None):
        raise ClaimError(
            f"failed = {failed!r} of {split[0]}: write 'no evidence', or 'failure' beside success = '<= ...'"
        )
    found = [filled_word(word, beside) for word in split[1:]]
    called = program(split[0], beside)
    files = [Path(called)] * (os.sep in split[0]) + [file for _, file in found if file]
    return Command(
        (called, *(word for word, _ in found)),
        reading(reads),
        condition(success),
        None if timeout is None else number("timeout", timeout),
        failed,
        (*files, *(existing(Path(beside, path)) for path in several("inputs", inputs))),
        several("environment", environment),
        number("tolerance", tolerance, 0.0),
        split[0],
        beside,
    )


@dataclass(frozen=True)
class Command:
    """A command as `command` made it, called as f(point, seed)."""

    words: tuple[str, ...]
    reads: Reading
    success: tuple[str, float] | None
    timeout: float | None
    failed: str
    inputs: tuple[Path, ...]
    environment: tuple[str, ...]
    tolerance: float
    program: str
    beside: Path
    at_once = 1  # as each takes a process of its own, and may take long

    @property
    def __name__(self) -> str:
        """The name of its script, or of the program where it has none."""
        return self.inputs[0].name if self.inputs else Path(self.program).name

    @property
    def meaning(self) -> str:
        """What a trial measures, for readers."""
        wanted = f" {self.success[0]} {self.success[1]:g}" if self.success else ""
        return f"{self.reads}{wanted}, by {self.__name__}"

    def check(self, parameters: Point, where: str) -> None:
        """Raise DesignError where the design point lacks a letter of the command, or has one of its own."""
        asked = {name for text in (*self.words, self.reads.file) for name in placeholders(text)}
        if taken := sorted(asked.intersection(parameters, _OWN)):
            raise DesignError(
                f"the design has a letter {taken[0]}, but {{{taken[0]}}} is the command's own; rename the"
                " letter"
            )
        if missing := sorted(asked.difference(parameters, _OWN)):
            raise DesignError(
                f"the command {self.program} asks for {{{missing[0]}}}, which the design neither varies nor"
                f" holds; it has {', '.join(parameters)}, and {{seed}} and {{out}} are always there"
            )
        try:
            self._filled(parameters, 0, Path())
        except (ValueError, TypeError) as error:
            raise DesignError(
                f"the command {self.program} cannot be filled in at {where}: {error}"
            ) from error

    def dependencies(self) -> Dependencies:
        """What the results depend on: its words, files and variables."""
        files: dict[str, Path] = {}
        words = [self.program, *self.words[1:]]
        for path in self.inputs:
            inside = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
            files |= {os.path.relpath(p, self.beside): p for p in inside}
            if path.suffix == ".py":
                imported = local_files(path.resolve(), path.stem, script=True)
                files |= {f"{path.name} imports {name}": p for name, p in imported.items()}
            named = os.path.relpath(path, self.beside)  # wherever the folder lies
            words = [word.replace(str(path), named) for word in words]
        values = {name: os.environ.get(name) for name in self.environment}
        reads = [self.reads.file, self.reads.path, self.success, self.failed]
        return Dependencies([REVISION, words, reads, self.timeout, values], files)

    def __call__(self, point: Point, seed: int) -> Outcome:
        """Run it once; what goes wrong is the trial's outcome."""
        folder = _new_folder(f"{self.__name__}-{seed:08x}-")
        log = folder.with_name(f"{folder.name}.log")  # beside it, where the command does not write
        *words, result = self._filled(point, seed, folder)
        try:
            self._run(words, folder, log)
            outcome = self._outcome(self.reads.value(log if self.reads.file == OUTPUT else folder / result))
        except Unreadable as error:
            said = _end_of(log)
            why = one_line(f"{error}{f'; it said: {said}' if said else ''} (see {log})", 1000)
            return Outcome("failure" if self.failed == "failure" else "unfitted", {"failed": why})
        shutil.rmtree(folder, ignore_errors=True)
        log.unlink(missing_ok=True)
        return outcome

    def _filled(self, point: Point, seed: int, folder: Path) -> list[str]:
        """The words, and the place of the result."""
        written = {name: _whole(value) for name, value in point.items()}
        values = {**written, "seed": seed, "out": str(folder / "out")}
        return [text.format_map(values) for text in (*self.words, self.reads.file)]

    def _run(self, words: Sequence[str], folder: Path, log_path: Path) -> None:
        with log_path.open("wb") as log:
            try:
                process = subprocess.Popen(
                    words,
                    cwd=folder,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    preexec_fn=killed_with_parent if sys.platform == "linux" else None,
                )
            except (OSError, ValueError) as error:
                raise Unreadable(f"it cannot be started: {error}") from error
            try:
                status = process.wait(self.timeout)
            except subprocess.TimeoutExpired as error:
                raise Unreadable(f"it took longer than {self.timeout:g} s") from error
            finally:
                _end_all(process)
        if status:
            raise Unreadable(f"it ended {_ended(status)}")

    def _outcome(self, told: Any) -> Outcome:
        value = told
        if self.success is None and isinstance(value, bool | Mapping):
            try:
                found = {**measurement(value, self.__name__)}
            except ClaimError as error:
                raise Unreadable(str(error)) from error
            return Outcome(found.pop("outcome"), found)
        try:
            value = math.nan if isinstance(value, bool | str) else float(value)
        except (TypeError, OverflowError):
            value = math.nan
        if math.isnan(value):
            raise Unreadable(f"its result {self.reads} is {told!a:.100}, which is no number")
        if self.success is not None:
            sign, bound = self.success
            return Outcome("success" if _COMPARED[sign](value, bound) else "failure")
        if not math.isfinite(value):
            raise Unreadable(f"its result {self.reads} is {value}")
        return Outcome("success", {"value": value})


def _whole(value: Any) -> Any:
    """Whole numbers as integers, as programs that count refuse 4.0."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _ended(status: int) -> str:
    names = {-each.value: each.name for each in signal.Signals}
    return f"with exit status {status}" if status > 0 else f"by {names.get(status, f'signal {-status}')}"


def _new_folder(prefix: str) -> Path:
    prefix = re.sub(r"[^\w.-]", "_", prefix)
    try:
        FOLDERS.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=prefix, dir=FOLDERS)).absolute()
    except OSError:  # this folder cannot be written
        return Path(tempfile.mkdtemp(prefix=f"theorycheck-{prefix}"))


def _end_all(process: subprocess.Popen[bytes]) -> None:
    """End a command, and what it left running but in sessions of their own."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()


def _end_of(log: Path) -> str:
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 10 * SHOWN_CHARACTERS))
            lines = [line for line in file.read().decode(errors="replace").splitlines() if line.strip()]
    except OSError:
        return ""
    return " / ".join(lines[-SHOWN_LINES:])[-SHOWN_CHARACTERS:]
