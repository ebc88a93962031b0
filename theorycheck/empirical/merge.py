"""Merges stores: what shards have trained comes into one. Loads no torch, and no claim."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from theorycheck.empirical import rows
from theorycheck.empirical.store import Store
from theorycheck.empirical.store_file import holds_something, is_there
from theorycheck.errors import StoreError
from theorycheck.text import cut, shell_word

_SHOWN = 600  # characters of what two stores say otherwise


@dataclass(frozen=True)
class Merged:
    """What came of one source.

    Attributes:
        source: the store.
        added: trials that the target did not have.
        known: trials that it had, with the same measurement.
        damaged: rows that were left out, and count as missing.
    """

    source: Path
    added: int
    known: int
    damaged: int


def merge(target: Path, sources: Sequence[Path]) -> list[Merged]:
    """Copy the trials and plans of some stores into another, all or nothing of them.

    Plans keep the time at which they were recorded; runs stay where they were made.

    Raises:
        StoreError: a source is missing, empty, no store, or the target itself; or one trial has two
            different measurements.
    """
    for source in sources:
        _check(source, target)
    with Store(target) as into:
        with into.transaction():
            merged = [_take(source, into, sources[:i]) for i, source in enumerate(sources)]
        into.leave_log()
        return merged


def _check(source: Path, target: Path) -> None:
    """Refuse what cannot be merged, before the target is made."""
    if not is_there(source):
        raise StoreError(
            f"there is no store {source} to be merged; `theorycheck train` makes one with"
            f" `--store {shell_word(str(source))}`, or leave it out"
        )
    if is_there(target) and source.samefile(target):
        raise StoreError(f"{source} is the target {target} itself; name only other stores after it")
    if source.is_file() and not holds_something(source):
        raise StoreError(
            f"the store {source} is an empty file, so that nothing was stored there; train that shard again,"
            " or leave it out"
        )
    with Store(source, read_only=True):
        pass


def _take(source: Path, into: Store, before: Sequence[Path]) -> Merged:
    """Copy what one source has, piece by piece, so that memory does not grow with it."""
    added = known = damaged = 0
    with Store(source, read_only=True) as store:
        for piece, bad in store.pieces("plans"):
            into.insert("plans", [row[:-1] for row in piece])
            damaged += bad
        for piece, bad in store.pieces("trials"):
            there = into.trials([row[0] for row in piece])
            for row in piece:
                if row[0] in there and not _alike(row[2], there[row[0]][0][2]):
                    raise _conflict(source, row, _origin(row[0], before, into), there[row[0]][0])
            new = [row[:-1] for row in piece if row[0] not in there]
            into.insert("trials", new)
            added, known, damaged = added + len(new), known + len(there), damaged + bad
    return Merged(source, added, known, damaged)


def _alike(first: str, second: str) -> bool:
    """Whether two measurements are equal by value, but for words that may name folders."""
    return first == second or _values(first) == _values(second)


def _values(text: str) -> dict[str, Any]:
    found = json.loads(text, parse_constant=str)  # NaN equals itself only as a text
    return {name: value for name, value in found.items() if name not in rows.WORDS}


def _origin(key: str, before: Sequence[Path], into: Store) -> Path:
    """The store that a row of the target came from."""
    for source in before:
        with Store(source, read_only=True) as store:
            if store.find([key]):
                return source
    return into.path


def _conflict(source: Path, row: rows.Row, other: Path, there: rows.Row) -> StoreError:
    asked = json.loads(row[1])
    repeated = ", made once more" * bool(asked.get("repeated"))
    return StoreError(
        f"two stores measured the trial {row[0]} differently ({asked['response']} at"
        f" {cut(json.dumps(asked.get('parameters')), _SHOWN)}, seed {asked.get('seed')}, replicate"
        f" {asked.get('replicate')}{repeated}): {cut(there[2], _SHOWN)} in {other}, {cut(row[2], _SHOWN)} in"
        f" {source}; nothing was merged. It was trained twice, on machines that differ or by a response that"
        " its seed does not determine: keep one of the two stores, and leave the other out"
    )
