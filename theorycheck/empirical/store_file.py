"""The file of a store: told from others before it is touched, and created.

The pragmas application_id and user_version are SQLite's own places for whose a file is, and of which format
(https://www.sqlite.org/fileformat2.html, sections 1.2.13 and 1.2.17).
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from theorycheck.empirical.rows import Row, content
from theorycheck.empirical.store_tables import TABLES
from theorycheck.errors import StoreError

APPLICATION = 0x74636B73  # "tcks"
FORMAT = 2
CACHE = 65536  # KiB at most, so that what is looked up and then inserted is read once
_log = logging.getLogger(__name__)
_FORMER = {"trials", "plans", "runs"}  # the tables of format 1, which was not marked as ours


def is_there(path: Path) -> bool:
    """Whether there is a store, or anything else, of this name.

    Raises:
        StoreError: it may not be looked at.
    """
    with explained(path):
        return path.exists()


def open_to_write(path: Path) -> sqlite3.Connection:
    """Open a store, and create it where there is none.

    Raises:
        StoreError: it is no store, or cannot be written.
    """
    check_kind(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    if holds_something(path):
        with closing(looking(path)) as connection:
            is_made(connection, path)  # writes nothing, not even what a checkpoint would
    connection = connect(path)
    with closed_on_error(connection):
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA cache_size = {-CACHE}")
        make(connection, path)
    return connection


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what SQLite and the system say of a store into a StoreError."""
    try:
        yield
    except (sqlite3.Error, MemoryError) as error:
        raise StoreError(_explain(str(error), path)) from error
    except UnicodeDecodeError as error:  # of a message that quotes what is damaged
        raise corrupt(path, "a text is not in UTF-8") from error
    except OSError as error:
        raise StoreError(_explain(error.strerror or str(error), path)) from error


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Write all that is executed meanwhile, or nothing of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def corrupt(path: Path, reason: str) -> StoreError:
    """The error of a store that is beyond repair."""
    return StoreError(
        f"the store {path} is corrupt or no theorycheck store ({reason}); move it away or name another"
        " --store"
    )


def now() -> str:
    """The time, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _explain(text: str, path: Path) -> str:
    if "full" in text:
        return (
            f"the store {path} could not be written: the disk is full; free space and run again, what was"
            " stored stays"
        )
    if "locked" in text:
        return f"the store {path} stays locked by another process; wait for it or name another --store"
    if "not a database" in text or "malformed" in text:
        return str(corrupt(path, text))
    return (
        f"the store {path} cannot be opened or written ({text}); check its permissions or name another"
        " --store"
    )


def check_kind(path: Path) -> None:
    """No device and no pipe, whose reading may never end."""
    if path.exists() and not path.is_file():
        raise StoreError(
            f"the store {path} cannot be opened or written (it is no file); name another --store"
        )


def beside(path: Path, ending: str) -> Path:
    """The file that SQLite keeps beside a store."""
    return path.with_name(path.name + ending)


def holds_something(path: Path) -> bool:
    """Whether anything was ever written to a store."""
    return any(file.exists() and file.stat().st_size > 0 for file in (path, beside(path, "-wal")))


def connect(place: Path | str, uri: bool = False) -> sqlite3.Connection:
    """A connection that trusts nothing that it reads."""
    connection = sqlite3.connect(place, timeout=60, isolation_level=None, uri=uri)
    connection.text_factory = lambda text: text.decode("utf-8", "surrogateescape")  # of damaged ones as well
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    return connection


def looking(path: Path) -> sqlite3.Connection:
    """A connection that leaves the file as it is: closing a writing one would write back what waits in the
    log.
    """
    mode = "ro" if beside(path, "-wal").exists() else "rw"
    return connect(f"{path.resolve().as_uri()}?mode={mode}", uri=True)


@contextmanager
def closed_on_error(connection: sqlite3.Connection) -> Iterator[None]:
    """Keep a connection open, unless the block fails."""
    try:
        yield
    except BaseException:
        connection.close()
        raise


def make(connection: sqlite3.Connection, path: Path) -> None:
    """Create the tables where there are none; of several processes that want to, one does."""
    if is_made(connection, path):
        return
    with transaction(connection):
        if not is_made(connection, path):
            _execute_all(connection, TABLES)
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
            connection.execute(f"PRAGMA user_version = {FORMAT}")


def is_made(connection: sqlite3.Connection, path: Path) -> bool:
    """Whether a store has its tables; False where there is nothing yet.

    Raises:
        StoreError: it is no store, of another format, or its tables are not those of its format.
    """
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    tables = _schema(connection)
    if (application, version) == (0, 0) and not tables:
        return False
    names = sorted(name for name, _ in tables)
    if application != APPLICATION and not (version == 1 and _FORMER.issuperset(names)):
        listed = ", ".join(map(ascii, names[:3])) or "without tables"
        raise StoreError(
            f"{path} is a database of another application ({listed}) and was left as it is; name another"
            " --store"
        )
    if version != FORMAT:
        raise StoreError(
            f"the store {path} has format {version}, this version reads format {FORMAT}; name another"
            " --store, or use the version that made it"
        )
    if tables != _own_schema():
        raise corrupt(path, f"its tables are not those of format {FORMAT}")
    return True


def _schema(connection: sqlite3.Connection) -> frozenset[tuple[str, str]]:
    """Names and definitions of all tables, views, triggers and indices, but those SQLite makes by itself."""
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return frozenset((str(name), " ".join(str(sql).split())) for name, sql in rows)


@cache
def _own_schema() -> frozenset[tuple[str, str]]:
    with closing(connect(":memory:")) as connection:
        _execute_all(connection, TABLES)
        return _schema(connection)


def _execute_all(connection: sqlite3.Connection, script: str) -> None:
    """As `executescript`, which would end the transaction."""
    for statement in filter(str.strip, script.split(";")):
        connection.execute(statement)


def set_aside(connection: sqlite3.Connection, table: str, rows: Sequence[Row]) -> None:
    """Keep damaged rows where they are not used, and say so."""
    connection.executemany(
        "INSERT INTO damaged VALUES (?, ?, ?)", [(table, content(row), now()) for row in rows]
    )
    warn_of_damage(table, rows, "set aside and not used")


def warn_of_damage(table: str, rows: Sequence[Row], done: str = "not used") -> None:
    """Say which rows are damaged, if any is."""
    if not rows:
        return
    names = ", ".join(ascii(row[0]).strip("'")[:12] for row in rows[:3])
    _log.warning(
        "theorycheck: damaged rows of the store's table %s are %s (%d: %s%s); verifying the claim makes them"
        " anew",
        table,
        done,
        len(rows),
        names,
        ", ..." if len(rows) > 3 else "",
    )
