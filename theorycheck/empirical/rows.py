"""What a sound row of the trial store holds. Its checksum finds damage by chance; it is no signature."""

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any

Row = tuple[Any, ...]
WORDS = ("failed", "note", "machine")  # of measurements; these may name folders, which differ


def checksum(values: Row) -> str:
    """SHA-256 of the values of a row, in hexadecimal."""
    return hashlib.sha256(content(values).encode()).hexdigest()


def is_sound(row: Row) -> bool:
    """Whether the last value of a row is the checksum of the others."""
    return bool(checksum(row[:-1]) == row[-1])


def content(row: Row) -> str:
    """A damaged row as JSON text in ASCII, whatever it holds."""
    return json.dumps(row, default=repr)


def measurement(specification: str, text: str) -> dict[str, Any] | None:
    """The measurement of a trial from its JSON texts; None where it is not what its response measures."""
    asked, found = _object(specification), _object(text)
    if asked is None or found is None:
        return None
    lists = [value for value in found.values() if isinstance(value, list)]
    value = found.get("value", 1)
    values = value if isinstance(value, list) else [value]
    sound = (
        isinstance(asked.get("response"), str)
        and isinstance(found.get("outcome"), str)
        and (value is None or all(_is_number(one) and math.isfinite(one) for one in values))
        and len({len(looks) for looks in lists}) <= 1
        and all(looks and all(map(_is_number, looks)) for looks in lists)
        and _is_realised(found, asked)
        and _has_fields(found, asked)
    )
    return found if sound else None


def plan(document: str) -> dict[str, Any] | None:
    """What a plan's document says, as JSON values; None where the design lacks what a run is repeated by."""
    found = _object(document)
    design = (found or {}).get("design")
    if found is None or not isinstance(design, dict):
        return None
    sound = (
        isinstance(design.get("profile"), str)
        and _is_count(design.get("seed"))
        and isinstance(design.get("device"), str)
        and isinstance(design.get("name"), str | None)
    )
    return found if sound else None


def _has_fields(found: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
    """Whether what a named response always measures is there; of functions, and where it died, nothing is
    known.
    """
    from theorycheck.empirical.response import responses

    named = responses().get(asked["response"])
    return (
        named is None
        or "failed" in found
        or (
            all(_is_count(found.get(name)) for name in named.experiment.counts)
            and (named.value is None or named.value in found)
        )
    )


def _is_realised(found: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
    """Whether all that is reported as drawn at random are numbers, and parameters of the trial."""
    drawn = {name: value for name, value in found.items() if name.startswith("realised_")}
    parameters = asked.get("parameters")
    return not drawn or (
        isinstance(parameters, dict)
        and all(
            name.removeprefix("realised_") in parameters and _is_number(value)
            for name, value in drawn.items()
        )
    )


def _object(text: Any) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
