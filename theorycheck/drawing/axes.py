"""Axes, points and texts that figures share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from theorycheck.judgement import LevelValue
from theorycheck.text import one_line

if TYPE_CHECKING:
    from theorycheck.claim import Claim

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


def told(value: LevelValue, claim: Claim, observed: pd.DataFrame) -> str:
    """What a level's point tells: its value with its interval, and the trials behind it."""
    place = ", ".join(f"{x:g}" for x in value.point)
    rows = observed[observed[claim.design.factor] == value.point[0]]
    for (name, values), x in zip(claim.design.crossed.items(), value.point[1:], strict=False):
        rows = rows[rows[name] == crossed_value(values, x)]
    text = f"{value.value:.3g} [{value.low:.3g}, {value.high:.3g}] at {place}"
    search = claim.design.search
    if search is None:
        return f"{text}; {len(rows)} trials, {rows['value'].min():g} to {rows['value'].max():g}"
    counts = rows.groupby(search.letter)[["successes", "trials"]].sum()
    tried = ", ".join(
        f"{k} of {t} at {n:g}" for n, (k, t) in zip(counts.index, counts.to_numpy(), strict=True) if t
    )
    return f"{text}; trials that succeed by {claim.searched}: {tried}"


def crossed_value(values: Sequence[Any], x: float) -> Any:
    """What a level's point means by x: a number by itself; words and truth values are told by their place."""
    is_number = isinstance(values[0], float | int) and not isinstance(values[0], bool)
    return x if is_number else values[int(x)]


def points(
    axes: Axes,
    values: Sequence[LevelValue],
    texts: Sequence[str],
    colour: str,
    marker: str,
    label: str,
) -> None:
    """Levels with their intervals, each of which tells a text in HTML; bounds as hollow triangles."""
    for value, text in zip(values, texts, strict=True):
        x = value.point[0]
        if value.measured:
            low, high = value.value - value.low, min(value.high, 1e3 * value.value) - value.value
            drawn = axes.errorbar(
                [x], [value.value], [[low], [high]], fmt=marker, color=colour, capsize=3, label=label
            )
            tell(drawn[0], text)
            label = "_nolegend_"
        else:
            axes.plot(
                [x],
                [value.value],
                "^" if value.kind == "above" else "v",
                mfc="none",
                color=colour,
                markersize=8,
            )


def log_axes(axes: Axes, levels: Sequence[float], x_label: str, y_label: str, base: int = 10) -> None:
    """Logarithmic axes with a tick at every level."""
    axes.set_xscale("log")
    axes.set_yscale("log", base=base)
    axes.xaxis.set_major_locator(FixedLocator([float(x) for x in levels]))
    axes.xaxis.set_minor_locator(NullLocator())
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        if base == 10:
            axis.set_minor_formatter(
                FuncFormatter(lambda value, _: f"{value:g}" if f"{value:.0e}"[0] in "25" else "")
            )
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)


def save(figure: Figure, stem: Path) -> None:
    """Write a figure as PNG and PDF without the time of writing, so that equal runs give equal bytes."""
    figure.savefig(stem.with_suffix(".png"), dpi=150, metadata={"Software": None})
    figure.savefig(
        stem.with_suffix(".pdf"), metadata={"CreationDate": None, "Creator": None, "Producer": None}
    )
