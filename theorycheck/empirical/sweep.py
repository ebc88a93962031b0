"""Trains the trials that are not yet stored, in batches over worker processes. Loads no torch itself."""

from __future__ import annotations

import random
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from joblib import Parallel, delayed
from joblib.externals.loky.process_executor import TerminatedWorkerError

from theorycheck.empirical.responses import response
from theorycheck.empirical.store import Store
from theorycheck.empirical.trial import Trial
from theorycheck.errors import DesignError, Interrupted

Results = list[tuple[Trial, Mapping[str, Any]]]


def run(trials: Sequence[Trial], store: Store, jobs: int, progress: Callable[[int], None]) -> int:
    """Train the trials and store each batch as it ends.

    Args:
        trials: trials not in the store.
        store: takes the measurements.
        jobs: worker processes; 1 trains in this process.
        progress: called with the number of trials stored by each batch.

    Returns:
        The number of trials trained.

    Raises:
        DesignError: the trials ask for a device that is not there.
        Interrupted: by Ctrl-C, or by the death of a worker process; finished batches are stored.
        StoreError: the store cannot be written.
    """
    _check_devices(trials)
    done = 0
    try:
        for results in _train(batches(trials), jobs):
            store.add(results)
            done += len(results)
            progress(len(results))
    except (KeyboardInterrupt, TerminatedWorkerError) as error:
        cause = "interrupted" if isinstance(error, KeyboardInterrupt) else "a worker process was killed"
        raise Interrupted(
            f"{cause}: {done} of {len(trials)} missing trials were trained and are stored in {store.path}; "
            "run the same command again to train the rest"
        ) from error
    return done


def _check_devices(trials: Sequence[Trial]) -> None:
    if any(trial.device == "cuda" for trial in trials):
        import torch

        if not torch.cuda.is_available():
            raise DesignError("asked for the device cuda, but PyTorch finds no CUDA device; use --device cpu")


def batches(trials: Sequence[Trial]) -> list[list[Trial]]:
    """Group trials of equal shapes into batches, in an order mixed so that the time left can be told from progress."""
    ordered = sorted(trials, key=_shape)
    cut = [batch for _, group in groupby(ordered, key=_shape) for batch in _cut(list(group))]
    random.Random(0).shuffle(cut)
    return cut


def _cut(group: list[Trial]) -> Iterator[list[Trial]]:
    size = response(group[0].response).trials_at_once(group[0].parameters)
    yield from (group[i : i + size] for i in range(0, len(group), size))


def _shape(trial: Trial) -> tuple[Any, ...]:
    shapes = (trial.parameters.get(name, 0) for name in response(trial.response).shapes)
    return (trial.response, trial.dtype, trial.device, *shapes)


def _train(groups: list[list[Trial]], jobs: int) -> Iterator[Results]:
    if jobs == 1 or len(groups) == 1:
        yield from map(train_batch, groups)
        return
    workers = Parallel(n_jobs=jobs, return_as="generator_unordered", backend="loky", inner_max_num_threads=1)
    yield from workers(delayed(_train_in_worker)(group) for group in groups)


def _train_in_worker(trials: list[Trial]) -> Results:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent alone answers it
    return train_batch(trials)


def train_batch(trials: Sequence[Trial]) -> Results:
    """Train one batch in this process, on one thread."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        measured = response(trials[0].response).measure(trials)
        return [(trials[position], measurement) for position, measurement in measured]
    finally:
        torch.set_num_threads(threads)
