"""Trains the trials that are not yet stored, in batches over worker processes. Loads no torch itself."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from itertools import groupby, islice
from typing import Any

from theorycheck.empirical.executor import Workers
from theorycheck.empirical.function_response import FunctionResponse
from theorycheck.empirical.responses import Response, response
from theorycheck.empirical.store import Store
from theorycheck.empirical.trial import Trial
from theorycheck.errors import ClaimError, DesignError, Interrupted
from theorycheck.stopping import cause_of

Results = list[tuple[Trial, Mapping[str, Any]]]
Measured = Response | FunctionResponse


def run(
    trials: Sequence[Trial],
    store: Store,
    workers: Workers | int,
    progress: Callable[[int], None],
    measured: Measured | None = None,
) -> int:
    """Train the trials and store each batch as it ends.

    Args:
        trials: trials not in the store.
        store: takes the measurements.
        workers: worker processes, or how many; 1 trains in this process what is this package's own.
        progress: called with the number of trials stored by each batch.
        measured: the response of the trials, where it is a function.

    Returns:
        The number of trials trained.

    Raises:
        ClaimError: a function fails, or its file was edited since; finished trials are stored.
        DesignError: the trials ask for a device that is not there.
        Interrupted: by Ctrl-C or another signal, or by the death of a worker process; finished batches are
            stored.
        StoreError: the store cannot be written.
    """
    _check_devices(trials)
    if isinstance(workers, int):
        with Workers(workers) as started:
            return run(trials, store, started, progress, measured)
    done = 0

    def so_far() -> str:
        return f"{done} of {len(trials)} missing trials were trained and are stored in {store.path}"

    try:
        for results in train(batches(trials, measured), workers, measured):
            _check_unchanged(measured, so_far())
            store.add(results)
            done += len(results)
            progress(len(results))
    except KeyboardInterrupt as error:
        cause, status = cause_of(error)
        raise Interrupted(
            f"{cause}: {so_far()}; run the same command again to train the rest", status
        ) from error
    except BrokenExecutor as error:
        raise _broken(error, so_far()) from error
    return done


def _check_devices(trials: Sequence[Trial]) -> None:
    if any(trial.device == "cuda" for trial in trials):
        import torch

        if not torch.cuda.is_available():
            raise DesignError("asked for the device cuda, but PyTorch finds no CUDA device; use --device cpu")


def _check_unchanged(measured: Measured | None, so_far: str) -> None:
    """Results that come after an edit may be of either version, and are not stored."""
    if measured and (changed := measured.changed()):
        raise ClaimError(
            f"{', '.join(map(str, changed))} was edited while the run went on: {so_far}, as it was before;"
            " run the same command again, which trains what it says now"
        )


def _broken(error: BrokenExecutor, so_far: str) -> ClaimError | Interrupted:
    """A worker that ended by itself, or was killed; loky tells how in its message."""
    ended = re.search(r"\bEXIT\((\d+)\)", str(error))
    if ended:
        return ClaimError(
            f"the response ended its worker process, as os._exit({ended[1]}) does, but has to return a value:"
            f" {so_far}"
        )
    killed = re.search(r"\bSIG\w+", str(error))
    by = f" by {killed[0]}" if killed else ""
    return Interrupted(
        f"a worker process was killed{by}: {so_far}; run the same command again to train the rest"
    )


def batches(trials: Sequence[Trial], measured: Measured | None = None) -> list[list[Trial]]:
    """Group trials of equal shapes into batches, in an order mixed so that the time left can be told from
    progress.
    """

    def shape(trial: Trial) -> tuple[Any, ...]:
        shapes = (trial.parameters.get(name, 0) for name in (measured or response(trial.response)).shapes)
        return (trial.response, trial.dtype, trial.device, *shapes)

    ordered = sorted(trials, key=shape)
    cut = [batch for _, group in groupby(ordered, key=shape) for batch in _cut(list(group), measured)]
    random.Random(0).shuffle(cut)
    return cut


def _cut(group: list[Trial], measured: Measured | None) -> Iterator[list[Trial]]:
    size = (measured or response(group[0].response)).trials_at_once(group[0].parameters)
    yield from (group[i : i + size] for i in range(0, len(group), size))


def train(
    groups: Sequence[list[Trial]], workers: Workers, measured: Measured | None = None
) -> Iterator[Results]:
    """The results of batches, as they end; functions are called by worker processes alone, which they may
    ruin.

    Raises:
        ClaimError: a function fails.
        BrokenExecutor: a worker process ended.
    """
    if not isinstance(measured, FunctionResponse) and (workers.jobs == 1 or len(groups) == 1):
        yield from map(train_batch, groups)
        return
    workers.make_room(len(groups))
    waiting, running = iter(groups), dict[Future[Any], list[Trial]]()
    while True:
        for group in islice(waiting, 2 * workers.jobs - len(running)):
            running[workers.submit((measured or response(group[0].response)).job(group))] = group
        if not running:
            return
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            group = running.pop(future)
            done, failure = future.result()
            yield [(group[i], measurement) for i, measurement in done]
            if failure:
                raise ClaimError(failure)


def train_batch(trials: Sequence[Trial]) -> Results:
    """Train one batch of a response of this package in this process, on one thread."""
    done, _ = response(trials[0].response).job(trials)()
    return [(trials[i], measurement) for i, measurement in done]
