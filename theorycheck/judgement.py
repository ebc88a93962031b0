"""What data say: estimates with intervals, checks, and the judgement that rests on them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

Decision = Literal["SUPPORTED", "REFUTED", "INCONCLUSIVE"]
Status = Literal["ok", "warning", "failed"]
Levels = tuple[float, ...]  # one combination: the value of each factor
Band = tuple[tuple[float, float, float, float], ...]  # level, fitted value, low, high
MOST_DECIMALS = 6  # of an estimate, however narrow its interval


@dataclass(frozen=True)
class Interval:
    """A confidence interval; an end without bound is infinite.

    Attributes:
        low, high: its ends.
        confidence: two-sided coverage, such as 0.95.
    """

    low: float
    high: float
    confidence: float = 0.95

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high

    def __str__(self) -> str:
        return format(self)

    def __format__(self, spec: str) -> str:
        """The interval with its ends in a format, by default with the digits that its width asks for."""
        spec = spec or self.digits
        return f"[{self.low:{spec}}, {self.high:{spec}}]"

    @property
    def digits(self) -> str:
        """The format in which its ends differ by their last digit or more: two decimals, or as many as that
        takes.
        """
        if not 0 < self.width < 1:
            return ".2f"
        return f".{min(MOST_DECIMALS, max(2, -math.floor(math.log10(self.width))))}f"

    def around(self, value: float) -> str:
        """A value with this interval: `-0.80 [-0.88, -0.73]`, or `-0.052 [-0.054, -0.050]` where that is
        narrower.
        """
        return f"{value:{self.digits}} {self}"

    @property
    def spoken(self) -> str:
        """Its numbers in words: `-2.25 and above`, `-1.25 to -0.75`."""
        if math.isinf(self.low) and math.isinf(self.high):
            return "any number"
        if math.isinf(self.high):
            return f"{self.low:.4g} and above"
        return f"{self.high:.4g} and below" if math.isinf(self.low) else f"{self.low:.4g} to {self.high:.4g}"

    @property
    def width(self) -> float:
        """Distance of its ends."""
        return self.high - self.low


@dataclass(frozen=True)
class Estimate:
    """An estimated exponent in one factor, or another number, with its interval, and how it was obtained.

    A name says what it is where that is not what the verdict's other estimates are.
    """

    factor: str
    value: float
    interval: Interval
    method: str
    name: str = ""

    @property
    def text(self) -> str:
        """Value and interval."""
        return self.interval.around(self.value)


@dataclass(frozen=True)
class Check:
    """One question about the data or the fit.

    Its status is "ok", "warning" (read on), or "failed" (no verdict can rest on it).
    """

    name: str
    status: Status
    detail: str


@dataclass(frozen=True)
class LevelValue:
    """The quantity (a threshold N*, or a measured value) at one level of each factor, from the rows there
    alone.

    Attributes:
        point: value of each factor, and `coordinate` of what is crossed.
        value: N* (success rate 1/2) in samples, or the geometric mean of the measurements; a bound when
            censored.
        low, high: its 95 % interval; one-sided when censored.
        kind: "fitted"; "step" (no N fails and succeeds: the geometric mean of the two N beside the step);
            "above" or "below" (censored: it lies beyond the largest or smallest N, or value, that was seen).
    """

    point: Levels
    value: float
    low: float
    high: float
    kind: Literal["fitted", "step", "above", "below"]

    @property
    def text(self) -> str:
        """The value with its interval."""
        return f"{self.value:.3g} [{self.low:.3g}, {self.high:.3g}]"

    @property
    def measured(self) -> bool:
        """Whether the value lies within what was tried."""
        return self.kind in ("fitted", "step")


def coordinate(value: Any, values: Iterable[Any]) -> float:
    """Where a value of what is crossed stands in the point of a level: a number itself, else its place among
    the values in alphabetical order.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    return float(sorted(map(str, values)).index(str(value)))


def crossed_value(at: float, values: Iterable[Any]) -> Any:
    """The value of what is crossed that stands at a coordinate."""
    return next(value for value in values if coordinate(value, values) == at)


@dataclass(frozen=True)
class RegressionRow:
    """One level in the log-log regression of level values.

    Attributes:
        point: value of each factor.
        log_value, fitted: observed and fitted logarithm.
        residual: internally studentised.
        leverage: diagonal of the hat matrix.
        cooks_distance: how much the fit would move without this level (Cook, Technometrics 19 (1977) 15).
    """

    point: Levels
    log_value: float
    fitted: float
    residual: float
    leverage: float
    cooks_distance: float


@dataclass(frozen=True)
class Regression:
    """The ordinary least-squares regression of the log quantity on the log factors, over the measured levels.

    Attributes:
        estimates: the exponents with their intervals, one a factor.
        table: the regression table, as text.
        rows: one a level.
    """

    estimates: tuple[Estimate, ...]
    table: str
    rows: tuple[RegressionRow, ...]


@dataclass(frozen=True)
class Judgement:
    """What the data say about the exponents of a law.

    Attributes:
        decision: SUPPORTED, REFUTED or INCONCLUSIVE.
        reason: one or two sentences for a reader.
        checks: what was asked of data and fits.
        levels: the quantity at each combination of levels, in increasing order of the levels.
        estimates: the exponents that the decision rests on, one a variable; empty when the data bear no
            estimate.
        beside: other estimates of them, for comparison.
        regression: the log-log regression people know; None with too few measured levels.
        curve: points (level, fitted value, low, high) of the deciding fit, with its 95 % band; of one factor
            only.
        p_supported, p_refuted: of the hypotheses that the law does not hold, and that it does; see
            `judge.decide`.
    """

    decision: Decision
    reason: str
    checks: tuple[Check, ...]
    levels: tuple[LevelValue, ...]
    estimates: tuple[Estimate, ...] = ()
    beside: tuple[Estimate, ...] = ()
    regression: Regression | None = None
    curve: Band = ()
    p_supported: float = 1.0
    p_refuted: float = 1.0

    def with_check(self, check: Check) -> Judgement:
        """The same with one more check."""
        return replace(self, checks=(*self.checks, check))

    def unless_failed(self, check: Check, why: str) -> Judgement:
        """The same with a check, which takes back the verdict, and says why, where it failed."""
        checked = self.with_check(check)
        if check.status != "failed":
            return checked
        return replace(checked, decision="INCONCLUSIVE", reason=f"{why}: {check.detail}.")

    def at(self, levels: Mapping[float, float]) -> Judgement:
        """The same with other values of the one factor in place of those that were judged, but for the
        curve.
        """

        def moved(point: Levels) -> Levels:
            return (levels[point[0]], *point[1:])

        judged = sorted((replace(v, point=moved(v.point)) for v in self.levels), key=lambda v: v.point)
        regression = self.regression and replace(
            self.regression, rows=tuple(replace(row, point=moved(row.point)) for row in self.regression.rows)
        )
        return replace(self, levels=tuple(judged), regression=regression)

    def span(self, position: int = 0) -> tuple[float, float]:
        """Smallest and largest level of a factor where the quantity was measured, or of all when none was."""
        known = [level for level in self.levels if level.measured] or self.levels
        values = [level.point[position] for level in known]
        return min(values), max(values)
