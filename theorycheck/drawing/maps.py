"""The success map of a scaling law of one threshold, its log-log plot, and the residuals."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from theorycheck.drawing import Shown
from theorycheck.drawing.axes import STYLE, band, log_axes, one_axes, points, tell
from theorycheck.drawing.lettering import formula
from theorycheck.drawing.lettering import words as lettered
from theorycheck.judgement import Judgement, Regression


def success_map(shown: Shown, exponent: float) -> Figure:
    """Share of successes in every cell (level, N), with the fitted threshold and the claimed slope."""
    figure, axes = one_axes()
    cells, changing = shown.evidence, shown.claim.design.changing
    factor, letter = changing
    mesh = _draw_shares(axes, shown, cells)
    figure.colorbar(mesh, ax=axes, label="share of successful trials")
    _draw_laws(axes, shown.judgement, exponent, "white")
    for line in axes.lines:
        line.set_path_effects([withStroke(linewidth=4, foreground="white")])  # to be seen on every colour
    for row in cells[cells["trials"] > 0].to_dict("records"):
        (mark,) = axes.plot([row[factor]], [row[letter]], "s", markersize=11, alpha=0, zorder=9)
        tell(
            mark, f"{row['successes']} of {row['trials']} trials succeed at {row[factor]:g}, {row[letter]:g}"
        )
    log_axes(axes, shown, changing[factor], base=2)
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
    distances = np.abs(np.subtract.outer(published[factor].to_numpy(float), design.levels))
    # Levels that were read off a figure are rounded.
    published[factor] = np.take(design.levels, distances.argmin(axis=1))
    figure = Figure(figsize=(8.8, 4.2), layout="constrained")
    both = figure.subplots(1, 2, sharex=True, sharey=True)
    for axes, counts, title in zip(both, (shown.evidence, published), ("this run", "published"), strict=True):
        mesh = _draw_shares(axes, shown, counts)
        log_axes(axes, shown, design.levels, base=2)
        axes.xaxis.set_major_formatter("{x:.2f}")
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
    levels, colour = shown.judgement.levels, STYLE["threshold"]
    _draw_laws(axes, shown.judgement, exponent, STYLE["fitted"])
    points(axes, shown, levels, colour, "o", "threshold of one level, 95 % interval")
    if not all(t.measured for t in levels):
        label = lettered(f"threshold beyond the {shown.claim.searched} tried (bound)")
        axes.plot([], [], "^", mfc="none", color=colour, label=label)
    log_axes(axes, shown, [t.point[0] for t in levels], base=2)
    axes.legend(framealpha=0.95)
    return figure


def residual_plot(regression: Regression, shown: Shown) -> Figure:
    """Residuals of the log-log regression of level values, and the leverage of each level."""
    figure = Figure(figsize=(6.4, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    claim, rows = shown.claim, regression.rows
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


def _draw_shares(axes: Axes, shown: Shown, cells: pd.DataFrame) -> ScalarMappable:
    """Share of successes in every cell; grey where there is no evidence."""
    # not needed, outside of the regime, or all trials unfitted
    axes.set_facecolor("0.85")
    (factor, levels), (letter, values) = shown.claim.design.changing.items()
    share = cells["successes"] / cells["trials"].where(cells["trials"] > 0)
    by_cell = share.groupby([cells[letter], cells[factor]]).sum(min_count=1).unstack()
    grid = by_cell.reindex(index=values, columns=levels).to_numpy(float)  # nan where nothing was tried
    return axes.pcolormesh(_edges(levels), _edges(values), grid, cmap="cividis", vmin=0, vmax=1)


def _draw_laws(axes: Axes, judgement: Judgement, exponent: float, shade: str) -> None:
    """The fitted threshold with its 95 % band, and the claimed slope through the fit's middle."""
    if not judgement.curve:
        return
    x, middle = band(axes, judgement, "fitted threshold, 95 % band", shade)
    pivot = len(x) // 2
    claimed = middle[pivot] * (x / x[pivot]) ** exponent
    label = f"claimed slope {exponent:g} (through the middle of the fit)"
    axes.plot(x, claimed, "--", color=STYLE["claimed"], linewidth=2, label=label)


def _edges(values: Sequence[float]) -> np.ndarray:
    """Borders of cells around values, half-way between them in the logarithm."""
    logs = np.log(values)
    middle = (logs[1:] + logs[:-1]) / 2
    return np.exp([2 * logs[0] - middle[0], *middle, 2 * logs[-1] - middle[-1]])
