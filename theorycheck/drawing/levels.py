"""The quantity at every level, drawn for statements of several kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import stats

from theorycheck.drawing import Shown
from theorycheck.drawing.allowed import wedge
from theorycheck.drawing.axes import band, crossed, label_axes, log_axes, one_axes, points
from theorycheck.drawing.lettering import formula
from theorycheck.drawing.lettering import words as lettered
from theorycheck.drawing.style import SERIES, STYLE
from theorycheck.judgement import Interval, Judgement, Levels, LevelValue

if TYPE_CHECKING:
    from theorycheck.claim import Claim


def scaling(shown: Shown, exponent: float, allowed: Interval | None = None) -> Figure:
    """The quantity at every level, one series for each value of what is crossed, and the claimed slope in the
    wedge of those that are allowed.
    """
    figure, axes = _series(shown)
    groups = _groups(shown.judgement).values()
    for (colour, _), values in zip(SERIES * len(groups), groups, strict=False):
        if inside := [v for v in values if v.measured]:
            middle = inside[len(inside) // 2]
            x = np.array([inside[0].point[0], inside[-1].point[0]])
            slope = middle.value * (x / middle.point[0]) ** exponent
            axes.plot(x, slope, "--", color=colour, linewidth=1, alpha=0.8)
            if allowed is not None:
                at = middle.point[0], middle.value
                low, high = axes.get_xlim() if len(groups) == 1 else x
                reach = np.geomspace(low, high, 200)
                wedge(axes, reach, at, allowed, edges=len(groups) == 1)
    label = f"claimed slope {exponent:g} through the middle" + " of each series" * (len(groups) > 1)
    axes.plot([], [], "--", color=STYLE["threshold"], label=label)
    if allowed is not None:
        label = f"allowed slopes: {allowed.spoken}"
        axes.fill_between([], [], [], color=STYLE["allowed"], alpha=0.3, label=label)
    figure.legend(loc="outside upper left", ncols=2)
    return figure


def groups(shown: Shown) -> Figure:
    """The quantity in each group, with the power law fitted to it: the estimate that names the group."""
    figure, axes = _series(shown)
    for (colour, _), values in zip(SERIES * 3, _groups(shown.judgement).values(), strict=False):
        ((name, value),) = crossed(shown, values[0].point).items()
        told = f"{name} = {_said(value)}, "
        fitted = [e for e in shown.judgement.beside if e.method.startswith(told)]
        inside = [v for v in values if v.measured]
        if inside and fitted:
            estimate = fitted[0]
            x, y = np.array([(v.point[0], v.value) for v in inside]).T
            law = stats.gmean(y) * (x / stats.gmean(x)) ** estimate.value
            axes.plot(x, law, color=colour, linewidth=1.5, label=f"exponent {estimate.text}")
    figure.legend(loc="outside upper left", ncols=2)
    return figure


def direction(shown: Shown) -> Figure:
    """The quantity at every level, and the fitted exponential with its 95 % band."""
    figure, axes = one_axes()
    judgement, claim = shown.judgement, shown.claim
    if judgement.curve:
        band(axes, judgement, "exponential fitted to all trials, 95 % band")
    label = f"{formula(claim, claim.quantity)} of one level, 95 % interval"
    points(axes, shown, judgement.levels, STYLE["threshold"], "o", label)
    label_axes(axes, shown)
    axes.set_ylim(bottom=0)
    axes.legend()
    return figure


def ordering(shown: Shown) -> Figure:
    """Mean of the quantity against the factor with 95 % intervals over seeds, a series for each of what is
    crossed.
    """
    figure, axes = one_axes()
    claim, factor = shown.claim, shown.claim.design.factor
    beside = [name for name in claim.design.crossed if name in claim.law.letters]
    groups = shown.evidence.groupby(beside) if beside else [((), shown.evidence)]
    for (colour, marker), (group, rows) in zip(SERIES * 3, groups, strict=False):
        by_seed = rows.groupby([factor, "seed"])["value"].mean().unstack()
        half = stats.t.ppf(0.975, by_seed.count(axis=1) - 1) * by_seed.sem(axis=1)
        label = lettered(", ".join(map(str, group))) or None
        mean = by_seed.mean(axis=1)
        axes.errorbar(
            mean.index, mean, half, color=colour, marker=marker, capsize=3, linewidth=1.2, label=label
        )
    axes.set_xlabel(formula(claim, factor) if len(factor) < 3 else lettered(claim.text(factor)))
    axes.set_ylabel(f"{lettered(claim.text(claim.quantity))}, mean over seeds, 95 % interval")
    axes.set_ylim(bottom=0)
    if beside:
        axes.legend(title=lettered(", ".join(map(claim.text, beside))), framealpha=0.95)
    return figure


def _groups(judgement: Judgement) -> dict[Levels, list[LevelValue]]:
    """The levels' values, by what is crossed."""
    groups: dict[Levels, list[LevelValue]] = {}
    for value in judgement.levels:
        groups.setdefault(value.point[1:], []).append(value)
    return groups


def _series(shown: Shown) -> tuple[Figure, Axes]:
    """Points with their intervals, one series for each value of what is crossed, on logarithmic axes."""
    figure, axes = one_axes()
    claim, groups = shown.claim, _groups(shown.judgement).values()
    for (colour, marker), values in zip(SERIES * len(groups), groups, strict=False):
        group = crossed(shown, values[0].point).items()
        named = ", ".join(_named(claim, name, value) for name, value in group)
        label = named or f"{formula(claim, claim.quantity)} of one level, 95 % interval"
        points(axes, shown, values, colour, marker, label)
    log_axes(axes, shown, sorted({v.point[0] for v in shown.judgement.levels}))
    return figure, axes


def _named(claim: Claim, name: str, value: object) -> str:
    """What is crossed: `eta = 0.1` as a formula, `attention = False` as words."""
    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    said = f" = {_said(value)}"
    return formula(claim, name, said) if numeric else lettered(claim.text(name) + said)


def _said(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
