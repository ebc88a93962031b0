"""The two kinds of evidence, raw trials and direct measurements, behind one interface for the judge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, Protocol

import pandas as pd

from theorycheck.statistics import measurement, threshold
from theorycheck.statistics.basis import Basis, points_of
from theorycheck.statistics.loglog import level_means, level_thresholds
from theorycheck.statistics.rise import Rise, fit_rise
from theorycheck.verdict import Interval, LevelValue


class Fit(Protocol):
    """A fitted law: `threshold.ThresholdFit` or `measurement.MeasurementFit`."""

    @property
    def basis(self) -> Basis:
        """The polynomial terms."""

    @property
    def dispersion(self) -> float:
        """Of the errors."""

    def exponent(self, factor: str, at: Sequence[float] | None = None) -> float:
        """Local exponent."""

    def interval(self, factor: str, confidence: float = 0.95, at: Sequence[float] | None = None) -> Interval:
        """Interval of the local exponent."""

    def p_value(self, factor: str, exponent: float, side: Literal["below", "above"], at: Any = None) -> float:
        """One-sided p-value of the hypothesis that the local exponent is not on a side of a value."""

    def predict(self, point: Sequence[float]) -> float:
        """Fitted quantity at a point."""

    def band(self, point: Sequence[float]) -> tuple[float, float]:
        """95 % interval of the fitted quantity at a point."""


class Evidence(Protocol):
    """Rows of data about one quantity."""

    @property
    def table(self) -> pd.DataFrame:
        """The rows."""

    @property
    def levels(self) -> Sequence[LevelValue]:
        """The quantity at each combination of levels, from the rows there alone."""

    @property
    def method(self) -> str:
        """How it is fitted, for readers."""

    def fit(self, degree: int) -> Fit | None:
        """Fit a polynomial law of a degree to all rows."""

    def shape_p_value(self, degree: int) -> float:
        """P-value of the hypothesis that the law is a polynomial of this degree over the measured levels."""


@dataclass(frozen=True)
class Trials:
    """Counts of successes: cells with the columns `factors`, n, successes, trials (> 0), and maybe seed.

    For readers, n is called what is `searched`. Trials fail at a lapse rate whatever n is (when p < 0.01), and success
    rises more steeply at some levels than at others (when p < 0.1), which is then part of every fit.
    """

    table: pd.DataFrame
    factors: Sequence[str]
    searched: str = "N"
    levels: Sequence[LevelValue] = field(init=False)
    lapse: float = field(init=False)
    lapse_p_value: float = field(init=False)
    rise: Rise = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "levels", level_thresholds(self.table, self.factors))
        rise = fit_rise(self._inside, self.factors)
        lapse, p_value = self._lapse(rise)
        if lapse and rise.factors:  # as lapses flatten the curves of levels with a low threshold
            rise = fit_rise(self._inside, self.factors, lapse)
            lapse, p_value = self._lapse(rise)
        for name, value in (("rise", rise), ("lapse", lapse), ("lapse_p_value", p_value)):
            object.__setattr__(self, name, value)

    def _lapse(self, rise: Rise) -> tuple[float, float]:
        rate, p_value = threshold.fit_lapse(self.table, self.factors, rise)
        return (rate if p_value < threshold.LAPSE_SIGNIFICANCE else 0.0), p_value

    @cached_property
    def _inside(self) -> pd.DataFrame:
        """The rows of levels whose threshold lies inside the range of N."""
        measured = {value.point for value in self.levels if value.measured}
        points = points_of(self.table, self.factors)
        return self.table[[tuple(map(float, point)) in measured for point in points]]

    @property
    def method(self) -> str:
        """Binomial regression: with lapses, steepness by level, clustered by seeds, if there are some."""
        parts = [f"lapses {self.lapse:.1%}"] * bool(self.lapse) + ["steepness by level"] * bool(self.rise.factors)
        parts += ["clustered by seed"] * ("seed" in self.table)
        return f"binomial regression on trials{''.join(f', {part}' for part in parts)}"

    def fit(self, degree: int) -> threshold.ThresholdFit | None:
        """Fit a polynomial law of a degree to all cells."""
        return threshold.fit_threshold(self.table, self.factors, degree, lapse=self.lapse, rise=self.rise)

    def shape_p_value(self, degree: int) -> float:
        """P-value of the hypothesis that the law is a polynomial of this degree over the measured levels."""
        return threshold.shape_p_value(self._inside, self.factors, degree, lapse=self.lapse, rise=self.rise)


@dataclass(frozen=True)
class Measurements:
    """Measured values: rows with the columns `factors`, value, and maybe censored and seed."""

    table: pd.DataFrame
    factors: Sequence[str]
    levels: Sequence[LevelValue] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "levels", level_means(self.table, self.factors))

    @property
    def method(self) -> str:
        """Log-log regression, with censored values if there are some, and what its errors are robust to."""
        kind = "regression with censored values" if self.censored else "log-log regression on measurements"
        return f"{kind}, {'clustered by seed' if 'seed' in self.table else 'HC3'}"

    @property
    def censored(self) -> int:
        """How many values are lower bounds."""
        return int(measurement.censored_rows(self.table).sum())

    def fit(self, degree: int) -> measurement.MeasurementFit | None:
        """Fit a polynomial law of a degree to all rows."""
        return measurement.fit_measurement(self.table, self.factors, degree)

    def shape_p_value(self, degree: int) -> float:
        """P-value of the hypothesis that the law is a polynomial of this degree."""
        return measurement.shape_p_value(self.table, self.factors, degree)
