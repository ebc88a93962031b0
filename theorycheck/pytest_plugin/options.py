"""What may be asked of the plugin, on the command line and by the marker; a slip is answered by what is
right.
"""

import difflib
import os
from collections.abc import Callable, Iterable, Mapping
from numbers import Integral
from typing import Any

import pytest

from theorycheck.errors import TheoryCheckError
from theorycheck.text import neutral

PROFILES, DEVICES = ("smoke", "quick", "standard", "full"), ("cpu", "cuda")
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
            _taken(name, option(config, name))
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
        if name not in TAKES:
            known = _meant(name, TAKES) or f"it has {', '.join(TAKES)}"
            raise Misused(f"@pytest.mark.claim has no keyword {name}; {known}")
        try:
            taken[name] = _taken(name, value)
        except ValueError as error:
            raise Misused(f"@pytest.mark.claim({name}=...) takes {error}") from error
    return taken


def line(text: object) -> str:
    """A text on one line, which cannot steer a terminal."""
    return neutral(str(text)).replace("\n", "\\n")


def _is_whole(value: Any, least: int) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= least


TAKES: dict[str, tuple[str, Callable[[Any], bool]]] = {  # name: (what it takes, whether a value is that)
    "profile": ("smoke, quick, standard or full", lambda value: value in PROFILES),
    "design": ("the name of one of the claim's designs", lambda value: isinstance(value, str)),
    "seed": ("a whole number from 0 on", lambda value: _is_whole(value, 0)),
    "jobs": ("a whole number from 1 on", lambda value: _is_whole(value, 1)),
    "device": ("cpu or cuda", lambda value: value in DEVICES),
    "store": ("the path of a file", lambda value: isinstance(value, str | os.PathLike)),
    "sensitivity": ("True or False", lambda value: isinstance(value, bool)),
}


def _taken(name: str, value: Any) -> Any:
    """A value as `theorycheck.verify` takes it.

    Raises:
        ValueError: there is no such value; says what there is.
    """
    wanted, fits = TAKES[name]
    if not fits(value):
        near = _meant(value, {"profile": PROFILES, "device": DEVICES}.get(name, ()))
        raise ValueError(f"{wanted}, got {value!r}{near and '; '}{near}")
    return int(value) if name in ("seed", "jobs") else value


def _meant(asked: object, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(str(asked), known, n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else ""
