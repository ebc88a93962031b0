"""Values over the iterations, and success against a ratio."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from scipy import stats
from statsmodels.stats.proportion import proportion_confint
from sympy import fraction

from theorycheck.drawing import Shown
from theorycheck.drawing.axes import log_axes, one_axes, points
from theorycheck.drawing.lettering import formula
from theorycheck.drawing.style import SERIES, STYLE

if TYPE_CHECKING:
    from theorycheck.statements import Limit, Transition, UnknownLimit


def trajectories(stated: Limit, shown: Shown) -> Figure:
    """The quantity over the iterations, a line a trial; and its gap to the limit with the claimed rate."""
    claim, measured = shown.claim, shown.evidence
    limit, start, claimed = stated.value, stated.start, STYLE["claimed"]
    figure = Figure(figsize=(8.4, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    for (colour, _), (level, rows) in zip(SERIES, measured.groupby(claim.design.factor), strict=False):
        label = formula(claim, claim.design.factor, f" = {level:g}")
        for _, one in rows[rows["t"] > 0].groupby("key"):
            style = {"color": colour, "linewidth": 0.8, "alpha": 0.6}
            left.plot(one["t"], one["value"], label=label, **style)
            right.plot(one["t"], (limit - one["value"]).abs(), **style)
            label = "_nolegend_"
    left.axhline(limit, linestyle="--", color=claimed, label=f"claimed limit {limit:g}")
    late = measured[measured["t"] >= start].sort_values("t")
    if len(late):
        t = np.geomspace(start, late["t"].max(), 20)
        gap = (limit - late["value"].iloc[0]) * (t / start) ** -stated.rate
        right.plot(t, gap, "--", color=claimed, label=f"claimed rate $t^{{{-stated.rate:g}}}$")
        right.legend(loc="lower left")
    label = shown.words.get("measured") or formula(claim, claim.quantity)
    left.set(xscale="log", ylim=(0, 1.05), xlabel="iterations $t$", ylabel=label)
    right.set(xscale="log", yscale="log", xlabel="iterations $t$", ylabel=f"gap to {limit:g}")
    right.yaxis.set_major_formatter("{x:g}")
    right.yaxis.set_minor_formatter("{x:g}")
    figure.legend(*left.get_legend_handles_labels(), loc="outside upper left", ncols=4)
    return figure


def ends(stated: UnknownLimit, shown: Shown) -> Figure:
    """The quantity over the iterations, a line a trial; and how far it ends from the base, with the power."""
    claim, measured, judgement = shown.claim, shown.evidence, shown.judgement
    figure = Figure(figsize=(8.4, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    groups = measured.groupby(claim.design.factor)
    for (colour, _), (level, rows) in zip(SERIES * 3, groups, strict=False):
        label = formula(claim, claim.design.factor, f" = {level:g}")
        for _, one in rows[rows["t"] > 0].groupby("key"):
            left.plot(one["t"], one["value"], label=label, color=colour, linewidth=0.8, alpha=0.6)
            label = "_nolegend_"
    points(right, shown, judgement.levels, STYLE["threshold"], "o", "mean of the trials, 95 % interval")
    if judgement.levels and judgement.estimates:
        x, y = np.array([(level.point[0], level.value) for level in judgement.levels]).T
        estimate = judgement.estimates[0]
        law = stats.gmean(y) * (x / stats.gmean(x)) ** estimate.value
        right.plot(x, law, color=STYLE["fitted"], label=f"exponent {estimate.text}")
        log_axes(right, shown, sorted(x))
        right.legend()
    label = shown.words.get("measured") or formula(claim, claim.quantity)
    left.set(xscale="log", ylim=(0, 1.05), xlabel="iterations $t$", ylabel=label)
    right.set_ylabel(f"{float(stated.base):g} - {label}, at the end")
    figure.legend(*left.get_legend_handles_labels(), loc="outside upper left", ncols=4)
    return figure


def transition(stated: Transition, shown: Shown) -> Figure:
    """Share of successes against the ratio, a series a level, with 95 % intervals, and the bound."""
    claim, factor, cells = shown.claim, shown.claim.design.factor, shown.evidence
    figure, axes = one_axes()
    groups = cells[cells["trials"] > 0].sort_values("ratio").groupby(factor)
    for (colour, marker), (level, rows) in zip(SERIES * len(groups), groups, strict=False):
        k, n = rows["successes"].to_numpy(), rows["trials"].to_numpy()
        share = k / n
        low, high = proportion_confint(k, n, method="beta")  # Clopper and Pearson
        error = [share - low, high - share]
        label = formula(claim, factor, f" = {level:g}")
        axes.errorbar(
            rows["ratio"], share, error, color=colour, marker=marker, capsize=2, linewidth=1, label=label
        )
    bound = float(stated.bound)
    axes.axvline(bound, linestyle="--", color=STYLE["claimed"], label=f"claimed bound {bound:.3f}")
    top, bottom = (formula(claim, part) for part in fraction(stated.expression))
    both_typeset = top.startswith("$") and bottom.startswith("$")
    axes.set(
        xlabel=f"{top[:-1]} / {bottom[1:]}" if both_typeset else f"{top} / {bottom}",
        ylabel="share of successful trials, 95 % interval",
        xlim=(0, None),
        ylim=(-0.03, 1.03),
    )
    figure.legend(loc="outside upper left", ncols=3)
    return figure
