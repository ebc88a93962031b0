"""The success map of a scaling law of one threshold, its log-log plot, and the residuals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure

from theorycheck.drawing import Shown
from theorycheck.drawing.axes import STYLE, log_axes, one_axes, points, tell
from theorycheck.drawing.lettering import axis_label, formula
from theorycheck.drawing.lettering import words as lettered
from theorycheck.judgement import Judgement

if TYPE_CHECKING:
    from theorycheck.claim import Claim


def success_map(shown: Shown, exponent: float) -> Figure:
    """Share of successes in every cell (level, N), with the fitted threshold and the claimed slope."""
    figure, axes = one_axes()
    cells, changing = shown.evidence, shown.claim.design.changing
    factor, letter = changing
    mesh = _draw_shares(axes, shown.claim, cells)
    figure.colorbar(mesh, ax=axes, label="share of successful trials")
    _draw_laws(axes, shown.judgement, exponent, on_map=True)
    for row in cells[cells["trials"] > 0].to_dict("records"):
        (mark,) = axes.plot([row[factor]], [row[letter]], "s", markersize=11, alpha=0, zorder=9)
        tell(
            mark, f"{row['successes']} of {row['trials']} trials succeed at {row[factor]:g}, {row[letter]:g}"
        )
    _label(axes, shown, changing[factor])
    edges = _edges(changing[letter])
    axes.set_ylim(edges[0], edges[-1])
    if shown.judgement.curve:
        axes.legend(loc="upper right", framealpha=0.95)
    return figure


def published_map(shown: Shown) -> Figure:
    """The success map of this run beside the published one, on the same axes."""
    design = shown.claim.design
    factor, letter = design.changing
    published = pd.read_csv(design.published).rename(columns={"n": letter})
    rounded = published.assign(**{factor: _nearest(published[factor], np.array(design.levels))})
    figure = Figure(figsize=(8.8, 4.2), layout="constrained")
    both = figure.subplots(1, 2, sharex=True, sharey=True)
    for axes, counts, title in zip(both, (shown.evidence, rounded), ("this run", "published"), strict=True):
        mesh = _draw_shares(axes, shown.claim, counts)
        _label(axes, shown, design.levels)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:.2f}")
        axes.tick_params(axis="x", rotation=90)
        axes.set_title(title)
    both[1].set_ylabel("")
    figure.colorbar(mesh, ax=both, label="share of successful trials")
    return figure


def log_log_plot(shown: Shown, exponent: float) -> Figure:
    """The threshold of every level with its 95 % interval, the fitted law with its band, and the claimed
    slope.
    """
    figure, axes = one_axes()
    levels = shown.judgement.levels
    _draw_laws(axes, shown.judgement, exponent, on_map=False)
    points(axes, shown, levels, STYLE["threshold"], "o", "_nolegend_", longest=np.inf)
    axes.plot([], [], "o", color=STYLE["threshold"], label="threshold of one level, 95 % interval")
    if not all(t.measured for t in levels):
        label = lettered(f"threshold beyond the {shown.claim.searched} tried (bound)")
        axes.plot([], [], "^", mfc="none", color=STYLE["threshold"], label=label)
    _label(axes, shown, [t.point[0] for t in levels])
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


def _draw_shares(axes: Axes, claim: Claim, cells: pd.DataFrame) -> ScalarMappable:
    """Share of successes in every cell; grey where there is no evidence."""
    # not needed, outside of the regime, or all trials unfitted
    axes.set_facecolor("0.85")
    (factor, levels), (letter, values) = claim.design.changing.items()
    share = cells["successes"] / cells["trials"].where(cells["trials"] > 0)
    by_cell = share.groupby([cells[letter], cells[factor]]).sum(min_count=1).unstack()
    grid = by_cell.reindex(index=values, columns=levels).to_numpy(float)  # nan where nothing was tried
    return axes.pcolormesh(_edges(levels), _edges(values), grid, cmap="cividis", vmin=0, vmax=1)


def _draw_laws(axes: Axes, judgement: Judgement, exponent: float, on_map: bool) -> None:
    """The fitted threshold with its 95 % band, and the claimed slope through the fit's middle."""
    if not judgement.curve:
        return
    x, middle, low, high = np.array(judgement.curve).T
    pivot = len(x) // 2
    claimed = middle[pivot] * (x / x[pivot]) ** exponent
    label = f"claimed slope {exponent:g} (through the middle of the fit)"
    shade = "white" if on_map else STYLE["fitted"]
    axes.fill_between(x, low, high, color=shade, alpha=0.35, linewidth=0)
    for y, line, style, said in (
        (middle, "-", "fitted", "fitted threshold, 95 % band"),
        (claimed, "--", "claimed", label),
    ):
        colour = STYLE[style]
        axes.plot(x, y, line, color="white" if on_map else colour, linewidth=4 if on_map else 2)
        axes.plot(x, y, line, color=colour, linewidth=2, label=said)


def _nearest(values: pd.Series, levels: np.ndarray) -> np.ndarray:
    """Each value's nearest level: a table read off a figure has rounded ones."""
    return np.asarray(levels[np.abs(values.to_numpy(float)[:, None] - levels[None, :]).argmin(axis=1)])


def _label(axes: Axes, shown: Shown, levels: Sequence[float]) -> None:
    claim = shown.claim
    log_axes(axes, levels, formula(claim, claim.design.factor), axis_label(shown), base=2)


def _edges(values: Sequence[float]) -> np.ndarray:
    """Borders of cells around values, half-way between them in the logarithm."""
    logs = np.log(values)
    if len(logs) == 1:
        return np.array([values[0] / 2, values[0] * 2])
    middle = (logs[1:] + logs[:-1]) / 2
    return np.exp([2 * logs[0] - middle[0], *middle, 2 * logs[-1] - middle[-1]])
