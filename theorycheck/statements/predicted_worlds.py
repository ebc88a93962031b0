"""Worlds in which it is known how far a quantity is from what is predicted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import stats

from theorycheck.design import Point
from theorycheck.placement.belief import STEEPNESS
from theorycheck.statements import worlds
from theorycheck.statistics.quantities import intercept

if TYPE_CHECKING:
    from theorycheck.plan import Plan
    from theorycheck.statements.predicts import Predicts

SHARP = 5  # standard errors of a planted point in the tolerance: a convention
FINITE = 3  # tolerances that the smallest size adds in planted worlds


def evidence(
    stated: Predicts, plan: Plan, times: float, all_points: bool, rng: np.random.Generator
) -> pd.DataFrame:
    """Evidence that is off the prediction by so many tolerances, at all points or at the first level alone.

    The standard error of a measured point is a fifth of the tolerance; success turns within a few of the
    values searched. Where a limit is predicted, the sizes add what falls as their inverse.
    """
    design, size = plan.claim.design, stated.size
    targets = {
        (c.level, *c.group.values()): stated.predicted(c.parameters, design.factor) for c in plan.cells
    }
    sizes = {design.factor: plan.levels, **design.crossed}.get(size or "", ())
    off = times * stated.tolerance
    if stated.prefactor is not None:  # which takes up a part
        off = float((1 + off) ** (1 / (1 - 1 / len(plan.levels))) - 1)

    def away(group: Point, x: float) -> float:
        finite = FINITE * stated.tolerance * min(sizes) / {**group, design.factor: x}[size] if size else 0.0
        return finite + off * (all_points or x == plan.levels[0])

    def value(point: tuple[float, ...], away: float) -> float:
        return float(targets[point] + away * (1 if stated.absolute else abs(targets[point])))

    if design.search:
        steep = max(STEEPNESS, 1 / float(np.diff(np.log(plan.searched)).mean()))

        def rate(group: Point, x: float, n: float) -> float:
            return float(stats.norm.cdf(steep * np.log(n / value((x, *group.values()), away(group, x)))))

        table = worlds.counts(plan, rate, rng)
    else:
        noise = stated.tolerance / SHARP * np.sqrt(design.replicates)
        noise /= float(np.linalg.norm(intercept(sizes))) if size else 1.0
        table = worlds.values(plan, away, noise, rng).assign(censored=0)
    points = list(table[list(design.varied)].itertuples(index=False, name=None))
    if not design.search:
        table["value"] = [value(*both) for both in zip(points, table["value"], strict=True)]
    return table.assign(predicted=[targets[point] for point in points])
