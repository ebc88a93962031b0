"""The two kinds of evidence, raw trials and direct measurements, which the judge treats alike."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Self

import pandas as pd

from theorycheck.judgement import Levels, LevelValue
from theorycheck.statistics import measurement, threshold
from theorycheck.statistics.asymptotes import Found, find_asymptotes
from theorycheck.statistics.least_squares import censored_rows
from theorycheck.statistics.links import Asymptotes
from theorycheck.statistics.loglog import level_means, level_thresholds
from theorycheck.statistics.polynomial import at_points
from theorycheck.statistics.steepness import SAME, Steepness, fit_steepness

Fit = threshold.ThresholdFit | measurement.MeasurementFit


@dataclass(frozen=True)
class _Rows:
    """Rows of data about one quantity.

    Attributes:
        table: the rows, with the columns `factors` and those of their kind.
        factors: the columns of the levels.
        levels: the quantity at each combination of levels, from the rows there alone.
    """

    table: pd.DataFrame
    factors: Sequence[str]
    levels: Sequence[LevelValue]

    @property
    def measured(self) -> list[Levels]:
        """The combinations of levels where the quantity lies within what was tried."""
        return [level.point for level in self.levels if level.measured]

    def at(self, points: Collection[Levels]) -> Self:
        """The rows of some levels, with what else was estimated as of all."""
        levels = [value for value in self.levels if value.point in points]
        return replace(self, table=at_points(self.table, self.factors, points), levels=levels)


@dataclass(frozen=True)
class Trials(_Rows):
    """Counts of successes: columns `factors`, searched, successes, trials (> 0), and maybe seed.

    For readers, what is searched is called `searched`. A guess rate and a lapse rate are part of every
    fit when p < 0.01, and a steepness of the success curve that changes along the levels when p < 0.1.
    """

    searched: str
    found: Found
    steepness: Steepness

    @classmethod
    def of(
        cls, table: pd.DataFrame, factors: Sequence[str], searched: str = "N", guess: float | None = None
    ) -> Trials:
        """What a table of counts shows; the guess rate is estimated unless it is known."""
        self = cls(table, factors, [], searched, Found(Asymptotes(guess or 0.0)), SAME)._fitted(guess)
        # As they change which levels are measured, and how steep success is there.
        anew = self.asymptotes.guess or (self.asymptotes.lapse and self.steepness.factors)
        return self._fitted(guess) if anew else self

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
        return at_points(self.table, self.factors, set(self.measured))

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
class Measurements(_Rows):
    """Measured values: rows with the columns `factors`, value, and maybe censored and seed."""

    @classmethod
    def of(cls, table: pd.DataFrame, factors: Sequence[str]) -> Measurements:
        """What a table of measured values shows."""
        return cls(table, factors, level_means(table, factors))

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


Evidence = Trials | Measurements


def told(fit: Fit, factor: str, at: Sequence[float] | None = None) -> str:
    """The local exponent with its 95 % interval, for readers."""
    return fit.interval(factor, at=at).around(fit.exponent(factor, at))
