"""Reads tables of results that were obtained elsewhere: counts of successes, or measured values."""

import csv
import hashlib
import io
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from theorycheck.errors import TableError
from theorycheck.signature import foreign
from theorycheck.text import cut, listed

MAX_ROWS, MAX_BYTES = 1_000_000, 256_000_000
FEWEST_LEVELS, MOST_LEVELS = 3, 200
_CHUNK = 1 << 20  # bytes
_AT_ONCE = 1 << 15  # rows whose fields are held as text, which takes ten times the room of numbers
# float() reads inf, nan, 1_0 and digits of other scripts as well.
_NUMBER = re.compile(r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*")
_WHOLE = {"n": (1, 1e15), "trials": (1, 1e15), "successes": (0, 1e15), "censored": (0, 1)}
_OWN = {"successes", "trials", "value", "censored", "seed"}  # columns that no variable may be called like

Text = Sequence[str]  # the fields of some rows in one column


def read_table(path: Path, factors: Sequence[str], logarithms: bool = True) -> pd.DataFrame:
    """Read a table of success counts or of measurements.

    Counts have the columns `factors`, n, successes, trials, and optionally seed: one row a cell, or a cell
    and seed. Measurements have the columns `factors`, value, and optionally censored (1: the value is a lower
    bound) and seed.

    Args:
        path: of a CSV file: UTF-8, comma-separated, with the names of the columns in row 1.
        factors: names of the law's variables.
        logarithms: whether factors and values are positive, as their logarithms are taken.

    Returns:
        The columns in the order above: factors and value as floats, the others as integers, seed as text;
        with the file's digest as the attribute "sha256".

    Raises:
        TableError: the file cannot be read or is no such table, or it bears no fit.
    """
    with _named(path):
        content = _contents(path)
        table = _table(content, factors, logarithms)
        if "trials" in table:
            _check_counts(table)
        elif "censored" in table and table["censored"].all():
            raise _bad("all values are censored, so that none is known; run some trials to their end")
        for factor in factors:
            _check_levels(table[factor])
    table.attrs["sha256"] = hashlib.sha256(content).hexdigest()
    return table.reset_index(drop=True)


def _contents(path: Path) -> bytes:
    """A file's bytes, read once, so that pipes can be given; reading ends as soon as they are too many or no
    table.
    """
    content, lines = bytearray(), 0
    try:
        with path.open("rb") as file:
            for chunk in iter(partial(file.read, _CHUNK), b""):
                if not content and (found := foreign(chunk)):
                    raise _bad(f"this is {found[0]}, no CSV file; {found[1]}")
                content += chunk
                lines += max(chunk.count(b"\n"), chunk.count(b"\r"))
                if lines > 2 * MAX_ROWS + 2 or len(content) > MAX_BYTES:  # every other line may be blank
                    raise _too_long()
    except OSError as error:
        raise _bad(
            f"cannot be read: {error.strerror}; give the path of a CSV file that you may read"
        ) from error
    if not content.strip():
        raise _bad("the file is empty; write the columns' names in row 1 and results below")
    return bytes(content)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Put the file's name in front of what is wrong."""
    try:
        yield
    except TableError as error:
        raise TableError(f"{path}{error}") from error.__cause__


def _bad(problem: str, row: int | None = None, column: str | None = None) -> TableError:
    """What is wrong where; `_named` puts the file's name in front."""
    places = (f", {name} {place}" for name, place in (("row", row), ("column", column)) if place is not None)
    return TableError(f"{''.join(places)}: {problem}")


def _too_long() -> TableError:
    return _bad(f"more than {MAX_ROWS} rows or {MAX_BYTES} bytes; fit a part of the rows")


def _names(names: Sequence[str]) -> str:
    """The first few names, quoted and shortened: files may hold anything."""
    return listed([repr(cut(name, 40)) for name in names])


def _table(content: bytes, factors: Sequence[str], logarithms: bool) -> pd.DataFrame:
    """The columns as numbers, or as text where they hold seeds; indexed by the number of their line."""
    _check_text(content)
    pieces = _pieces(content)
    header = [name.strip() for name in next(pieces)[1][0]]
    columns = _columns(header, factors)
    parts: list[pd.DataFrame] = []
    for lines, rows in pieces:
        if sum(map(len, parts)) + len(rows) > MAX_ROWS:
            raise _too_long()
        if odd := [i for i, row in enumerate(rows) if len(row) != len(header)]:
            found = f"found {len(rows[odd[0]])}; correct the row"
            raise _bad(f"expected {len(header)} fields as in row 1, {found}", lines[odd[0]])
        fields = dict(zip(header, zip(*rows, strict=True), strict=True))
        typed = {column: _typed(fields[column], lines, column, logarithms) for column in columns}
        parts.append(pd.DataFrame(typed, index=lines))
    if not parts:
        raise _bad("there is nothing below row 1; add results")
    return pd.concat(parts)


def _check_text(content: bytes) -> None:
    if content.startswith(b"\xef\xbb\xbf"):
        raise _bad("a byte order mark (BOM) precedes the text; save the file as UTF-8 without one", 1)
    try:
        content.decode()
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start) + 1
        wide = ", as UTF-16 begins" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else ""
        found = f"found the byte 0x{content[error.start]:02x}{wide}"
        raise _bad(f"not UTF-8: {found}; save the file as UTF-8", row) from error
    if (place := content.find(b"\0")) >= 0:
        row = content.count(b"\n", 0, place) + 1
        raise _bad("found a byte 0, as in UTF-16 and in files that are no text; save the file as UTF-8", row)
    header = content[:_CHUNK].lstrip().splitlines()[0].decode(errors="replace").strip()
    if "," not in header and re.search(r"[;\t|]|\S\s+\S", header):
        raise _bad(
            f"found no commas but {_names([header])}; separate fields by commas, with points in decimals", 1
        )


def _pieces(content: bytes) -> Iterator[tuple[list[int], list[list[str]]]]:
    """The header, then the rows, some at once, each with the number of its line; blank lines are left out."""
    text = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8", newline="")
    reader = csv.reader(text, skipinitialspace=True, strict=True)
    lines: list[int] = []
    rows: list[list[str]] = []
    line = most = 0
    try:
        for row in reader:
            if row:
                line = reader.line_num
                lines.append(line)
                rows.append(row)
                if len(rows) > most:
                    yield lines, rows
                    lines, rows, most = [], [], _AT_ONCE
    except csv.Error as error:
        raise _bad(f"cannot be split into fields ({error}); mend the quotes", line + 1) from error
    if rows:
        yield lines, rows


def _columns(found: Sequence[str], factors: Sequence[str]) -> list[str]:
    """The columns of the table, in order."""
    if repeated := [name for name, times in Counter(found).items() if times > 1]:
        raise _bad(f"columns with the same name: {_names(repeated)}; rename or remove one of them", 1)
    measured = bool({"value", "censored"} & set(found))
    if own := [f for f in factors if f in _OWN or (f == "n" and not measured)]:
        raise _bad(
            f"a variable of the law is called {own[0]!r}, but tables call something else so; rename it", 1
        )
    names, optional = (
        (["value"], ["censored", "seed"]) if measured else (["n", "successes", "trials"], ["seed"])
    )
    needed = [*dict.fromkeys(factors), *names]
    if missing := [name for name in needed if name not in found]:
        other = "" if measured else ", or value for measurements"
        raise _bad(
            f"columns are missing: {_names(missing)}; found {_names(found)}; add what is missing{other}", 1
        )
    if extra := [name for name in found if name not in needed + optional]:
        raise _bad(f"extra columns: {_names(extra)}; remove them, or make them variables of the law", 1)
    return needed + [name for name in optional if name in found]


def _typed(text: Text, lines: Sequence[int], column: str, logarithms: bool) -> Any:
    """Some rows of a column as an array of numbers, or of text if it holds seeds."""
    if column == "seed":
        seeds = np.array([sys.intern(field.strip()) for field in text], dtype=object)
        _demand(seeds != "", text, lines, column, "a seed")
        return seeds
    good = np.array([_NUMBER.fullmatch(field) is not None for field in text])
    _demand(good, text, lines, column, "a finite number")
    numbers = np.array([*map(float, text)])
    if whole := _WHOLE.get(column):
        good = (numbers % 1 == 0) & (numbers >= whole[0]) & (numbers <= whole[1])
        _demand(good, text, lines, column, f"a whole number from {whole[0]} to {whole[1]:g}")
        return numbers.astype(np.int64)
    good, wanted = np.isfinite(numbers), "a finite number"
    if logarithms:
        good, wanted = good & (numbers > 0), "a positive finite number, as its logarithm is taken"
    _demand(good, text, lines, column, wanted)
    return numbers


def _demand(good: Any, text: Sequence[object], lines: Sequence[int], column: str, wanted: str) -> None:
    if not good.all():
        first = int(good.argmin())
        field = str(text[first])
        found = _names([field]) if field.strip() else "an empty field"
        raise _bad(
            f"expected {wanted}, found {found}; correct the field or remove the row", lines[first], column
        )


def _check_counts(table: pd.DataFrame) -> None:
    good = (table["successes"] <= table["trials"]).to_numpy()
    _demand(good, table["successes"].to_numpy(), table.index, "successes", "no more successes than trials")
    cell = [column for column in table if column not in ("successes", "trials")]
    repeats = table.index[table.duplicated(cell)]
    if len(repeats):
        first = table.index[(table[cell] == table.loc[repeats[0], cell]).all(axis=1)][0]
        raise _bad(
            f"same {', '.join(cell)} as in row {first}; add up their counts, or number seeds", repeats[0]
        )
    for outcome, count in (
        ("failures", table["successes"]),
        ("successes", table["trials"] - table["successes"]),
    ):
        if not count.any():
            raise _bad(
                f"all trials are {outcome}, so that no threshold lies inside the range of n; try other n"
            )


def _check_levels(levels: pd.Series) -> None:
    if (number := levels.nunique()) < FEWEST_LEVELS:
        raise _bad(
            f"an exponent needs {FEWEST_LEVELS} different levels, found {number}; add more",
            column=levels.name,
        )
    if number > MOST_LEVELS:
        raise _bad(
            f"more than {MOST_LEVELS} different levels, found {number}; round or bin them", column=levels.name
        )
