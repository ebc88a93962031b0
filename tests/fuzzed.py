"""Runs the command line within this process as a shell would, and says what of its end is not as it should
be.
"""

import faulthandler
import json
import os
import re
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from theorycheck.cli import app
from theorycheck.exits import status

LIMIT = 60.0  # seconds of a processor, which does not depend on how busy the machine is
HANGING = 900.0  # seconds by the clock
VERDICTS = ("SUPPORTED", "REFUTED", "INCONCLUSIVE")
JUDGING = ("fit", "verify", "report")


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str
    seconds: float


def command(folder, arguments):
    """Run theorycheck with arguments in a folder; warnings are errors, as everywhere in the tests."""
    started = time.process_time()
    with _within(folder, arguments) as (out, err), watched():
        code = status(app)
    out, err = (path.read_text(encoding="utf-8", errors="replace") for path in (out, err))
    return Ended(code, out, err, time.process_time() - started)


@contextmanager
def watched():
    """End the process with the stacks of all threads where something hangs, so that the test fails."""
    faulthandler.dump_traceback_later(HANGING, exit=True, file=sys.__stderr__)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


@contextmanager
def _within(folder, arguments):
    kept = sys.argv, sys.stdin, sys.stdout, sys.stderr, os.getcwd()
    paths = folder / "stdout.txt", folder / "stderr.txt"
    with open(os.devnull) as stdin, paths[0].open("w") as out, paths[1].open("w") as err:
        os.chdir(folder)
        sys.argv, sys.stdin, sys.stdout, sys.stderr = ["theorycheck", *arguments], stdin, out, err
        try:
            yield paths
        finally:
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
                stream.detach()  # or its end would close the file below
            os.chdir(kept[4])
            sys.argv, sys.stdin, sys.stdout, sys.stderr = kept[:4]


def faults(ended, arguments):
    """What is wrong with the end of a command."""
    found = []
    if ended.code not in (0, 1, 2, 3):
        found.append(f"exit status {ended.code}{_log(ended.err)}")
    if "Traceback" in ended.out + ended.err:
        found.append("a traceback")
    if re.search(r":[0-9]+: \w*Warning: ", ended.err):
        found.append("a warning of Python")
    if ended.seconds > LIMIT:
        found.append(f"{ended.seconds:.0f} s")
    judged = bool(arguments) and arguments[0] in JUDGING and "--help" not in arguments
    told = any(verdict in ended.out for verdict in VERDICTS)
    if ended.code in (1, 3) and not (judged and told):
        found.append("a verdict by the exit status alone")
    if ended.code == 0 and judged and not told:
        found.append("SUPPORTED by the exit status alone")
    if ended.code == 2 and (told or len(_messages(ended.err)) != 1):
        found.append(f"{len(_messages(ended.err))} messages")
    if judged and "--json" in arguments and ended.code in (0, 1, 3):
        found += _json_faults(ended.out)
    return found


def _messages(err):
    """Messages of an error: of the program, or a box of Typer."""
    lines = [line for line in err.splitlines() if " s so far" not in line]
    return [line for line in lines if line.startswith(("theorycheck: ", "╭─ Error"))]


def _json_faults(out):
    def refuse(literal):
        raise ValueError(f"the literal {literal}")

    try:
        json.loads(out, parse_constant=refuse)
    except ValueError as error:
        return [f"no JSON: {error}"]
    return []


def _log(err):
    """The end of the log that an unexpected error has written."""
    path = err.rpartition("the traceback is in ")[2].partition(";")[0]
    if not path or not Path(path).exists():
        return ""
    text = Path(path).read_text(encoding="utf-8")
    Path(path).unlink()
    return "\n" + "\n".join(text.splitlines()[-7:])
