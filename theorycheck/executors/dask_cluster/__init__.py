"""A cluster of dask.distributed: one on this machine, or one that is there, by its address or scheduler file.

Workers have one thread each. Those of another machine are not ours: they are asked whether they have the same
code, are sent the modules of the claim, and are left running.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import BrokenExecutor, CancelledError, Future
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from theorycheck.errors import DesignError, TheoryCheckError
from theorycheck.executors.code import Code
from theorycheck.executors.dask_cluster.agreement import Agreement
from theorycheck.executors.local import ONE_THREAD

P = ParamSpec("P")
T = TypeVar("T")
SERVES = "dask (a cluster of this machine), dask://HOST:PORT, or the scheduler file FILE.json of a cluster"
LOST = "the scheduler of the cluster was lost"
PATIENCE = 20  # seconds that a scheduler is given to answer


def serves(name: str) -> bool:
    """Whether a name asks for a cluster of dask."""
    return name == "dask" or name.startswith("dask://") or name.endswith(".json")


@contextmanager
def opened(name: str, jobs: int) -> Iterator[Cluster]:
    """A cluster, until the block ends; one of this machine ends with it.

    Raises:
        DesignError: dask is not installed, no scheduler answers, or its workers are not as they must be.
    """
    try:
        import distributed

        from theorycheck.executors.dask_cluster.plugins import Ours
    except ImportError as error:
        raise DesignError(
            f"asked for the executor {name}, but dask.distributed is not installed; install it by"
            " pip install 'theorycheck[dask]'"
        ) from error
    with _quiet(), _local(jobs) if name == "dask" else _found(name) as where:
        try:
            client: Any = distributed.Client(**where, timeout=PATIENCE, set_as_default=False)  # type: ignore[no-untyped-call]
        except (OSError, TimeoutError, ValueError) as error:
            raise DesignError(
                f"asked for the executor {name}, but no scheduler answers there; start it by `dask scheduler`"
            ) from error
        try:
            if name == "dask":
                client.register_plugin(Ours(os.getpid()))
                _say(f"dask cluster of {jobs} workers, dashboard at {client.dashboard_link}")
            yield Cluster(client)
        finally:
            with suppress(Exception):  # it may be gone
                client.close(timeout=2)


@contextmanager
def _local(jobs: int) -> Iterator[dict[str, Any]]:
    import dask
    from distributed import LocalCluster

    asked = {
        "distributed.scheduler.allowed-failures": 0,  # what dies is tried again by us, trial by trial
        "distributed.deploy.lost-worker-timeout": "30 days",  # else one that dies twice within it is given up
        "distributed.nanny.pre-spawn-environ": {**ONE_THREAD, "MALLOC_TRIM_THRESHOLD_": 65536},
    }
    with (
        dask.config.set(asked),
        LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=jobs, threads_per_worker=1, memory_limit=0, dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,
        ) as cluster,
    ):  # fmt: skip
        yield {"address": cluster}


@contextmanager
def _found(name: str) -> Iterator[dict[str, Any]]:
    if not name.endswith(".json"):
        yield {"address": f"tcp://{name.removeprefix('dask://')}"}
        return
    try:
        if "address" not in json.loads(Path(name).read_text(encoding="utf-8")):
            raise ValueError("it names no address")
    except (OSError, ValueError, TypeError) as error:
        raise DesignError(
            f"asked for the executor {name}, which is no scheduler file ({error}); make one by"
            f" `dask scheduler --scheduler-file {name}`"
        ) from error
    yield {"scheduler_file": name}


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep dask's words on what dies to itself, as it is told in ours."""
    names = [name for name in logging.root.manager.loggerDict if name.partition(".")[0] == "distributed"]
    before = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    yield  # after an error its threads have more to say
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


def _say(text: str) -> None:
    print(f"theorycheck: {text}", file=sys.stderr)


class Cluster:
    """Has calls made by the workers of a cluster, each after asking it whether it has the same code.

    Attributes:
        ahead: how many times as many calls it is given as it makes at once, so that no worker waits.
    """

    ahead = 4

    def __init__(self, client: Any) -> None:
        self._client = client
        self._agreement = Agreement.on(Code())

    @property
    def jobs(self) -> int:
        """How many workers there are now."""
        return max(1, len(self._threads()))

    def prepare(self, code: Code) -> None:
        """Send the modules that trials are made by; wait for the first worker, where there is none.

        Raises:
            DesignError: theorycheck is missing on a worker, is another version, or a worker has several
                threads.
        """
        from theorycheck.executors.dask_cluster.plugins import Modules

        if not self._threads():
            _say("the cluster has no workers yet; waiting for the first (Ctrl-C ends this)")
            self._client.wait_for_workers(1)
        for worker, threads in self._threads().items():
            if threads != 1:
                raise DesignError(
                    f"the worker {worker} has {threads} threads, but trials take one each; start workers by"
                    f" `dask worker --nworkers {threads} --nthreads 1`"
                )
        self._check_versions()
        agreement = Agreement.on(code)
        if agreement != self._agreement and code.modules:  # each round asks for the same
            self._client.register_plugin(Modules(code.modules))
        self._agreement = agreement

    def submit(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Have a function called by a worker of the same code."""
        call = partial(_checked, self._agreement, partial(function, *args, **kwargs))
        ours: Future[T] = Future()
        ours.set_running_or_notify_cancel()
        self._client.loop.add_callback(_tell, ours, self._client.submit(call, pure=False))
        return ours

    def _threads(self) -> Mapping[str, int]:
        try:
            found: Mapping[str, int] = self._client.nthreads()
        except (OSError, TimeoutError) as error:
            raise ConnectionError(LOST) from error
        return found

    def _check_versions(self) -> None:
        """By what is installed, here and there: an editable installation may tell of an older version."""
        told = self._client.get_versions(packages=["theorycheck"])
        here = told["client"]["packages"]["theorycheck"]
        for worker, found in told["workers"].items():
            version = found["packages"]["theorycheck"]
            if version != here:
                has = f"theorycheck {version}" if version else "no theorycheck"
                raise DesignError(
                    f"the worker {worker} has {has}, asked for is theorycheck {here}; install it"
                    " there, or start workers from the same environment"
                )


def _checked(agreement: Agreement, call: Callable[[], T]) -> T:
    agreement.check()
    return call()


async def _tell(ours: Future[T], theirs: Awaitable[T]) -> None:
    """Hand on how a call ended; asked for is its result alone, as its status may be told too early.

    Dask's own executor never tells of a call that ended, whose worker died with the result, and that dies
    when it is made again.
    """
    from distributed import KilledWorker

    try:
        ours.set_result(await theirs)
    except TheoryCheckError as error:
        ours.set_exception(error)
    except KilledWorker as error:
        ours.set_exception(BrokenExecutor(str(error)))
    except (CancelledError, asyncio.CancelledError):
        ours.set_exception(ConnectionError(LOST))
    except BaseException as error:
        ours.set_exception(error)
