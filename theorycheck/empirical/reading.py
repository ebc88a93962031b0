"""What a command leaves behind, and the one value of it that a trial measures."""

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from theorycheck.empirical.command_line import check_placeholders
from theorycheck.errors import ClaimError

OUTPUT = "output"  # in the place of a file: what the command printed
MOST_BYTES = 100_000_000  # of a result file; what is larger is a mistake
MAY = (
    "'{out}:PATH' (JSON, the path of the value as in test.loss or losses.-1, . for all; or CSV, a column, of"
    f" which the last row counts) or '{OUTPUT}:REGEX' (of what is printed, the last match of its first group)"
)


class Unreadable(Exception):
    """A result is missing or malformed; the text says how, for the record of the trial."""


@dataclass(frozen=True)
class Reading:
    """Where a value stands.

    Attributes:
        file: of the result, with the placeholders of the command; "output" for what is printed.
        path: of the value in it: keys and positions, a column, or a regular expression.
    """

    file: str
    path: str

    def __str__(self) -> str:
        return self.path if self.file != OUTPUT else "the value printed"

    def value(self, file: Path) -> Any:
        """The value in a file that the command left.

        Raises:
            Unreadable: there is no such file, or no such value in it.
        """
        try:
            if file.stat().st_size > MOST_BYTES:
                raise Unreadable(f"its result {file.name} is larger than {MOST_BYTES} bytes")
            text = file.read_text(encoding="utf-8-sig", errors="replace")
        except OSError as error:
            raise Unreadable(f"its result {file.name} cannot be read: {error.strerror}") from error
        if self.file == OUTPUT:
            return _matched(text, self.path)
        return _format_of(file, text)(text, self.path)


def reading(text: str) -> Reading:
    """Understand what `command(reads=...)` says.

    Raises:
        ClaimError: it names no file and value, or its regular expression is none.
    """
    file, colon, path = text.partition(":") if isinstance(text, str) else ("", "", "")
    if not (file and colon and path):
        raise ClaimError(f"reads = {text!r} names no value; write {MAY}")
    if file == OUTPUT:
        try:
            groups = re.compile(path).groups
        except re.error as error:
            raise ClaimError(f"reads = {text!r} holds no regular expression: {error}") from error
        if not groups:
            raise ClaimError(f"reads = {text!r} has no group; put the number into parentheses, as in (\\S+)")
    else:
        check_placeholders(file)
    return Reading(file, path)


def _format_of(file: Path, text: str) -> Callable[[str, str], Any]:
    """By the file's name, and else by how it begins."""
    named = file.suffix.lower()
    if named == ".json" or (named not in (".csv", ".tsv") and text.lstrip().startswith(("{", "["))):
        return _in_json
    return _last_of_column


def _in_json(text: str, path: str) -> Any:
    try:
        return _follow(json.loads(text), "" if path == "." else path, path)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"its result is no JSON: {error}") from error


def _follow(found: Any, path: str, whole: str) -> Any:
    if not path:
        return found
    heads = [path[:i] for i, letter in enumerate(path) if letter == "."] + [path]
    known = [head for head in heads if isinstance(found, dict) and head in found]  # also keys with dots
    head = known[-1] if known else heads[0]
    rest = path[len(head) + 1 :]
    try:
        below = found[int(head)] if isinstance(found, list) else found[head]
    except (KeyError, IndexError, ValueError, TypeError) as error:
        has = ", ".join(found) if isinstance(found, dict) else f"a {type(found).__name__}"
        raise Unreadable(f"its result has no {whole}: in the place of {head} there is {has:.200}") from error
    return _follow(below, rest, whole)


def _last_of_column(text: str, column: str) -> float:
    header = text.partition("\n")[0]
    delimiter = max(",\t;", key=header.count)
    try:
        read = [*csv.DictReader(io.StringIO(text), delimiter=delimiter, skipinitialspace=True)]
    except csv.Error as error:
        raise Unreadable(f"its result is no CSV: {error}") from error
    rows = [row for row in read if any(str(value or "").strip() for value in row.values())]
    names = [*rows[-1]] if rows else []
    if column not in names:
        found = ", ".join(map(str, names))[:200] or "is empty"
        raise Unreadable(f"its result has no row with the column {column}, but {found}")
    return _number(rows[-1][column], f"the last row of {column}")


def _matched(text: str, pattern: str) -> float:
    found = [match for match in re.finditer(pattern, text, re.MULTILINE) if match[1] is not None]
    if not found:
        raise Unreadable(f"nothing that it printed matches {pattern}")
    return _number(found[-1][1], "what matches in its output")


def _number(text: Any, what: str) -> float:
    try:
        return float(text)
    except (TypeError, ValueError) as error:
        raise Unreadable(f"{what} is {text!a:.100}, which is no number") from error
