"""Where success turns to failure: at or above a bound."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from sympy import Expr, fraction, sympify

from theorycheck.design import Design, Point, evaluate
from theorycheck.errors import ClaimError
from theorycheck.judgement import Check, Judgement, LevelValue
from theorycheck.notation import Notation, latex, plain_text
from theorycheck.statements import requirements
from theorycheck.statements.base import Drawing, Statement, Topic, Truth, judged

if TYPE_CHECKING:
    import pandas as pd

    from theorycheck.drawing import Shown
    from theorycheck.observation import Outcomes
    from theorycheck.plan import Plan
    from theorycheck.statistics.tests import Tested


@dataclass(frozen=True)
class Transition(Statement):
    """What a threshold in some expression of the letters is at least.

    Trials succeed while the expression is small, and the transition to failure lies at or above the bound.

    Attributes:
        expression: such as alpha_#/alpha_*.
        bound: the transition lies here or above.
    """

    expression: Expr
    bound: Expr

    relation = ">="
    estimated = "transition"

    def __post_init__(self) -> None:
        for name in ("expression", "bound"):
            object.__setattr__(self, name, sympify(getattr(self, name)))
        requirements.number(self.bound, "Transition: bound", positive=True)

    def check(self, design: Design) -> None:
        """Raise ClaimError where a design cannot test the statement."""
        requirements.check_search(design, "Transition", True)
        names = {s.name for s in self.expression.free_symbols}
        if design.search and (design.search.letter not in names or names - design.letters):
            raise ClaimError(
                f"Transition: expression {self.expression} must contain {design.search.letter}, which the"
                f" design searches, and letters that it varies or holds: {', '.join(sorted(design.letters))}"
            )

    def ratio(self, values: Point) -> float:
        """The expression at a point of the design.

        Raises:
            ClaimError: it is no positive number there, and its logarithm is taken.
        """
        return requirements.number(evaluate(self.expression, values), str(self.expression), positive=True)

    @property
    def claimed(self) -> float | None:
        """The bound."""
        return float(self.bound)

    def statement(self, quantity: Expr, notation: Notation) -> str:
        """Plain text, as in `success fails at alpha_#/alpha_* >= 1/(2 e)`."""
        name, top, bottom = (plain_text(e, notation) for e in (self.expression, *fraction(self.bound)))
        bound = top if bottom == "1" else f"{top}/({bottom})"
        return (
            f"{plain_text(quantity, notation)} = {name} at the transition to failure >= {bound} ="
            f" {self.claimed:.3g}"
        )

    def latex(self, quantity: Expr, notation: Notation) -> str:
        """LaTeX of the statement, without dollar signs."""
        name, top, bottom = (latex(e, notation) for e in (self.expression, *fraction(self.bound)))
        bound = top if bottom == "1" else rf"\frac{{{top}}}{{{bottom}}}"
        return rf"{latex(quantity, notation)} = {name} \ge {bound}"

    def judge(self, evidence: pd.DataFrame, topic: Topic) -> Judgement:
        """Judge it by evidence, as `observe` makes it of trials."""
        from theorycheck.statistics import diagnostics, tests
        from theorycheck.statistics.loglog import level_thresholds

        bound = float(self.bound)

        def test(rows: pd.DataFrame) -> Tested:
            return tests.transition(rows, topic.factor, "ratio", bound)

        tested = test(evidence)
        rows = evidence[evidence["trials"] > 0]
        levels = [
            _inverted(v) for v in level_thresholds(rows.assign(searched=1 / rows["ratio"]), [topic.factor])
        ]
        inside = sum(level.measured for level in levels)
        beyond = [f"{level.point[0]:g}" for level in levels if level.kind == "above"]
        detail = f"transition inside the ratios tried at {inside} of {len(levels)} levels of {topic.letter}"
        if beyond:
            detail += f"; beyond the largest at {topic.letter} = {', '.join(beyond)}"
        found = [Check("censoring", "ok" if inside >= 2 else "warning", detail)]
        near = rows[rows["ratio"] <= bound]
        if len(near):
            share = near["successes"].sum() / near["trials"].sum()
            found.append(
                Check("below the bound", "ok", f"{share:.1%} of {near['trials'].sum()} trials succeed")
            )
        reason = {
            "SUPPORTED": (
                f"At every {topic.letter} success turns to failure above {bound:.3f}; the lowest transition"
                f" is at {tested.estimate:.3f} {tested.interval:.3g}."
            ),
            "REFUTED": (
                f"Success turns to failure below {bound:.3f}: at {tested.estimate:.3f} {tested.interval:.3g}."
            ),
            "INCONCLUSIVE": (
                f"The lowest transition, at {tested.estimate:.3f} {tested.interval:.3g}, cannot be told "
                f"from {bound:.3f}; more trials or other ratios would settle it."
            ),
        }
        judgement = judged(tested, reason[tested.decision], topic, found, levels)
        return diagnostics.unless_unfitted(judgement, evidence, lambda t: test(t).decision)

    def check_point(self, parameters: Point) -> None:
        """Raise ClaimError where its expression has no logarithm."""
        self.ratio(parameters)

    def observe(self, outcomes: Outcomes) -> pd.DataFrame:
        """Counts by cell, with the ratio that the expression has there."""
        counts = outcomes.counts()
        return counts.assign(ratio=[self.ratio(parameters) for parameters in outcomes.parameters(counts)])

    def draw(self, shown: Shown) -> Iterator[Drawing]:
        """Share of successes against the ratio, and the bound."""
        from theorycheck.drawing import trajectories

        what = "Share of successful trials against the ratio."
        yield Drawing("transition", "Transition", what, lambda: trajectories.transition(self, shown))

    def planted(self, plan: Plan) -> tuple[Truth, ...]:
        """Transitions at a multiple of the bound at the smallest level, and higher at the others."""
        from scipy import stats

        from theorycheck.statements import worlds

        bound, lowest = float(self.bound), min(x for x in plan.levels if x > 0)
        ratios = {place: self.ratio(cell.parameters) for place, cell in plan.cell_at.items()}

        def world(name: str, holds: bool | None, times: float) -> Truth:
            def rate(group: Point, x: float, searched: float) -> float:
                away = np.log(times * bound / ratios[x, *group.values(), searched]) + 0.5 * np.log(
                    max(x, lowest) / lowest
                )
                return float(stats.norm.cdf(3 * away))

            def draw(rng: np.random.Generator) -> pd.DataFrame:
                table = worlds.counts(plan, rate, rng)
                cells = table[plan.columns].itertuples(index=False, name=None)
                return table.assign(ratio=[ratios[place] for place in cells])

            return Truth(name, holds, times * bound if times >= 1 else None, draw)

        return (
            world("edge: at the bound", None, 1),
            world("twice the bound", True, 2),
            world("half the bound", False, 0.5),
        )


def _inverted(value: LevelValue) -> LevelValue:
    """A threshold in 1/ratio as one in the ratio."""
    low, high = (1 / end if end > 0 else np.inf for end in (value.high, value.low))
    turned = replace(value, value=1 / value.value, low=low, high=high)
    if value.kind == "above":
        return replace(turned, kind="below")
    return replace(turned, kind="above") if value.kind == "below" else turned
