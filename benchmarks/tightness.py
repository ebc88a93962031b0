"""Where the bounds on the number of samples are tight: local exponents over token noise and output scale.

    python benchmarks/tightness.py [--store PATH] [--seed N] [--jobs N] [--budget N] [--draw-only]

For every token noise tau and output scale s, with attention and without it, N* is sought where samples of 400
tokens have 3 to 14 label-relevant ones; with fewer than 3 a majority is no majority. Trials
are placed as `verify` places them. Writes docs/claims/tightness.csv after every cell, and then
docs/claims/tightness.png.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from itertools import product
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import theorycheck as tc
from theorycheck.bounds import find
from theorycheck.bounds.shallow_vit import EAGER
from theorycheck.claim import Claim
from theorycheck.statements.base import counted
from theorycheck.statistics.evidence import Trials

FOLDER = Path(__file__).parents[1] / "docs/claims"
TABLE = FOLDER / "tightness.csv"
FACTOR = "alpha_relevant"
LEVELS = (0.0075, 0.01, 0.0125, 0.0175, 0.025, 0.035)  # 3, 4, 5, 7, 10 and 14 tokens of 400
SAMPLES = tuple(round(2 ** (k / 2)) for k in range(2, 25))  # 2 to 4096
NOISES, SCALES = (0.2, 0.4, 0.05), (0.1, 1.0)
CLAIMS = {True: "sample_complexity", False: "sample_complexity_without_attention"}
CLAIMED = {True: -2, False: -4}
COLOURS = {0.1: "#c1440e", 1.0: "#0b3c5d"}


def cell(tau: float, scale: float, attention: bool, budget: int) -> Claim:
    """The claim with samples of 400 tokens, its levels lower by four, and its search as far as 4096."""
    claim = find(CLAIMS[attention])
    design, eager = claim.design, 1 if scale == 1 else EAGER
    changed = {
        "L": 400,
        "m": 280,  # of which the theorem asks for N = 4096
        "tau": tau,
        "output_scale": scale,
        "eta": eager * design.held["eta"],
        "T": design.held["T"] / scale,
    }
    search = design.search.model_copy(update={"values": SAMPLES})
    note = "Samples of 400 tokens (docs/claims/tightness.md)."
    there = design.another(note, changed, levels=LEVELS, search=search, budget=budget)
    return claim.model_copy(update={"design": there, "designs": {}, "variations": {}})


def judged(
    tau: float, scale: float, attention: bool, asked: argparse.Namespace
) -> Iterator[dict[str, object]]:
    """The local exponents at every level by a quadratic, with 95 % intervals, and what was decided."""
    claim = cell(tau, scale, attention, asked.budget)
    found = tc.verify(claim, seed=asked.seed, jobs=asked.jobs, store=asked.store)
    fit = Trials.of(counted(found.observed, "N"), [FACTOR]).fit(2)
    said = {
        "tau": tau,
        "s": scale,
        "attention": attention,
        "trials": len(found.trials),
        "verdict": found.verdict.judgement.decision,
    }
    for level in LEVELS if fit else ():
        at = (level,)
        interval = fit.interval(FACTOR, at=at)
        row = {
            FACTOR: level,
            "exponent": fit.exponent(FACTOR, at),
            "low": interval.low,
            "high": interval.high,
        }
        yield {**said, **row}


def difference(rows: pd.DataFrame) -> pd.DataFrame:
    """The exponent without attention less that with it, with the interval of two independent estimates."""
    with_it, without = (rows[rows["attention"] == kind].set_index(FACTOR) for kind in (True, False))
    apart = without["exponent"] - with_it["exponent"]
    down = np.hypot(without["exponent"] - without["low"], with_it["high"] - with_it["exponent"])
    up = np.hypot(without["high"] - without["exponent"], with_it["exponent"] - with_it["low"])
    return pd.DataFrame({"exponent": apart, "low": apart - down, "high": apart + up}).dropna().reset_index()


def drawn(table: pd.DataFrame) -> plt.Figure:
    """Local exponents with attention, without it, and their difference (rows) for every tau (columns)."""
    noises = sorted(table["tau"].unique())
    figure, axes = plt.subplots(
        3, len(noises), figsize=(3.2 * len(noises), 7.5), sharex=True, sharey="row", squeeze=False
    )
    for column, tau in enumerate(noises):
        here = table[table["tau"] == tau]
        axes[0, column].set_title(rf"$\tau$ = {tau:g}")
        for scale, rows in here.groupby("s"):
            parts = [rows[rows["attention"]], rows[~rows["attention"]], difference(rows)]
            for ax, part, claimed in zip(axes[:, column], parts, (-2, -4, -2), strict=True):
                ax.axhline(claimed, color="0.3", linestyle="--", linewidth=1)
                if part.empty:
                    continue
                ax.plot(part[FACTOR], part["exponent"], color=COLOURS[scale], label=f"s = {scale:g}")
                ax.fill_between(
                    part[FACTOR], part["low"], part["high"], color=COLOURS[scale], alpha=0.2, linewidth=0
                )
    for ax, what in zip(axes[:, 0], ("with attention", "without attention", "difference"), strict=True):
        ax.set(xscale="log", ylabel=f"local exponent,\n{what}")
    for row, (low, high) in zip(axes, ((-5, 1), (-7, 1), (-5, 2)), strict=True):
        row[0].set_ylim(low, high)
    for ax in axes[-1]:
        ax.set_xlabel(r"$\alpha_*$")
    axes[0, -1].legend(title="output scale", frameon=False)
    figure.align_ylabels()
    figure.tight_layout()
    return figure


def main() -> None:
    """Judge all cells, or draw what was judged."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--store", default=".theorycheck/tightness.sqlite")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--budget", type=int, default=200)
    parser.add_argument("--table", type=Path, default=TABLE)
    parser.add_argument("--draw-only", action="store_true")
    asked = parser.parse_args()
    if not asked.draw_only:
        rows: list[dict[str, object]] = []
        for attention, tau, scale in product((True, False), NOISES, SCALES):
            rows += judged(tau, scale, attention, asked)
            pd.DataFrame(rows).round(4).to_csv(asked.table, index=False)
            print(pd.DataFrame(rows[-len(LEVELS) :]).round(3).to_string(), flush=True)
    drawn(pd.read_csv(asked.table)).savefig(asked.table.with_suffix(".png"), dpi=150)


if __name__ == "__main__":
    main()
