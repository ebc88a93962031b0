"""Axes, points and texts that figures share."""

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal
from weakref import WeakKeyDictionary

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator

from theorycheck.drawing import Shown
from theorycheck.drawing.lettering import formula
from theorycheck.drawing.style import STYLE, sheet
from theorycheck.judgement import Judgement, LevelValue, crossed_value
from theorycheck.text import one_line

TOLD = "told-"  # begins the identifier of what tells something in HTML; the text follows
LONGEST = 30  # times its value, or as small a part, that an interval is drawn: one without end hides all else
Kind = Literal["png", "pdf", "svg"]
_OPTIONS: dict[Kind, dict[str, Any]] = {  # without the time of writing, so that equal runs give equal bytes
    "png": {"dpi": 150, "metadata": {"Software": None}},
    "pdf": {"metadata": {"CreationDate": None, "Creator": None, "Producer": None}},
    "svg": {"metadata": {"Date": None, "Creator": None}},
}
_RENDERED: WeakKeyDictionary[Figure, dict[Kind, bytes]] = WeakKeyDictionary()


def one_axes() -> tuple[Figure, Axes]:
    """A figure with one set of axes, of the size that reports have."""
    figure = Figure(figsize=(6.4, 4.6), layout="constrained")
    return figure, figure.add_subplot()


def tell(artist: Artist, text: str) -> None:
    """Let an artist tell a text when it is pointed at, in HTML."""
    artist.set_gid(f"{TOLD}{one_line(text)}")


def crossed(shown: Shown, point: Sequence[float]) -> dict[str, Any]:
    """What is crossed at a level's point."""
    pairs = zip(shown.claim.design.crossed.items(), point[1:], strict=False)
    return {name: crossed_value(x, values) for (name, values), x in pairs}


def told(value: LevelValue, shown: Shown) -> str:
    """What a level's point tells: its value with its interval, and the trials behind it."""
    claim, rows = shown.claim, shown.evidence
    for name, x in {claim.design.factor: value.point[0], **crossed(shown, value.point)}.items():
        rows = rows[rows[name] == x]
    text = f"{value.text} at {', '.join(f'{x:g}' for x in value.point)}"
    search = claim.design.search
    if search is None:
        return f"{text}; {len(rows)} trials, {rows['value'].min():g} to {rows['value'].max():g}"
    counts = rows.groupby(search.letter)[["successes", "trials"]].sum()
    tried = ", ".join(f"{k} of {t} at {n:g}" for n, k, t in counts.itertuples() if t)
    return f"{text}; trials that succeed by {claim.searched}: {tried}"


def points(
    axes: Axes, shown: Shown, values: Sequence[LevelValue], colour: str, marker: str, label: str
) -> None:
    """Levels with their intervals, each of which tells its trials in HTML; bounds as hollow triangles."""
    for value in values:
        x, y = value.point[0], value.value
        if value.measured:
            ends = [[y - max(value.low, y / LONGEST)], [min(value.high, LONGEST * y) - y]]
            drawn = axes.errorbar([x], [y], ends, fmt=marker, color=colour, capsize=3, label=label)
            tell(drawn[0], told(value, shown))
            label = "_nolegend_"
        else:
            triangle = "^" if value.kind == "above" else "v"
            axes.plot([x], [y], triangle, mfc="none", color=colour, markersize=8)


def band(axes: Axes, judgement: Judgement, label: str) -> np.ndarray:
    """The deciding fit with its 95 % band; returns its points."""
    x, middle, low, high = np.array(judgement.curve).T
    axes.fill_between(x, low, high, color=STYLE["fitted"], alpha=0.3, linewidth=0)
    axes.plot(x, middle, color=STYLE["fitted"], linewidth=2, label=label)
    return np.array([x, middle])


def label_axes(axes: Axes, shown: Shown) -> None:
    """Name the axes after what is varied, and what the quantity is measured in, in the response's words."""
    claim, search = shown.claim, shown.claim.design.search
    word = shown.words.get(search.letter, "") if search else ""
    measured = formula(claim, search.letter if search else claim.quantity)
    axes.set(xlabel=formula(claim, claim.design.factor), ylabel=f"{word} {measured}".lstrip())


def log_axes(axes: Axes, shown: Shown, levels: Sequence[float], base: int = 10) -> None:
    """Named logarithmic axes with a tick at every level."""
    axes.set_xscale("log")
    axes.set_yscale("log", base=base)
    axes.xaxis.set_major_locator(FixedLocator(levels))
    axes.xaxis.set_minor_locator(NullLocator())
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter("{x:.3g}" if axis is axes.xaxis else "{x:g}")
        if base == 10:
            axis.set_minor_formatter(lambda value, _: f"{value:g}" if f"{value:.0e}"[0] in "25" else "")
    label_axes(axes, shown)


def paper_axes(axes: Axes, shown: Shown, exponent: float) -> None:
    """Axes of a theorem: the quantity against the claimed power of the factor, both from 0."""
    levels = shown.judgement.levels
    powers = [value.point[0] ** exponent for value in levels]
    axes.set_xscale("function", functions=(_power(exponent), _power(1 / exponent)))
    ticks = np.array(MaxNLocator(6).tick_values(0, max(powers))[1:])
    axes.set_xticks(ticks ** (1 / exponent), [f"{tick:g}" for tick in ticks])
    axes.xaxis.set_minor_locator(NullLocator())
    ends = np.array([min(min(powers) / 2, 0.03 * max(powers)), 1.05 * max(powers)])  # 0 is at infinity
    axes.set_xlim(*sorted(ends ** (1 / exponent)))
    if exponent < 0:
        axes.invert_xaxis()
    axes.set_ylim(0, 1.15 * max(min(value.high, LONGEST * value.value, 2 * value.value) for value in levels))
    label_axes(axes, shown)
    axes.set_xlabel(formula(shown.claim, shown.claim.design.factor, f"^{{{exponent:g}}}"))


def _power(exponent: float) -> Callable[[np.ndarray], np.ndarray]:
    """The power of positive numbers; axes ask for that of others as well."""
    return lambda x: np.clip(x, 1e-30, 1e30) ** exponent


def rendered(figure: Figure, kind: Kind) -> bytes:
    """A figure as the bytes of a file.

    It is drawn once: the report on several claims shows what those on each show.
    """
    known = _RENDERED.setdefault(figure, {})
    if kind not in known:
        written = io.BytesIO()
        with sheet(), mpl.rc_context({"svg.hashsalt": "theorycheck"}):
            figure.savefig(written, format=kind, **_OPTIONS[kind])
        known[kind] = written.getvalue()
    return known[kind]


def save(figure: Figure, stem: Path) -> None:
    """Write a figure as PNG and PDF."""
    kinds: tuple[Kind, ...] = ("png", "pdf")
    for kind in kinds:
        stem.with_name(f"{stem.name}.{kind}").write_bytes(rendered(figure, kind))
