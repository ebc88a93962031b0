"""The responses that a claim can name: declared in the folders of experiments, found by scanning them.

Loads no torch: an experiment's responses import what trains when a batch runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from theorycheck import empirical
from theorycheck.design import Point
from theorycheck.empirical.devices import cpu_alone
from theorycheck.empirical.function_response import FunctionResponse, Job, Measurement
from theorycheck.empirical.parameters import Parameters
from theorycheck.empirical.trial import Trial
from theorycheck.errors import ClaimError, DesignError
from theorycheck.executors.code import Code
from theorycheck.fingerprint import Function
from theorycheck.local_modules import modules_within

# Of trials that share their shape: position and measurement of each, in any order.
Run = Callable[[Sequence[Trial]], Iterable[tuple[int, Measurement]]]


@dataclass(frozen=True)
class Sources:
    """Where an experiment may take its data from, each by a name that `--data` takes.

    Attributes:
        letters: of a design, that a source decides.
        held: what it holds of the source of a name; DesignError where there is none.
    """

    letters: tuple[str, ...]
    held: Callable[[str], Mapping[str, Any]]


@dataclass(frozen=True)
class Experiment:
    """What the responses of one experiment share.

    Attributes:
        setting: the model of its parameters.
        revision: raised whenever a trial would give another result, beyond rounding, for the same
            specification.
        counts: names that every measurement has, of whole numbers.
        words: of its field, for reports: what a searched letter counts, by letter; "measured", what is
            measured, on an axis; "untested", what no design of it tests.
        check_device: raises DesignError for a device that it cannot use.
        sources: of its data, where it has a choice.
    """

    setting: type[Parameters]
    revision: int
    counts: tuple[str, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)
    check_device: Callable[[str], None] = cpu_alone
    sources: Sources | None = None

    def response(self, meaning: str, value: str | None = None, **words: str) -> Callable[[Run], Response]:
        """Declare the function below as a response, which has its name; arguments as of `Response`."""

        def declared(run: Run) -> Response:
            return Response(run.__name__, meaning, run, self, value, {**self.words, **words})

        return declared


@dataclass(frozen=True)
class Response:
    """A measurement on the trials of an experiment.

    Attributes:
        name: as claims write it.
        meaning: what is measured, or counts as success, for readers.
        run: measures trials.
        experiment: whose trials.
        value: what a trial measures directly, a name in its measurement; None where it succeeds or fails.
        words: those of the experiment, and its own.
    """

    name: str
    meaning: str
    run: Run
    experiment: Experiment
    value: str | None
    words: Mapping[str, str]
    isolated = False
    tolerance = 0.0

    @property
    def identity(self) -> str:
        """What the specification of a trial says of its response."""
        return self.name

    @property
    def revision(self) -> int:
        """That of the experiment."""
        return self.experiment.revision

    def check(self, parameters: Point, where: str) -> None:
        """Raise DesignError, naming the design point, when no trial with these parameters is possible."""
        try:
            self._setting(parameters)
        except ValidationError as error:
            raise DesignError(f"the design is impossible at {where}: {_describe(error)}") from error

    def check_device(self, device: str) -> None:
        """Raise DesignError for a device that the experiment cannot use."""
        self.experiment.check_device(device)

    @property
    def sources(self) -> Sources | None:
        """Where its data may come from."""
        return self.experiment.sources

    def shape(self, parameters: Point, device: str = "cpu") -> tuple[Any, ...]:
        """What trials of one batch share."""
        return self._setting(parameters).shape_on(device)

    def trials_at_once(self, parameters: Point, device: str = "cpu") -> int:
        """How many trials of this shape are best run together."""
        return self._setting(parameters).trials_at_once_on(device)

    def work(self, parameters: Point, measurement: Measurement) -> float:
        """What a trial took, roughly; the same on every machine. Of one that died nothing is known."""
        return 0.0 if "failed" in measurement else self._setting(parameters).work(measurement)

    @property
    def code(self) -> Code:
        """Its own, beside this package: none."""
        return Code()

    def changed(self) -> list[Path]:
        """Of its files, those edited since it was loaded; none, as its revision tells of its changes."""
        return []

    def job(self, trials: Sequence[Trial]) -> Job:
        """What a worker process is given to measure trials that share their shape."""
        return partial(measure, self.name, trials)

    def _setting(self, parameters: Point) -> Parameters:
        return self.experiment.setting(**parameters)


Measured = Response | FunctionResponse


def measure(name: str, trials: Sequence[Trial]) -> tuple[list[tuple[int, Measurement]], None]:
    """Measure trials that share their shape in this process.

    Returns:
        Position and measurement of each, as they were done, and None for what went wrong.
    """
    return list(responses()[name].run(trials)), None


def _describe(error: ValidationError) -> str:
    problem = error.errors()[0]
    reason = problem["msg"].removeprefix("Value error, ")
    field = ".".join(map(str, problem["loc"]))
    return f"{field}: {reason}" if field else reason


def responses() -> Mapping[str, Response]:
    """All responses by name: what files named responses*.py declare in the folders beside this file."""
    return _scanned(tuple(empirical.__path__))


@cache
def _scanned(folders: tuple[str, ...]) -> Mapping[str, Response]:
    found: dict[str, Response] = {}
    for declared in _declared(folders):
        if found.setdefault(declared.name, declared) is not declared:
            where = declared.run.__module__
            raise ClaimError(f"the response {declared.name} of {where} has a name that is taken; rename it")
    return MappingProxyType(found)


def _declared(folders: tuple[str, ...]) -> Iterator[Response]:
    for name in modules_within(folders, empirical.__name__):
        if name.rpartition(".")[2].startswith("responses"):
            declared = vars(import_module(name)).values()
            yield from (value for value in declared if isinstance(value, Response))


def response(named: str | Function, measures: bool = False) -> Measured:
    """The response of a name, or a function as one; ClaimError when there is none.

    Args:
        named: the name or the function.
        measures: whether a function measures a value; else it tells success.
    """
    if not isinstance(named, str):
        return FunctionResponse(named, "value" if measures else None)
    known = responses()
    if named not in known:
        raise ClaimError(f"there is no response {named!r}; a claim can name {', '.join(known)}")
    return known[named]
