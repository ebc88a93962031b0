"""The figures of a scaling claim: readable in grey and to the colour-blind, with uncertainty, in reproducible
bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from theorycheck.claim import Claim
from theorycheck.reports.lettering import axis_label, formula, words
from theorycheck.text import one_line
from theorycheck.verdict import LevelValue, Verdict

TOLD = "told-"  # begins the identifier of what tells something in HTML; the text follows
STYLE = {"fitted": "#0b3c5d", "claimed": "#c1440e", "threshold": "black"}


def tell(artist: Artist, text: str) -> None:
    """Let an artist tell a text when it is pointed at, in HTML."""
    artist.set_gid(f"{TOLD}{one_line(text)}")


def success_map(verdict: Verdict, claim: Claim, cells: pd.DataFrame) -> Figure:
    """Share of successes in every cell (level, N), with the fitted threshold and the claimed slope."""
    figure, axes = one_axes()
    levels, samples = np.array(verdict.design["levels"]), np.array(verdict.design["samples"])
    grid = _shares(cells, claim.design.factor, levels, samples)
    axes.set_facecolor(
        "0.85"
    )  # cells without evidence: not needed, outside of the regime, or all trials unfitted
    mesh = axes.pcolormesh(_edges(levels), _edges(samples), grid, cmap="cividis", vmin=0, vmax=1)
    figure.colorbar(mesh, ax=axes, label="share of successful trials")
    _draw_laws(axes, verdict, claim, on_map=True)
    for row in cells[cells["trials"] > 0].to_dict("records"):
        (mark,) = axes.plot([row[claim.design.factor]], [row["n"]], "s", markersize=11, alpha=0, zorder=9)
        tell(
            mark,
            f"{row['successes']} of {row['trials']} trials succeed at {row[claim.design.factor]:g},"
            f" {row['n']:g}",
        )
    _label(axes, verdict, claim, levels)
    axes.set_ylim(_edges(samples)[0], _edges(samples)[-1])
    if verdict.judgement.curve:
        axes.legend(loc="upper right", framealpha=0.95)
    return figure


def crossed_value(values: Sequence[Any], x: float) -> Any:
    """What a level's point means by x: a number by itself; words and truth values are told by their place."""
    is_number = isinstance(values[0], float | int) and not isinstance(values[0], bool)
    return x if is_number else values[int(x)]


def told(value: LevelValue, claim: Claim, observed: pd.DataFrame) -> str:
    """What a level's point tells: its value with its interval, and the trials behind it."""
    place = ", ".join(f"{x:g}" for x in value.point)
    rows = observed[observed[claim.design.factor] == value.point[0]]
    for (name, values), x in zip(claim.design.crossed.items(), value.point[1:], strict=False):
        rows = rows[rows[name] == crossed_value(values, x)]
    text = f"{value.value:.3g} [{value.low:.3g}, {value.high:.3g}] at {place}"
    if "successes" not in rows:
        return f"{text}; {len(rows)} trials, {rows['value'].min():g} to {rows['value'].max():g}"
    counts = rows.groupby("n")[["successes", "trials"]].sum()
    tried = ", ".join(
        f"{k} of {t} at {n:g}" for n, (k, t) in zip(counts.index, counts.to_numpy(), strict=True) if t
    )
    return f"{text}; trials that succeed by {claim.text(claim.design.searched)}: {tried}"


def published_map(verdict: Verdict, claim: Claim, cells: pd.DataFrame) -> Figure:
    """The success map of this run beside the published one, on the same axes."""
    published = pd.read_csv(claim.design.published)
    figure = Figure(figsize=(8.8, 4.2), layout="constrained")
    both = figure.subplots(1, 2, sharex=True, sharey=True)
    levels, samples = np.array(verdict.design["levels"]), np.array(verdict.design["samples"])
    rounded = published.assign(**{claim.design.factor: _nearest(published[claim.design.factor], levels)})
    for axes, counts, title in zip(both, (cells, rounded), ("this run", "published"), strict=True):
        axes.set_facecolor("0.85")
        grid = _shares(counts, claim.design.factor, levels, samples)
        mesh = axes.pcolormesh(_edges(levels), _edges(samples), grid, cmap="cividis", vmin=0, vmax=1)
        _label(axes, verdict, claim, levels)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.2f}"))
        axes.tick_params(axis="x", rotation=90)
        axes.set_title(title)
    both[1].set_ylabel("")
    figure.colorbar(mesh, ax=both, label="share of successful trials")
    return figure


def _nearest(values: pd.Series, levels: np.ndarray) -> np.ndarray:
    """Each value's nearest level: a table read off a figure has rounded ones."""
    return np.asarray(levels[np.abs(values.to_numpy(float)[:, None] - levels[None, :]).argmin(axis=1)])


def _shares(cells: pd.DataFrame, factor: str, levels: np.ndarray, samples: np.ndarray) -> np.ndarray:
    """Share of successes by N (row) and level (column); nan where nothing was tried."""
    share = (
        (cells["successes"] / cells["trials"].where(cells["trials"] > 0))
        .groupby([cells["n"], cells[factor]])
        .sum(min_count=1)
    )
    return np.asarray(share.unstack().reindex(index=samples, columns=levels), float)


def log_log_plot(verdict: Verdict, claim: Claim, cells: pd.DataFrame) -> Figure:
    """The threshold of every level with its 95 % interval, the fitted law with its band, and the claimed
    slope.
    """
    figure, axes = one_axes()
    _draw_laws(axes, verdict, claim, on_map=False)
    for threshold in verdict.judgement.levels:
        x, value = threshold.point[0], threshold.value
        if threshold.measured:
            error = [[value - threshold.low], [threshold.high - value]]
            drawn = axes.errorbar([x], [value], error, fmt="o", color=STYLE["threshold"], capsize=3)
            tell(drawn[0], told(threshold, claim, cells))
        else:
            marker = "^" if threshold.kind == "above" else "v"
            axes.plot([x], [value], marker, mfc="none", color=STYLE["threshold"], markersize=8)
    axes.plot([], [], "o", color=STYLE["threshold"], label="threshold of one level, 95 % interval")
    if any(not t.measured for t in verdict.judgement.levels):
        axes.plot(
            [],
            [],
            "^",
            mfc="none",
            color=STYLE["threshold"],
            label=words(f"threshold beyond the {claim.text(claim.design.searched)} tried (bound)"),
        )
    _label(axes, verdict, claim, [t.point[0] for t in verdict.judgement.levels])
    axes.legend(loc="best", framealpha=0.95)
    return figure


def residual_plot(verdict: Verdict, claim: Claim) -> Figure:
    """Residuals of the log-log regression of level values, and the leverage of each level."""
    figure = Figure(figsize=(6.4, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    rows = verdict.judgement.regression.rows if verdict.judgement.regression else ()
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


def save(figure: Figure, stem: Path) -> None:
    """Write a figure as PNG and PDF without the time of writing, so that equal runs give equal bytes."""
    figure.savefig(stem.with_suffix(".png"), dpi=150, metadata={"Software": None})
    figure.savefig(
        stem.with_suffix(".pdf"), metadata={"CreationDate": None, "Creator": None, "Producer": None}
    )


def one_axes() -> tuple[Figure, Axes]:
    """A figure with one set of axes, of the size that reports have."""
    figure = Figure(figsize=(6.4, 4.6), layout="constrained")
    return figure, figure.add_subplot()


def _draw_laws(axes: Axes, verdict: Verdict, claim: Claim, on_map: bool) -> None:
    """The fitted threshold with its 95 % band, and the claimed slope through the fit's middle."""
    curve = verdict.judgement.curve
    if not curve:
        return
    x, middle, low, high = (np.array(column) for column in zip(*curve, strict=True))
    shade = "white" if on_map else STYLE["fitted"]
    axes.fill_between(x, low, high, color=shade, alpha=0.35, linewidth=0)
    axes.plot(x, middle, color="white" if on_map else STYLE["fitted"], linewidth=4 if on_map else 2)
    axes.plot(x, middle, color=STYLE["fitted"], linewidth=2, label="fitted threshold, 95 % band")
    pivot = len(x) // 2
    exponent = verdict.predictions[0].exponent or 0.0
    claimed = middle[pivot] * (x / x[pivot]) ** exponent
    axes.plot(x, claimed, "--", color="white" if on_map else STYLE["claimed"], linewidth=4 if on_map else 2)
    label = f"claimed slope {exponent:g} (through the middle of the fit)"
    axes.plot(x, claimed, "--", color=STYLE["claimed"], linewidth=2, label=label)


def _label(axes: Axes, verdict: Verdict, claim: Claim, levels: np.ndarray | list[float]) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log", base=2)
    axes.xaxis.set_major_locator(FixedLocator([float(x) for x in levels]))
    axes.xaxis.set_minor_locator(NullLocator())
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_xlabel(formula(claim, claim.design.factor))
    axes.set_ylabel(axis_label(verdict, claim))


def _edges(values: np.ndarray) -> list[float]:
    """Borders of cells around values, half-way between them in the logarithm."""
    logs = np.log(values)
    if len(logs) == 1:
        return [float(values[0] / 2), float(values[0] * 2)]
    middle = (logs[1:] + logs[:-1]) / 2
    edges = [2 * logs[0] - middle[0], *middle, 2 * logs[-1] - middle[-1]]
    return [float(np.exp(edge)) for edge in edges]
