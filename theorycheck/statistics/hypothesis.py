"""The hypothesis about the data: a law in numbers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from theorycheck.errors import ClaimError
from theorycheck.judgement import Interval, Levels

Relation = Literal["O", "Omega", "Theta"]

ERROR_RATE = 0.05  # of each kind of false verdict at the edge of the allowed exponents: the usual convention
SHAPE_SIGNIFICANCE = 0.01  # of one power law; at 0.05 coverage is 91 %: docs/calibration.md, "Why 1 %"
SHAPE_DOUBT = 0.1  # p-value below which the next degree must agree with a verdict: docs/history.md, study 4
SIGNIFICANCE = ERROR_RATE - SHAPE_SIGNIFICANCE / 2  # a law wrongly called curved may err to either side
CHECK_SIGNIFICANCE = 0.05  # of tests beside a verdict, which decide nothing: the usual convention
TESTED = 1 - 2 * SIGNIFICANCE  # confidence of the interval whose ends are the limits of the one-sided tests


@dataclass(frozen=True)
class Variable:
    """One variable of a law.

    Attributes:
        factor: its column.
        letter: as readers know it, for sentences.
        exponent: claimed exponent.
        goes_to: where it goes in the theorem.
        rivals: exponents the data should exclude.
    """

    factor: str
    letter: str
    exponent: float
    goes_to: Literal["0", "oo"]
    rivals: tuple[float, ...] = ()

    def asymptotic(self, values: Sequence[float]) -> float:
        """The value nearest to where the variable goes."""
        return min(values) if self.goes_to == "0" else max(values)

    def opposite(self, values: Sequence[float]) -> float:
        """The value at the other end."""
        return max(values) if self.goes_to == "0" else min(values)


@dataclass(frozen=True)
class Hypothesis:
    """A law `quantity = relation(product of powers of the variables)`.

    Attributes:
        variables: with their claimed exponents.
        relation: "O", "Omega" or "Theta".
        margin: how much worse than claimed an exponent may be.
        searched: what the law's threshold is a value of, for sentences.
        guess_rate: lower asymptote of the success rate in that value; estimated where it is None.
    """

    variables: tuple[Variable, ...]
    relation: Relation
    margin: float = 0.25
    searched: str = "N"
    guess_rate: float | None = None

    def with_options(self, margin: float | None, guess_rate: float | None) -> Hypothesis:
        """The same with another margin or guess rate, where these are given.

        Raises:
            ClaimError: the margin is not positive, or the guess rate no share.
        """
        if margin is not None and not 0 < margin < np.inf:
            raise ClaimError(f"asked for a margin of {margin:g}; it must be a positive number, such as 0.25")
        if guess_rate is not None and not 0 <= guess_rate < 1:
            raise ClaimError(
                f"asked for a guess rate of {guess_rate:g}; it must be a share from 0 to below 1, such as 0.5"
            )
        guess = self.guess_rate if guess_rate is None else guess_rate
        return replace(self, margin=margin or self.margin, guess_rate=guess)

    @property
    def factors(self) -> list[str]:
        """The columns of the variables."""
        return [v.factor for v in self.variables]

    def allowed(self, variable: Variable) -> Interval:
        """The allowed exponents of a variable, margin included.

        O forbids faster growth along the regime, which is a more negative exponent for x -> 0 and a larger
        one for x -> oo; Omega forbids slower growth.
        """
        low, high = variable.exponent - self.margin, variable.exponent + self.margin
        if self.relation != "Theta":
            bounded_below = (self.relation == "O") == (variable.goes_to == "0")
            low, high = (low, np.inf) if bounded_below else (-np.inf, high)
        return Interval(low, high, 1.0)

    def ends(self, points: Collection[Levels]) -> tuple[Levels, Levels]:
        """Of some combinations of levels, the end where the variables come from, and that where they go."""
        columns = list(zip(self.variables, zip(*points, strict=True), strict=True))
        return tuple(v.opposite(x) for v, x in columns), tuple(v.asymptotic(x) for v, x in columns)

    def edges(self, variable: Variable) -> list[float]:
        """Where the allowed exponents of a variable end: the worse side, and of Theta both."""
        allowed = self.allowed(variable)
        return [edge for edge in (allowed.low, allowed.high) if np.isfinite(edge)]

    @property
    def signless(self) -> bool:
        """Whether the allowed exponents of some variable reach 0 or the other sign on the worse side."""
        return any(edge * v.exponent <= 1e-12 for v in self.variables if v.exponent for edge in self.edges(v))

    def clearance(self, variable: Variable, interval: Interval) -> float:
        """How far an interval is from the nearest edge of the allowed exponents; 0 if an edge lies in it."""
        return max(0.0, min(max(edge - interval.high, interval.low - edge) for edge in self.edges(variable)))

    def where(self, variable: Variable) -> str:
        """The variable for the end of a phrase, where there are several."""
        return f" in {variable.letter}" if len(self.variables) > 1 else ""
