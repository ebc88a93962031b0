"""Evidence of planted worlds, as the design of a plan would observe them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import stats

from theorycheck.placement.belief import STEEPNESS
from theorycheck.placement.rules import simulate

if TYPE_CHECKING:
    from theorycheck.plan import Plan

Group = Mapping[str, Any]
NOISE = 0.3  # standard deviation of the logarithm of a planted value, as in benchmarks/planted.py


def counts(
    plan: Plan, rate: Callable[[Group, float, float], float], rng: np.random.Generator
) -> pd.DataFrame:
    """Counts by cell, whose trials are placed as in a run.

    Args:
        plan: the design.
        rate: of success in a group, at a level and a value of what is searched.
        rng: source of the outcomes.

    Returns:
        Columns of what is varied, what is searched, successes, trials, unfitted (none is), work.
    """
    factor, letter = plan.claim.design.factor, plan.columns[-1]
    tables = [
        simulate(arm.placement, partial(rate, arm.group), rng, factor=factor).assign(**arm.group)
        for arm in plan.arms
    ]
    return pd.concat(tables, ignore_index=True).rename(columns={"searched": letter})


def values(
    plan: Plan, mean: Callable[[Group, float], float], noise: float, rng: np.random.Generator
) -> pd.DataFrame:
    """Values with independent normal errors, as often as a run of the plan tries every level of every group.

    Returns:
        Columns of what is varied, replicate, seed, key, value.
    """
    factor, rows = plan.claim.design.factor, []
    for arm in plan.arms:
        for (x, _), trials in sorted(arm.placement.next_round(pd.DataFrame()).items()):
            for i in range(trials):
                value = mean(arm.group, x) + noise * rng.normal()
                rows.append({factor: x, **arm.group, "replicate": i, "value": value})
    table = pd.DataFrame(rows)
    return table.assign(seed=table["replicate"], key=table.index.astype(str), outcome="success")


def law(plan: Plan, log_quantity: Callable[[Group, float], float], rng: np.random.Generator) -> pd.DataFrame:
    """Counts whose thresholds, or positive values whose logarithms, follow a law of levels and groups.

    Thresholds are relative to the middle of what is searched, whose success curve is a probit.
    """
    if not plan.claim.design.search:
        table = values(plan, log_quantity, NOISE, rng)
        return table.assign(value=np.exp(table["value"]), censored=0).drop(columns="seed")
    middle = float(np.log(plan.searched).mean())

    def rate(group: Group, x: float, n: float) -> float:
        return float(stats.norm.cdf(STEEPNESS * (np.log(n) - middle - log_quantity(group, x))))

    return counts(plan, rate, rng)


def in_pairs(counts: pd.DataFrame, plan: Plan, rng: np.random.Generator) -> pd.DataFrame:
    """One row a trial, in random order within its cell; those of equal level, value searched and place are a
    pair.
    """
    rows = counts.loc[counts.index.repeat(counts["trials"])]
    place = rows.groupby(level=0).cumcount()
    order = rows.assign(order=rng.random(len(rows)))["order"]
    rank = order.groupby(level=0).rank(method="first").astype(int) - 1
    factor, _, letter = plan.columns
    pair = rows[factor].astype(str) + "|" + rows[letter].astype(str) + "|" + place.astype(str)
    return rows.assign(successes=(rank < rows["successes"]) * 1, trials=1, pair=pair).reset_index(drop=True)
