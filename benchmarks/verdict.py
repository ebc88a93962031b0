"""CPU-seconds to the verdict on sample_complexity: the authors' protocol, a full grid, against `theorycheck
verify`.

    python benchmarks/verdict.py [--json] [--quick]

* grid: every N at every level, 20 trials a cell, trained one by one by the plain loop (tests/oracle.py) for
one fixed
  number of iterations, the most that any trial of the hardest cell takes. A random sample of cells is timed
  for some iterations each, and extrapolated. Its interval is that of the same grid trained by our engine and
  judged by `verify`.
* ours: what `verify` does, by the standard profile. The intervals of both depend on the seed, so several are
compared:
  by the medians of their widths, and the mean cost.
* profile: where the time of a random sample of our trials goes, and what the ratio would be for the same
trials if all
  multiply-adds of training and tests ran at the speed of a large matrix product, and all else were free.

--quick compares with 5 trials a cell, whose interval is twice as wide, by one seed.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from operations import multiply_adds, multiply_adds_of_a_query, peak, shares
from oracle import ShallowViT, sgd

from theorycheck import bounds
from theorycheck.claim import Claim
from theorycheck.empirical.parameters import Mark
from theorycheck.empirical.shallow_vit.generalization import draw_streams, prepare
from theorycheck.empirical.shallow_vit.setting import Setting
from theorycheck.empirical.shallow_vit.tokens import draw_samples
from theorycheck.empirical.shallow_vit.training import draw_order, draw_subsets, train
from theorycheck.empirical.shallow_vit.vit import Weights, Workspace, initial_weights
from theorycheck.empirical.sweep import batches, train_batch
from theorycheck.empirical.trial import Trial
from theorycheck.observation import count
from theorycheck.placement.rules import FIRST_INTERIM, Grid, Placement
from theorycheck.plan import Arm, Plan, hypothesis, make_plan
from theorycheck.session import Session
from theorycheck.statements.base import counted
from theorycheck.statistics.selection import Fits, fit_laws, gather

SEEDS = tuple(range(42_000, 42_008))  # of all trials here; the verdicts in docs/ have others
CELLS_TIMED = 2  # of every N
STEPS_TIMED = 20
TRIALS_PROFILED = 60


def hardest(plan: Plan, trials: int) -> int:
    """The most iterations that trials of the asymptotic level and the largest N take."""
    cell = max(plan.cells, key=lambda cell: (-cell.level, cell.searched))
    return max(m["iterations"] for _, m in train_batch([plan.trial(cell, i) for i in range(trials)]))


def grid_seconds(plan: Plan, iterations: int, replicates: int) -> tuple[float, float]:
    """CPU-seconds of the grid, and the standard error of that extrapolation from a sample of its cells.

    The sample is stratified by N, on which the time of an iteration depends.
    """
    rng, seconds, variance = np.random.default_rng(plan.seed), 0.0, 0.0
    for n in plan.searched:
        cells = [cell for cell in plan.cells if cell.searched == n]
        chosen = rng.choice(len(cells), CELLS_TIMED, replace=False)
        timed = [_eager_trial(plan.trial(cells[i], 0), iterations) for i in chosen]
        seconds += len(cells) * replicates * float(np.mean(timed))
        variance += (len(cells) * replicates) ** 2 * float(np.var(timed, ddof=1)) / CELLS_TIMED
    return seconds, float(np.sqrt(variance))


def _eager_trial(trial: Trial, iterations: int) -> float:
    """CPU-seconds of one trial by the plain loop, its test on fresh samples included."""
    setting = Setting(**trial.parameters)
    rng = np.random.default_rng(int(trial.shared_key(Setting.marked(Mark.DATA)), 16))
    started = time.process_time()
    samples = draw_samples(rng, setting, setting.N)
    W, a = initial_weights(rng, setting)
    model = ShallowViT(Weights(*(w.float() for w in W)), a.float(), attention=True)
    X, y = torch.from_numpy(samples.X), torch.from_numpy(samples.y)
    prepared = time.process_time() - started
    times = []
    for steps in (2, STEPS_TIMED):  # the first warms up
        order = torch.from_numpy(draw_order(rng, setting, -(-steps // setting.steps_per_epoch))[:steps])
        tokens = torch.from_numpy(draw_subsets(rng, setting.L, setting.S, tuple(order.shape)))
        started = time.process_time()
        sgd(model, X, y, setting, zip(order, tokens, strict=True))
        times.append((time.process_time() - started) / len(order))
    started = time.process_time()
    fresh = draw_samples(rng, setting, setting.test_size)
    queries = torch.from_numpy(draw_subsets(rng, setting.L, setting.S, (setting.test_size,)))
    with torch.no_grad():
        model(torch.from_numpy(fresh.X), queries)
    return prepared + times[-1] * iterations + time.process_time() - started


def profile(plan: Plan, table: pd.DataFrame) -> dict[str, float]:
    """Where the CPU-seconds of trials like those of a table go, by a random sample of them.

    Returns:
        Seconds of a trial: all; of these drawing its training set, training, and testing (draws included);
        and, were their multiply-adds done at the speed of a large matrix product, training_at_peak and
        testing_at_peak.
    """
    cells = {cell.place: cell for cell in plan.cells}
    rows = table.sample(min(TRIALS_PROFILED, len(table)), random_state=plan.seed)
    places = rows[[*plan.columns, "replicate"]].itertuples(index=False)
    groups = batches([plan.trial(cells[level, n], replicate) for level, n, replicate in places])
    seconds = dict.fromkeys(("all", "drawing", "training", "training_at_peak", "testing_at_peak"), 0.0)
    fastest = peak()
    for group in groups:
        times = [time.process_time()]
        measured = train_batch(group)
        times.append(time.process_time())
        settings, streams, samples = prepare(group)
        times.append(time.process_time())
        list(train(settings, streams, samples, torch.float32))
        times.append(time.process_time())
        for name, duration in zip(("all", "drawing", "training"), np.diff(times), strict=True):
            seconds[name] += float(duration)
        tested = sum(m["test_samples"] * settings[0].S for _, m in measured)
        seconds["training_at_peak"] += needed(group) / fastest
        seconds["testing_at_peak"] += tested * multiply_adds_of_a_query(settings[0]) / fastest
    seconds["testing"] = seconds["all"] - seconds["drawing"] - seconds["training"]
    return {name: value / len(rows) for name, value in seconds.items()}


def needed(trials: Sequence[Trial]) -> float:
    """Multiply-adds that training a batch really needs; which parts have a gradient is seen once an epoch."""
    settings, streams, samples = prepare(trials)
    signs = [
        initial_weights(draw_streams(t).model, s)[1].float() for t, s in zip(trials, settings, strict=True)
    ]
    rng, workspace, total = np.random.default_rng(0), Workspace(), 0.0

    def watch(_: int, members: Sequence[int], weights: Weights) -> None:
        nonlocal total
        for place, i in enumerate(members):
            W = Weights(*(w[place : place + 1] for w in weights))
            found = shares(rng, settings[i], samples[i], W, signs[i], workspace)
            total += settings[i].steps_per_epoch * multiply_adds(settings[i], *found)

    list(train(settings, streams, samples, torch.float32, watch))
    return total


def judged(plan: Plan, placement: Placement) -> tuple[Fits, pd.DataFrame]:
    """The fits of a plan with trials placed otherwise, all of them trained here and now; and the trials."""
    plan, asked = replace(plan, arms=(Arm({}, placement),)), hypothesis(plan.claim)
    with tempfile.TemporaryDirectory() as folder:
        table = Session(Path(folder) / "store.sqlite").carry_out(plan).trials
    fits = fit_laws(gather(counted(count(table, plan), plan.columns[-1]), asked), asked)
    if fits is None:
        raise SystemExit(f"{plan.claim.name} gives no estimate, so that there is nothing to compare")
    return fits, table


def compare(claim: Claim, replicates: int, seed: int) -> tuple[dict[str, float], pd.DataFrame]:
    """The interval of a grid of so many trials a cell; that of `verify`, what it takes, and its trials.

    The interval of a verdict is that of a straight and a curved law together where one power law is doubtful,
    so that of the straight one is told as well.
    """
    plan, factor = make_plan(claim, "standard", seed), claim.design.factor
    grid, _ = judged(plan, Grid(plan.placement.cells, replicates))
    started = time.process_time()
    fits, table = judged(plan, plan.placement)
    seconds = time.process_time() - started
    found = {
        "seed": seed,
        "cpu_seconds": seconds,
        "trials": len(table),
        "iterations": float(table["iterations"].mean()),
    }
    for name, one in (("grid", grid), ("ours", fits)):
        found[f"width_of_{name}"] = one.interval(factor).width
        found[f"straight_width_of_{name}"] = one.straight.interval(factor).width
        found[f"exponent_of_{name}"] = one.straight.exponent(factor)
    return found, table


def measure(claim: Claim, replicates: int, seeds: Sequence[int]) -> dict[str, object]:
    """Compare `verify` with a grid of so many trials a cell."""
    plan = make_plan(claim, "standard", seeds[0])
    iterations, runs, timings = hardest(plan, trials=20), [], []
    for seed in seeds:  # in turns, as the speed of a shared machine changes
        runs.append(compare(claim, replicates, seed))
        timings.append(grid_seconds(make_plan(claim, "standard", seed), iterations, replicates))
    seconds, error = (
        float(np.mean(timings, axis=0)[0]),
        float(np.linalg.norm(timings, axis=0)[1] / len(seeds)),
    )
    found, (_, table) = [one for one, _ in runs], runs[0]

    def of_all(average: Callable[[list[float]], float], name: str) -> float:
        return float(average([one[name] for one in found]))

    of_a_trial, fewest = profile(plan, table), FIRST_INTERIM * len(plan.levels)
    mean_seconds, mean_trials = of_all(np.mean, "cpu_seconds"), of_all(np.mean, "trials")
    ratio = seconds / mean_seconds
    at_peak = (of_a_trial["training_at_peak"] + of_a_trial["testing_at_peak"]) / of_a_trial["all"]
    return {
        "cpu_seconds": {"grid": seconds, "grid_standard_error": error, "ours": mean_seconds},
        "ci_width": {name: of_all(np.median, f"width_of_{name}") for name in ("grid", "ours")},
        "straight_ci_width": {
            name: of_all(np.median, f"straight_width_of_{name}") for name in ("grid", "ours")
        },
        "ratio": ratio,
        "trials": {"grid": len(plan.cells) * replicates, "ours": mean_trials},
        "iterations": {"grid": iterations, "ours": of_all(np.mean, "iterations")},
        "seeds": found,
        "profile": {
            "seconds_of_a_trial": of_a_trial,
            "fewest_trials": fewest,
            "ratio_of_fewest": ratio * mean_trials / fewest,
            "ratio_at_peak": ratio / at_peak,
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--quick", action="store_true", help="compare with a grid of 5 trials a cell")
    options = parser.parse_args()
    torch.set_num_threads(1)
    claim = bounds.find("sample_complexity")
    result = measure(claim, *((5, SEEDS[:1]) if options.quick else (claim.design.replicates, SEEDS)))
    if options.json:
        print(json.dumps(result, indent=2))
        return
    seconds, trials = result["cpu_seconds"], result["trials"]
    widths = [[result[name][who] for name in ("ci_width", "straight_ci_width")] for who in ("grid", "ours")]
    of_grid, of_ours = (
        "interval {:.3f} wide, that of one power law {:.3f} (medians)".format(*two) for two in widths
    )
    print(
        f"grid: {trials['grid']} trials, {seconds['grid']:.0f} +- {seconds['grid_standard_error']:.0f}"
        " CPU-seconds,"
    )
    print(f"      {of_grid}")
    print(f"ours: {trials['ours']:.0f} trials, {seconds['ours']:.1f} CPU-seconds (means), {of_ours}")
    for one in result["seeds"]:
        print("      " + ", ".join(f"{name} {value:.4g}" for name, value in one.items()))
    print(f"ratio {result['ratio']:.0f}")
    found = result["profile"]
    print(
        "a trial: "
        + ", ".join(f"{name} {1e3 * value:.1f} ms" for name, value in found["seconds_of_a_trial"].items())
    )
    print(
        f"ratio {found['ratio_at_peak']:.0f}, were trials nothing but multiply-adds at the machine's peak;"
        f" {found['ratio_of_fewest']:.0f} with {found['fewest_trials']} trials, the fewest of a run that ends"
        " early"
    )


if __name__ == "__main__":
    main()
