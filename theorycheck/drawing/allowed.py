"""What a claim allows, drawn: slopes as a wedge from a point of the fit, and numbers as a band."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from theorycheck.drawing.style import MARKS, STYLE
from theorycheck.judgement import Decision, Estimate, Interval

STRAIGHT = 1e-6  # largest deviation, in logarithms, of a power law from its own chord


def anchor(x: np.ndarray, y: np.ndarray, end: float) -> int:
    """Where a wedge begins: the middle of a power law, the asymptotic end of a curve, where it is judged.

    Args:
        x: values of the variable, of points of the fit.
        y: values of the fit there.
        end: where the variable goes, 0 or infinity.
    """
    log_x, log_y = np.log(x), np.log(y)
    chord = np.interp(log_x, log_x[[0, -1]], log_y[[0, -1]])
    if np.abs(log_y - chord).max() < STRAIGHT:
        return len(x) // 2
    return int(np.argmin(x) if end == 0 else np.argmax(x))


def wedge(
    axes: Axes, x: np.ndarray, at: tuple[float, float], slopes: Interval, edges: bool = True, **style: Any
) -> None:
    """The slopes that are allowed through a point, over some values of the variable; axes keep their limits.

    Args:
        axes: with logarithmic axes, or those of the paper.
        x: values in increasing order.
        at: the point.
        slopes: the allowed exponents; an end without bound is a slope that leaves the figure.
        edges: whether its edges are drawn as lines.
        style: of the area.
    """
    held = axes.get_xlim(), axes.get_ylim()
    x = np.sort([*np.setdiff1d(x, at[0]), at[0], at[0]])  # twice, for a slope without bound
    one, other = (_through(x, at, slope, held[1]) for slope in (slopes.low, slopes.high))
    looks: dict[str, Any] = {
        "facecolor": STYLE["allowed"],
        "alpha": 0.16,
        "linewidth": 0,
        "zorder": 0.5,
    } | style
    axes.fill_between(x, np.minimum(one, other), np.maximum(one, other), **looks)
    for slope, line in zip((slopes.low, slopes.high), (one, other), strict=True):
        if edges and np.isfinite(slope):
            axes.plot(x, line, color=STYLE["allowed"], linewidth=1.2, zorder=1.5)
    axes.set(xlim=held[0], ylim=held[1])


def _through(x: np.ndarray, at: tuple[float, float], slope: float, seen: tuple[float, float]) -> np.ndarray:
    """A power law through a point, as far as it is seen; a step where the slope has no bound."""
    bottom, top = seen[0] / 10, seen[1] * 10
    if np.isinf(slope):
        rises = np.sign(x - at[0]) * np.sign(slope)
        rises[np.flatnonzero(x == at[0])] = [-np.sign(slope), np.sign(slope)]
        return np.where(rises > 0, top, bottom)
    with np.errstate(over="ignore"):
        return np.clip(at[1] * (x / at[0]) ** slope, bottom, top)


def gauge(
    axes: Axes, decision: Decision, estimate: Estimate | None, claimed: float | None, allowed: Interval | None
) -> None:
    """An estimate with its interval on a line of numbers, where those that are allowed are a band.

    Args:
        axes: without a vertical scale.
        decision: the verdict, which has its colour and mark.
        estimate: None where the data bear none.
        claimed: the number of the claim, a dashed line.
        allowed: None where the statement names no such numbers.
    """
    axes.set_yticks([])
    axes.set_ylim(-1, 1)
    axes.spines["left"].set_visible(False)
    known = estimate is not None and np.isfinite(estimate.value)
    numbers = [x for x in (claimed, *_ends(allowed), *_shown(estimate if known else None)) if x is not None]
    low, high = min(numbers, default=-1.0), max(numbers, default=1.0)
    pad = 0.12 * (high - low) or 0.5
    low, high = low - pad, high + pad
    axes.set_xlim(low, high)
    if allowed is not None:
        band = np.clip([allowed.low, allowed.high], low, high)
        axes.axvspan(*band, color=STYLE["allowed"], alpha=0.22, linewidth=0, zorder=0)
        for end in _ends(allowed):
            axes.axvline(end, color=STYLE["allowed"], linewidth=1.2, zorder=1)
    if claimed is not None:
        axes.axvline(claimed, linestyle="--", color=STYLE["claimed"], linewidth=1.5, zorder=2)
    if estimate is None or not known:
        axes.text(0.5, 0.5, "no estimate", ha="center", va="center", fontsize=8, transform=axes.transAxes)
        return
    _interval(axes, decision, estimate, low, high)


def _interval(axes: Axes, decision: Decision, estimate: Estimate, low: float, high: float) -> None:
    """The estimate with its interval, which ends in an arrow where it has no bound."""
    marker, colour = MARKS[decision]
    ends = np.clip([estimate.interval.low, estimate.interval.high], low, high)
    axes.plot(ends, [0, 0], color=colour, linewidth=3, solid_capstyle="butt", zorder=3)
    for end, bound, arrow in zip(ends, (estimate.interval.low, estimate.interval.high), "<>", strict=True):
        if np.isinf(bound):
            axes.plot([end], [0], arrow, color=colour, markersize=6, clip_on=False, zorder=3)
    axes.plot([estimate.value], [0], marker, color=colour, markersize=8, markeredgecolor="white", zorder=4)


def _ends(allowed: Interval | None) -> list[float]:
    return [] if allowed is None else [end for end in (allowed.low, allowed.high) if np.isfinite(end)]


def _shown(estimate: Estimate | None) -> Sequence[float]:
    if estimate is None:
        return ()
    ends = (estimate.value, estimate.interval.low, estimate.interval.high)
    return [x for x in ends if np.isfinite(x)]
