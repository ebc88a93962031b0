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
from typing import Any, ClassVar

import cloudpickle

from theorycheck.code import name_of
from theorycheck.empirical.devices import cpu_or_cuda
from theorycheck.empirical.parameters import TRIALS_AT_ONCE
from theorycheck.empirical.returned import measurement
from theorycheck.empirical.trial import Trial
from theorycheck.errors import ClaimError
from theorycheck.fingerprint import Fingerprint, Function, fingerprint
from theorycheck.local_modules import beside

REVISION = 3  # raise it whenever a function would be called otherwise for the same specification
Measurement = Mapping[str, Any]
Job = Callable[
    [], tuple[list[tuple[int, Measurement]], str | None]
]  # measurements by position, and what went wrong


@dataclass(frozen=True)
class FunctionResponse:
    """A function `f(point, seed)` of a claim file as a response.

    It returns True or False, whether the trial succeeds, where a threshold is searched; else the value that
    is measured, a positive number, or a mapping (`theorycheck.empirical.returned`). None says that the trial
    is no evidence. All its randomness must come from the seed.

    Attributes:
        function: the function, or anything else that can be called so.
        value: "value" where it measures; None where it tells success.
    """

    function: Function
    value: str | None
    words: Mapping[str, str] = field(default_factory=dict)
    revision: ClassVar[int] = REVISION
    isolated: ClassVar[bool] = True  # in a worker process, which it may ruin

    @property
    def name(self) -> str:
        """The function's name."""
        return name_of(self.function)

    @property
    def meaning(self) -> str:
        """The first line of the function's documentation."""
        documented = self.function.func if isinstance(self.function, partial) else self.function
        lines = (documented.__doc__ or "").strip().splitlines()
        return (lines[0] if lines else "a function of the claim file").rstrip(".")

    @cached_property
    def fingerprint(self) -> Fingerprint:
        """What its results depend on, as it was when first asked for."""
        return fingerprint(self.function)

    @property
    def identity(self) -> str:
        """Its name and fingerprint, for the specification of a trial."""
        return f"{self.name}@{self.fingerprint.digest}"

    def changed(self) -> list[Path]:
        """Of its files, those that were edited since it was loaded."""
        return self.fingerprint.changed()

    def check(self, parameters: Mapping[str, Any], where: str) -> None:
        """Nothing is known of what the function takes."""

    def check_device(self, device: str) -> None:
        """Raise DesignError for a device that PyTorch lacks; a function may use another library."""
        cpu_or_cuda(device)

    def shape(self, parameters: Mapping[str, Any]) -> tuple[Any, ...]:
        """All trials may share a batch."""
        return ()

    def trials_at_once(self, parameters: Mapping[str, Any]) -> int:
        """How many trials a worker is given."""
        return TRIALS_AT_ONCE

    def work(self, parameters: Mapping[str, Any], measurement: Measurement) -> float:
        """Every trial counts alike."""
        return 1.0

    def job(self, trials: Sequence[Trial]) -> Job:
        """What a worker process is given to call the function once for every trial.

        Raises:
            ClaimError: the function cannot be sent to another process.
        """
        calls = [(trial.parameters, trial.own_seed) for trial in trials]
        return partial(call, self._sent, calls)

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
    sent: Sent, calls: Sequence[tuple[Mapping[str, Any], int]]
) -> tuple[list[tuple[int, Measurement]], str | None]:
    """Call a function in a worker process, with points and seeds.

    Returns:
        Position and measurement of those calls that succeeded before the first that did not, and what that
        one said.
    """
    done: list[tuple[int, Measurement]] = []
    sys.path[:] = sent.path
    try:
        with beside(sent.folder) if sent.folder else nullcontext():
            function = _unpacked(sent)
            for i, (point, seed) in enumerate(calls):
                done.append((i, _measured(sent, function, point, seed)))
    except ClaimError as error:
        return done, str(error)
    return done, None


@lru_cache(maxsize=1)
def _unpacked(sent: Sent) -> Function:
    try:
        function: Function = pickle.loads(sent.packed)
    except BaseException as error:
        raise ClaimError(f"{sent.name} cannot be loaded in a worker process: {failure(error)}") from error
    return function


def _measured(sent: Sent, function: Function, point: Mapping[str, Any], seed: int) -> Measurement:
    process = os.getpid()
    try:
        return measurement(function(copy.deepcopy(point), seed), sent.name)
    except ClaimError:
        raise
    except BaseException as error:  # also SystemExit, which would end the worker
        where = ", ".join(f"{name} = {value}" for name, value in point.items())
        raise ClaimError(f"{sent.name} failed at {where}: {failure(error)}") from error
    finally:
        if os.getpid() != process:  # a child that it forked would go on as a second worker
            os._exit(1)
        with suppress(OSError):  # it may be gone
            os.chdir(sent.home)


def failure(error: BaseException) -> str:
    """Type and text of an error; of sys.exit, what was called."""
    try:
        text = " ".join(str(error).split())
    except Exception:
        text = ""
    if isinstance(error, SystemExit):
        return f"it called sys.exit({text}), but has to return a value"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
