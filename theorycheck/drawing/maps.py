"""The success map of a scaling law of one threshold, its log-log plot, and the residuals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from theorycheck.drawing.axes import STYLE, log_axes, one_axes, tell, told
from theorycheck.drawing.lettering import axis_label, formula
from theorycheck.drawing.lettering import words as lettered
from theorycheck.judgement import Judgement

if TYPE_CHECKING:
    from theorycheck.claim import Claim


Words = Mapping[str, str]  # what the response calls things, by the name of a letter


def success_map(
    judgement: Judgement, claim: Claim, cells: pd.DataFrame, words: Words, exponent: float
) -> Figure:
    """Share of successes in every cell (level, N), with the fitted threshold and the claimed slope."""
    figure, axes = one_axes()
    factor, letter = claim.design.changing
    levels, values = (np.array(tried) for tried in claim.design.changing.values())
    grid = _shares(cells, claim)
    axes.set_facecolor(
        "0.85"
    )  # cells without evidence: not needed, outside of the regime, or all trials unfitted
    mesh = axes.pcolormesh(_edges(levels), _edges(values), grid, cmap="cividis", vmin=0, vmax=1)
    figure.colorbar(mesh, ax=axes, label="share of successful trials")
    _draw_laws(axes, judgement, exponent, on_map=True)
    for row in cells[cells["trials"] > 0].to_dict("records"):
        (mark,) = axes.plot([row[factor]], [row[letter]], "s", markersize=11, alpha=0, zorder=9)
        tell(
            mark,
            f"{row['successes']} of {row['trials']} trials succeed at {row[factor]:g}, {row[letter]:g}",
        )
    _label(axes, claim, words, levels)
    axes.set_ylim(_edges(values)[0], _edges(values)[-1])
    if judgement.curve:
        axes.legend(loc="upper right", framealpha=0.95)
    return figure


def published_map(claim: Claim, cells: pd.DataFrame, words: Words) -> Figure:
    """The success map of this run beside the published one, on the same axes."""
    factor, letter = claim.design.changing
    levels, values = (np.array(tried) for tried in claim.design.changing.values())
    published = pd.read_csv(claim.design.published).rename(columns={"n": letter})
    figure = Figure(figsize=(8.8, 4.2), layout="constrained")
    both = figure.subplots(1, 2, sharex=True, sharey=True)
    rounded = published.assign(**{factor: _nearest(published[factor], levels)})
    for axes, counts, title in zip(both, (cells, rounded), ("this run", "published"), strict=True):
        axes.set_facecolor("0.85")
        grid = _shares(counts, claim)
        mesh = axes.pcolormesh(_edges(levels), _edges(values), grid, cmap="cividis", vmin=0, vmax=1)
        _label(axes, claim, words, levels)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.2f}"))
        axes.tick_params(axis="x", rotation=90)
        axes.set_title(title)
    both[1].set_ylabel("")
    figure.colorbar(mesh, ax=both, label="share of successful trials")
    return figure


def log_log_plot(
    judgement: Judgement, claim: Claim, cells: pd.DataFrame, words: Words, exponent: float
) -> Figure:
    """The threshold of every level with its 95 % interval, the fitted law with its band, and the claimed
    slope.
    """
    figure, axes = one_axes()
    _draw_laws(axes, judgement, exponent, on_map=False)
    for threshold in judgement.levels:
        x, value = threshold.point[0], threshold.value
        if threshold.measured:
            error = [[value - threshold.low], [threshold.high - value]]
            drawn = axes.errorbar([x], [value], error, fmt="o", color=STYLE["threshold"], capsize=3)
            tell(drawn[0], told(threshold, claim, cells))
        else:
            marker = "^" if threshold.kind == "above" else "v"
            axes.plot([x], [value], marker, mfc="none", color=STYLE["threshold"], markersize=8)
    axes.plot([], [], "o", color=STYLE["threshold"], label="threshold of one level, 95 % interval")
    if any(not t.measured for t in judgement.levels):
        axes.plot(
            [],
            [],
            "^",
            mfc="none",
            color=STYLE["threshold"],
            label=lettered(f"threshold beyond the {claim.searched} tried (bound)"),
        )
    _label(axes, claim, words, [t.point[0] for t in judgement.levels])
    axes.legend(loc="best", framealpha=0.95)
    return figure


def residual_plot(judgement: Judgement, claim: Claim) -> Figure:
    """Residuals of the log-log regression of level values, and the leverage of each level."""
    figure = Figure(figsize=(6.4, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    rows = judgement.regression.rows if judgement.regression else ()
    left.axhline(0, color="0.6", linewidth=1)
    left.plot([row.fitted for row in rows], [row.residual for row in rows], "o", color=STYLE["fitted"])
    left.set(xlabel=f"fitted log {formula(claim, claim.quantity)}", ylabel="studentised residual")
    right.plot([row.leverage for row in rows], [row.residual for row in rows], "o", color=STYLE["fitted"])
    for row in rows:
        label = ", ".join(f"{x:g}" for x in row.point)
        right.annotate(label, (row.leverage, row.residual), (4, 4), textcoords="offset points", fontsize=8)
    right.set(xlabel=f"leverage (labels: {formula(claim, claim.design.factor)})")
    right.margins(x=0.15, y=0.1)
    return figure


def _draw_laws(axes: Axes, judgement: Judgement, exponent: float, on_map: bool) -> None:
    """The fitted threshold with its 95 % band, and the claimed slope through the fit's middle."""
    curve = judgement.curve
    if not curve:
        return
    x, middle, low, high = (np.array(column) for column in zip(*curve, strict=True))
    shade = "white" if on_map else STYLE["fitted"]
    axes.fill_between(x, low, high, color=shade, alpha=0.35, linewidth=0)
    axes.plot(x, middle, color="white" if on_map else STYLE["fitted"], linewidth=4 if on_map else 2)
    axes.plot(x, middle, color=STYLE["fitted"], linewidth=2, label="fitted threshold, 95 % band")
    pivot = len(x) // 2
    claimed = middle[pivot] * (x / x[pivot]) ** exponent
    axes.plot(x, claimed, "--", color="white" if on_map else STYLE["claimed"], linewidth=4 if on_map else 2)
    label = f"claimed slope {exponent:g} (through the middle of the fit)"
    axes.plot(x, claimed, "--", color=STYLE["claimed"], linewidth=2, label=label)


def _nearest(values: pd.Series, levels: np.ndarray) -> np.ndarray:
    """Each value's nearest level: a table read off a figure has rounded ones."""
    return np.asarray(levels[np.abs(values.to_numpy(float)[:, None] - levels[None, :]).argmin(axis=1)])


def _shares(cells: pd.DataFrame, claim: Claim) -> np.ndarray:
    """Share of successes by N (row) and level (column); nan where nothing was tried."""
    (factor, levels), (letter, values) = claim.design.changing.items()
    share = (
        (cells["successes"] / cells["trials"].where(cells["trials"] > 0))
        .groupby([cells[letter], cells[factor]])
        .sum(min_count=1)
    )
    return np.asarray(share.unstack().reindex(index=values, columns=levels), float)


def _label(axes: Axes, claim: Claim, words: Words, levels: np.ndarray | list[float]) -> None:
    log_axes(axes, list(levels), formula(claim, claim.design.factor), axis_label(claim, words), base=2)


def _edges(values: np.ndarray) -> list[float]:
    """Borders of cells around values, half-way between them in the logarithm."""
    logs = np.log(values)
    if len(logs) == 1:
        return [float(values[0] / 2), float(values[0] * 2)]
    middle = (logs[1:] + logs[:-1]) / 2
    edges = [2 * logs[0] - middle[0], *middle, 2 * logs[-1] - middle[-1]]
    return [float(np.exp(edge)) for edge in edges]
