"""Some trials are made twice, as a response that is not determined by its seed is found out by that."""

import math
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

import pandas as pd

from theorycheck.empirical.rows import WORDS
from theorycheck.empirical.store import Store
from theorycheck.empirical.trial import Repeat, Trial
from theorycheck.judgement import Check
from theorycheck.plan import Plan

SHARE, LEAST = 0.01, 2  # of the trials: a convention; it finds what differs in 1 of 2 trials 3 times in 4
MOST_TOLD = 3  # trials that differ, in a message
Made = list[tuple[Trial, pd.Series]]  # trials, and their rows in the table of trials


def chosen(plan: Plan, table: pd.DataFrame) -> Made:
    """The trials of a plan to make twice, with what they measured; those with the smallest keys.

    Of the package's own experiments none, as their tests hold that they are determined by their seeds.
    """
    rows = [row for _, row in table.sort_values("key").head(how_many(plan, len(table))).iterrows()]
    cells = (plan.cell_at[tuple(row[name] for name in plan.columns)] for row in rows)
    return [(plan.trial(cell, int(row["replicate"])), row) for cell, row in zip(cells, rows, strict=True)]


def how_many(plan: Plan, trials: int) -> int:
    """Of so many trials, how many are made twice."""
    return max(LEAST, math.ceil(SHARE * trials)) if plan.measured.isolated else 0


def compared(plan: Plan, first: Made, store: Store) -> Check | None:
    """Whether trials gave the same when they were made again; None where none was."""
    stored = store.find(Repeat(trial).key for trial, _ in first)
    made = [(trial, row, stored[key]) for trial, row in first if (key := Repeat(trial).key) in stored]
    pairs = [(trial, row, again) for trial, row, again in made if _on_equal_machines(row, again)]
    if not pairs:
        return None
    told = [text for trial, row, again in pairs if (text := _difference(trial, row, again, plan))]
    within = f" within {plan.measured.tolerance:g}" if plan.measured.tolerance else ""
    if not told:
        return Check(
            "repeated trials", "ok", f"{len(pairs)} trials were made twice, with equal results{within}"
        )
    detail = (
        f"{len(told)} of {len(pairs)} trials that were made twice differ{within and ' by more than'}"
        f"{within.removeprefix(' within')}: {'; '.join(told[:MOST_TOLD])}; the result of"
        f" {plan.measured.name} must be determined by its point and seed"
    )
    return Check("repeated trials", "failed", detail)


def _difference(trial: Trial, row: pd.Series, again: Mapping[str, Any], plan: Plan) -> str | None:
    """What differs, in words."""
    for name, second in again.items():
        first = row.get(name)
        if name not in WORDS and not _equal(first, second, plan.measured.tolerance):
            where = ", ".join(f"{plan.claim.text(column)} = {row[column]}" for column in plan.columns)
            return f"at {where}, seed {trial.own_seed}: {name} {first}, then {second}"
    return None


def _on_equal_machines(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    """Whether equal bits are promised; earlier versions did not tell where a trial was made."""
    return first.get("machine") == second.get("machine")


def _equal(first: Any, second: Any, tolerance: float) -> bool:
    if isinstance(first, Sequence) and isinstance(second, Sequence) and not isinstance(first, str):
        both = zip(first, second, strict=False)
        return len(first) == len(second) and all(_equal(a, b, tolerance) for a, b in both)
    if isinstance(first, Real) and isinstance(second, Real):
        return math.isclose(float(first), float(second), rel_tol=tolerance, abs_tol=0)
    return bool(first == second)
