"""The success map of a scaling law of one threshold, its log-log plot, and the residuals."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from theorycheck.drawing import Shown
from theorycheck.drawing.allowed import anchor, wedge
from theorycheck.drawing.axes import band, log_axes, one_axes, paper_axes, points, tell
from theorycheck.drawing.lettering import formula
from theorycheck.drawing.lettering import words as lettered
from theorycheck.drawing.style import EMPTY, PAPER, STYLE
from theorycheck.judgement import Interval, Judgement, Regression

MANY = 13  # levels from which only those that move the fit most are named in a figure


def success_map(shown: Shown, exponent: float, allowed: Interval | None = None, end: float = 0) -> Figure:
    """Share of successes in every cell (level, N), with the fitted threshold, and the claimed slope in the
    wedge of those that are allowed.
    """
    figure, axes = one_axes()
    cells, changing = shown.evidence, shown.claim.design.changing
    factor, letter = changing
    mesh = _draw_shares(axes, shown, cells)
    figure.colorbar(mesh, ax=axes, label="share of successful trials")
    log_axes(axes, shown, changing[factor], base=2)
    rows, columns = _edges(changing[letter]), _edges(changing[factor])
    axes.set(xlim=(columns[0], columns[-1]), ylim=(rows[0], rows[-1]))
    hatched = {"facecolor": "none", "edgecolor": STYLE["allowed"], "hatch": "/", "alpha": 0.6, "zorder": 1.2}
    _draw_laws(axes, shown.judgement, exponent, allowed, end, hatched)
    for line in axes.lines:
        line.set_path_effects([withStroke(linewidth=4, foreground=PAPER)])  # to be seen on every colour
    for row in cells[cells["trials"] > 0].to_dict("records"):
        (mark,) = axes.plot([row[factor]], [row[letter]], "s", markersize=11, alpha=0, zorder=9)
        tell(
            mark, f"{row['successes']} of {row['trials']} trials succeed at {row[factor]:g}, {row[letter]:g}"
        )
    if shown.judgement.curve:
        figure.legend(loc="outside upper left", ncols=2)
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


def log_log_plot(shown: Shown, exponent: float, allowed: Interval | None = None, end: float = 0) -> Figure:
    """The threshold of every level with its 95 % interval, the fitted law with its band, and the claimed
    slope in the wedge of those that are allowed.
    """
    figure, axes = one_axes()
    levels = shown.judgement.levels
    _draw_points(axes, shown)
    log_axes(axes, shown, [t.point[0] for t in levels], base=2)
    _draw_laws(axes, shown.judgement, exponent, allowed, end, {})
    figure.legend(loc="outside upper left", ncols=2)
    return figure


def papers_plot(shown: Shown, exponent: float, allowed: Interval | None = None, end: float = 0) -> Figure:
    """The same against the claimed power of the factor, as a theorem is read: a law that is exactly as
    claimed is a straight line through 0.
    """
    figure, axes = one_axes()
    _draw_points(axes, shown)
    paper_axes(axes, shown, exponent)
    _draw_laws(axes, shown.judgement, exponent, allowed, end, {})
    figure.legend(loc="outside upper left", ncols=2)
    return figure


def residual_plot(regression: Regression, shown: Shown) -> Figure:
    """Residuals of the log-log regression of level values, and the leverage of each level."""
    figure = Figure(figsize=(6.4, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    claim, rows = shown.claim, regression.rows
    left.axhline(0, color=STYLE["threshold"], linewidth=1)
    left.plot([row.fitted for row in rows], [row.residual for row in rows], "o", color=STYLE["fitted"])
    left.set(xlabel=f"fitted log {formula(claim, claim.quantity)}", ylabel="studentised residual")
    right.plot([row.leverage for row in rows], [row.residual for row in rows], "o", color=STYLE["fitted"])
    telling = sorted(rows, key=lambda row: -row.cooks_distance)[: len(rows) if len(rows) < MANY else 3]
    for row in telling:
        label = ", ".join(f"{x:g}" for x in row.point)
        right.annotate(label, (row.leverage, row.residual), (4, 4), textcoords="offset points", fontsize=8)
    right.set(xlabel=f"leverage (labels: {formula(claim, claim.design.factor)})")
    right.margins(x=0.15, y=0.1)
    return figure


def _draw_shares(axes: Axes, shown: Shown, cells: pd.DataFrame) -> ScalarMappable:
    """Share of successes in every cell; empty where there is no evidence."""
    # not needed, outside of the regime, or all trials unfitted
    (factor, levels), (letter, values) = shown.claim.design.changing.items()
    share = cells["successes"] / cells["trials"].where(cells["trials"] > 0)
    by_cell = share.groupby([cells[letter], cells[factor]]).sum(min_count=1).unstack()
    grid = by_cell.reindex(index=values, columns=levels).to_numpy(float)  # nan where nothing was tried
    lines: dict[str, Any] = {
        "edgecolors": EMPTY,
        "linewidth": 0.4,
    }  # in grey, cells that all succeed are near the paper
    return axes.pcolormesh(_edges(levels), _edges(values), grid, cmap="cividis", vmin=0, vmax=1, **lines)


def _draw_points(axes: Axes, shown: Shown) -> None:
    """The threshold of every level with its interval; bounds as hollow triangles."""
    levels, colour = shown.judgement.levels, STYLE["threshold"]
    points(axes, shown, levels, colour, "o", "threshold of one level, 95 % interval")
    if not all(t.measured for t in levels):
        label = lettered(f"threshold beyond the {shown.claim.searched} tried (bound)")
        axes.plot([], [], "^", mfc="none", color=colour, label=label)


def _draw_laws(
    axes: Axes,
    judgement: Judgement,
    exponent: float,
    allowed: Interval | None,
    end: float,
    area: dict[str, Any],
) -> None:
    """The fitted threshold with its 95 % band, and the claimed slope through a point of it, within the wedge
    of those that are allowed.
    """
    if not judgement.curve:
        return
    held = axes.get_xlim(), axes.get_ylim()
    x, middle = band(axes, judgement, "fitted threshold, 95 % band")
    axes.set(xlim=held[0], ylim=held[1])
    pivot = anchor(x, middle, end)
    reach = np.geomspace(*_reach(axes, x), 200)
    if allowed is not None:
        label = f"allowed slopes: {allowed.spoken}"
        wedge(axes, reach, (x[pivot], middle[pivot]), allowed, label=label, **area)
    claimed = middle[pivot] * (x / x[pivot]) ** exponent
    (line,) = axes.plot(x, claimed, "--", color=STYLE["claimed"], linewidth=2)
    line.set_label(f"claimed slope {exponent:g}")


def _reach(axes: Axes, x: np.ndarray) -> tuple[float, float]:
    """The values of the factor that are seen: all of logarithmic axes, else those of the fit."""
    low, high = axes.get_xlim()
    return (low, high) if axes.get_xscale() == "log" else (x.min(), x.max())


def _edges(values: Sequence[float]) -> np.ndarray:
    """Borders of cells around values, half-way between them in the logarithm."""
    logs = np.log(values)
    middle = (logs[1:] + logs[:-1]) / 2
    return np.exp([2 * logs[0] - middle[0], *middle, 2 * logs[-1] - middle[-1]])
