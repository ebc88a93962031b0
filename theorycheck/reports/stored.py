"""Reads what runs found from their files result.json."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from theorycheck.errors import TableError
from theorycheck.judgement import Decision

# Of an entry of `claims` in result.json: those that an equal run finds equal, unlike seconds and paths.
EVIDENCE = ("name", "verdict", "statement", "exponents", "design", "plan_hash")


class Exponent(BaseModel):
    """An entry of `exponents` in the JSON document."""

    variable: str
    predicted: float | None
    relation: str
    margin: float | None
    estimate: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    confidence: float = 0.95


class Run(BaseModel):
    """An entry of `claims` in the JSON document, as far as the table needs it."""

    name: str
    verdict: Decision
    statement: str
    provenance: str
    exponents: list[Exponent]
    design: dict[str, Any]
    trials: dict[str, int]
    plan_hash: str
    seconds: float


@dataclass(frozen=True)
class Found:
    """A stored run: what its file says, the hash of that, the version that made it, and the file."""

    run: Run
    evidence: str
    version: str
    path: Path


def read(paths: Iterable[Path]) -> Iterator[Found]:
    """The runs in files of results, and in all files of results below folders, in the order of their names.

    Raises:
        TableError: a file cannot be read, or is no document of results.
    """
    for path in paths:
        files = sorted(path.rglob("*.json")) if path.is_dir() else [path]
        if not files:
            raise TableError(f"there is no result in the folder {path}; `theorycheck verify` writes them")
        for file in files:
            yield from _found(file, path.is_dir())


def _found(path: Path, optional: bool) -> Iterator[Found]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise TableError(f"{path} cannot be read as JSON: {error}; name a result.json of a run") from error
    if not (isinstance(document, dict) and isinstance(document.get("claims"), list)):
        if optional:  # other JSON files may lie in a folder
            return
        raise TableError(f"{path} has no list of claims; name a result.json of a run")
    for entry in document["claims"]:
        try:
            run = Run.model_validate(entry)
        except ValidationError as error:
            problem = error.errors()[0]
            where = ".".join(map(str, problem["loc"])) or "claims"
            raise TableError(f"{path}: {where}: {problem['msg']}; verify the claim again") from error
        yield Found(run, _evidence(entry), str(document.get("theorycheck")), path)


def _evidence(entry: Mapping[str, Any]) -> str:
    """SHA-256 of what was found, equal for equal runs."""
    kept = {name: entry[name] for name in EVIDENCE} | {"trials": entry["trials"].get("total")}
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()
