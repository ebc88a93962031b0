"""What the coordinator itself takes, beside the trials: placement, judging, keys, the store, the engine.

    python benchmarks/coordinator.py [--json] [--quick]

First rounds of trials of a second, at 64 workers by a fake clock: the trials take no time, and workers
are told when they would be free. The coordinator counts as if no worker worked while it does. Then the
same with 8 workers of dask that do wait a second. Last, many trials of a millisecond by 4 workers of dask,
whose scheduler is a thread of the coordinator.
"""

import argparse
import heapq
import json
import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import norm
from sympy import oo, symbols

from theorycheck import BigO, Claim, Design, Paper, Search, Source, Theta
from theorycheck.executors import Executor, opened
from theorycheck.finding import Finding
from theorycheck.plan import make_plan
from theorycheck.session import Session

x, N, y = symbols("x N y", positive=True)
SOURCE = Source(paper=Paper(key="x", short="X", reference="X"), place="1")
SHARED: dict[str, Any] = {"source": SOURCE, "provenance": "recalled", "refuted_by": "another exponent"}
WORKERS, WAITING, MANY = 64, 8, 4


def planted(point: Mapping[str, float], seed: int) -> bool:
    """Success with a probability that rises with N, from a threshold of 20 / x."""
    chance = norm.cdf(1.5 * np.log(point["N"] * point["x"] / 20))
    return bool(np.random.default_rng(seed).random() < chance)


def waiting(point: Mapping[str, float], seed: int) -> bool:
    """The same, after a second."""
    time.sleep(1)
    return planted(point, seed)


def quick(point: Mapping[str, float], seed: int) -> float:
    """A value, after a millisecond."""
    time.sleep(0.001)
    return point["x"] ** 2 * float(np.exp(0.1 * np.random.default_rng(seed).standard_normal()))


def placed(response: Callable[..., bool]) -> Claim:
    """A claim whose trials are placed round by round."""
    sizes = [4 * 2**k for k in range(12)]
    levels = (0.05, 0.1, 0.2, 0.4, 0.8)
    return Claim(
        name="placed", title="Placed", quantity=N, law=BigO(1 / x, (x, 0)), response=response, **SHARED,
        design=Design(factor=x, levels=levels, search=Search(N, sizes), replicates=24, held={}),
    )  # fmt: skip


def many(trials: int) -> Claim:
    """A claim of so many trials at once."""
    levels = (1, 2, 4, 8, 16)
    return Claim(
        name="many", title="Many", quantity=y, law=Theta(x**2, (x, oo)), response=quick, **SHARED,
        design=Design(factor=x, levels=levels, replicates=trials // len(levels), held={}),
    )  # fmt: skip


@dataclass
class FakeClock:
    """Makes every call at once, and notes when so many workers would have made it.

    Attributes:
        jobs: how many workers there are.
        seconds: that a trial takes.
        own: CPU-seconds that calls took here, which are no work of the coordinator.
        rounds: the trials of each round.
        elapsed: seconds that all rounds take.
    """

    jobs: int
    seconds: float
    own: float = 0.0
    rounds: list[int] = field(default_factory=list)
    elapsed: float = 0.0
    free: list[float] = field(default_factory=list)

    def submit(self, call: Callable[[], Any], /) -> Future[Any]:
        """Make a call."""
        begun, future = time.thread_time(), Future[Any]()
        (done, failure), where = call()
        future.set_result(((done, failure), where))
        self.own += time.thread_time() - begun
        if self.free:
            heapq.heappushpop(self.free, self.free[0] + len(done) * self.seconds)
        return future

    @contextmanager
    def told(self, task: str) -> Iterator[Callable[[int, int], None]]:
        """Hears of each round."""

        def advance(done: int, more: int) -> None:
            if more:
                self.close()
                self.rounds.append(more - done)
                self.free = [0.0] * self.jobs

        yield advance

    def close(self) -> None:
        """End a round: the coordinator waits for its last trial."""
        self.elapsed += max(self.free, default=0.0)


def verified(claim: Claim, executor: Executor, progress: Any) -> Finding:
    """A claim in a store of its own."""
    with tempfile.TemporaryDirectory() as folder:
        return Session(Path(folder, "s.sqlite"), executor, progress).carry_out(make_plan(claim))


def by_fake_clock() -> dict[str, Any]:
    """Rounds of trials of a second at 64 workers."""
    verified(placed(planted), FakeClock(1, 0), FakeClock(1, 0).told)  # loads what is loaded once
    clock, begun = FakeClock(WORKERS, 1.0), time.thread_time()
    found = verified(placed(planted), clock, clock.told)
    own = time.thread_time() - begun - clock.own
    clock.close()
    return {
        "what": f"rounds of {', '.join(map(str, clock.rounds))} trials of 1 s, {WORKERS} workers",
        "trials": len(found.trials),
        "coordinator CPU-s": round(own, 2),
        "wall s": round(own + clock.elapsed, 1),
        "share": round(own / (own + clock.elapsed), 3),
    }


def by_dask(claim: Claim, workers: int, what: str) -> dict[str, Any]:
    """A claim by so many workers of this machine."""
    peaks: list[float] = []

    @contextmanager
    def told(task: str) -> Iterator[Callable[[int, int], None]]:
        yield lambda done, more: peaks.append(_resident())

    with opened("dask", workers) as executor:
        assert not isinstance(executor, int)
        begun, own, all_threads = time.perf_counter(), time.thread_time(), time.process_time()
        found = verified(claim, executor, told)
        wall, own = time.perf_counter() - begun, time.thread_time() - own
        all_threads = time.process_time() - all_threads
    return {
        "what": what,
        "trials": len(found.trials),
        "coordinator CPU-s": round(own, 2),
        "wall s": round(wall, 1),
        "share": round(own / wall, 3),
        "with dask's threads, ms a trial": round(all_threads / len(found.trials) * 1e3, 2),
        "MB at a quarter": round(peaks[len(peaks) // 4]),
        "MB at the end": round(peaks[-1]),
        "MB at most": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def _resident() -> float:
    """MB of this process now; Linux."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--quick", action="store_true", help="2,000 trials of a millisecond, not 100,000")
    asked = parser.parse_args()
    trials = 2_000 if asked.quick else 100_000
    rows = [
        by_fake_clock(),
        by_dask(placed(waiting), WAITING, f"the same, {WAITING} workers of dask that wait"),
        by_dask(many(trials), MANY, f"{trials:,} trials of 1 ms, {MANY} workers of dask"),
    ]
    if asked.json:
        print(json.dumps(rows))
        return
    names = list(rows[-1])
    print(f"| {' | '.join(names)} |\n|:---|{'---:|' * (len(names) - 1)}")
    for row in rows:
        print(f"| {' | '.join(str(row.get(name, '')) for name in names)} |")


if __name__ == "__main__":
    main()
