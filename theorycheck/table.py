"""Reads tables of results that were obtained elsewhere: counts of successes, or measured values."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pandas as pd

from theorycheck.errors import TableError

MAX_ROWS, MAX_BYTES = 1_000_000, 256_000_000
FEWEST_LEVELS, MOST_LEVELS = 3, 200
_CHUNK = 1 << 20  # bytes
_NUMBER = r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*"
_WHOLE = {"n": (1, 1e15), "trials": (1, 1e15), "successes": (0, 1e15), "censored": (0, 1)}
_OWN = {"successes", "trials", "value", "censored", "seed"}  # columns that no variable may be called like


def read_table(path: Path, factors: Sequence[str]) -> pd.DataFrame:
    """Read a CSV file of success counts or of measurements.

    Counts have the columns `factors`, n, successes, trials, and optionally seed: one row a cell, or a cell and seed.
    Measurements have the columns `factors`, value, and optionally censored (1: the value is a lower bound) and seed.

    Args:
        path: the file, UTF-8, comma-separated, with the names of the columns in row 1.
        factors: names of the law's variables.

    Returns:
        The columns in the order above: factors and value as floats, the others as integers, seed as text.

    Raises:
        TableError: the file cannot be read, is no such table, or bears no fit.
    """
    try:
        text = _split(_decode(_read(path)))
        columns = _columns(text, factors)
        table = pd.DataFrame({column: _typed(text[column], column) for column in columns})
        if "trials" in columns:
            _check_counts(table, text["successes"])
        elif "censored" in columns and table["censored"].all():
            raise _bad("all values are censored, so that none is known; run some trials to their end")
        for factor in factors:
            _check_levels(table[factor])
        return table.reset_index(drop=True)
    except TableError as error:
        raise TableError(f"{path}{error}") from error.__cause__


def _bad(problem: str, row: int | None = None, column: str | None = None) -> TableError:
    """What is wrong where; `read_table` puts the file's name in front."""
    places = (f", {name} {place}" for name, place in (("row", row), ("column", column)) if place is not None)
    return TableError(f"{''.join(places)}: {problem}")


def _names(names: Sequence[str]) -> str:
    """The first few names, quoted and shortened: files may hold anything."""
    shown = [repr(name if len(name) <= 40 else name[:40] + "...") for name in names[:8]]
    return ", ".join(shown) + (f" and {len(names) - 8} more" if len(names) > 8 else "")


def _read(path: Path) -> bytes:
    """The file's content; reading ends as soon as there are too many rows."""
    content, rows = bytearray(), 0
    try:
        with path.open("rb") as file:
            for chunk in iter(partial(file.read, _CHUNK), b""):
                content += chunk
                rows += max(chunk.count(b"\n"), chunk.count(b"\r"))
                if rows > MAX_ROWS + 1 or len(content) > MAX_BYTES:
                    raise _bad(f"more than {MAX_ROWS} rows or {MAX_BYTES} bytes; fit a part of the rows")
    except OSError as error:
        raise _bad(f"cannot be read: {error.strerror}; give the path of a CSV file that you may read") from error
    if not content.strip():
        raise _bad("the file is empty; write the columns' names in row 1 and results below")
    return bytes(content)


def _decode(content: bytes) -> str:
    if content.startswith(b"\xef\xbb\xbf"):
        raise _bad("a byte order mark (BOM) precedes the text; save the file as UTF-8 without one", 1)
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start) + 1
        raise _bad(f"not UTF-8: found the byte 0x{content[error.start]:02x}; save the file as UTF-8", row) from error


def _split(content: str) -> pd.DataFrame:
    """The fields as text, indexed by the number of their line; blank lines are left out."""
    reader = csv.reader(io.StringIO(content, newline=""), skipinitialspace=True, strict=True)
    rows: list[tuple[int, list[str]]] = []
    try:
        rows.extend((reader.line_num, row) for row in reader if row)
    except csv.Error as error:
        line = rows[-1][0] + 1 if rows else 1
        raise _bad(f"cannot be split into fields ({error}); mend the quotes", line) from error
    header = [name.strip() for name in rows[0][1]]
    if len(header) == 1 and any(separator in header[0] for separator in ";\t"):
        raise _bad(f"found no commas but {_names(header)}; separate fields by commas, with points in decimals", 1)
    for line, row in rows[1:]:
        if len(row) != len(header):
            raise _bad(f"expected {len(header)} fields as in row 1, found {len(row)}; correct the row", line)
    lines, fields = [line for line, _ in rows[1:]], [row for _, row in rows[1:]]
    return pd.DataFrame(fields, index=lines, columns=header, dtype=object)


def _columns(text: pd.DataFrame, factors: Sequence[str]) -> list[str]:
    """The columns of the table, in order."""
    found = list(text.columns)
    if repeated := [name for name, times in Counter(found).items() if times > 1]:
        raise _bad(f"columns with the same name: {_names(repeated)}; rename or remove one of them", 1)
    measured = bool({"value", "censored"} & set(found))
    if own := [f for f in factors if f in _OWN or (f == "n" and not measured)]:
        raise _bad(f"a variable of the law is called {own[0]!r}, but tables call something else so; rename it", 1)
    names, optional = (["value"], ["censored", "seed"]) if measured else (["n", "successes", "trials"], ["seed"])
    needed = [*dict.fromkeys(factors), *names]
    if missing := [name for name in needed if name not in found]:
        other = "" if measured else ", or value for measurements"
        raise _bad(f"columns are missing: {_names(missing)}; found {_names(found)}; add what is missing{other}", 1)
    if extra := [name for name in found if name not in needed + optional]:
        raise _bad(f"extra columns: {_names(extra)}; remove them, or make them variables of the law", 1)
    if text.empty:
        raise _bad("there is nothing below row 1; add results")
    return needed + [name for name in optional if name in found]


def _typed(text: pd.Series, column: str) -> pd.Series:
    """The column as numbers, or as text if it holds seeds."""
    if column == "seed":
        _demand(text.str.strip() != "", text, "a seed")
        return text.str.strip()
    if not pd.Series(text.unique()).str.fullmatch(_NUMBER).all():  # far fewer than rows, but for values
        _demand(text.str.fullmatch(_NUMBER), text, "a finite number")
    numbers = text.astype(float)
    if whole := _WHOLE.get(column):
        _demand((numbers % 1 == 0) & numbers.between(*whole), text, f"a whole number from {whole[0]} to {whole[1]:g}")
        return numbers.astype(int)
    _demand((numbers > 0) & (numbers < float("inf")), text, "a positive finite number, as its logarithm is taken")
    return numbers


def _demand(good: pd.Series, text: pd.Series, wanted: str) -> None:
    if not good.all():
        row = good.astype(bool).idxmin()
        found = _names([text[row]]) if text[row].strip() else "an empty field"
        raise _bad(f"expected {wanted}, found {found}; correct the field or remove the row", row, text.name)


def _check_counts(table: pd.DataFrame, text: pd.Series) -> None:
    _demand(table["successes"] <= table["trials"], text, "no more successes than trials")
    cell = [column for column in table if column not in ("successes", "trials")]
    repeats = table.index[table.duplicated(cell)]
    if len(repeats):
        first = table.index[(table[cell] == table.loc[repeats[0], cell]).all(axis=1)][0]
        raise _bad(f"same {', '.join(cell)} as in row {first}; add up their counts, or number seeds", repeats[0])
    for outcome, count in (("failures", table["successes"]), ("successes", table["trials"] - table["successes"])):
        if not count.any():
            raise _bad(f"all trials are {outcome}, so that no threshold lies inside the range of n; try other n")


def _check_levels(levels: pd.Series) -> None:
    if (number := levels.nunique()) < FEWEST_LEVELS:
        raise _bad(f"an exponent needs {FEWEST_LEVELS} different levels, found {number}; add more", column=levels.name)
    if number > MOST_LEVELS:
        raise _bad(f"more than {MOST_LEVELS} different levels, found {number}; round or bin them", column=levels.name)
