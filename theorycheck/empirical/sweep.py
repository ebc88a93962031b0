"""Trains the trials that are not yet stored, in batches over an executor. Loads no torch itself."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from typing import Any

from theorycheck.empirical.attempts import Attempts, Results, cause
from theorycheck.empirical.response import Measured, response
from theorycheck.empirical.store import Store
from theorycheck.empirical.trial import Kept, Trial
from theorycheck.errors import ClaimError, Interrupted
from theorycheck.executors import Executor, calls_at_once, fitting, prepare, started
from theorycheck.executors.code import Code
from theorycheck.stopping import cause_of

BATCHES = 4  # a worker and round, so that workers end about together: within a quarter of their time


def run(
    trials: Sequence[Trial],
    store: Store,
    executor: Executor | int,
    progress: Callable[[int], None],
    measured: Measured | None = None,
    kept_as: Callable[[Trial], Kept] = lambda trial: trial,
) -> int:
    """Train the trials and store each batch as it ends.

    Args:
        trials: trials not in the store.
        store: takes the measurements.
        executor: has batches trained, as in concurrent.futures; or how many worker processes to start, of
            which 1 trains in this process what is this package's own.
        progress: called with the number of trials stored by each batch.
        measured: the response of the trials, where it is a function.
        kept_as: as what a trial is stored.

    Returns:
        The number of trials trained.

    Raises:
        ClaimError: a function fails, or its file was edited since; finished trials are stored.
        DesignError: the trials ask for a device that is not there.
        Interrupted: by Ctrl-C or another signal, or by the death of a worker process; finished batches are
            stored.
        StoreError: the store cannot be written.
    """
    if not trials:
        return 0
    for name, device in {(trial.response, trial.device) for trial in trials}:
        (measured or response(name)).check_device(device)
    done = 0

    def so_far() -> str:
        return f"{done} of {len(trials)} missing trials were trained and are stored in {store.path}"

    try:
        with started(executor) as workers:
            isolated = measured is not None and measured.isolated
            if not isolated and any(trial.device != "cpu" for trial in trials):
                workers = fitting(workers, calls=1)  # several processes on a card would wait for each other
            prepare(workers, measured.code if measured else Code())
            for results in train(batches(trials, measured, calls_at_once(workers) or 1), workers, measured):
                _check_unchanged(measured, so_far())
                store.add([(kept_as(trial), measurement) for trial, measurement in results])
                done += len(results)
                progress(len(results))
    except KeyboardInterrupt as error:
        cause, status = cause_of(error)
        raise Interrupted(
            f"{cause}: {so_far()}; run the same command again to train the rest", status
        ) from error
    except BrokenExecutor as error:
        raise _broken(error, so_far()) from error
    except ConnectionError as error:
        raise Interrupted(f"{error}: {so_far()}; run the same command again to train the rest") from error
    return done


def _check_unchanged(measured: Measured | None, so_far: str) -> None:
    """Results that come after an edit may be of either version, and are not stored."""
    if measured and (changed := measured.changed()):
        raise ClaimError(
            f"{', '.join(map(str, changed))} was edited while the run went on: {so_far}, as it was before;"
            " run the same command again, which trains what it says now"
        )


def _broken(error: BrokenExecutor, so_far: str) -> ClaimError | Interrupted:
    """All worker processes end by themselves, or are killed."""
    of = cause(error) or ""
    if of.startswith("EXIT"):
        return ClaimError(
            f"the response ended its worker process, as os._{of.lower()} does, but has to return a value:"
            f" {so_far}"
        )
    by = f" by {of}" if of else ""
    return Interrupted(
        f"a worker process was killed{by}: {so_far}; run the same command again to train the rest"
    )


def batches(trials: Sequence[Trial], measured: Measured | None = None, workers: int = 1) -> list[list[Trial]]:
    """Group trials of equal shapes into batches, in an order mixed so that the time left can be told from
    progress.

    Args:
        trials: what is missing.
        measured: the response of the trials, where it is a function.
        workers: how many batches are made at once; there are four times as many, or as many as trials.
    """
    groups: dict[tuple[Any, ...], list[Trial]] = {}
    for trial in trials:
        shape = (measured or response(trial.response)).shape(trial.parameters, trial.device)
        groups.setdefault((trial.response, trial.dtype, trial.device, shape), []).append(trial)
    most = max(1, len(trials) // (BATCHES * workers)) if workers > 1 else len(trials)
    cut = [batch for group in groups.values() for batch in _cut(group, measured, most)]
    random.Random(0).shuffle(cut)
    return cut


def _cut(group: list[Trial], measured: Measured | None, most: int) -> Iterator[list[Trial]]:
    first, of = group[0], measured or response(group[0].response)
    size = min(most, of.trials_at_once(first.parameters, first.device))
    yield from (group[i : i + size] for i in range(0, len(group), size))


def train(
    groups: Sequence[list[Trial]], executor: Executor, measured: Measured | None = None
) -> Iterator[Results]:
    """The results of batches, as they end; what dies with its process is made again, as by `Attempts`."""
    return Attempts(executor, measured).made(groups)


def train_batch(trials: Sequence[Trial]) -> Results:
    """Train one batch of a response of this package in this process."""
    done, _ = response(trials[0].response).job(trials)()
    return [(trials[i], measurement) for i, measurement in done]
