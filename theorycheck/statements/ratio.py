"""That one group of trials needs at most a share of the samples of another, at every level."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sympy import Expr, Symbol

from theorycheck.design import Design
from theorycheck.errors import ClaimError
from theorycheck.fields import name_of
from theorycheck.judgement import Check, Estimate, Judgement, LevelValue, coordinate
from theorycheck.notation import Notation, latex, plain_text
from theorycheck.statements import requirements
from theorycheck.statements.base import Drawing, Statement, Topic, Truth, counted, judged, latex_words

if TYPE_CHECKING:
    import pandas as pd

    from theorycheck.drawing import Shown
    from theorycheck.observation import Outcomes
    from theorycheck.plan import Plan
    from theorycheck.statistics.threshold_ratio import LevelRatio

FAR = 2.0  # times the bound, or as small a part, are the ratios of planted worlds where it fails or holds


@dataclass(frozen=True)
class Ratio(Statement):
    """The threshold in a first group of trials is at most a multiple of that in a second, at every level.

    Attributes:
        variable: whose levels are meant.
        group: the letter that distinguishes the groups.
        first, second: its values.
        at_most: bound on the first threshold over the second.

    Example:
        >>> Ratio(Symbol("alpha"), "attention", True, False, at_most=0.5).statement(Symbol("N"), {})
        'N(attention = True) <= 0.5 N(attention = False) at every alpha'
    """

    variable: Symbol
    group: str
    first: Any
    second: Any
    at_most: float

    relation: ClassVar[str] = "<="
    estimated: ClassVar[str] = "largest ratio"

    def __post_init__(self) -> None:
        requirements.check_letter(self.variable, "Ratio")
        object.__setattr__(self, "group", name_of(self.group))
        at_most = requirements.number(self.at_most, "Ratio: at_most", positive=True)
        object.__setattr__(self, "at_most", float(at_most))
        if str(self.first) == str(self.second):
            raise ClaimError(f"Ratio: first and second have the same value {self.first!r}; compare two")

    def check(self, design: Design) -> None:
        """Raise ClaimError where a design cannot test the statement."""
        requirements.check_factor(design, self.variable)
        requirements.check_search(design, "Ratio", True)
        values = design.crossed.get(self.group, ())
        if list(design.crossed) != [self.group] or set(values) != {self.first, self.second}:
            raise ClaimError(
                f"Ratio compares {self.group} = {self.first} with {self.second}; cross these two values of"
                f" {self.group} and nothing else, got {dict(design.crossed)}"
            )
        if min(design.levels) <= 0:
            raise ClaimError("Ratio: levels must be positive numbers, got 0; leave it out")

    @property
    def letters(self) -> tuple[str, ...]:
        """The letters that the design varies."""
        return (self.variable.name, self.group)

    @property
    def claimed(self) -> float:
        """The bound."""
        return self.at_most

    def statement(self, quantity: Expr, notation: Notation) -> str:
        """Plain text, as in `N*(attention = True) <= 0.5 N*(attention = False) at every alpha`."""
        name, variable = (plain_text(s, notation) for s in (quantity, self.variable))
        first, second = (f"{name}({self.group} = {value})" for value in (self.first, self.second))
        return f"{first} <= {self.at_most:g} {second} at every {variable}"

    def latex(self, quantity: Expr, notation: Notation) -> str:
        """LaTeX of the statement, without dollar signs."""
        name, variable = (latex(s, notation) for s in (quantity, self.variable))
        first, second = (
            rf"\left.{name}\right|_{{{latex_words(f'{self.group} = {value}')}}}"
            for value in (self.first, self.second)
        )
        return rf"{first} \le {self.at_most:g} \, {second} \quad \text{{at every }} {variable}"

    def judge(self, evidence: pd.DataFrame, topic: Topic) -> Judgement:
        """Judge it by evidence, as `observe` makes it of trials."""
        from theorycheck.statistics import diagnostics, threshold_ratio
        from theorycheck.statistics.tests import Tested

        table = counted(evidence, topic.column)
        table = table.assign(**{self.group: table[self.group].astype(str)})
        sides = (topic.factor, self.group, str(self.first), str(self.second), self.at_most)
        found = threshold_ratio.ratios(table, *sides)
        tested = threshold_ratio.as_a_whole(found)

        def decide(rows: pd.DataFrame) -> Tested:
            return threshold_ratio.as_a_whole(threshold_ratio.ratios(rows, *sides))

        beside = [
            Estimate(topic.factor, one.ratio, one.interval(), f"at {topic.letter} = {one.level:g}", "ratio")
            for one in found
            if np.isfinite(one.ratio)
        ]
        reason = self._reason(tested, found, topic)
        checks = [self._at(one, topic) for one in found]
        judgement = judged(tested, reason, topic, checks, self._levels(table, topic), beside)
        return diagnostics.unless_unfitted(judgement, table, lambda rows: decide(rows).decision)

    def _reason(self, tested: Any, found: list[LevelRatio], topic: Topic) -> str:
        name = f"{topic.quantity} with {self.group} = {self.first} over that with {self.second}"
        if tested.decision == "SUPPORTED":
            return (
                f"{name} is at most {self.at_most:g} at each of {len(found)} levels; the largest ratio is"
                f" {tested.estimate:.3g} {tested.interval:.3g}."
            )
        refuted = tested.decision == "REFUTED"
        doubt = [one.tested.p_refuted if refuted else -one.tested.p_supported for one in found]
        worst = found[int(np.argmin(doubt))]
        at = f"at {topic.letter} = {worst.level:g} ({self._told(worst)})"
        if refuted:
            return f"{name} is above {self.at_most:g} {at}."
        return (
            f"It is not established that {name} is at most {self.at_most:g} {at}; more trials may settle it."
        )

    def _at(self, one: LevelRatio, topic: Topic) -> Check:
        status = "ok" if one.tested.decision == "SUPPORTED" else "warning"
        detail = f"ratio {self._told(one)}, {one.tested.decision}"
        return Check(f"{topic.letter} = {one.level:g}", status, detail)  # type: ignore[arg-type]

    def _told(self, one: LevelRatio) -> str:
        if not np.isfinite(one.ratio):
            return "not determined: a threshold beyond what was tried, or too few trials where success turns"
        return f"{one.ratio:.3g} {one.interval():.3g}"

    def _levels(self, table: pd.DataFrame, topic: Topic) -> list[LevelValue]:
        """The threshold of each group and level, by its own trials."""
        from theorycheck.statistics.contrast import over_pairs
        from theorycheck.statistics.loglog import level_thresholds

        both = (self.first, self.second)
        return [
            replace(value, point=(*value.point, coordinate(side, both)))
            for side in both
            for value in level_thresholds(
                over_pairs(table[table[self.group] == str(side)], topic.factor), [topic.factor]
            )
        ]

    def observe(self, outcomes: Outcomes) -> pd.DataFrame:
        """Counts by cell and pair: trials of both groups of the same level, value searched and replicate."""
        alike = [column for column in outcomes.columns if column != self.group]
        return outcomes.counts(pair=[*alike, "replicate"])

    def draw(self, shown: Shown) -> Iterator[Drawing]:
        """Thresholds of both groups."""
        from theorycheck.drawing import levels

        what = "Thresholds of each group and level alone, with 95 % intervals."
        yield Drawing("ratio", "Ratio", what, lambda: levels.groups(shown))

    def planted(self, plan: Plan) -> tuple[Truth, ...]:
        """Ratios below, at and above the bound, at all levels or at the first alone."""
        from theorycheck.statements import worlds

        def world(name: str, holds: bool | None, first: float, others: float) -> Truth:
            def log_threshold(group: Mapping[str, Any], x: float) -> float:
                ratio = self.at_most * (first if x == plan.levels[0] else others)
                return float(np.log(ratio) * (0.5 if group[self.group] == self.first else -0.5))

            value = self.at_most * max(first, others)
            return Truth(name, holds, value, partial(_drawn, plan, log_threshold))

        def _drawn(plan: Plan, law: Any, rng: np.random.Generator) -> pd.DataFrame:
            return worlds.in_pairs(worlds.law(plan, law, rng), plan, rng)

        return (
            world("edge: all at the bound", None, 1.0, 1.0),
            world("edge: one at the bound", None, 1.0, 1 / FAR),
            world("all below", True, 1 / FAR, 1 / FAR),
            world("one above", False, FAR, 1 / FAR),
        )
