"""The file that pins verdicts and exponents: one entry for each claim, design, profile and seed."""

import contextlib
import json
import math
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, Field, StrictInt, ValidationError

from theorycheck.api import Result
from theorycheck.errors import TheoryCheckError
from theorycheck.judgement import Decision
from theorycheck.pytest_plugin.options import line

FORMAT = 2
Key = tuple[str, str, str, int]
Number = Annotated[float, Field(allow_inf_nan=False)] | None
PIN_ANEW = "mend it, or remove it and pin anew by `pytest --claims --claims-update`"


class BaselineError(TheoryCheckError):
    """The baseline cannot be read or written."""


class Exponent(BaseModel, frozen=True):
    """An estimate with its interval; None where there is none."""

    variable: str
    estimate: Number
    ci_low: Number
    ci_high: Number

    @property
    def numbers(self) -> tuple[Number, Number, Number]:
        """Estimate, lower and upper end of the interval."""
        return self.estimate, self.ci_low, self.ci_high

    def __str__(self) -> str:
        estimate, low, high = ("none" if value is None else f"{value:.3g}" for value in self.numbers)
        return f"{estimate} [{low}, {high}]"


class Pin(BaseModel, frozen=True):
    """What is pinned: the verdict and the exponents of a claim by one design, profile and seed."""

    name: str
    design: str | None
    profile: str
    seed: StrictInt
    verdict: Decision
    exponents: tuple[Exponent, ...]

    @property
    def key(self) -> Key:
        """Claim, design, profile and seed, in the order of the file."""
        return self.name, self.design or "", self.profile, self.seed

    def __str__(self) -> str:
        design = f"design {self.design}, " if self.design is not None else ""
        return line(f"{self.name} ({design}{self.profile}, seed {self.seed})")


def summary(result: Result) -> Pin:
    """What a baseline keeps of a result."""
    document, tried = result.verdict.document(), result.verdict.tried
    ran = {"profile": tried.profile, "seed": tried.seed}
    return Pin.model_validate({**document, **ran, "design": result.design})


def changes(before: Pin, now: Pin) -> list[str]:
    """What has changed beyond chance: the verdict, or an exponent beyond the joint interval.

    The joint interval of a difference of two independent estimates: its half-width is the root of the sum of
    the squares of theirs (Cumming and Finch, American Psychologist 60 (2005) 170).
    """
    lines = []
    if before.verdict != now.verdict:
        lines.append(f"  verdict   baseline {before.verdict}, now {now.verdict}")
    old, new = ({e.variable: e for e in pin.exponents} for pin in (before, now))
    for variable in dict.fromkeys([*old, *new]):
        was, is_now = old.get(variable), new.get(variable)
        if was is None or is_now is None or _moved(was, is_now):
            lines.append(f"  {variable}   baseline {was or 'has none'}, now {is_now or 'there is none'}")
    return lines


def _moved(was: Exponent, is_now: Exponent) -> bool:
    (before, low, high), (now, new_low, new_high) = np.array([was.numbers, is_now.numbers], float)
    # Where a number is None, and so NaN here, nothing is beyond it.
    return bool(abs(now - before) > math.hypot(high - low, new_high - new_low) / 2)


def read(path: Path) -> dict[Key, Pin]:
    """The entries of a baseline, by their keys.

    Raises:
        BaselineError: there is no such file, or it is no baseline; the message names entry and field.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise BaselineError(f"the baseline {path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise BaselineError(f"the baseline {path} is not JSON: {error}; {PIN_ANEW}") from error
    pins: dict[Key, Pin] = {}
    for place, entry in _entries(path, document).items():
        pin = _pin(path, place, entry)
        if pins.setdefault(pin.key, pin) is not pin:
            raise BaselineError(f"the baseline {path} pins {pin} twice; remove one of the entries")
    return pins


def _entries(path: Path, document: Any) -> dict[str, dict[str, Any]]:
    """The fields of each entry by its place."""
    match document:
        case {"theorycheck-baseline": int(found)} if found != FORMAT:
            problem = f"has format {found}, this version reads {FORMAT}"
        case {"theorycheck-baseline": int(), "claims": [*entries]} if all(
            isinstance(e, dict) for e in entries
        ):
            return {f"{i} ({e.get('name', 'without a name')})": e for i, e in enumerate(entries, 1)}
        case {"theorycheck-baseline": int()}:
            problem = "lacks its list of claims"
        case _:
            raise BaselineError(
                f"{path} is no baseline of theorycheck, and is left as it is; name another file"
            )
    raise BaselineError(f"the baseline {path} {problem}; {PIN_ANEW}")


def _pin(path: Path, place: str, entry: Mapping[str, Any]) -> Pin:
    try:
        return Pin.model_validate(entry)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        field = ".".join(map(str, problem["loc"][: 3 if problem["loc"][0] == "exponents" else 1]))
        if problem["type"] == "missing":
            text = f"lacks the field {field}"
        else:
            text = f"has a wrong {field}: {problem['msg']}, found {repr(problem['input'])[:60]}"
        raise BaselineError(f"the baseline {path}, entry {line(place)}, {text}; {PIN_ANEW}") from error


def write(path: Path, pins: Iterable[Pin]) -> None:
    """Write a baseline, in the order of the keys, whole or not at all.

    Raises:
        BaselineError: it cannot be written; what was there stays.
    """
    claims = [pin.model_dump() for pin in sorted(pins, key=lambda pin: pin.key)]
    document = {"theorycheck-baseline": FORMAT, "claims": claims}
    text = json.dumps(document, indent=2) + "\n"
    target = Path(os.path.realpath(path))  # a link stays a link
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, beside)
        os.replace(beside, target)
    except OSError as error:
        raise BaselineError(
            f"the baseline {path} cannot be written: {error.strerror}; it is as it was"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            beside.unlink()
