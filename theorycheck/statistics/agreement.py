"""Whether two experiments agree: at each of several places, and as a whole.

That no difference is seen is no agreement. At every place two things are tested: that the difference is
smaller than one that matters, and that it is larger (`tests.t_test`: two one-sided tests, and the reverse).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from theorycheck.judgement import Estimate, Interval, LevelValue
from theorycheck.statistics.evidence import Trials
from theorycheck.statistics.hypothesis import SIGNIFICANCE
from theorycheck.statistics.loglog import level_thresholds
from theorycheck.statistics.quantities import ROUNDING, log_error
from theorycheck.statistics.tests import Tested, decided, holm, mean_test, t_test

Agreement = Literal["REPRODUCED", "PARTLY", "NOT REPRODUCED", "INCONCLUSIVE"]
Where = Literal["agrees", "differs", "open"]
COUNTS = ["successes", "trials"]


@dataclass(frozen=True)
class Place:
    """The difference of two experiments at one place.

    Attributes:
        at: the level, or the time.
        ours, theirs: what was found there, for readers.
        difference: ours over theirs (a ratio of thresholds), or ours less theirs, with its 95 % interval.
        distance: the size of its logarithm, or its own size. Their threshold may be anywhere within its
            bounds, and ours is on average where its bounds allow, among the N that either tried: to count
            what is excluded alone would make near what is not known.
        test: of a difference smaller than one that matters; it is SUPPORTED where the two agree.
        where: what is concluded there; that they differ, by p-values corrected for the number of places.
    """

    at: float
    ours: str
    theirs: str
    difference: float
    interval: Interval
    distance: float
    test: Tested
    where: Where = "open"

    @property
    def text(self) -> str:
        """The difference with its interval, or that alone where a threshold lies beyond what was tried."""
        known = f"{self.difference:.3g} " * bool(np.isfinite(self.difference))
        return f"{known}{self.interval:.3g}"


def concluded(places: Sequence[Place]) -> tuple[Agreement, tuple[Place, ...]]:
    """What follows from all places, with what is concluded at each.

    Two agree at a place where a difference that matters is excluded at 4.5 %. As all must agree for
    REPRODUCED, no correction is due (intersection-union test: Berger, Technometrics 24 (1982) 295). They
    differ where one is shown, corrected by Holm's method. REPRODUCED: all agree. NOT REPRODUCED: some differ,
    and none agrees. PARTLY: some differ, and some agree. INCONCLUSIVE: none differs, and not all agree.
    """
    corrected = holm({str(i): place.test.p_refuted for i, place in enumerate(places)})
    found = []
    for i, place in enumerate(places):
        differs = corrected[str(i)] < SIGNIFICANCE
        agrees = place.test.p_supported < SIGNIFICANCE
        where: Where = "differs" if differs else "agrees" if agrees else "open"
        found.append(replace(place, where=where))
    kinds = {place.where for place in found}
    if "differs" in kinds:
        return ("PARTLY" if "agrees" in kinds else "NOT REPRODUCED"), tuple(found)
    return ("REPRODUCED" if kinds == {"agrees"} else "INCONCLUSIVE"), tuple(found)


def cells(ours: pd.DataFrame, theirs: pd.DataFrame, factor: str) -> pd.DataFrame:
    """Fisher's exact test of every cell that both have, corrected by Holm's method.

    Args:
        ours: columns factor, searched, successes, trials.
        theirs: the same columns.
        factor: column of the levels.

    Returns:
        One row a cell: factor, searched, the counts of both (suffixes _ours, _theirs), p, and p_holm.
    """
    keys = [factor, "searched"]
    both = _summed(ours, keys).merge(_summed(theirs, keys), on=keys, suffixes=("_ours", "_theirs"))
    both["p"] = [
        stats.fisher_exact([[k, n - k], [l, m - l]])[1]
        for k, n, l, m in both[
            ["successes_ours", "trials_ours", "successes_theirs", "trials_theirs"]
        ].to_numpy()
    ]
    corrected = holm({str(i): p for i, p in enumerate(both["p"])})
    return both.assign(p_holm=[corrected[str(i)] for i in range(len(both))])


def _summed(table: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    kept = table[table["trials"] > 0]
    return kept.groupby(keys, as_index=False)[COUNTS].sum()


def thresholds(ours: pd.DataFrame, theirs: pd.DataFrame, factor: str, within: float) -> list[Place]:
    """The ratio of the thresholds of two tables of counts at every level that both have.

    A level's threshold is fitted to its own trials (`loglog.level_thresholds`); the logarithms of two are
    independent, so that their variances add, with as many degrees of freedom as cells less coefficients.
    Where one lies beyond what was tried, its bound takes part: two differ then where even the bound is
    farther than a ratio that matters, and some cell of that level differs (`cells`).

    Args:
        ours: columns factor, searched, successes, trials.
        theirs: the same columns.
        factor: column of the levels.
        within: ratio that matters, above 1; its inverse matters as well.
    """
    by_cell, matters = cells(ours, theirs, factor), float(np.log(within))
    mine, other = (
        {value.point[0]: value for value in level_thresholds(table[table["trials"] > 0], [factor])}
        for table in (ours, theirs)
    )
    tried = np.log(pd.concat([ours["searched"], theirs["searched"]]).to_numpy(float))
    places = []
    for level in sorted(mine.keys() & other.keys()):
        there = by_cell[np.isclose(by_cell[factor], level)]
        least = float(there["p_holm"].min()) if len(there) else 1.0
        df = sum(table.loc[table[factor] == level, "searched"].nunique() - 2 for table in (ours, theirs))
        away = _distance(mine[level], other[level], tried)
        places.append(_ratio(level, mine[level], other[level], matters, max(1, df), least, away))
    return places


def exponent(counts: pd.DataFrame, factor: str, name: str = "") -> Estimate | None:
    """The exponent of a table's thresholds with its 95 % interval, on average over its levels, by a name.

    It is that of a binomial regression (`evidence.Trials`); None where the counts do not determine it, or
    have fewer than two levels. The columns are factor, searched, successes, trials.
    """
    if counts[factor].nunique() < 2:
        return None
    evidence = Trials.of(_summed(counts, [factor, "searched"]), [factor])
    if (fit := evidence.fit(1)) is None:
        return None
    return Estimate(factor, fit.exponent(factor), fit.interval(factor), evidence.method, name)


def exponents(ours: pd.DataFrame, theirs: pd.DataFrame, factor: str) -> list[Estimate]:
    """Our exponent, theirs, and ours less theirs, on average over the levels that both have.

    Each is an `exponent` of its own. The interval of the difference is theirs recovered (Zou and Donner,
    Stat. Med. 27 (2008) 1693), so that they need not be symmetric. Two that agree in their exponents may
    differ in every threshold.

    Args:
        ours: columns factor, searched, successes, trials.
        theirs: the same columns.
        factor: column of the levels.

    Returns:
        The three with their 95 % intervals, by name; none where the counts do not determine both, or fewer
        than two levels are those of both.
    """
    both = set(ours[factor]) & set(theirs[factor])
    mine, other = (
        exponent(table[table[factor].isin(both)], factor, name)
        for name, table in (("ours", ours), ("theirs", theirs))
    )
    if mine is None or other is None:
        return []
    difference = mine.value - other.value
    low = difference - np.hypot(mine.value - mine.interval.low, other.interval.high - other.value)
    high = difference + np.hypot(mine.interval.high - mine.value, other.value - other.interval.low)
    interval = Interval(float(low), float(high))
    return [mine, other, Estimate(factor, difference, interval, "recovered variances", "ours less theirs")]


def _ratio(
    level: float,
    mine: LevelValue,
    other: LevelValue,
    matters: float,
    df: int,
    p_cells: float,
    distance: float,
) -> Place:
    said = [value.text if value.measured else f"{value.kind} {value.value:g}" for value in (mine, other)]
    if mine.measured and other.measured:
        estimate = float(np.log(mine.value) - np.log(other.value))
        error = max(float(np.hypot(log_error(mine), log_error(other))), ROUNDING)
        half = float(stats.t.ppf(0.975, df)) * error
        interval = Interval(estimate - half, estimate + half)
        to_low, to_high = (estimate + matters) / error, (estimate - matters) / error
        test = t_test(estimate, interval, to_low, to_high, df, "ratio of thresholds")
    else:
        low, high = _log(mine.low) - _log(other.high), _log(mine.high) - _log(other.low)
        estimate, interval = np.nan, Interval(low, high)
        apart = low > matters or high < -matters
        test = decided(np.nan, interval, (1.0, p_cells if apart else 1.0), "bounds of thresholds")
    ratio = Interval(_exp(interval.low), _exp(interval.high))
    return Place(level, said[0], said[1], _exp(estimate), ratio, distance, test)


def _distance(mine: LevelValue, other: LevelValue, tried: np.ndarray) -> float:
    """How far a threshold is from another on average, in logarithms, among those of the N that were tried."""
    (low, high), (least, most) = (
        (_log(value.value),) * 2 if value.measured else (_log(value.low), _log(value.high))
        for value in (mine, other)
    )
    low, high = np.clip((low, high), min(tried.min(), high), max(tried.max(), low))
    if low == high:
        return max(0.0, least - low, low - most)
    ends = np.array([low, high])
    below, above = (np.maximum(0, away) ** 2 / 2 for away in (least - ends, ends - most))
    return float((below[0] - below[1] + above[1] - above[0]) / (high - low))


def _log(value: float) -> float:
    return float(np.log(value)) if value > 0 else -np.inf


def _exp(value: float) -> float:
    return np.inf if value >= 700 else float(np.exp(value))  # which leaves nan as it is


def values(ours: pd.DataFrame, theirs: pd.DataFrame, within: float) -> list[Place]:
    """The difference of the mean over trials from a curve, at every time of the curve.

    Args:
        ours: columns key, t, value: the trials, whose values are read between looks by straight lines, and
            after the last one stay as they are.
        theirs: columns t, value: a curve, taken for exact.
        within: difference that matters.
    """
    trials = [rows.sort_values("t") for _, rows in ours.groupby("key")]
    places = []
    for t, value in theirs.sort_values("t")[["t", "value"]].to_numpy(float):
        found = np.array([np.interp(t, rows["t"], rows["value"]) for rows in trials]) - value
        test = mean_test(found, -within, within, "t test")
        mean = test.estimate
        ours_there = f"{mean + value:.3g}"
        places.append(Place(float(t), ours_there, f"{value:.3g}", mean, test.interval, abs(mean), test))
    return places
