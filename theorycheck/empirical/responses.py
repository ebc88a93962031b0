"""The responses a claim can name: what a trial measures, how its design is checked, and where it is trained.

Loads no torch: the module that trains is imported by the first batch.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from theorycheck.empirical.returned import measurement
from theorycheck.empirical.setting import Setting
from theorycheck.empirical.trial import Function, Trial
from theorycheck.errors import ClaimError, DesignError

Measurement = Mapping[str, Any]


@dataclass(frozen=True)
class Response:
    """A measurement on a trial.

    Attributes:
        name: as claims write it; also the name of the function that measures.
        meaning: what is measured, or counts as success, for readers.
        setting: the model of its parameters.
        shapes: parameters that trials of one batch must share.
        module: where the function `name(trials) -> iterator of (position, measurement)` is.
        value: what a trial measures directly, a name in its measurement; None where it succeeds or fails.
        words: of its field, for reports: what a searched letter counts, by letter; "measured", what is measured, on an
            axis; "untested", what no design of it tests.
    """

    name: str
    meaning: str
    setting: type[Setting]
    shapes: tuple[str, ...]
    module: str
    value: str | None = None
    words: Mapping[str, str] = field(default_factory=dict)

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


_SHAPES = ("L", "d", "M", "m", "S", "N", "B", "attention", "removed")
_GENERALIZATION = "theorycheck.empirical.generalization"
_WORDS = {"N": "training samples", "untested": "real images and deeper models"}
RESPONSES = {
    response.name: response
    for response in (
        Response(
            name="zero_generalization_error",
            meaning="success is a mean hinge loss on test_size fresh samples of at most the tolerance, after the "
            "training loss has reached zero; a trial whose training loss did not is no evidence about N",
            setting=Setting,
            shapes=_SHAPES,
            module=_GENERALIZATION,
            words=_WORDS,
        ),
        Response(
            name="trained_to_zero_generalization_error",
            meaning="success is a training loss that has reached zero, and then a mean hinge loss on test_size fresh "
            "samples of at most the tolerance; everything else is failure",
            setting=Setting,
            shapes=_SHAPES,
            module=_GENERALIZATION,
            words=_WORDS,
        ),
        Response(
            name="test_loss",
            meaning="mean hinge loss on test_size fresh samples, after the training loss has reached zero",
            setting=Setting,
            shapes=_SHAPES,
            module=_GENERALIZATION,
            value="test_loss",
            words=_WORDS,
        ),
        Response(
            name="test_error",
            meaning="share of test_size fresh samples that are misclassified, after the training loss has reached zero",
            setting=Setting,
            shapes=_SHAPES,
            module=_GENERALIZATION,
            value="test_error",
            words=_WORDS,
        ),
        Response(
            name="training_iterations",
            meaning="SGD iterations until the training loss is zero; at least T where it is not within T iterations",
            setting=Setting,
            shapes=_SHAPES,
            module=_GENERALIZATION,
            value="iterations",
            words=_WORDS,
        ),
        Response(
            name="attention_concentration",
            meaning="mean attention on label-relevant tokens of fresh samples, looked at while the training loss goes "
            "to zero",
            setting=Setting,
            shapes=_SHAPES,
            module="theorycheck.empirical.attention",
            value="relevant",
            words={**_WORDS, "measured": "attention on label-relevant tokens"},
        ),
    )
}


@dataclass(frozen=True)
class FunctionResponse:
    """A function `f(point, seed)` of a claim file as a response.

    It returns True or False, whether the trial succeeds, where a threshold is searched; else the value that is
    measured, a positive number, or a mapping (`theorycheck.empirical.returned`). None says that the trial is no
    evidence. All its randomness must come from the seed.

    Attributes:
        function: the function.
        value: "value" where it measures; None where it tells success.
    """

    function: Function
    value: str | None
    shapes: tuple[str, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The function's name."""
        return str(getattr(self.function, "__name__", type(self.function).__name__))

    @property
    def meaning(self) -> str:
        """The first line of the function's documentation."""
        told = (self.function.__doc__ or "").strip() or "a function of the claim file"
        return told.splitlines()[0].rstrip(".")

    def check(self, parameters: Mapping[str, Any], where: str) -> None:
        """Nothing is known of what the function takes."""

    def trials_at_once(self, parameters: Mapping[str, Any]) -> int:
        """How many trials a worker is given."""
        return 8

    def work(self, parameters: Mapping[str, Any], measurement: Measurement) -> float:
        """Every trial counts alike."""
        return 1.0

    def measure(self, trials: Sequence[Trial]) -> Iterator[tuple[int, Measurement]]:
        """Call the function for every trial, and yield position and measurement of each.

        Raises:
            ClaimError: the function fails, or returns something else.
        """
        for i, trial in enumerate(trials):
            seed = int(trial.key[:8], 16)
            try:
                found = self.function(dict(trial.parameters), seed)  # a copy, as it may change it
            except (Exception, SystemExit) as error:
                point = ", ".join(f"{name} = {value}" for name, value in trial.parameters.items())
                raise ClaimError(f"{self.name} failed at {point}: {type(error).__name__}: {error}") from error
            yield i, measurement(found, self.name)


def response(named: str | Function, measures: bool = False) -> Response | FunctionResponse:
    """The response of a name, or a function as one; ClaimError when there is none.

    Args:
        named: the name or the function.
        measures: whether a function measures a value; else it tells success.
    """
    if not isinstance(named, str):
        return FunctionResponse(named, "value" if measures else None)
    if named not in RESPONSES:
        raise ClaimError(f"there is no response {named!r}; a claim can name {', '.join(RESPONSES)}")
    return RESPONSES[named]
