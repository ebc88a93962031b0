"""The questions every verdict answers beside its estimate."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from theorycheck.statistics.threshold import ThresholdFit
from theorycheck.verdict import Check, Decision, Estimate, Interval, LevelThreshold, Status

FEWEST_LEVELS = 3  # measured thresholds, below which no exponent is estimated
WANTED_LEVELS = 5
WANTED_DECADES = 1.0
WANTED_FITTED = 0.95


def span(thresholds: Sequence[LevelThreshold]) -> Check:
    """How many decades of the factor the measured thresholds span."""
    levels = [t.level for t in thresholds if t.measured]
    decades = float(np.log10(max(levels) / min(levels))) if levels else 0.0
    status: Status = "ok" if decades >= WANTED_DECADES - 1e-9 else "warning"
    return Check("range", status, f"thresholds measured over {decades:.2f} decades (wanted: {WANTED_DECADES:g})")


def censoring(thresholds: Sequence[LevelThreshold]) -> Check:
    """At how many levels the threshold lies outside of the N that were tried."""
    above, below = (sum(t.kind == kind for t in thresholds) for kind in ("above", "below"))
    measured = len(thresholds) - above - below
    status: Status = "ok" if measured >= WANTED_LEVELS else "warning" if measured >= FEWEST_LEVELS else "failed"
    parts = [f"threshold inside the N range at {measured} of {len(thresholds)} levels"]
    parts += [f"above it at {above}"] * bool(above) + [f"below it at {below}"] * bool(below)
    return Check("censoring", status, ", ".join(parts))


def power_law(
    straight: ThresholdFit, p_value: float, bent: ThresholdFit | None, bent_p_value: float, letter: str
) -> Check:
    """Whether one power law describes the whole range; if not, how the exponent drifts and what is judged instead."""
    if bent is None:
        return Check("power law", "ok", f"the data do not contradict one power law (p = {p_value:.2g})")
    detail = (
        f"one power law does not fit (p = {p_value:.1g}): the exponent drifts from {straight.exponent:.2f} on average "
        f"to {bent.exponent:.2f} at {letter} = {bent.x0:g}, where the verdict rests (degree {bent.degree}, "
        f"p = {bent_p_value:.2g})"
    )
    return Check("power law", "warning", detail)


def dispersion(fit: ThresholdFit) -> Check:
    """Whether the trials scatter more around the fit than binomially; the intervals are widened by it."""
    status: Status = "ok" if fit.dispersion < 2 else "warning"
    return Check("dispersion", status, f"{fit.dispersion:.2f} times binomial (intervals account for it)")


def agreement(binomial: Estimate, loglog: Estimate | None) -> Check:
    """Whether the two estimators of one overall exponent lie within each other's intervals."""
    if loglog is None:
        return Check("agreement", "warning", "too few measured thresholds for a log-log regression")
    agree = binomial.value in loglog.interval and loglog.value in binomial.interval
    detail = f"binomial {binomial.value:.2f} {binomial.interval}, log-log {loglog.value:.2f} {loglog.interval}"
    return Check("agreement", "ok" if agree else "warning", detail if agree else f"the estimators disagree: {detail}")


def rivals(interval: Interval, exponents: tuple[float, ...]) -> Check:
    """Which rival exponents the interval excludes."""
    left = [f"{e:g}" for e in exponents if e in interval]
    out = [f"{e:g}" for e in exponents if e not in interval]
    parts = [f"told apart from {', '.join(out)}"] * bool(out) + [f"not told apart from {', '.join(left)}"] * bool(left)
    return Check("rivals", "warning" if left else "ok", "; ".join(parts) or "the claim names none")


def unfitted(cells: pd.DataFrame, decisions: set[Decision], decision: Decision) -> Check:
    """Whether trials that did not fit their training data, which were left out, could change the verdict."""
    count = int(cells["unfitted"].sum())
    total = count + int(cells["trials"].sum())
    detail = f"{count} of {total} trials did not fit their training data and were left out"
    if count and decisions != {decision}:
        return Check("unfitted", "failed", f"{detail}; counted as failures or successes they would change the verdict")
    status: Status = "ok" if count <= (1 - WANTED_FITTED) * total else "warning"
    return Check("unfitted", status, detail)
