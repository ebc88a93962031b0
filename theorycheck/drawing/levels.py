"""The quantity at every level, drawn for statements of several kinds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import stats

from theorycheck.drawing.axes import SERIES, STYLE, crossed_value, log_axes, one_axes, points, told
from theorycheck.drawing.lettering import axis_label, formula
from theorycheck.drawing.lettering import words as lettered
from theorycheck.judgement import Judgement, LevelValue

if TYPE_CHECKING:
    from theorycheck.claim import Claim


Words = Mapping[str, str]  # what the response calls things, by the name of a letter, or "measured"


def scaling(
    judgement: Judgement, claim: Claim, observed: pd.DataFrame, words: Words, exponent: float
) -> Figure:
    """The quantity at every level, one series for each value of what is crossed, and the claimed slope."""
    figure, axes = _series(judgement, claim, observed, words)
    for (colour, _), values in zip(SERIES * len(judgement.levels), _groups(judgement).values(), strict=False):
        if inside := [v for v in values if v.measured]:
            middle = inside[len(inside) // 2]
            x = np.array([inside[0].point[0], inside[-1].point[0]])
            slope = middle.value * (x / middle.point[0]) ** exponent
            axes.plot(x, slope, "--", color=colour, linewidth=1, alpha=0.8)
    label = f"claimed slope {exponent:g} through the middle of each series"
    axes.plot([], [], "--", color="0.3", label=label)
    axes.legend(loc="best", framealpha=0.95)
    return figure


def contrast(judgement: Judgement, claim: Claim, observed: pd.DataFrame, words: Words) -> Figure:
    """Thresholds of both groups, with their fitted power laws."""
    figure, axes = _series(judgement, claim, observed, words)
    for (colour, _), i, estimate in zip(SERIES, (0.0, 1.0), judgement.beside, strict=False):
        inside = [v for v in judgement.levels if v.point[1] == i and v.measured]
        if inside:
            x, y = (np.array(column) for column in zip(*((v.point[0], v.value) for v in inside), strict=True))
            middle = np.exp(np.log(x).mean()), np.exp(np.log(y).mean())
            label = f"exponent {estimate.text}"
            axes.plot(
                x, middle[1] * (x / middle[0]) ** estimate.value, color=colour, linewidth=1.5, label=label
            )
    axes.legend(loc="best", framealpha=0.95)
    return figure


def direction(judgement: Judgement, claim: Claim, observed: pd.DataFrame, words: Words) -> Figure:
    """The quantity at every level, and the fitted exponential with its 95 % band."""
    figure, axes = one_axes()
    if judgement.curve:
        x, middle, low, high = (np.array(column) for column in zip(*judgement.curve, strict=True))
        axes.fill_between(x, low, high, color=STYLE["fitted"], alpha=0.3, linewidth=0)
        axes.plot(
            x, middle, color=STYLE["fitted"], linewidth=2, label="exponential fitted to all trials, 95 % band"
        )
    label = f"{formula(claim, claim.quantity)} of one level, 95 % interval"
    texts = [told(value, claim, observed) for value in judgement.levels]
    points(axes, judgement.levels, texts, STYLE["threshold"], "o", label)
    axes.set_xlabel(formula(claim, claim.design.factor))
    axes.set_ylabel(axis_label(claim, words))
    axes.set_ylim(bottom=0)
    axes.legend(loc="best", framealpha=0.95)
    return figure


def ordering(claim: Claim, values: pd.DataFrame) -> Figure:
    """Mean of the quantity against the factor with 95 % intervals over seeds, a series for each of what is
    crossed.
    """
    figure, axes = one_axes()
    factor, crossed = (
        claim.design.factor,
        [name for name in claim.design.crossed if name in claim.law.letters],
    )
    groups = values.groupby(crossed) if crossed else [((), values)]
    for (colour, marker), (group, rows) in zip(SERIES * 3, groups, strict=False):
        by_seed = rows.groupby([factor, "seed"])["value"].mean().unstack()
        mean, count = by_seed.mean(axis=1), by_seed.count(axis=1)
        half = stats.t.ppf(0.975, count - 1) * by_seed.std(axis=1) / np.sqrt(count)
        label = lettered(", ".join(map(str, group)))
        axes.errorbar(
            mean.index, mean, half, color=colour, marker=marker, capsize=3, linewidth=1.2, label=label or None
        )
    axes.set_xlabel(formula(claim, factor) if len(factor) < 3 else lettered(claim.text(factor)))
    axes.set_ylabel(f"{lettered(claim.text(claim.quantity))}, mean over seeds, 95 % interval")
    axes.set_ylim(bottom=0)
    if crossed:
        axes.legend(title=lettered(", ".join(map(claim.text, crossed))), loc="best", framealpha=0.95)
    return figure


def _groups(judgement: Judgement) -> dict[tuple[float, ...], list[LevelValue]]:
    """The levels' values, by what is crossed."""
    groups: dict[tuple[float, ...], list[LevelValue]] = {}
    for value in judgement.levels:
        groups.setdefault(value.point[1:], []).append(value)
    return groups


def _series(judgement: Judgement, claim: Claim, observed: pd.DataFrame, words: Words) -> tuple[Figure, Axes]:
    """Points with their intervals, one series for each value of what is crossed, on logarithmic axes."""
    figure, axes = one_axes()
    groups, names = _groups(judgement), list(claim.design.crossed)
    for (colour, marker), (group, values) in zip(SERIES * len(groups), groups.items(), strict=False):
        label = ", ".join(
            f"{claim.text(name)} = {_crossed(claim, name, v)}" for name, v in zip(names, group, strict=False)
        )
        texts = [told(value, claim, observed) for value in values]
        label = lettered(label or f"{claim.text(claim.quantity)} of one level, 95 % interval")
        points(axes, values, texts, colour, marker, label)
    levels = sorted({v.point[0] for v in judgement.levels})
    log_axes(axes, levels, formula(claim, claim.design.factor), axis_label(claim, words))
    return figure, axes


def _crossed(claim: Claim, name: str, x: float) -> str:
    value = crossed_value(claim.design.crossed[name], x)
    return f"{value:g}" if isinstance(value, float) else str(value)
