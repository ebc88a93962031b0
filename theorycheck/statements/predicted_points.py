"""The judgement of a prediction: what was found at every point of the design, and in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import stats

from theorycheck.judgement import (
    Check,
    Estimate,
    Interval,
    Judgement,
    Levels,
    Status,
    coordinate,
    crossed_value,
)
from theorycheck.statements.base import Topic, counted, judged
from theorycheck.statistics import prediction, quantities
from theorycheck.statistics.hypothesis import SHAPE_SIGNIFICANCE
from theorycheck.statistics.prediction import Deviation
from theorycheck.statistics.quantities import Found
from theorycheck.statistics.tests import Tested

if TYPE_CHECKING:
    from theorycheck.statements.predicts import Predicts


def judgement(stated: Predicts, evidence: pd.DataFrame, topic: Topic) -> Judgement:
    """The judgement by counts or values, with a column of what is predicted."""
    names, table = list(topic.letters), counted(evidence, topic.column)
    table = table.assign(**{name: _numbers(table[name]) for name in names})
    seen = quantities.seen(table, names, "predicted", stated.size)
    points, targets, free, counts = list(seen.points), list(seen.targets), None, "trials" in table
    if stated.prefactor is not None:
        points = points if counts else [quantities.logarithm(one) for one in points]
        points, free = prediction.free_prefactor(points, targets)
        targets = [float(np.exp(free.value)) * target for target in targets]
    logarithmic = counts or free is not None
    found = prediction.deviations(points, targets, stated.tolerance, stated.absolute, logarithmic)
    if counts and free is None and not stated.limit:
        found = [prediction.by_bounds(one, table, names) for one in found]
    places = [_place(one.found.at, topic, evidence, stated.size) for one in found]
    tested = prediction.as_a_whole(found)
    checks = [_at_point(stated, *both) for both in zip(places, found, strict=True)]
    checks += _lines(places, seen.lines, stated.size)
    beside = () if free is None else (_fitted(str(stated.prefactor), free, topic),)
    reason = _reason(stated, tested, places, found, topic)
    return judged(tested, reason, topic, checks, seen.levels, beside)


def _numbers(values: pd.Series) -> list[float]:
    """A number for every value of what is varied."""
    unlike = list(dict.fromkeys(values))
    return [coordinate(value, unlike) for value in values]


def _place(at: Levels, topic: Topic, evidence: pd.DataFrame, size: str | None) -> str:
    """A point for readers, as in `n = 40, d = 4`."""
    told = []
    letters = {name: letter for name, letter in topic.letters.items() if name != size}
    for x, (name, letter) in zip(at, letters.items(), strict=True):
        value = crossed_value(x, list(dict.fromkeys(evidence[name])))
        told.append(f"{letter} = {value:g}" if isinstance(value, float) else f"{letter} = {value}")
    return ", ".join(told) or "limit"


def _at_point(stated: Predicts, place: str, one: Deviation) -> Check:
    if not one.known:
        detail = f"no value from these trials, or none within what was tried; predicted {one.target:.4g}"
        return Check(place, "warning", f"{detail}: {one.tested.decision}")
    detail = f"{one.value:.4g}, predicted {one.target:.4g}: off by {_off(stated, one)}"
    status: Status = "ok" if one.tested.decision == "SUPPORTED" else "warning"
    return Check(place, status, f"{detail}, {one.tested.decision}")


def _off(stated: Predicts, one: Deviation) -> str:
    unit, times = ("", 1) if stated.absolute else (" %", 100)
    interval = one.interval()
    return f"{times * one.away:+.3g} [{times * interval.low:+.3g}, {times * interval.high:+.3g}]{unit}"


def _reason(
    stated: Predicts, tested: Tested, places: Sequence[str], found: Sequence[Deviation], topic: Topic
) -> str:
    allowed, refuted = stated.amount(stated.tolerance), tested.decision == "REFUTED"
    if tested.decision == "SUPPORTED":
        at_most = f"at most {stated.amount(tested.interval.high)} with 95 % confidence"
        return (
            f"{topic.quantity} is within {allowed} of the prediction at each of {len(found)} points; the"
            f" largest deviation is {stated.amount(tested.estimate)}, {at_most}."
        )
    doubt = [one.tested.p_refuted if refuted else -one.tested.p_supported for one in found]
    worst = int(np.argmin(doubt))
    at = f"at {places[worst]}" + (f" ({_off(stated, found[worst])})" if found[worst].known else "")
    if refuted:
        return f"{topic.quantity} is off the prediction by more than {allowed} {at}."
    return (
        f"It is not established that {topic.quantity} is within {allowed} of the prediction {at};"
        " more trials would settle it."
    )


def _lines(places: Sequence[str], p_values: Sequence[float], size: str | None) -> Iterator[Check]:
    """Whether the finite sizes contradict  a + b / size."""
    for place, p_value in zip(places, p_values, strict=False):
        detail = f"{place}: a + b/{size} over the values of {size}, p = {p_value:.2g}"
        if curved := p_value < SHAPE_SIGNIFICANCE:
            detail += (
                f"; the limit is that of a + b/{size} + c/{size}^2, its error widened by what that changes"
            )
        yield Check("extrapolation", "warning" if curved else "ok", detail)


def _fitted(letter: str, free: Found, topic: Topic) -> Estimate:
    """The free prefactor, whose logarithm was found."""
    half = float(stats.t.ppf(0.975, free.df)) * free.error
    low, value, high = (float(np.exp(free.value + away)) for away in (-half, 0, half))
    return Estimate(topic.factor, value, Interval(low, high), "geometric mean over the points", letter)
