"""A store of millions of trials: what opening, listing, replaying, resuming and adding take there.

    python benchmarks/large_store.py [--trials 5000000] [--json]

The store is built with the checksums that the program itself writes, and with a run for every thousand
trials. A small claim is verified in it, half of whose trials are then removed. Every step runs in a process
of its own, in a store that has little else, and in the large one; times of commands include Python's start.
Read is what the process reads from files, Python's modules among it. The files were written just before, so
that the time is mostly not that of the disk.
"""

import argparse
import hashlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

import numpy as np

from theorycheck import bounds
from theorycheck.empirical.rows import checksum
from theorycheck.empirical.store_file import now, open_to_write, transaction
from theorycheck.empirical.trial import Trial
from theorycheck.executors.local import ThisProcess
from theorycheck.plan import make_plan
from theorycheck.session import Session

PARAMETERS = {
    **{"L": 100, "d": 40, "M": 3, "alpha_relevant": 0.2, "alpha_confusion": 0.02, "tau": 0.2, "sigma": 0.1},
    **{"noise": "sphere", "fractions": "random", "delta": 0.2, "m": 64, "attention": True, "S": 10, "N": 512},
    **{"B": 64, "eta": 1.0, "T": 4000, "test_size": 1000, "tolerance": 0.01},
}
PIECE = 50_000  # rows of one transaction
CLAIM = '''
import random
from sympy import oo, symbols
from theorycheck import BigO, Claim, Design, Paper, Source

x, y = symbols("x y", positive=True)

def grown(point, seed):
    """About x^2."""
    return point["x"] ** 2 * random.Random(seed).uniform(0.5, 2)

claim = Claim(
    name="small", title="A small claim", quantity=y, law=BigO(x**2, (x, oo)), provenance="recalled",
    source=Source(paper=Paper(key="x", short="X", reference="X"), place="1"), response=grown,
    design=Design(factor=x, levels=(1, 2, 4, 8, 16), replicates=12, held={}), refuted_by="faster growth",
)
'''
PREPARED = """
import json, sys, time
from pathlib import Path
from theorycheck.cli import app
from theorycheck.empirical.response import responses
from theorycheck.empirical.store import Store
from theorycheck.empirical.trial import Trial
responses()
path, status = Path(sys.argv[1]), 0
measured = {"outcome": "success", "iterations": 1, "test_loss": 1.0}
new = [(Trial("test_loss", {"L": 1}, time.time_ns(), i, 3), measured) for i in range(1000)]
begun, used = time.perf_counter(), time.process_time()
try:
"""
TOLD = """
except SystemExit as end:
    status = end.code
told = {"seconds": time.perf_counter() - begun, "status": status}
told["cpu_seconds"] = time.process_time() - used
told["peak_mib"] = int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) / 1024
told["read_mib"] = int(open("/proc/self/io").read().split()[1]) / 2**20
print(json.dumps(told), file=sys.stderr)
"""


def made(trials: int, seed: int) -> Iterator[tuple[str, ...]]:
    """The rows of trials, in the order of their keys, as a tree is built fastest."""
    first = Trial("zero_generalization_error", PARAMETERS, seed, 0, revision=3).specification
    head, tail = first.split('"replicate":0')
    keys = np.empty(trials, "S64")
    for i in range(trials):
        keys[i] = hashlib.sha256(f'{head}"replicate":{i}{tail}'.encode()).hexdigest()
    for i in np.argsort(keys).tolist():
        told = {
            "outcome": "success" if i % 2 else "failure",
            "iterations": 160 + i % 999,
            "test_loss": i / 997,
        }
        row = (
            keys[i].decode(),
            f'{head}"replicate":{i}{tail}',
            json.dumps(told),
            "2026-01-01T00:00:00+00:00",
        )
        yield (*row, checksum(row))


def build(path: Path, trials: int, seed: int = 0) -> None:
    """Write a store of so many trials, and a run for every thousand of them."""
    design = {"profile": "standard", "seed": 0, "device": "cpu", "name": None}
    document = json.dumps({"claim": "sample_complexity", "design": design})
    plan = (hashlib.sha256(document.encode()).hexdigest(), "sample_complexity", document, now())
    runs = [(i + 1, plan[0], now(), now(), 1000, 0, "SUPPORTED") for i in range(max(1, trials // 1000))]
    rows = made(trials, seed)
    with closing(open_to_write(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        while piece := list(islice(rows, PIECE)):
            with transaction(connection):
                connection.executemany("INSERT OR IGNORE INTO trials VALUES (?, ?, ?, ?, ?)", piece)
        with transaction(connection):
            connection.execute("INSERT OR IGNORE INTO plans VALUES (?, ?, ?, ?, ?)", (*plan, checksum(plan)))
            values = ", ".join("?" * 8)
            connection.executemany(
                f"INSERT INTO runs VALUES ({values})", [(*run, checksum(run)) for run in runs]
            )


def measured(call: str, store: Path) -> dict[str, float]:
    """Seconds, peak memory and what was read of a call in a process of its own; of a command all of it."""
    begun, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-c", f"{PREPARED}    {call}{TOLD}", str(store)]
    ended = subprocess.run(command, cwd=store.parent, capture_output=True, text=True, check=True)
    told = json.loads(ended.stderr.splitlines()[-1])
    if told.pop("status") not in (0, 1, 3):
        raise RuntimeError(ended.stderr)
    if not call.startswith("app("):
        return told
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {**told, "seconds": time.perf_counter() - begun, "cpu_seconds": cpu}


def calls(store: Path, run: int, shard: Path) -> dict[str, str]:
    """What is measured: of the library, and of commands."""
    claim = ["--claim", "small.py", "--report", "md", "--store", str(store)]
    verify = ["verify", "--quiet", "--jobs", "1", *claim]
    commands = {
        "`runs`": ["runs", "--store", str(store)],
        "`report` of 60 trials": ["report", str(run), *claim],
        "`verify`, 30 of 60 trials missing": verify,
        "`verify`, none missing": verify,
        "`merge` of a shard of 10,000 trials": ["merge", str(store), str(shard)],
    }
    return {
        "open to read": "Store(path, read_only=True)",
        "open to write": "Store(path)",
        "add 1,000 trials": "Store(path).add(new)",
        **{name: f"app({arguments!r})" for name, arguments in commands.items()},
    }


def measure(store: Path) -> dict[str, dict[str, float]]:
    """All that is measured of one store, by name."""
    (store.parent / "small.py").write_text(CLAIM)
    plan = make_plan(bounds.find(str(store.parent / "small.py")))
    found = Session(store, ThisProcess()).carry_out(plan)
    with closing(open_to_write(store)) as connection, transaction(connection):
        (run,) = connection.execute("SELECT max(id) FROM runs").fetchone()
    shard, told = store.with_suffix(".shard"), {}
    shard.unlink(missing_ok=True)
    build(shard, 10_000, seed=time.time_ns())
    for name, call in calls(store, run, shard).items():
        if "missing" in name and "none" not in name:
            with closing(open_to_write(store)) as connection, transaction(connection):
                lost = [(key,) for key in found.trials["key"][::2]]
                connection.executemany("DELETE FROM trials WHERE key = ?", lost)
        told[name] = measured(call, store)
        print(f"{name} done", file=sys.stderr, flush=True)
    return told


def table(small: dict[str, dict[str, float]], large: dict[str, dict[str, float]], trials: int) -> str:
    """Both stores side by side, as Markdown."""
    lines = [
        f"| | little else: CPU-s | {trials:,} trials: CPU-s | s | peak, MiB | read, MiB |",
        "|:---|---:|---:|---:|---:|---:|",
    ]
    for name, one in large.items():
        seconds = f"{small[name]['cpu_seconds']:.2f} | {one['cpu_seconds']:.2f} | {one['seconds']:.2f}"
        lines.append(f"| {name} | {seconds} | {one['peak_mib']:.0f} | {one['read_mib']:.0f} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=5_000_000)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as small, tempfile.TemporaryDirectory() as place:
        store, begun = Path(place) / "store.sqlite", time.perf_counter()
        build(store, options.trials)
        built = {"trials": options.trials, "build_seconds": time.perf_counter() - begun}
        built["gib"] = store.stat().st_size / 2**30
        few, many = measure(Path(small) / "store.sqlite"), measure(store)
    if options.json:
        print(json.dumps({**built, "little_else": few, "large": many}, indent=2))
        return
    print(table(few, many, options.trials))
    print(f"\n{built['gib']:.1f} GiB, built in {built['build_seconds']:.0f} s.")


if __name__ == "__main__":
    main()
