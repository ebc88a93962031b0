"""That a quantity grows more steeply in one group of trials than in another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sympy import Expr, Symbol

from theorycheck.design import Design
from theorycheck.errors import ClaimError
from theorycheck.fields import name_of
from theorycheck.judgement import Check, Estimate, Interval, Judgement, coordinate
from theorycheck.notation import Notation, latex, plain_text
from theorycheck.statements import requirements
from theorycheck.statements.base import (
    Drawing,
    Statement,
    Topic,
    Truth,
    counted,
    judged,
    latex_words,
)
from theorycheck.statements.scaling import Scaling
from theorycheck.statistics.hypothesis import CHECK_SIGNIFICANCE

if TYPE_CHECKING:
    import pandas as pd

    from theorycheck.drawing import Shown
    from theorycheck.observation import Outcomes
    from theorycheck.plan import Plan
    from theorycheck.statistics.tests import Tested

CURVATURE = -0.3  # of the curved law in planted worlds: half the change of its exponent per factor of e


@dataclass(frozen=True)
class Contrast(Statement):
    """The quantity grows more steeply along the regime in a first group than in a second.

    Attributes:
        variable: of both power laws, going to 0.
        group: the letter that distinguishes the groups.
        first, second: its values, and the bounds that the theorem proves there.
    """

    variable: Symbol
    group: str
    first: tuple[Any, Scaling]
    second: tuple[Any, Scaling]

    relation: ClassVar[str] = "< 0, in the bounds"
    estimated: ClassVar[str] = "difference"

    def __post_init__(self) -> None:
        requirements.check_letter(self.variable, "Contrast")
        object.__setattr__(self, "group", name_of(self.group))
        for name in ("first", "second"):
            side = getattr(self, name)
            if not (isinstance(side, tuple) and len(side) == 2 and isinstance(side[1], Scaling)):
                raise ClaimError(
                    f"Contrast: {name} is a value of the group and its bound, as in (True, BigO(...)), got"
                    f" {side!r:.100}"
                )
            requirements.check_power(side[1], "Contrast")
            if dict(side[1].regime).get(self.variable) != 0:
                raise ClaimError(
                    f"Contrast: {name}: the bound must speak of {self.variable} -> 0, and speaks of"
                    f" {side[1].regime}"
                )
        if str(self.first[0]) == str(self.second[0]):
            raise ClaimError(f"Contrast: first and second have the same value {self.first[0]!r}; compare two")

    def check(self, design: Design) -> None:
        """Raise ClaimError where a design cannot test the statement."""
        requirements.check_factor(design, self.variable)
        requirements.check_search(design, "Contrast", True)
        group, first, second = self.group, self.first[0], self.second[0]
        values = design.crossed.get(group, ())
        if list(design.crossed) != [group] or len(values) != 2 or {first, second} != set(values):
            raise ClaimError(
                f"Contrast compares {group} = {first} with {second}; cross these two values of {group} and"
                f" nothing else, got {dict(design.crossed)}"
            )
        if min(design.levels) <= 0:
            raise ClaimError("levels must be positive numbers, got 0; a power law has no value there")

    @property
    def letters(self) -> tuple[str, ...]:
        """The letters that the design varies."""
        return (self.variable.name, self.group)

    @property
    def claimed(self) -> float:
        """The exponent of the first bound less that of the second."""
        first, second = (law.exponents[self.variable] for _, law in (self.first, self.second))
        return float(first - second)

    def statement(self, quantity: Expr, notation: Notation) -> str:
        """Plain text, with the difference of the bounds."""
        name, variable = (plain_text(s, notation) for s in (quantity, self.variable))
        return (
            f"the exponent of {name} in {variable} is lower with {self.group} = {self.first[0]} than with "
            f"{self.group} = {self.second[0]} (by {-self.claimed:g} in the bounds)"
        )

    def latex(self, quantity: Expr, notation: Notation) -> str:
        """LaTeX of the statement, without dollar signs."""
        slope = rf"\frac{{d \log {latex(quantity, notation)}}}{{d \log {latex(self.variable, notation)}}}"
        sides = (
            rf"\left.{slope}\right|_{{{latex_words(f'{self.group} = {value}')}}}"
            for value, _ in (self.first, self.second)
        )
        return " < ".join(sides)

    def judge(self, evidence: pd.DataFrame, topic: Topic) -> Judgement:
        """Judge it by evidence, as `observe` makes it of trials."""
        from theorycheck.statistics import contrast, diagnostics
        from theorycheck.statistics.loglog import level_thresholds
        from theorycheck.statistics.threshold import fit_threshold, shape_p_value

        group, first, second = self.group, str(self.first[0]), str(self.second[0])
        as_text = counted(evidence, topic.column).assign(**{group: evidence[group].astype(str)})
        sides = (topic.factor, group, first, second)
        tested = contrast.steeper(as_text, *sides)
        counts = {
            name: contrast.over_pairs(as_text[as_text[group] == name], topic.factor)
            for name in (first, second)
        }
        levels = [
            replace(value, point=(*value.point, coordinate(side, (self.first[0], self.second[0]))))
            for side, rows in zip((self.first[0], self.second[0]), counts.values(), strict=True)
            for value in level_thresholds(rows, [topic.factor])
        ]
        beside, found = [], []
        for name, rows in counts.items():
            fit = fit_threshold(rows, [topic.factor])
            if fit is None:
                continue
            exponent, interval = fit.exponent(topic.factor), fit.interval(topic.factor)
            method = f"{group} = {name}, binomial regression on trials"
            beside.append(Estimate(topic.factor, exponent, interval, method, "exponent"))
            p_value = shape_p_value(rows, [topic.factor], 1)
            detail = f"one power law with {group} = {name}: p = {p_value:.2g}"
            found.append(Check("power law", "ok" if p_value >= CHECK_SIGNIFICANCE else "warning", detail))
        averages = contrast.contrast(as_text, *sides)
        if np.isfinite(averages.estimate):
            method = "averages over the range, binomial regression, clustered by pair"
            beside.append(Estimate(topic.factor, averages.estimate, averages.interval, method, "difference"))
        found += [_at_asymptotic_end(counts, topic), _difference_of_bounds(self.claimed, tested)]
        differ = tested.interval.around(tested.estimate)
        known = f" (difference {differ})" if np.isfinite(tested.estimate) else ""
        reason = f"The exponents may be equal{known}; more trials or smaller levels would settle it."
        if tested.decision != "INCONCLUSIVE":
            pace = "faster" if tested.decision == "SUPPORTED" else "no faster"
            reason = (
                f"{topic.quantity} grows {pace} along {topic.letter} -> 0 with {group} = {first}: the"
                f" exponents differ by {differ}."
            )
        judgement = judged(tested, reason, topic, found, levels, beside)
        return diagnostics.unless_unfitted(judgement, as_text, lambda t: contrast.steeper(t, *sides).decision)

    def placed_by(self, group: Mapping[str, Any]) -> tuple[Scaling, bool] | None:
        """The bound of the group; the contrast needs the exponent, not whether it is as claimed."""
        bounds = (self.first, self.second)
        return next(((law, False) for value, law in bounds if value == group.get(self.group)), None)

    def observe(self, outcomes: Outcomes) -> pd.DataFrame:
        """Counts by cell and pair: trials of both groups of the same level, value searched and replicate."""
        alike = [column for column in outcomes.columns if column != self.group]
        return outcomes.counts(pair=[*alike, "replicate"])

    def draw(self, shown: Shown) -> Iterator[Drawing]:
        """Thresholds of both groups, with the power law fitted to each."""
        from theorycheck.drawing import levels

        what = "Thresholds of each group and level alone, and the power law fitted to each group."
        yield Drawing("contrast", "Contrast", what, lambda: levels.groups(shown))

    def planted(self, plan: Plan) -> tuple[Truth, ...]:
        """Power laws of both groups with equal exponents, with others, and with one law curved."""
        from theorycheck.statements import worlds

        log_x = np.log(plan.levels)
        u = dict(zip(plan.levels, map(float, log_x - log_x.mean()), strict=True))
        end = min(u.values())

        def world(
            name: str, holds: bool | None, first: float, second: float, curvature: float = 0.0
        ) -> Truth:
            def draw(rng: np.random.Generator) -> pd.DataFrame:
                def log_threshold(group: Mapping[str, Any], x: float) -> float:
                    if group[self.group] != self.first[0]:
                        return second * u[x]
                    return (first - 2 * curvature * end) * u[x] + curvature * u[x] ** 2

                return worlds.in_pairs(worlds.law(plan, log_threshold, rng), plan, rng)

            return Truth(name, holds, first - second, draw)

        return (
            world("edge: equal exponents", None, -1.0, -1.0),
            world("edge: equal at the end, one curved", None, -1.0, -1.0, CURVATURE),
            world("steeper by 1", True, -2.0, -1.0),
            world("flatter by 1", False, -1.0, -2.0),
        )


def _at_asymptotic_end(counts: dict[str, pd.DataFrame], topic: Topic) -> Check:
    """The difference of the local exponents at the smallest level, by fits that allow curvature."""
    from theorycheck.statistics.threshold import fit_threshold

    ends, exponents, intervals = [], [], []
    for rows in counts.values():
        fit = fit_threshold(rows, [topic.factor], 2)
        if fit is None:
            return Check("drift", "warning", "too few levels to tell whether the exponents drift")
        ends.append(min(rows[topic.factor]))
        exponents.append(fit.exponent(topic.factor, ends[-1:]))
        intervals.append(fit.interval(topic.factor, at=ends[-1:]))
    half = float(np.linalg.norm([interval.width / 2 for interval in intervals]))
    difference = exponents[0] - exponents[1]
    detail = (
        f"local exponents at {topic.letter} = {ends[0]:g}: {intervals[0].around(exponents[0])} and "
        f"{intervals[1].around(exponents[1])}; difference "
        f"{Interval(difference - half, difference + half, 0.95).around(difference)}"
    )
    return Check("drift", "ok" if difference + half < 0 else "warning", detail)


def _difference_of_bounds(claimed: float, tested: Tested) -> Check:
    name, inside = "difference of the bounds", claimed in tested.interval
    if not np.isfinite(tested.estimate):
        return Check(name, "warning", f"not determined by the data; {claimed:g} in the bounds")
    relation = "agrees with" if inside else "is not"
    found = tested.interval.around(tested.estimate)
    detail = f"{found} {relation} {claimed:g}, by which the two bounds differ"
    return Check(name, "ok" if inside else "warning", detail)
