"""One trial: the smallest unit of work, a pure function of its specification. Loads no torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

Function = Callable[[Mapping[str, Any], int], bool | float]  # of a design point and a seed
REVISION = 3  # raise it whenever the engine would give another result, beyond rounding, for the same specification


@dataclass(frozen=True)
class Trial:
    """The specification of one training.

    Attributes:
        response: name of the response that is measured, or a function of a claim file.
        parameters: all values that determine the trial, by name; JSON scalars.
        seed: base seed of the experiment.
        replicate: number of the repetition, 0, 1, ...
        dtype: floating-point type, "float32" or "float64".
        device: "cpu" or "cuda".
    """

    response: str | Function
    parameters: Mapping[str, Any]
    seed: int
    replicate: int
    dtype: str = "float32"
    device: str = "cpu"

    @property
    def specification(self) -> str:
        """Canonical JSON text of everything the result depends on; of a function, the text of its file."""
        named = {"response": name_of(self.response), "parameters": dict(self.parameters), "revision": REVISION}
        return _canonical({**vars(self), **named})

    @property
    def key(self) -> str:
        """SHA-256 of the specification, in hexadecimal."""
        return _digest(self.specification)

    def shared_key(self, names: tuple[str, ...]) -> str:
        """Key of all trials that agree in the named parameters and in their seeds, whatever else they vary."""
        shared = {name: self.parameters[name] for name in names}
        return _digest(_canonical({"parameters": shared, "seed": self.seed, "replicate": self.replicate}))


def name_of(response: str | Function) -> str:
    """The name of a response; of a function, with a hash of the file that defines it."""
    return response if isinstance(response, str) else f"{response.__name__}@{_file_digest(response)}"


@cache
def _file_digest(function: Function) -> str:
    """Of the file of a function, whose other functions it may call; of its code where there is no file."""
    path = Path(function.__code__.co_filename)
    return hashlib.sha256(path.read_bytes() if path.exists() else function.__code__.co_code).hexdigest()[:16]


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
