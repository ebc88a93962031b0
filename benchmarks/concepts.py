"""Draws the pictures of docs/how-the-judge-thinks.md from planted laws:  python benchmarks/concepts.py

Every point is a simulated trial, and every fit and verdict is the judge's.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator
from planted import PlantedThreshold

from theorycheck import profiles
from theorycheck.drawing.style import MARKS, STYLE, sheet
from theorycheck.judgement import Judgement
from theorycheck.statistics.hypothesis import Hypothesis, Variable
from theorycheck.statistics.judge import judge

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs/concepts"
LEVELS = tuple(np.geomspace(0.03, 0.3, 7).round(3))
SAMPLES = (2, 3, 4, 6, 8, 11, 16, 23, 32, 45, 64, 91, 128, 181, 256)
PLANTED = PlantedThreshold(LEVELS, SAMPLES, 20, exponent=-1.0, threshold=24.0)
CLAIM = Hypothesis((Variable("x", "x", -1.0, "0"),), "O")
SEED = 7  # of the pictures, which decide nothing


def judged(planted: PlantedThreshold, hypothesis: Hypothesis = CLAIM) -> tuple[pd.DataFrame, Judgement]:
    table = planted.draw(np.random.default_rng(SEED))
    return table, judge(table, hypothesis)


def plain(axis: Axis, ticks: Sequence[float]) -> None:
    """Numbers at some ticks of a logarithmic axis."""
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_locator(NullLocator())


def law(axes: Axes, judgement: Judgement) -> None:
    """Thresholds with their intervals, censored ones as arrows, and the fit."""
    for level in judgement.levels:
        x = level.point[0]
        if level.measured:
            axes.plot([x, x], [level.low, level.high], color=STYLE["threshold"], linewidth=1)
            axes.plot(x, level.value, "o", color=STYLE["threshold"], markersize=5)
        else:
            marker = "^" if level.kind == "above" else "v"
            axes.plot(x, level.value, marker, color=STYLE["claimed"], markersize=9)
    x, fitted, low, high = np.transpose(judgement.curve)
    axes.plot(x, fitted, color=STYLE["fitted"], linewidth=2)
    axes.fill_between(x, low, high, color=STYLE["fitted"], alpha=0.2, linewidth=0)
    axes.set(xscale="log", yscale="log", xlabel="level x", ylabel="threshold $N^*$")
    plain(axes.xaxis, LEVELS)
    plain(axes.yaxis, [n for n in (8, 16, 32, 64, 128) if axes.get_ylim()[0] < n < axes.get_ylim()[1]])


def threshold(axes: Axes) -> None:
    table, judgement = judged(PLANTED)
    at = LEVELS[3]
    cells = table[table["x"] == at]
    axes.plot(cells["searched"], cells["successes"] / cells["trials"], "o", color=STYLE["threshold"])
    n = np.geomspace(2, 256, 200)
    axes.plot(n, PLANTED.rate(np.full_like(n, at), n), color=STYLE["fitted"], label="planted success curve")
    (found,) = (level for level in judgement.levels if level.point[0] == at)
    axes.axvspan(found.low, found.high, color=STYLE["allowed"], alpha=0.25, label="95 % interval of $N^*$")
    axes.axvline(found.value, color=STYLE["allowed"], linewidth=2)
    axes.axhline(0.5, color=STYLE["threshold"], linewidth=0.7, linestyle=":")
    axes.set(xscale="log", xlabel="training samples $N$", ylabel="share of successful trials")
    plain(axes.xaxis, SAMPLES[::2])
    axes.legend(loc="upper left")


def censoring(axes: Axes) -> None:
    few = tuple(n for n in SAMPLES if 8 <= n <= 91)
    law(axes, judged(replace(PLANTED, samples=few))[1])
    for end in (min(few), max(few)):
        axes.axhline(end, color=STYLE["claimed"], linestyle="--", linewidth=1)
    axes.set_title("between the dashed lines $N$ was tried; triangles are bounds")


def allowed(axes: Axes) -> None:
    """The intervals of three planted exponents against the claim O(x^-1)."""
    bounds = CLAIM.allowed(CLAIM.variables[0])
    right = 0.0
    axes.axvspan(bounds.low, right, color=STYLE["allowed"], alpha=0.2, label="allowed: -1.25 and above")
    axes.axvline(-1, color=STYLE["claimed"], linestyle="--", label="claimed: -1")
    for row, exponent in enumerate((-0.6, -1.2, -1.6)):
        _, judgement = judged(replace(PLANTED, exponent=exponent))
        (estimate,) = judgement.estimates
        marker, colour = MARKS[judgement.decision]
        axes.plot([estimate.interval.low, estimate.interval.high], [row, row], color=colour, linewidth=2)
        axes.plot(estimate.value, row, marker, color=colour, markersize=8)
        axes.text(estimate.value, row + 0.16, judgement.decision, color=colour, ha="center", fontsize=9)
    axes.set(xlim=(-1.9, right), ylim=(-0.5, 3.2), yticks=[], xlabel="exponent and its 95 % interval")
    axes.legend(loc="upper left", ncols=2)


def interim(axes: Axes) -> None:
    """Intervals after every round of a run under the profile standard."""
    cells = tuple((x, n) for x in LEVELS for n in SAMPLES)
    placement = profiles.PROFILES["standard"].place(cells, CLAIM)
    rng, counts, seen = np.random.default_rng(SEED), {cell: [0, 0] for cell in cells}, []
    while True:
        rows = [(*cell, *count, 0, float(count[1])) for cell, count in counts.items() if count[1]]
        table = pd.DataFrame(rows, columns=["x", "searched", "successes", "trials", "unfitted", "work"])
        following = placement.next_round(table)
        if len(rows):
            seen.append((int(table["trials"].sum()), judge(table, CLAIM)))
        if not following:
            break
        for (x, n), trials in sorted(following.items()):
            counts[x, n][0] += int(rng.binomial(trials, PLANTED.rate(x, n)))
            counts[x, n][1] += trials
    for trials, judgement in seen:
        for estimate in judgement.estimates:
            ends = np.clip([estimate.interval.low, estimate.interval.high], -2, 0)
            axes.plot([trials, trials], ends, color=STYLE["fitted"], linewidth=2)
            axes.plot(trials, estimate.value, "o", color=STYLE["fitted"])
    axes.axvline(120 * len(LEVELS), color=STYLE["claimed"], linestyle="--", label="first interim analysis")
    axes.axhspan(-1.25, 0, color=STYLE["allowed"], alpha=0.2, label="allowed")
    axes.set(xscale="log", ylim=(-2, 0), xlabel="trials so far", ylabel="exponent, 95 % interval")
    plain(axes.xaxis, [trials for trials, _ in seen[:-2]] + [seen[-1][0]])
    axes.legend(loc="lower right")


def curvature(axes: Axes) -> None:
    curved = replace(PLANTED, replicates=100, exponent=-1.0, curvature=0.3)
    _, judgement = judged(curved)
    law(axes, judgement)
    (estimate,) = judgement.estimates
    x = np.array([LEVELS[0], LEVELS[3]])
    start = judgement.curve[0]
    axes.plot(x, start[1] * (x / start[0]) ** estimate.value, color=STYLE["claimed"], linestyle="--")
    axes.set_title(f"judged: the slope at the asymptotic end, {estimate.text}")


def calibration(axes: Axes) -> None:
    rows = json.loads((ROOT / "theorycheck/calibration.json").read_text())["conditions"]
    asked = [row for row in rows if row["asked"]]
    for key, decision in (("false_supported", "SUPPORTED"), ("false_refuted", "REFUTED")):
        marker, colour = MARKS[decision]
        share = sorted(100 * row[key] for row in asked if row[key] is not None)
        axes.plot(share, marker, color=colour, markersize=4, label=f"falsely {decision}")
    axes.axhline(5.5, color=STYLE["threshold"], linestyle="--", linewidth=1, label="5.5 % is asked")
    axes.set(xlabel="planted conditions, in order", ylabel="false verdicts, %", ylim=(0, 7))
    axes.legend(loc="lower right")


PICTURES = (threshold, censoring, allowed, interim, curvature, calibration)


def main() -> None:
    """Write every picture."""
    FOLDER.mkdir(exist_ok=True)
    for picture in PICTURES:
        with sheet():
            figure = Figure(figsize=(6.2, 3.6), layout="constrained")
            picture(figure.subplots())
            figure.savefig(FOLDER / f"{picture.__name__}.png", dpi=110)


if __name__ == "__main__":
    main()
