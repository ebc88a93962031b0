"""That a scaling law holds in each of several groups of trials, such as at each depth of a model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sympy import Expr

from theorycheck.design import Design, Point
from theorycheck.errors import ClaimError
from theorycheck.fields import name_of
from theorycheck.judgement import Check, Decision, Estimate, Judgement, Status, coordinate
from theorycheck.notation import Notation, plain_text
from theorycheck.statements import requirements
from theorycheck.statements.base import Drawing, Statement, Topic, Truth, latex_words
from theorycheck.statements.scaling import Scaling
from theorycheck.statistics.hypothesis import SIGNIFICANCE
from theorycheck.verdict import Prediction

if TYPE_CHECKING:
    import pandas as pd

    from theorycheck.drawing import Shown
    from theorycheck.plan import Plan

FAR = 1.0  # beyond the edge of the allowed exponents, of the law that fails in planted worlds


@dataclass(frozen=True)
class ForEach(Statement):
    """A scaling law in one variable holds in each of several groups.

    Attributes:
        group: the letter that tells the groups apart.
        values: of it.
        law: BigO, Omega or Theta.
    """

    group: str
    values: tuple[Any, ...]
    law: Scaling

    estimated: ClassVar[str] = "exponent"
    fields: ClassVar[frozenset[str]] = frozenset({"margin", "guess_rate"})

    def __post_init__(self) -> None:
        object.__setattr__(self, "group", name_of(self.group))
        object.__setattr__(self, "values", tuple(self.values))
        if not isinstance(self.law, Scaling) or len(self.law.regime) != 1:
            raise ClaimError(
                f"ForEach: law is BigO, Omega or Theta of one variable, got {self.law!r:.100}; with several"
                " variables state one claim for each group"
            )
        requirements.check_power(self.law, "ForEach")
        if len(set(map(str, self.values))) != len(self.values) or len(self.values) < 2:
            raise ClaimError(f"ForEach: values are two or more different ones, got {self.values}")

    def check(self, design: Design) -> None:
        """Raise ClaimError where a design cannot test the statement."""
        if list(design.crossed) != [self.group] or set(design.crossed[self.group]) != set(self.values):
            raise ClaimError(
                f"ForEach speaks of {self.group} = {', '.join(map(str, self.values))}; cross these values of"
                f" {self.group} and nothing else, got {dict(design.crossed)}"
            )
        self.law.check(design.model_copy(update={"crossed": {}}))

    def calibrated_as(self, measures: bool) -> str:
        """Counts and measured values are calibrated alike, as the law is what tells them apart."""
        return "each group"

    @property
    def relation(self) -> str:
        """That of the law."""
        return self.law.relation

    @property
    def letters(self) -> tuple[str, ...]:
        """The letters that the design varies."""
        return (*self.law.letters, self.group)

    @property
    def standard_margin(self) -> float:
        """That of the law."""
        return self.law.standard_margin

    def placed_by(self, group: Point) -> tuple[Scaling, bool] | None:
        """The law, in each group by itself."""
        return (self.law, True) if group.get(self.group) in self.values else None

    def predictions(self, topic: Topic) -> tuple[Prediction, ...]:
        """The derived exponent."""
        return self.law.predictions(topic)

    def statement(self, quantity: Expr, notation: Notation) -> str:
        """Plain text, as in `N* = O(x) as x -> 0, at each of depth = 1, 2`."""
        letter = plain_text(self.group, notation)
        return f"{self.law.statement(quantity, notation)}, at each of {letter} = {self._listed}"

    def latex(self, quantity: Expr, notation: Notation) -> str:
        """LaTeX of the statement, without dollar signs."""
        where = f", at each of {self.group} = {self._listed}"
        return self.law.latex(quantity, notation) + latex_words(where)

    @property
    def _listed(self) -> str:
        return ", ".join(map(str, self.values))

    def judge(self, evidence: pd.DataFrame, topic: Topic) -> Judgement:
        """Judge the law in each group by its own trials.

        All must hold, so that the largest p-value counts (intersection-union test: Berger, Technometrics 24
        (1982) 295). One that fails refutes the statement, so that the smallest p-value, multiplied by the
        number of groups, counts (the first step of Holm, Scand. J. Stat. 6 (1979) 65).
        """
        each = {
            value: self.law.judge(rows.drop(columns=self.group), topic)
            for value in self.values
            if len(rows := evidence[evidence[self.group] == value])
        }
        missing = [f"{self.group} = {value}" for value in self.values if value not in each]
        refuted = [
            value
            for value, found in each.items()
            if found.decision == "REFUTED" and len(self.values) * found.p_refuted < SIGNIFICANCE
        ]
        doubtful = [value for value, found in each.items() if found.decision != "SUPPORTED"]
        decision: Decision = "REFUTED" if refuted else "INCONCLUSIVE" if doubtful or missing else "SUPPORTED"
        estimates = {
            value: replace(found.estimates[0], method=f"{self.group} = {value}, {found.estimates[0].method}")
            for value, found in each.items()
            if found.estimates
        }
        weakest = max(estimates, key=lambda value: each[value].p_supported, default=None)
        return Judgement(
            decision=decision,
            reason=self._reason(decision, refuted or doubtful, missing, estimates, topic),
            checks=tuple(self._checks(each)),
            levels=tuple(
                replace(level, point=(*level.point, coordinate(value, self.values)))
                for value, found in each.items()
                for level in found.levels
            ),
            estimates=() if weakest is None else (estimates[weakest],),
            beside=tuple(estimates.values()),
            p_supported=1.0 if missing else max(found.p_supported for found in each.values()),
            p_refuted=min(
                1.0,
                len(self.values) * min((found.p_refuted for found in each.values()), default=1.0),
            ),
        )

    def _reason(
        self,
        decision: Decision,
        against: list[Any],
        missing: list[str],
        estimates: dict[Any, Estimate],
        topic: Topic,
    ) -> str:
        if decision == "SUPPORTED":
            return f"The law holds at each of the {len(self.values)} values of {self.group}."
        found = [
            f"{self.group} = {value}" + (f" ({estimates[value].text})" if value in estimates else "")
            for value in against
        ]
        if decision == "REFUTED":
            return f"The law fails at {', '.join(found)}."
        none = f" No trial is evidence at {', '.join(missing)}." * bool(missing)
        open_at = f"It is not established at {', '.join(found)}; more trials would settle it." * bool(found)
        return open_at + none if found else none.strip()

    def _checks(self, each: dict[Any, Judgement]) -> Iterator[Check]:
        """What was decided of each group, and what was doubtful there."""
        for value, found in each.items():
            at = f"{self.group} = {value}"
            told = "; ".join(estimate.text for estimate in found.estimates) or "no estimate"
            status: Status = "ok" if found.decision == "SUPPORTED" else "warning"
            yield Check(at, status, f"{told}, {found.decision}: {found.reason}")
        for value, found in each.items():
            for check in found.checks:
                if check.status != "ok":
                    yield replace(check, detail=f"{self.group} = {value}: {check.detail}")

    def draw(self, shown: Shown) -> Iterator[Drawing]:
        """The quantity at each level, and the power law fitted to each group."""
        from theorycheck.drawing import levels

        what = "Each group and level alone, and the power law fitted to each group."
        yield Drawing("groups", "Groups", what, lambda: levels.groups(shown))

    def planted(self, plan: Plan) -> tuple[Truth, ...]:
        """Power laws, better than claimed, at the edge, or beyond it: in all groups, or in the last alone."""
        from theorycheck.statements import worlds

        hypothesis = self.law.hypothesis(plan.claim.topic)
        (variable,) = hypothesis.variables
        edge, middle = hypothesis.edges(variable)[0], float(np.exp(np.log(plan.levels).mean()))
        worse = np.sign(edge - variable.exponent)

        def world(name: str, holds: bool | None, last: float, others: float) -> Truth:
            def log_quantity(group: Point, x: float) -> float:
                exponent = last if group[self.group] == self.values[-1] else others
                return float(exponent * np.log(x / middle))

            return Truth(name, holds, None, lambda rng: worlds.law(plan, log_quantity, rng))

        inside = edge - worse * FAR
        return (
            world("edge: all at the edge", None, edge, edge),
            world("edge: one at the edge", None, edge, inside),
            world("all inside", True, *[edge - worse * 1.5 * FAR] * 2),
            world("all beyond", False, edge + worse * FAR, edge + worse * FAR),
            world("one beyond", False, edge + worse * FAR, inside),
        )
