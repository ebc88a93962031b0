"""What a function of a claim file may return from a trial, and the measurement that this is."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal

from sympy.logic.boolalg import BooleanAtom

from theorycheck.design import RESERVED
from theorycheck.errors import ClaimError
from theorycheck.text import cut

MOST_SHOWN = 100  # characters of what was returned
MAY = (
    "True, False, a positive number, or None (no evidence); or, for a Limit or an Ordering, a mapping with a"
    " value"
)


@dataclass(frozen=True)
class Outcome:
    """What a trial came to, where its response says more of it than success or a value.

    Attributes:
        outcome: "success", "failure", or "unfitted", which is no evidence, or a bound where there is a value.
        more: numbers, and lists of them over t, by name; under "failed" why it has no result, in words, and
            under "note" how it was carried out.
    """

    outcome: Literal["success", "failure", "unfitted"]
    more: Mapping[str, Any] = field(default_factory=dict)


def measurement(found: Any, name: str) -> Mapping[str, Any]:
    """The measurement of a trial, from what its function returned.

    True or False tell success. A number is the measured value; as its logarithm is taken, it must be
    positive. A mapping holds a number called value, of any sign, or a list of them over t, and maybe others
    by other names; its lists are as long as t. None is no evidence.

    Args:
        found: what was returned.
        name: of the function.

    Raises:
        ClaimError: it is something else.
    """
    if found is None:
        return {"outcome": "unfitted"}
    if isinstance(found, Outcome):
        return {"outcome": found.outcome, **found.more}
    if getattr(found, "ndim", None) == 0 and hasattr(
        found, "item"
    ):  # NumPy's scalars, and tensors of one number
        found = found.item()
    if isinstance(found, bool | BooleanAtom):
        return {"outcome": "success" if found else "failure"}
    if isinstance(found, Mapping):
        return {"outcome": "success", **_named(found, name)}
    number = _number(found)
    if number is None:
        raise ClaimError(f"{name} returned {shown(found)}; it must return {MAY}")
    if not 0 < number < math.inf:
        raise ClaimError(
            f"{name} returned {shown(found)}; a measured value must be positive, "
            "as its logarithm is taken (a Limit or Ordering takes none: return {'value': ...} there)"
        )
    return {"outcome": "success", "value": number}


def _named(found: Mapping[Any, Any], name: str) -> dict[str, float | list[float]]:
    """The numbers and lists of a mapping."""
    if "value" not in found or not all(isinstance(key, str) and key.isprintable() for key in found):
        raise ClaimError(
            f"{name} returned a mapping of {shown(list(found))}; it must name 'value', and others by text"
        )
    if clash := sorted(RESERVED.difference({"value"}).intersection(found)):
        raise ClaimError(
            f"{name} returned a mapping with {', '.join(clash)}, which the table of trials needs; rename it"
        )
    measured = {key: _numbers(value, f"{name} returned {key} =") for key, value in found.items()}
    lengths = {key: len(value) for key, value in measured.items() if isinstance(value, list)}
    if len(set(lengths.values())) > 1 or (lengths and ("t" not in lengths or not lengths["t"])):
        told = ", ".join(f"{key} of {length}" for key, length in lengths.items())
        raise ClaimError(
            f"{name} returned lists of unlike lengths, or without t: {told}; give each as long as t"
        )
    times = measured["t"] if lengths else []
    if (
        not isinstance(times, list)
        or any(time < 0 for time in times)
        or any(a >= b for a, b in pairwise(times))
    ):
        raise ClaimError(f"{name} returned t = {shown(times)}; the times must increase, and none be negative")
    return measured


def _numbers(value: Any, what: str) -> float | list[float]:
    """A finite number, or a list of them; NumPy's arrays of one axis are lists."""
    if getattr(value, "ndim", None) == 1:
        value = value.tolist()
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_finite(one, what) for one in value]
    return _finite(value, what)


def _finite(value: Any, what: str) -> float:
    number = _number(value)
    if number is None or not math.isfinite(number):
        raise ClaimError(f"{what} {shown(value)}; it must be a finite number, or a list of them over t")
    return number


def _number(found: Any) -> float | None:
    """A real number as a float, infinite where it is too large; None of anything else."""
    if (
        isinstance(found, str | bytes | complex)
        or getattr(found, "ndim", None)
        or not hasattr(found, "__float__")
    ):
        return None
    try:
        return float(found)
    except OverflowError:
        return math.inf
    except Exception:  # the object's own
        return None


def shown(found: Any) -> str:
    """What was returned, for a message."""
    try:
        text = ascii(found)
    except Exception:  # the object's own, or ValueError of an integer of more digits than Python prints
        return f"an object of the type {type(found).__name__}"
    return cut(text, MOST_SHOWN)
