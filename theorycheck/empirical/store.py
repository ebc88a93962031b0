"""The trial store: finished trials, plans and runs in one SQLite file. Loads no torch."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, Self

from theorycheck.empirical import rows
from theorycheck.empirical.store_file import (
    corrupt,
    explained,
    now,
    open_to_write,
    set_aside,
    transaction,
    warn_of_damage,
)
from theorycheck.empirical.store_reading import open_to_read
from theorycheck.empirical.trial import Kept
from theorycheck.errors import StoreError
from theorycheck.text import shell_word

DEFAULT_STORE = Path(".theorycheck/store.sqlite")
_PIECE = 1000  # rows that are read at once: about a megabyte
_KEYS = {"trials": "key", "plans": "hash", "runs": "id"}


class Store:
    """An open store. Use it as a context manager.

    What `add` returned from is on disk: write-ahead logging with full synchronisation, one transaction a
    call. Every row has a checksum; a row whose checksum fails counts as missing, and is set aside in the
    table `damaged` where the store is open for writing.

    Args:
        path: the file, which is created where there is none.
        read_only: read it as it is now, and leave file and folder as they are.

    Raises:
        StoreError: from every method, when the file cannot be read or written.
    """

    def __init__(self, path: Path, read_only: bool = False) -> None:
        self.path, self._read_only = path, read_only
        with explained(path):
            self._connection = open_to_read(path) if read_only else open_to_write(path)
        self._added: set[str] = set()
        self._warned: set[tuple[str, Any]] = set()  # of damage, while reading

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def find(self, keys: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Measurements of those trials that are stored, by key."""
        asked = set(keys)
        with self.transaction():
            found = self.trials(asked)
            if lost := (asked & self._added) - set(found):  # a damaged tree may lose what is put into it
                raise corrupt(
                    self.path, f"of the trials that were written now, {len(lost)} are not found again"
                )
        return {key: measured for key, (_, measured) in found.items()}

    def add(self, results: Sequence[tuple[Kept, Mapping[str, Any]]]) -> None:
        """Store finished trials, all or none of them."""
        time = now()
        made = [(trial.key, trial.specification, json.dumps(measured), time) for trial, measured in results]
        for _, specification, text, _ in made:
            if rows.measurement(specification, text) is None:
                raise StoreError(
                    f"{text[:200]} is no measurement of {specification[:200]}, so it was not stored"
                )
        with self.transaction():
            self.insert("trials", made)
        self._added |= {row[0] for row in made}

    def start_run(self, plan: str, claim: str, document: str) -> int:
        """Record a plan (once) and the start of a run of it, before its first training; return the run's
        number.
        """
        with self.transaction():
            self.insert("plans", [(plan, claim, document, now())])
            query = "INSERT INTO runs (plan, started, trained, reused, checksum) VALUES (?, ?, 0, 0, '')"
            started = self._connection.execute(query, (plan, time := now()))
            run = int(started.lastrowid or 0)
            self._update_run((run, plan, time, None, 0, 0, None))
            return run

    def finish_run(self, run: int, trained: int, reused: int, verdict: str | None) -> None:
        """Record the end of a run: trials trained in it and reused, and its verdict; a shard has none."""
        with self.transaction():
            for row in self._kept("runs", [run]).values():
                self._update_run((*row[:3], now(), trained, reused, verdict))

    def runs(self) -> list[dict[str, Any]]:
        """All runs, oldest first: id, claim, plan, started, finished, trained, reused, verdict."""
        with self.transaction():
            kept = self._sound("runs", self._connection.execute("SELECT * FROM runs ORDER BY id").fetchall())
            plans = self._kept("plans", {row[1] for row in kept})
        names = ("id", "plan", "started", "finished", "trained", "reused", "verdict")
        claims = {plan: row[1] for plan, row in plans.items()}
        listed = [dict(zip(names, row, strict=False)) for row in kept]
        return [
            {"id": run["id"], "claim": claims.get(run["plan"], "(its plan is damaged)"), **run}
            for run in listed
        ]

    def plan_of(self, run: int) -> dict[str, Any]:
        """Of a run: the plan's hash, the name of its claim, and its document as JSON values.

        Raises:
            StoreError: there is no such run, or its plan is damaged.
        """
        with self.transaction():
            recorded = self._kept("runs", [run] if 0 < run < 2**63 else [])
            kept = self._kept("plans", [row[1] for row in recorded.values()])
        if not recorded:
            listing = "theorycheck runs" + f" --store {shell_word(str(self.path))}" * (
                self.path != DEFAULT_STORE
            )
            raise StoreError(f"the store {self.path} has no run {run}; `{listing}` lists them")
        for plan, row in kept.items():
            document = rows.plan(row[2])
            if document is not None:
                return {**document, "claim": row[1], "hash": plan}
        raise StoreError(f"the plan of run {run} in the store {self.path} is damaged; verify its claim again")

    def leave_log(self) -> None:
        """Keep no write-ahead log until the next writing, if nobody else has the store open.

        Many machines can then read one file of a network's file system, where a log's shared memory is not
        shared: https://www.sqlite.org/wal.html, section 1.
        """
        with suppress(sqlite3.OperationalError):
            self._connection.execute("PRAGMA busy_timeout = 0")
            self._connection.execute("PRAGMA journal_mode = DELETE")

    def trials(self, keys: Iterable[str]) -> dict[str, tuple[rows.Row, dict[str, Any]]]:
        """Rows and measurements of those trials that are stored, by key; within a transaction."""
        return self._measured(self._kept("trials", keys).values())

    def pieces(self, table: str) -> Iterator[tuple[list[rows.Row], int]]:
        """The sound rows of a table, a thousand at a time, and how many damaged ones were among them.

        Of a store that is only read, as a damaged row is moved away else while it is iterated over.
        """
        every = self._connection.execute(f"SELECT * FROM {table}")
        while found := every.fetchmany(_PIECE):
            sound = self._sound(table, found)
            if table == "trials":
                sound = [row for row, _ in self._measured(sound).values()]
            yield sound, len(found) - len(sound)

    def _measured(self, kept: Iterable[rows.Row]) -> dict[str, tuple[rows.Row, dict[str, Any]]]:
        """Rows of trials with their measurements; those that hold none are set aside."""
        read = [(row, rows.measurement(row[1], row[2])) for row in kept]
        self._set_aside("trials", [row for row, measured in read if measured is None])
        return {row[0]: (row, measured) for row, measured in read if measured is not None}

    def _kept(self, table: str, keys: Iterable[str | int]) -> dict[Any, rows.Row]:
        """Those rows that are stored and sound, by key; the others are set aside."""
        execute = self._connection.execute
        execute("CREATE TEMP TABLE wanted (key PRIMARY KEY)")
        self._connection.executemany("INSERT OR IGNORE INTO wanted VALUES (?)", ((key,) for key in keys))
        query = f"SELECT {table}.* FROM wanted CROSS JOIN {table} ON {table}.{_KEYS[table]} = wanted.key"
        found = execute(query).fetchall()
        execute("DROP TABLE wanted")
        return {row[0]: row for row in self._sound(table, found)}

    def _sound(self, table: str, found: Sequence[rows.Row]) -> list[rows.Row]:
        checked = [(row, rows.is_sound(row)) for row in found]
        self._set_aside(table, [row for row, sound in checked if not sound])
        return [row for row, sound in checked if sound]

    def _set_aside(self, table: str, found: Sequence[rows.Row]) -> None:
        """Move damaged rows to where they are not used; a store that is only read stays as it is."""
        if self._read_only:
            warn_of_damage(table, [row for row in found if (table, row[0]) not in self._warned])
            self._warned |= {(table, row[0]) for row in found}
            return
        keys = [(row[0],) for row in found]
        self._connection.executemany(f"DELETE FROM {table} WHERE {_KEYS[table]} = ?", keys)
        set_aside(self._connection, table, found)

    def insert(self, table: str, made: Sequence[rows.Row]) -> None:
        """Insert rows but those that are there and sound, and give them checksums; within a transaction."""
        keys = {row[0] for row in made}
        self._kept(table, keys)
        complete = [(*row, rows.checksum(row)) for row in made]
        self._connection.executemany(f"INSERT OR IGNORE INTO {table} VALUES (?, ?, ?, ?, ?)", complete)
        if len(self._kept(table, keys)) < len(keys):
            raise corrupt(self.path, "what was written is not found again")

    def _update_run(self, row: rows.Row) -> None:
        query = (
            "UPDATE runs SET finished = ?, trained = ?, reused = ?, verdict = ?, checksum = ? WHERE id = ?"
        )
        self._connection.execute(query, (*row[3:], rows.checksum(row), row[0]))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Write all that is done meanwhile, or nothing of it; what is only read is in one already."""
        whole = nullcontext() if self._read_only else transaction(self._connection)
        with explained(self.path), whole:
            yield
