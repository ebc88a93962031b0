"""The two kinds of evidence, raw trials and direct measurements, behind one interface for the judge."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

import pandas as pd

from theorycheck.judgement import Interval, LevelValue
from theorycheck.statistics import measurement, threshold
from theorycheck.statistics.asymptotes import Found, find_asymptotes
from theorycheck.statistics.least_squares import censored_rows
from theorycheck.statistics.links import Asymptotes
from theorycheck.statistics.loglog import level_means, level_thresholds
from theorycheck.statistics.polynomial import Basis, at_points
from theorycheck.statistics.steepness import SAME, Steepness, fit_steepness


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

    def at(self, points: Collection[tuple[float, ...]]) -> Evidence:
        """The rows of some levels."""

    def fit(self, degree: int) -> Fit | None:
        """Fit a polynomial law of a degree to all rows."""

    def shape_p_value(self, degree: int) -> float:
        """P-value of the hypothesis that the law is a polynomial of this degree over the measured levels."""


@dataclass(frozen=True)
class Trials:
    """Counts of successes: columns `factors`, searched, successes, trials (> 0), and maybe seed.

    For readers, what is searched is called `searched`. A guess rate and a lapse rate are part of every
    fit when p < 0.01, and a steepness of the success curve that changes along the levels when p < 0.1.
    """

    table: pd.DataFrame
    factors: Sequence[str]
    searched: str
    levels: Sequence[LevelValue]
    found: Found
    steepness: Steepness

    @classmethod
    def of(
        cls, table: pd.DataFrame, factors: Sequence[str], searched: str = "N", guess: float | None = None
    ) -> Trials:
        """What a table of counts shows; the guess rate is estimated unless it is known."""
        self = cls(table, factors, searched, [], Found(Asymptotes(guess or 0.0)), SAME)._fitted(guess)
        if self.asymptotes.guess or (self.asymptotes.lapse and self.steepness.factors):
            return self._fitted(
                guess
            )  # as they change which levels are measured, and how steep success is there
        return self

    def _fitted(self, guess: float | None) -> Trials:
        """The same with levels, steepness and asymptotes fitted anew, from the asymptotes so far."""
        levels = level_thresholds(self.table, self.factors, asymptotes=replace(self.asymptotes, lapse=0.0))
        placed = replace(self, levels=levels)
        steepness = fit_steepness(placed.inside, self.factors, self.asymptotes)
        return replace(
            placed, steepness=steepness, found=find_asymptotes(self.table, self.factors, steepness, guess)
        )

    @property
    def asymptotes(self) -> Asymptotes:
        """Guess rate and lapse rate."""
        return self.found.asymptotes

    @property
    def inside(self) -> pd.DataFrame:
        """The rows of levels whose threshold lies inside the range of N."""
        return at_points(self.table, self.factors, {value.point for value in self.levels if value.measured})

    def at(self, points: Collection[tuple[float, ...]]) -> Trials:
        """The rows of some levels, with steepness and asymptotes as of all."""
        levels = [value for value in self.levels if value.point in points]
        return replace(self, table=at_points(self.table, self.factors, points), levels=levels)

    @property
    def method(self) -> str:
        """Binomial regression: with asymptotes, steepness by level, clustered by seeds, if there are some."""
        parts = [f"guess rate {self.asymptotes.guess:.1%}"] * bool(self.asymptotes.guess)
        parts += [f"lapse rate {self.asymptotes.lapse:.1%}"] * bool(self.asymptotes.lapse)
        parts += ["steepness by level"] * bool(self.steepness.factors)
        parts += ["clustered by seed"] * ("seed" in self.table)
        return f"binomial regression on trials{''.join(f', {part}' for part in parts)}"

    def fit(self, degree: int) -> threshold.ThresholdFit | None:
        """Fit a polynomial law of a degree to all cells."""
        return threshold.fit_threshold(
            self.table, self.factors, degree, asymptotes=self.asymptotes, steepness=self.steepness
        )

    def shape_p_value(self, degree: int) -> float:
        """P-value of the hypothesis that the law is a polynomial of this degree over the measured levels."""
        return threshold.shape_p_value(
            self.inside, self.factors, degree, asymptotes=self.asymptotes, steepness=self.steepness
        )


@dataclass(frozen=True)
class Measurements:
    """Measured values: rows with the columns `factors`, value, and maybe censored and seed."""

    table: pd.DataFrame
    factors: Sequence[str]
    levels: Sequence[LevelValue]

    @classmethod
    def of(cls, table: pd.DataFrame, factors: Sequence[str]) -> Measurements:
        """What a table of measured values shows."""
        return cls(table, factors, level_means(table, factors))

    def at(self, points: Collection[tuple[float, ...]]) -> Measurements:
        """The rows of some levels."""
        levels = [value for value in self.levels if value.point in points]
        return replace(self, table=at_points(self.table, self.factors, points), levels=levels)

    @property
    def method(self) -> str:
        """Log-log regression, with censored values if there are some, and what its errors are robust to."""
        kind = "regression with censored values" if self.censored else "log-log regression on measurements"
        return f"{kind}, {'clustered by seed' if 'seed' in self.table else 'HC3'}"

    @property
    def censored(self) -> int:
        """How many values are lower bounds."""
        return int(censored_rows(self.table).sum())

    def fit(self, degree: int) -> measurement.MeasurementFit | None:
        """Fit a polynomial law of a degree to all rows."""
        return measurement.fit_measurement(self.table, self.factors, degree)

    def shape_p_value(self, degree: int) -> float:
        """P-value of the hypothesis that the law is a polynomial of this degree."""
        return measurement.shape_p_value(self.table, self.factors, degree)
