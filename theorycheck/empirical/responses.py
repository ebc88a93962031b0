"""The responses a claim can name: what a trial measures, how its design is checked, and where it is trained.

Loads no torch: the module that trains is imported by the first batch.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from theorycheck.empirical.setting import Setting
from theorycheck.empirical.trial import Trial
from theorycheck.errors import ClaimError, DesignError

Measurement = Mapping[str, Any]


@dataclass(frozen=True)
class Response:
    """A measurement on a trial.

    Attributes:
        name: as claims write it; also the name of the function that measures.
        meaning: what counts as success, for readers.
        setting: the model of its parameters.
        shapes: parameters that trials of one batch must share.
        module: where the function `name(trials) -> iterator of (position, measurement)` is.
    """

    name: str
    meaning: str
    setting: type[Setting]
    shapes: tuple[str, ...]
    module: str

    def check(self, parameters: Mapping[str, Any], where: str) -> None:
        """Raise DesignError, naming the design point, when no trial with these parameters is possible."""
        try:
            self.setting(**parameters)
        except ValidationError as error:
            raise DesignError(f"the design is impossible at {where}: {_describe(error)}") from error

    def trials_at_once(self, parameters: Mapping[str, Any]) -> int:
        """How many trials of these shapes are best trained together."""
        return self.setting(**parameters).trials_at_once

    def work(self, parameters: Mapping[str, Any], measurement: Measurement) -> float:
        """What a trial took, in multiply-adds, roughly; the same on every machine."""
        return self.setting(**parameters).work(measurement["iterations"])

    def measure(self, trials: Sequence[Trial]) -> Iterator[tuple[int, Measurement]]:
        """Train trials that share their shapes, and yield position and measurement of each."""
        function: Callable[[Sequence[Trial]], Iterator[tuple[int, Measurement]]]
        function = getattr(importlib.import_module(self.module), self.name)
        return function(trials)


def _describe(error: ValidationError) -> str:
    problem = error.errors()[0]
    reason = problem["msg"].removeprefix("Value error, ")
    field = ".".join(map(str, problem["loc"]))
    return f"{field}: {reason}" if field else reason


RESPONSES = {
    response.name: response
    for response in (
        Response(
            name="zero_generalization_error",
            meaning="success is a mean hinge loss on test_size fresh samples of at most the tolerance, after the "
            "training loss has reached zero; a trial whose training loss did not is no evidence about N",
            setting=Setting,
            shapes=("L", "d", "M", "m", "S", "N", "B", "attention"),
            module="theorycheck.empirical.generalization",
        ),
    )
}


def response(name: str) -> Response:
    """The response of a name; ClaimError when there is none."""
    if name not in RESPONSES:
        raise ClaimError(f"there is no response {name!r}; a claim can name {', '.join(RESPONSES)}")
    return RESPONSES[name]
