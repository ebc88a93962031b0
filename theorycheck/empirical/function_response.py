"""Functions of claim files as responses, and how a worker process calls them. Loads no torch."""

from __future__ import annotations

import copy
import os
import pickle
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import Any

import cloudpickle

from theorycheck.code import name_of, summary_of
from theorycheck.design import Point
from theorycheck.empirical.devices import cpu_or_cuda
from theorycheck.empirical.parameters import TRIALS_AT_ONCE
from theorycheck.empirical.returned import measurement, shown
from theorycheck.empirical.trial import Trial
from theorycheck.errors import ClaimError, DesignError, TheoryCheckError
from theorycheck.executors.code import Code
from theorycheck.fingerprint import Fingerprint, Function, fingerprint
from theorycheck.local_modules import UPLOADED, beside
from theorycheck.text import told

REVISION = 4  # raise it whenever a function would be called otherwise for the same specification
Measurement = Mapping[str, Any]
Job = Callable[
    [], tuple[list[tuple[int, Measurement]], str | None]
]  # measurements by position, and what went wrong


@dataclass(frozen=True)
class FunctionResponse:
    """A function `f(point, seed)` of a claim file as a response, or one that is `batched`.

    It returns True or False, whether the trial succeeds, where a threshold is searched; else the value that
    is measured, a positive number, or a mapping (`theorycheck.empirical.returned`). None says that the trial
    is no evidence. All its randomness must come from the seed. What is called may say more about itself by
    attributes: `at_once`, `alike` and `takes_many` (`theorycheck.empirical.marks`), `meaning`, `tolerance`
    (relative, of repeated trials), and methods `check(parameters, where)` and `on(device)`.

    Attributes:
        function: the function, or anything else that can be called so.
        value: "value" where it measures; None where it tells success.
    """

    function: Function
    value: str | None
    words: Mapping[str, str] = field(default_factory=dict)
    revision = REVISION
    isolated = True  # in a worker process, which it may ruin
    sources = None  # it has its own data

    @property
    def name(self) -> str:
        """The function's name."""
        return name_of(self.function)

    @property
    def meaning(self) -> str:
        """What it says itself, or the first line of the function's documentation."""
        if hasattr(self.function, "meaning"):
            return str(self.function.meaning)
        return summary_of(self.function) or "a function of the claim file"

    @cached_property
    def fingerprint(self) -> Fingerprint:
        """What its results depend on, as it was when first asked for."""
        return fingerprint(self.function)

    @property
    def identity(self) -> str:
        """Its name and fingerprint, for the specification of a trial."""
        return f"{self.name}@{self.fingerprint.digest}"

    @property
    def code(self) -> Code:
        """What a worker on another machine must have, or is sent."""
        return Code(self.fingerprint.modules, self.fingerprint.files, self.fingerprint.libraries)

    def changed(self) -> list[Path]:
        """Of its files, those that were edited since it was loaded."""
        return self.fingerprint.changed()

    def check(self, parameters: Point, where: str) -> None:
        """Ask the function, where it can tell; else nothing is known of what it takes."""
        if not hasattr(self.function, "check"):
            return
        try:
            self.function.check(parameters, where)
        except TheoryCheckError:
            raise
        except Exception as error:  # of what the claim file gave it
            raise DesignError(f"{self.name} cannot be carried out at {where}: {failure(error)}") from error

    def check_device(self, device: str) -> None:
        """Raise DesignError for a device that PyTorch lacks; a function may use another library."""
        cpu_or_cuda(device)

    def shape(self, parameters: Point, device: str = "cpu") -> tuple[Any, ...]:
        """All trials may share a batch, but for letters in which the function wants them alike."""
        alike = getattr(self.function, "alike", ())
        names = sorted(parameters) if alike is None else alike
        if missing := sorted(set(names).difference(parameters)):
            raise DesignError(
                f"{self.name} wants trials alike in {', '.join(missing)}, which the design does not have"
            )
        return tuple(parameters[name] for name in names)

    def trials_at_once(self, parameters: Point, device: str = "cpu") -> int:
        """How many trials a worker is given."""
        return getattr(self.function, "at_once", TRIALS_AT_ONCE)

    @property
    def tolerance(self) -> float:
        """The relative difference of its numbers that a trial may show when it is made again."""
        return float(getattr(self.function, "tolerance", 0.0))

    def work(self, parameters: Point, measurement: Measurement) -> float:
        """The steps that it counted, or 1 where it counts none."""
        return float(measurement.get("steps_taken") or 1.0)

    def job(self, trials: Sequence[Trial]) -> Job:
        """What a worker process is given to call the function once for every trial.

        Raises:
            ClaimError: the function cannot be sent to another process.
        """
        calls = [(trial.parameters, trial.own_seed) for trial in trials]
        return partial(call, self._sent, calls, trials[0].device)

    @cached_property
    def _sent(self) -> Sent:
        folder = self.fingerprint.folder
        try:
            with beside(folder) if folder else nullcontext(), _sent_whole(self.fingerprint.files):
                packed = cloudpickle.dumps(self.function)
        except Exception as error:
            raise ClaimError(
                f"{self.name} cannot be sent to a worker process ({failure(error)}); make inside of it what"
                " it cannot take along, such as a lock, a connection or an open file"
            ) from error
        return Sent(self.name, packed, folder, tuple(sys.path), Path.cwd())


@contextmanager
def _sent_whole(files: Collection[Path]) -> Iterator[None]:
    """Have modules that may be edited sent as they are here, where a worker might import another version."""
    loaded = [(module, getattr(module, "__file__", None)) for module in list(sys.modules.values())]
    own = [
        module
        for module, file in loaded
        if file and Path(file).resolve() in files and module.__name__ != "__main__"
    ]
    for module in own:
        cloudpickle.register_pickle_by_value(module)
    try:
        yield
    finally:
        for module in own:
            cloudpickle.unregister_pickle_by_value(module)


@dataclass(frozen=True)
class Sent:
    """A function on its way to another process, and where it may import and read from there.

    Attributes:
        name: of the function.
        packed: the function.
        folder: from where it imports first.
        path: of imports.
        home: the folder that this process is in.
    """

    name: str
    packed: bytes
    folder: Path | None
    path: tuple[str, ...]
    home: Path


def call(
    sent: Sent, calls: Sequence[tuple[Point, int]], device: str = "cpu"
) -> tuple[list[tuple[int, Measurement]], str | None]:
    """Call a function in a worker process, with points and seeds.

    Returns:
        Position and measurement of those calls that succeeded before the first that did not, and what that
        one said.
    """
    done: list[tuple[int, Measurement]] = []
    sys.path[:] = [*sent.path, *UPLOADED]
    try:
        with beside(sent.folder) if sent.folder else nullcontext():
            function = _unpacked(sent)
            if hasattr(function, "on"):
                function = function.on(device)
            if getattr(function, "takes_many", False):
                return _measured_together(sent, function, calls), None
            for i, (point, seed) in enumerate(calls):
                found = _returned(sent, function, point, seed, point)
                done.append((i, measurement(found, sent.name)))
    except TheoryCheckError as error:
        return done, str(error)
    return done, None


@lru_cache(maxsize=1)
def _unpacked(sent: Sent) -> Function:
    try:
        function: Function = pickle.loads(sent.packed)
    except BaseException as error:
        raise ClaimError(f"{sent.name} cannot be loaded in a worker process: {failure(error)}") from error
    return function


def _measured_together(
    sent: Sent, function: Any, calls: Sequence[tuple[Point, int]]
) -> list[tuple[int, Measurement]]:
    points, seeds = [point for point, _ in calls], [seed for _, seed in calls]
    found = _returned(sent, function, points, seeds, points[0])
    if not hasattr(found, "__len__") or isinstance(found, str | Mapping) or len(found) != len(calls):
        raise ClaimError(
            f"{sent.name} returned {shown(found)} for {len(calls)} trials; a batched function returns a list"
            " with one entry for each of them, in their order"
        )
    return [(i, measurement(one, sent.name)) for i, one in enumerate(found)]


def _returned(sent: Sent, function: Any, points: Any, seeds: Any, first: Point) -> Any:
    """What a function returns, wherever it leaves this process."""
    process = os.getpid()
    try:
        return function(copy.deepcopy(points), seeds)
    except TheoryCheckError:
        raise
    except BaseException as error:  # also SystemExit, which would end the worker
        where = ", ".join(f"{name} = {value}" for name, value in first.items())
        raise ClaimError(f"{sent.name} failed at {where}: {failure(error)}") from error
    finally:
        if os.getpid() != process:  # a child that it forked would go on as a second worker
            os._exit(1)
        with suppress(OSError):  # it may be gone
            os.chdir(sent.home)


def failure(error: BaseException) -> str:
    """Type and text of an error; of sys.exit, what was called."""
    said = told(error)
    if isinstance(error, SystemExit):
        return f"it called sys.exit({said.partition(': ')[2]}), but has to return a value"
    return said
