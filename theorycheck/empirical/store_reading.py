"""Reads a store and leaves it as it is: in place, or in a private copy where that cannot be."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from theorycheck.empirical.store_file import (
    beside,
    check_kind,
    closed_on_error,
    connect,
    holds_something,
    is_made,
    looking,
    make,
)

_LOGS = ("-wal", "-journal")
_NO_WRITING = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)


def open_to_read(path: Path) -> sqlite3.Connection:
    """Open a store as it is now, in a transaction that sees nothing of what is written later.

    The file and its folder may be read-only, and stay as they are. The store is read where it lies, however
    large it is. A private copy is read of what a killed run left in its log where no log may be written.

    Raises:
        StoreError: it is no store, or cannot be read.
    """
    check_kind(path)
    if not holds_something(path):
        return _private(path)
    try:
        return _begun(looking(path), path)
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _NO_WRITING:
            raise
    # Even a reader writes side files of a log. Where it may not, there is none, or all files are copied.
    if not any(_is_filled(beside(path, ending)) for ending in _LOGS):
        return _begun(connect(f"{path.resolve().as_uri()}?immutable=1", uri=True), path)
    with tempfile.TemporaryDirectory() as folder:
        for file in (path, *(beside(path, ending) for ending in _LOGS)):
            if file.exists():
                shutil.copyfile(file, Path(folder) / file.name)
        with closing(connect(Path(folder) / path.name)) as source:
            source.execute("BEGIN")
            is_made(source, path)
            return _private(path, source)


def _begun(connection: sqlite3.Connection, path: Path) -> sqlite3.Connection:
    """The connection itself, to a store that has its tables."""
    with closed_on_error(connection):
        connection.execute("BEGIN")  # a lock is waited for here, as `backup` would do so forever
        if is_made(connection, path):
            return connection
    with closing(connection):
        return _private(path)


def _private(path: Path, source: sqlite3.Connection | None = None) -> sqlite3.Connection:
    """A copy; an empty store where there is nothing to copy."""
    copy = connect("")  # SQLite's own temporary database, in memory while it is small
    with closed_on_error(copy):
        if source:
            source.backup(copy)
        make(copy, path)
        copy.execute("BEGIN")
    return copy


def _is_filled(file: Path) -> bool:
    return file.exists() and file.stat().st_size > 0
