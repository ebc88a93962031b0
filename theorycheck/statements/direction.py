"""That a quantity grows, or falls, with a variable."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from sympy import Expr, Symbol, lambdify, sympify

from theorycheck.design import Design
from theorycheck.errors import ClaimError
from theorycheck.judgement import Check, Judgement, LevelValue
from theorycheck.notation import Notation, latex, plain_text
from theorycheck.statements import requirements
from theorycheck.statements.base import Drawing, Statement, Topic, Truth, counted, judged
from theorycheck.statistics.hypothesis import CHECK_SIGNIFICANCE

if TYPE_CHECKING:
    import pandas as pd

    from theorycheck.drawing import Shown
    from theorycheck.plan import Plan

CURVE_POINTS = 41
CHANGE = 0.4  # of the log quantity over the range, in planted worlds: growth by a half


@dataclass(frozen=True)
class Direction(Statement):
    """The quantity grows (or falls) with a variable.

    Attributes:
        variable: what it grows with.
        grows: whether it grows.
        linear: a form of the quantity which the paper takes to be linear in the variable, such as 1/sqrt(N*);
            a second test beside the verdict, for forms that are recalled.
    """

    variable: Symbol
    grows: bool = True
    linear: Expr | None = None

    estimated = "slope"

    def __post_init__(self) -> None:
        requirements.check_letter(self.variable, "Direction")
        if self.linear is not None and len(sympify(self.linear).free_symbols) != 1:
            raise ClaimError(
                f"Direction: linear is a form of the quantity alone, got {self.linear}; use one letter"
            )

    def check(self, design: Design) -> None:
        """Raise ClaimError where a design cannot test the statement."""
        requirements.check_factor(design, self.variable)

    @property
    def relation(self) -> str:
        """What is claimed of the slope."""
        return "> 0" if self.grows else "< 0"

    @property
    def letters(self) -> tuple[str, ...]:
        """The letters that the design varies."""
        return (self.variable.name,)

    def statement(self, quantity: Expr, notation: Notation) -> str:
        """Plain text, as in `N* grows with tau`."""
        names = [plain_text(s, notation) for s in (quantity, self.variable)]
        return f"{names[0]} {'grows' if self.grows else 'falls'} with {names[1]}"

    def latex(self, quantity: Expr, notation: Notation) -> str:
        """LaTeX of the statement, without dollar signs."""
        words = rf"\text{{ {'grows' if self.grows else 'falls'} with }}"
        return latex(quantity, notation) + words + latex(self.variable, notation)

    def judge(self, evidence: pd.DataFrame, topic: Topic) -> Judgement:
        """Judge it by evidence, as `observe` makes it of trials."""
        from theorycheck.statistics import count_diagnostics, diagnostics, tests
        from theorycheck.statistics.evidence import Trials
        from theorycheck.statistics.loglog import level_means, level_thresholds
        from theorycheck.statistics.polynomial import exponential

        evidence = counted(evidence, topic.column)
        line = tests.fit_line(evidence, topic.factor)
        levels = (
            level_thresholds(evidence[evidence["trials"] > 0], [topic.factor])
            if "trials" in evidence
            else level_means(evidence, [topic.factor])
        )
        tested = tests.along(line, self.grows)
        found = [diagnostics.censoring(line.evidence)]
        if line.fit is not None:
            found.append(_against_lowest(levels, topic))
            if isinstance(line.evidence, Trials):
                found += [count_diagnostics.dispersion(line.fit), count_diagnostics.lapses(line.evidence)]
            p_value = line.evidence.shape_p_value(1)
            detail = f"log {topic.quantity} linear in {topic.letter}: p = {p_value:.2g}"
            found.append(Check("shape", "ok" if p_value >= CHECK_SIGNIFICANCE else "warning", detail))
        if self.linear is not None:
            found.append(_linear_form(self, levels, topic))
        direction = "grows" if tested.estimate > 0 else "falls"
        factor = exponential(abs(tested.estimate) * line.width)
        reason = (
            f"{topic.quantity} {direction} with {topic.letter}, by a factor of {factor:.3g} over the range."
        )
        if tested.decision == "INCONCLUSIVE":
            reason = (
                f"The slope of log {topic.quantity} in {topic.letter} may be 0; more trials, or a wider range"
                f" of {topic.letter}, would settle it."
            )
        curve = line.curve(CURVE_POINTS)
        judgement = judged(tested, reason, topic, found, levels, curve=curve)
        return diagnostics.unless_unfitted(
            judgement, evidence, lambda t: tests.direction(t, topic.factor, self.grows).decision
        )

    def draw(self, shown: Shown) -> Iterator[Drawing]:
        """The quantity at every level, and the fitted exponential with its band."""
        from theorycheck.drawing import levels

        what = "Values at each level alone, and an exponential fitted to all trials."
        yield Drawing("direction", "Direction", what, lambda: levels.direction(shown))

    def planted(self, plan: Plan) -> tuple[Truth, ...]:
        """Exponentials of the variable: flat, growing by a half over the range, and falling by as much."""
        from theorycheck.statements import worlds

        low, high = min(plan.levels), max(plan.levels)

        def world(name: str, holds: bool | None, change: float) -> Truth:
            slope = change / (high - low)
            along = partial(worlds.law, plan, lambda group, x: slope * (x - (low + high) / 2))
            return Truth(name, holds, slope, along)

        return (
            world("edge: no slope", None, 0.0),
            world("grows by a half", self.grows, CHANGE),
            world("falls by a half", not self.grows, -CHANGE),
        )


def _against_lowest(levels: Sequence[LevelValue], topic: Topic) -> Check:
    """The quantity at the ends of the range, each from the rows there alone."""
    first, last = (f"{end.text} at {topic.letter} = {end.point[0]:g}" for end in (levels[0], levels[-1]))
    return Check("ends", "ok", f"{topic.quantity} = {first} and {last}, each by its own trials")


def _linear_form(statement: Direction, levels: Sequence[LevelValue], topic: Topic) -> Check:
    """Whether a form of the quantity, at each level, is linear in the variable: weighted regression and lack
    of fit.

    Weights from the intervals of the levels; the weighted sum of squares is compared with chi-square (Draper
    and Smith, Applied Regression Analysis, 1998, section 2.1, with errors that are known).
    """
    from scipy import stats

    measured = [value for value in levels if value.measured and value.low > 0 and np.isfinite(value.high)]
    if statement.linear is None or len(measured) < 4:
        return Check("linear form", "warning", "too few measured levels for the recalled form")
    (letter,) = statement.linear.free_symbols
    form = lambdify(letter, statement.linear)
    y = np.array([form(value.value) for value in measured], float)
    half = np.array([abs(form(value.high) - form(value.low)) / 2 for value in measured], float)
    x, weights = np.array([value.point[0] for value in measured]), stats.norm.ppf(0.975) / half
    line, covariance = np.polyfit(x, y, 1, w=weights, cov="unscaled")
    lack = float(stats.chi2.sf(((weights * (y - np.polyval(line, x))) ** 2).sum(), len(y) - 2))
    verb = "not contradicted" if lack >= CHECK_SIGNIFICANCE else "contradicted"
    text = str(statement.linear).replace(str(letter), topic.quantity)
    detail = (
        f"recalled: {text} linear in {topic.letter}: {verb} (lack of fit p = {lack:.2g}), "
        f"slope {line[0]:.3g} +- {1.96 * covariance[0, 0] ** 0.5:.2g}; decides nothing"
    )
    return Check("linear form", "ok" if lack >= CHECK_SIGNIFICANCE else "warning", detail)
