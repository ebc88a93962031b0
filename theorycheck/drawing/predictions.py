"""What was predicted, and what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from theorycheck.drawing import Shown
from theorycheck.drawing.axes import crossed, label_axes, one_axes, points
from theorycheck.drawing.lettering import words
from theorycheck.drawing.style import SERIES
from theorycheck.judgement import LevelValue

if TYPE_CHECKING:
    from theorycheck.statements.predicts import Predicts

SHARED = "0.3"  # colour of what is predicted of all series alike
WIDE = 5  # times its smallest value, that what an axis shows is as large to be drawn logarithmically


def prediction(stated: Predicts, shown: Shown) -> Figure:
    """The quantity at every level with its interval, and the prediction with its tolerance, a series for each
    of what is crossed.
    """
    figure, axes = one_axes()
    claim, names = shown.claim, list(shown.claim.design.crossed)
    factor = claim.design.factor
    times = shown.judgement.beside[0].value if shown.judgement.beside else 1.0
    groups = shown.evidence.groupby(names) if names else [((), shown.evidence)]
    shared = bool((shown.evidence.groupby(factor)["predicted"].nunique() == 1).all())
    lines = ("-", "--", ":", "-.")
    for i, (group, rows) in enumerate(groups):
        colour, marker = SERIES[i % len(SERIES)]
        if not shared or i == 0:
            target = times * rows.groupby(factor)["predicted"].first()
            allowed = stated.tolerance * (1 if stated.absolute else target.abs())
            ink = SHARED if shared else colour
            axes.plot(target.index, target, lines[i % len(lines)], color=ink, linewidth=1.2)
            ends = target - allowed, target + allowed
            axes.fill_between(target.index, *ends, color=ink, alpha=0.2, linewidth=0)
        label = words(", ".join(f"{claim.text(name)} = {x}" for name, x in zip(names, group, strict=True)))
        here = [
            level
            for level in shown.judgement.levels
            if tuple(crossed(shown, level.point).values()) == tuple(group)
        ]
        _points(axes, shown, here, colour, marker, label or "of one level, 95 % interval")
    axes.plot([], [], color=SHARED, label="prediction")
    axes.fill_between([], [], [], color=SHARED, alpha=0.2, label="its tolerance")
    _scale(axes, shown)
    label_axes(axes, shown)
    axes.legend(framealpha=0.95)
    return figure


def _points(axes: Axes, shown: Shown, values: list[LevelValue], colour: str, marker: str, label: str) -> None:
    """Values of any sign with their intervals; bounds as hollow triangles."""
    known = [v for v in values if v.measured and np.isfinite([v.low, v.high]).all()]
    x, y, low, high = np.array([(v.point[0], v.value, v.low, v.high) for v in known]).reshape(-1, 4).T
    axes.errorbar(x, y, [y - low, high - y], fmt=marker, color=colour, capsize=3, label=label)
    points(axes, shown, [v for v in values if not v.measured], colour, marker, label)


def _scale(axes: Axes, shown: Shown) -> None:
    """Logarithmic axes for what is positive and changes a lot; a tick at every level there."""
    x = np.array([level.point[0] for level in shown.judgement.levels])
    y = np.array([level.value for level in shown.judgement.levels])
    for values, scale in ((x, axes.set_xscale), (y, axes.set_yscale)):
        if len(values) and values.min() > 0 and values.max() > WIDE * values.min():
            scale("log")
            if values is x:
                axes.xaxis.set_major_locator(FixedLocator(np.unique(x).tolist()))
                axes.xaxis.set_minor_locator(NullLocator())
                axes.xaxis.set_major_formatter("{x:.3g}")
