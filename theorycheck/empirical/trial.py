"""One trial: the smallest unit of work, a pure function of its specification. Loads no torch."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any


@dataclass(frozen=True)
class Trial:
    """The specification of one trial.

    Attributes:
        response: the response that is measured, by its identity: its name, and of a function its fingerprint
            as well.
        parameters: all values that determine the trial, by name; JSON scalars.
        seed: base seed of the experiment.
        replicate: number of the repetition, 0, 1, ...
        revision: of the experiment, or of how functions are called.
        dtype: floating-point type, "float32" or "float64".
        device: "cpu" or "cuda".
    """

    response: str
    parameters: Mapping[str, Any]
    seed: int
    replicate: int
    revision: int
    dtype: str = "float32"
    device: str = "cpu"

    @property
    def specification(self) -> str:
        """Canonical JSON text of everything the result depends on."""
        told = {field.name: getattr(self, field.name) for field in fields(self)}
        return _canonical({**told, "parameters": dict(self.parameters)})

    @cached_property
    def key(self) -> str:
        """SHA-256 of the specification, in hexadecimal."""
        return _digest(self.specification)

    @property
    def own_seed(self) -> int:
        """The seed that a function is given, of 32 bits.

        It does not depend on the function's code, nor on versions: an edit draws no other luck.
        """
        name = self.response.partition("@")[0]
        drawn = {
            "response": name,
            "parameters": dict(self.parameters),
            "seed": self.seed,
            "of": self.replicate,
        }
        return int(_digest(_canonical(drawn))[:8], 16)

    def shared_key(self, names: tuple[str, ...]) -> str:
        """Key of all trials that agree in the named parameters and their seeds, whatever else they vary."""
        shared = {name: self.parameters[name] for name in names}
        return _digest(_canonical({"parameters": shared, "seed": self.seed, "replicate": self.replicate}))


@dataclass(frozen=True)
class Repeat:
    """A trial that is made once more, given all that it was given before."""

    trial: Trial

    @property
    def specification(self) -> str:
        """That of the trial, as a repetition."""
        return _canonical({**json.loads(self.trial.specification), "repeated": True})

    @property
    def key(self) -> str:
        """SHA-256 of the specification, in hexadecimal."""
        return _digest(self.specification)


Kept = Trial | Repeat  # what a store keeps a measurement of


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
