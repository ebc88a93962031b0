"""Axes, points and texts that figures share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from theorycheck.drawing import Shown
from theorycheck.judgement import LevelValue
from theorycheck.text import one_line

TOLD = "told-"  # begins the identifier of what tells something in HTML; the text follows
STYLE = {"fitted": "#0b3c5d", "claimed": "#c1440e", "threshold": "black"}
SERIES = (
    ("#0b3c5d", "o"),
    ("#c1440e", "s"),
    ("#5b8c5a", "^"),
    ("#8a5fa8", "D"),
    ("#b08d00", "v"),
    ("0.35", "P"),
)


def one_axes() -> tuple[Figure, Axes]:
    """A figure with one set of axes, of the size that reports have."""
    figure = Figure(figsize=(6.4, 4.6), layout="constrained")
    return figure, figure.add_subplot()


def tell(artist: Artist, text: str) -> None:
    """Let an artist tell a text when it is pointed at, in HTML."""
    artist.set_gid(f"{TOLD}{one_line(text)}")


def told(value: LevelValue, shown: Shown) -> str:
    """What a level's point tells: its value with its interval, and the trials behind it."""
    claim, rows = shown.claim, shown.evidence
    rows = rows[rows[claim.design.factor] == value.point[0]]
    for (name, values), x in zip(claim.design.crossed.items(), value.point[1:], strict=False):
        rows = rows[rows[name] == crossed_value(values, x)]
    text = f"{value.text} at {', '.join(f'{x:g}' for x in value.point)}"
    search = claim.design.search
    if search is None:
        return f"{text}; {len(rows)} trials, {rows['value'].min():g} to {rows['value'].max():g}"
    counts = rows.groupby(search.letter)[["successes", "trials"]].sum()
    tried = ", ".join(f"{k} of {t} at {n:g}" for n, k, t in counts.itertuples() if t)
    return f"{text}; trials that succeed by {claim.searched}: {tried}"


def crossed_value(values: Sequence[Any], x: float) -> Any:
    """What a level's point means by x: a number by itself; words and truth values are told by their place."""
    is_number = isinstance(values[0], float | int) and not isinstance(values[0], bool)
    return x if is_number else values[int(x)]


def points(
    axes: Axes,
    shown: Shown,
    values: Sequence[LevelValue],
    colour: str,
    marker: str,
    label: str,
    longest: float = 1e3,
) -> None:
    """Levels with their intervals, each of which tells its trials in HTML; bounds as hollow triangles.

    An interval is drawn up to `longest` times its value.
    """
    for value in values:
        x, y = value.point[0], value.value
        if value.measured:
            ends = [[y - value.low], [min(value.high, longest * y) - y]]
            drawn = axes.errorbar([x], [y], ends, fmt=marker, color=colour, capsize=3, label=label)
            tell(drawn[0], told(value, shown))
            label = "_nolegend_"
        else:
            triangle = "^" if value.kind == "above" else "v"
            axes.plot([x], [y], triangle, mfc="none", color=colour, markersize=8)


def log_axes(axes: Axes, levels: Sequence[float], x_label: str, y_label: str, base: int = 10) -> None:
    """Logarithmic axes with a tick at every level."""
    axes.set_xscale("log")
    axes.set_yscale("log", base=base)
    axes.xaxis.set_major_locator(FixedLocator(levels))
    axes.xaxis.set_minor_locator(NullLocator())
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _: f"{value:g}")
        if base == 10:
            axis.set_minor_formatter(lambda value, _: f"{value:g}" if f"{value:.0e}"[0] in "25" else "")
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)


def save(figure: Figure, stem: Path) -> None:
    """Write a figure as PNG and PDF without the time of writing, so that equal runs give equal bytes."""
    figure.savefig(stem.with_suffix(".png"), dpi=150, metadata={"Software": None})
    figure.savefig(
        stem.with_suffix(".pdf"), metadata={"CreationDate": None, "Creator": None, "Producer": None}
    )
