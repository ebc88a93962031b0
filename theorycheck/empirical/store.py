"""The trial store: finished trials, plans and runs in one SQLite file. Loads no torch."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from theorycheck.empirical.trial import Trial
from theorycheck.errors import StoreError
from theorycheck.text import shell_word

DEFAULT_STORE = Path(".theorycheck/store.sqlite")
FORMAT = 1
_TABLES = """
CREATE TABLE IF NOT EXISTS trials (
    key TEXT PRIMARY KEY, specification TEXT NOT NULL, measurement TEXT NOT NULL, finished TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS plans (
    hash TEXT PRIMARY KEY, claim TEXT NOT NULL, document TEXT NOT NULL, recorded TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS runs (
    id INTEGER PRIMARY KEY, plan TEXT NOT NULL REFERENCES plans (hash), started TEXT NOT NULL, finished TEXT,
    trained INTEGER NOT NULL DEFAULT 0, reused INTEGER NOT NULL, verdict TEXT);
"""


class Store:
    """An open store. Use it as a context manager.

    What `add` returned from is on disk: write-ahead logging with full synchronisation, one transaction a call.

    Raises:
        StoreError: from every method, when the file cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._explained():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, timeout=60, isolation_level=None)
            try:
                self._prepare()
            except BaseException:
                self._connection.close()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def find(self, keys: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Measurements of those trials that are stored, by key."""
        with self._transaction() as execute:
            execute("CREATE TEMP TABLE wanted (key TEXT PRIMARY KEY)")
            self._connection.executemany("INSERT OR IGNORE INTO wanted VALUES (?)", ((key,) for key in keys))
            rows = execute("SELECT key, measurement FROM trials JOIN wanted USING (key)").fetchall()
            execute("DROP TABLE wanted")
        return {key: json.loads(measurement) for key, measurement in rows}

    def add(self, results: Sequence[tuple[Trial, Mapping[str, Any]]]) -> None:
        """Store finished trials, all or none of them."""
        now = _now()
        rows = [(trial.key, trial.specification, json.dumps(measured), now) for trial, measured in results]
        with self._transaction():
            self._connection.executemany("INSERT OR IGNORE INTO trials VALUES (?, ?, ?, ?)", rows)

    def start_run(self, plan: str, claim: str, document: str) -> int:
        """Record a plan (once) and the start of a run of it, before its first training; return the run's number."""
        with self._transaction() as execute:
            execute("INSERT OR IGNORE INTO plans VALUES (?, ?, ?, ?)", (plan, claim, document, _now()))
            row = execute("INSERT INTO runs (plan, started, reused) VALUES (?, ?, 0)", (plan, _now()))
            return int(row.lastrowid or 0)

    def finish_run(self, run: int, trained: int, reused: int, verdict: str) -> None:
        """Record the end of a run: trials trained in it and reused, and its verdict."""
        with self._transaction() as execute:
            values = (_now(), trained, reused, verdict, run)
            execute("UPDATE runs SET finished = ?, trained = ?, reused = ?, verdict = ? WHERE id = ?", values)

    def runs(self) -> list[dict[str, Any]]:
        """All runs, oldest first: id, claim, plan, started, finished, trained, reused, verdict."""
        columns = ("id", "claim", "plan", "started", "finished", "trained", "reused", "verdict")
        with self._transaction() as execute:
            rows = execute(f"SELECT {', '.join(columns)} FROM runs JOIN plans ON plan = hash ORDER BY id").fetchall()
        return [dict(zip(columns, row, strict=True)) for row in rows]

    def plan_of(self, run: int) -> dict[str, Any]:
        """Of a run: the plan's hash, the name of its claim, and its document as JSON values.

        Raises:
            StoreError: there is no such run.
        """
        query = "SELECT hash, claim, document FROM runs JOIN plans ON plan = hash WHERE id = ?"
        with self._transaction() as execute:
            row = execute(query, (run,)).fetchone()
        if row is None:
            listing = "theorycheck runs" + f" --store {shell_word(str(self.path))}" * (self.path != DEFAULT_STORE)
            raise StoreError(f"the store {self.path} has no run {run}; `{listing}` lists them")
        return {"hash": row[0], "claim": row[1], **json.loads(row[2])}

    def _prepare(self) -> None:
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._check_format()
        self._connection.executescript(_TABLES)
        self._connection.execute(f"PRAGMA user_version = {FORMAT}")

    def _check_format(self) -> None:
        (found,) = self._connection.execute("PRAGMA user_version").fetchone()
        if found not in (0, FORMAT):
            raise StoreError(
                f"the store {self.path} has format {found}, this version reads format {FORMAT}; name another --store"
            )

    @contextmanager
    def _transaction(self) -> Iterator[Any]:
        with self._explained():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection.execute
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise StoreError(_explain(error, self.path)) from error
        except OSError as error:
            raise StoreError(
                f"the store {self.path} cannot be created: {error.strerror}; name another --store"
            ) from error


def _explain(error: sqlite3.DatabaseError, path: Path) -> str:
    text = str(error)
    if "full" in text:
        return (
            f"the store {path} could not be written: the disk is full; free space and run again, what was stored stays"
        )
    if "locked" in text:
        return f"the store {path} stays locked by another process; wait for it or name another --store"
    if "not a database" in text or "malformed" in text:
        return f"the store {path} is corrupt or no theorycheck store ({text}); move it away or name another --store"
    return f"the store {path} cannot be opened or written ({text}); check its permissions or name another --store"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
