"""What may be asked of the plugin, on the command line and by the marker; a slip is answered by what is
right.
"""

from __future__ import annotations

import difflib
import operator
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from theorycheck.errors import TheoryCheckError
from theorycheck.text import neutral

PROFILES = ("smoke", "quick", "standard", "full")
OPTIONS = {  # name: (default, help)
    "profile": ("quick", "smoke, quick, standard or full"),
    "seed": (0, "base seed of all trials"),
    "jobs": (1, "worker processes that train"),
    "store": (".theorycheck/store.sqlite", "file of finished trials, relative to the root of the tests"),
    "folder": ("claims", "folder of claim files that --claims collects, relative to the root of the tests"),
    "named": ("", "known claims that --claims collects as well, with commas, or 'all'"),
    "baseline": (
        "claims-baseline.json",
        "file that pins verdicts and exponents, relative to the root of the tests",
    ),
    "inconclusive": ("xfail", "what an INCONCLUSIVE verdict is: xfail, fail or pass"),
}


class Misused(TheoryCheckError):
    """The marker, or an option, asks for what there is not."""


def option(config: pytest.Config, name: str) -> Any:
    """The value of an option --claims-NAME."""
    return config.getoption(f"claims_{name}")


def check_options(config: pytest.Config) -> None:
    """Refuse values that no claim can be verified with, and options that would be passed over.

    Raises:
        pytest.UsageError: an option has no such value, or lacks --claims.
    """
    for name in ("profile", "seed", "jobs"):
        try:
            CONVERT[name](option(config, name))
        except ValueError as error:
            raise pytest.UsageError(f"--claims-{name} takes {line(error)}") from error
    typed = [text.partition("=")[0] for text in map(str, config.invocation_params.args)]
    for name in ("--claims-folder", "--claims-named"):
        if name in typed and not config.getoption("claims"):
            raise pytest.UsageError(f"{name} says what --claims collects; add --claims")


def arguments(given: Mapping[str, Any]) -> dict[str, Any]:
    """The keywords of the marker, as `theorycheck.verify` takes them.

    Raises:
        Misused: there is no such keyword, or it has no such value.
    """
    taken = {}
    for name, value in given.items():
        if name not in CONVERT:
            raise Misused(f"@pytest.mark.claim has no keyword {name}; {nearest(name, CONVERT)}")
        try:
            taken[name] = CONVERT[name](value)
        except ValueError as error:
            raise Misused(f"@pytest.mark.claim({name}=...) takes {error}") from error
    return taken


def nearest(asked: str, known: Iterable[str]) -> str:
    """What was meant, or all that there is."""
    names = list(known)
    near = difflib.get_close_matches(asked, names, n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else f"it has {', '.join(names)}"


def plain(text: object) -> str:
    """A text that cannot steer a terminal."""
    return neutral(str(text))


def line(text: object) -> str:
    """The same on one line."""
    return plain(text).replace("\n", "\\n")


def _one_of(*choices: str) -> Callable[[Any], str]:
    def convert(value: Any) -> str:
        if not isinstance(value, str) or value not in choices:
            asked = nearest(value, choices) if isinstance(value, str) else ""
            hint = f"; {asked}" if asked.startswith("did") else ""
            raise ValueError(f"{', '.join(choices[:-1])} or {choices[-1]}, got {value!r}{hint}")
        return value

    return convert


def _from(least: int) -> Callable[[Any], int]:
    def convert(value: Any) -> int:
        wrong = ValueError(f"a whole number from {least} on, got {value!r}")
        try:
            number = operator.index(value)
        except TypeError:
            raise wrong from None
        if isinstance(value, bool) or number < least:
            raise wrong
        return number

    return convert


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"the name of one of the claim's designs, got {value!r}")
    return value


def _path(value: Any) -> Path:
    if not isinstance(value, str | os.PathLike) or isinstance(os.fspath(value), bytes):
        raise ValueError(f"the path of a file, got {value!r}")
    return Path(value)


def _switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"True or False, got {value!r}")
    return value


CONVERT: dict[str, Callable[[Any], Any]] = {
    "profile": _one_of(*PROFILES),
    "design": _text,
    "seed": _from(0),
    "jobs": _from(1),
    "device": _one_of("cpu", "cuda"),
    "store": _path,
    "sensitivity": _switch,
}
