"""The file that pins verdicts and exponents: one entry for each claim, design, profile and seed."""

from __future__ import annotations

import contextlib
import json
import math
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt, ValidationError

from theorycheck.api import Result
from theorycheck.errors import TheoryCheckError
from theorycheck.judgement import Decision
from theorycheck.pytest_plugin.options import line

FORMAT = 2  # format 1 was keyed by the claim's name alone
ANY = "*"  # what an entry of format 1 does not say
KEY = ("name", "design", "profile", "seed")
Number = Annotated[float, Field(allow_inf_nan=False)] | None
PIN_ANEW = "mend it, or remove it and pin anew by `pytest --claims --claims-update`"


class BaselineError(TheoryCheckError):
    """The baseline cannot be read or written."""


class Exponent(BaseModel):
    """An estimate with its interval; None where there is none."""

    model_config = ConfigDict(frozen=True)
    variable: str
    estimate: Number
    ci_low: Number
    ci_high: Number

    def __str__(self) -> str:
        values = (self.estimate, self.ci_low, self.ci_high)
        estimate, low, high = ("none" if value is None else f"{value:.3g}" for value in values)
        return f"{estimate} [{low}, {high}]"


class Pin(BaseModel):
    """What is pinned: the verdict and the exponents of a claim by one design, profile and seed."""

    model_config = ConfigDict(frozen=True)
    name: str
    design: str | None
    profile: str
    seed: StrictInt | Literal["*"]
    verdict: Decision
    exponents: tuple[Exponent, ...]

    def covers(self, other: Pin) -> bool:
        """Whether it speaks of the same claim, design, profile and seed."""
        return all(getattr(self, field) in (ANY, getattr(other, field)) for field in KEY)

    def ran_with(self, profile: str, seed: int) -> bool:
        """Whether it is of a run with this profile and seed."""
        return self.profile in (ANY, profile) and self.seed in (ANY, seed)

    @property
    def key(self) -> tuple[str, ...]:
        """Claim, design, profile and seed, in the order of the file."""
        return (self.name, self.design or "", self.profile, f"{self.seed:>20}")

    def __str__(self) -> str:
        design = f"design {self.design}, " if self.design not in (None, ANY) else ""
        return line(f"{self.name} ({design}{self.profile}, seed {self.seed})")


def summary(result: Result) -> Pin:
    """What a baseline keeps of a result."""
    document, design = result.verdict.document(), result.verdict.tried
    numbers = ("estimate", "ci_low", "ci_high")
    exponents = [
        Exponent(variable=e["variable"], **{name: _finite(e[name]) for name in numbers})
        for e in document["exponents"]
    ]
    return Pin(
        name=document["name"], design=result.design, profile=design.profile, seed=design.seed,
        verdict=document["verdict"], exponents=tuple(exponents),
    )  # fmt: skip


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def pinned(pins: Iterable[Pin], now: Pin) -> Pin | None:
    """The entry that speaks of what was found, the most specific one."""
    fitting = [pin for pin in pins if pin.covers(now)]
    return min(fitting, key=lambda pin: [getattr(pin, field) for field in KEY].count(ANY), default=None)


def merged(pins: Iterable[Pin], found: Iterable[Pin], gone: Iterable[Pin] = ()) -> list[Pin]:
    """The entries with those replaced that speak of what was found, and without those that are gone."""
    new, removed = list(found), list(gone)
    kept = [pin for pin in pins if pin not in removed and not any(pin.covers(now) for now in new)]
    return sorted([*kept, *new], key=lambda pin: pin.key)


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
    if was.estimate is None or is_now.estimate is None:
        return False
    if was.ci_low is None or was.ci_high is None or is_now.ci_low is None or is_now.ci_high is None:
        return False
    half = math.hypot(was.ci_high - was.ci_low, is_now.ci_high - is_now.ci_low) / 2
    return abs(is_now.estimate - was.estimate) > half


def read(path: Path) -> list[Pin]:
    """The entries of a baseline.

    Raises:
        BaselineError: there is no such file, or it is no baseline; the message names entry and field.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise BaselineError(f"the baseline {path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise BaselineError(f"the baseline {path} is not JSON: {error}; {PIN_ANEW}") from error
    pins = [_pin(path, place, entry) for place, entry in _entries(path, document)]
    keys = [pin.key for pin in pins]
    if twice := [str(pin) for pin in pins if keys.count(pin.key) > 1]:
        raise BaselineError(f"the baseline {path} pins {twice[0]} twice; remove one of the entries")
    return pins


def _entries(path: Path, document: Any) -> list[tuple[str, dict[str, Any]]]:
    """Place and fields of each entry, of both formats."""
    foreign = BaselineError(f"{path} is no baseline of theorycheck, and is left as it is; name another file")
    if not isinstance(document, dict):
        raise foreign
    if isinstance(found := document.get("theorycheck-baseline"), int):
        if found != FORMAT:
            raise BaselineError(
                f"the baseline {path} has format {found}, this version reads {FORMAT}; {PIN_ANEW}"
            )
        entries = document.get("claims")
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise BaselineError(f"the baseline {path} lacks its list of claims; {PIN_ANEW}")
        return [
            (f"{i + 1} ({entry.get('name', 'without a name')})", entry) for i, entry in enumerate(entries)
        ]
    if not all(
        isinstance(entry, dict) and entry.keys() & {"verdict", "exponents"} for entry in document.values()
    ):
        raise foreign
    unsaid = dict.fromkeys(KEY, ANY)
    return [(name, {**unsaid, **entry, "name": name}) for name, entry in document.items()]


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
    """Write a baseline whole or not at all.

    Raises:
        BaselineError: it cannot be written; what was there stays.
    """
    document = {"theorycheck-baseline": FORMAT, "claims": [pin.model_dump() for pin in pins]}
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
            beside.unlink(missing_ok=True)
