"""How time and memory of training grow: with trials, tokens L, width m and jobs; plotted in docs/growth.png.

    python benchmarks/growth.py [--json] [--quick] [--write]

Every point is one run of the sweep in a process of its own, on trials that take exactly T iterations. Times
are CPU-seconds of that process and its workers, but wall-clock time against jobs; memory is the largest
process' peak.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

FIGURE = Path(__file__).parents[1] / "docs/growth.png"
SETTING = {
    **{"alpha_relevant": 0.2, "alpha_confusion": 0.02, "tau": 0.3, "noise": "sphere", "fractions": "random"},
    **{
        "sigma": 0.1,
        "delta": 0.2,
        "attention": True,
        "test_size": 64,
        "tolerance": 0.01,
        "M": 5,
        "eta": 1e-4,
    },
    **{"L": 100, "S": 10, "d": 40, "m": 240, "B": 32, "N": 32, "T": 100},
}
SWEEPS = {
    "trials": (32, 64, 128, 256),
    "L": (50, 100, 200, 400),
    "m": (60, 120, 240, 480),
    "jobs": (1, 2),
}
TRIALS, TRIALS_OF_JOBS = 64, 256  # the latter so that starting the workers does not decide


def run_one(options: dict[str, int]) -> None:
    """Train, and print what it took: this is the process that is measured."""
    from theorycheck.empirical import sweep
    from theorycheck.empirical.shallow_vit import REVISION
    from theorycheck.empirical.store import Store
    from theorycheck.empirical.trial import Trial

    parameters = {**SETTING, **{name: value for name, value in options.items() if name in SETTING}}
    trials = [
        Trial("zero_generalization_error", parameters, 50_000, i, REVISION)
        for i in range(options.get("trials", TRIALS_OF_JOBS if "jobs" in options else TRIALS))
    ]
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "store.sqlite") as store:
        sweep.train_batch(trials[:1])  # loads PyTorch
        started, cpu = time.monotonic(), time.process_time()
        sweep.run(trials, store, options.get("jobs", 1), lambda trained: None)
        wall, cpu = time.monotonic() - started, time.process_time() - cpu
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(json.dumps({"cpu_seconds": cpu, "wall_seconds": wall, "peak_mib": peak / 1024}))


def point(options: dict[str, int], rounds: int) -> dict[str, float]:
    """The run of least time."""
    command = [sys.executable, __file__, "--one", json.dumps(options)]
    runs = [
        json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        for _ in range(rounds)
    ]
    return min(runs, key=lambda run: run["wall_seconds" if "jobs" in options else "cpu_seconds"])


def plot(results: dict[str, list[dict[str, float]]]) -> None:
    figure, panels = plt.subplots(1, 5, figsize=(13, 2.8), layout="constrained")
    for axes, (name, points) in zip(panels, results.items(), strict=False):
        measured = "wall_seconds" if name == "jobs" else "cpu_seconds"
        x, y = [p["value"] for p in points], [p[measured] for p in points]
        axes.plot(x, y, "o-", color="#0b3c5d")
        if name != "jobs":
            axes.plot(x, [y[0] * value / x[0] for value in x], "--", color="#c1440e", label="linear")
            axes.legend(frameon=False)
        axes.set(xlabel=name, ylabel=measured.replace("_", " "), ylim=(0, None))
    trials = results["trials"]
    panels[-1].plot([p["value"] for p in trials], [p["peak_mib"] for p in trials], "o-", color="#0b3c5d")
    panels[-1].set(
        xlabel="trials", ylabel="peak memory, MiB", ylim=(0, 1.2 * max(p["peak_mib"] for p in trials))
    )
    panels[3].set_xticks(SWEEPS["jobs"])
    figure.savefig(FIGURE, dpi=110, metadata={"Software": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--quick", action="store_true", help="one round instead of three")
    parser.add_argument("--write", action="store_true", help="plot in docs/")
    parser.add_argument("--one", type=json.loads, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one is not None:
        run_one(options.one)
        return
    rounds = 1 if options.quick else 3
    results = {
        name: [{"value": value, **point({name: value}, rounds)} for value in values]
        for name, values in SWEEPS.items()
    }
    if options.write:
        plot(results)
    if options.json:
        print(json.dumps(results, indent=2))
        return
    for name, points in results.items():
        for p in points:
            times = f"{p['cpu_seconds']:6.2f} CPU-s {p['wall_seconds']:6.2f} s wall {p['peak_mib']:5.0f} MiB"
            print(f"{name:7} {p['value']:4}  {times}")


if __name__ == "__main__":
    main()
