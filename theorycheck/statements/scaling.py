"""That a quantity is O, Omega or Theta of a product of powers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from theorycheck.design import Design, Point
from theorycheck.errors import ClaimError, LawError
from theorycheck.judgement import Judgement
from theorycheck.law import Law
from theorycheck.statements.base import MARGIN, Drawing, Statement, Topic, Truth, counted
from theorycheck.statistics.hypothesis import Hypothesis, Variable
from theorycheck.verdict import Prediction

if TYPE_CHECKING:
    import pandas as pd

    from theorycheck.drawing import Shown
    from theorycheck.plan import Plan


class Scaling(Law, Statement):
    """A law whose exponents are derived, estimated and compared."""

    estimated = "exponent"
    fields = frozenset({"margin", "rivals", "guess_rate"})

    @property
    def standard_margin(self) -> float:
        """0.25, or half of the smallest exponent that is not 0, where that is less."""
        return float(min([MARGIN, *(abs(e) / 2 for e in self.exponents.values() if e)]))

    def check(self, design: Design) -> None:
        """The design varies the letters of the law, and nothing else, over positive numbers."""
        super().check(design)
        if more := [name for name in design.varied if name not in self.letters]:
            raise ClaimError(
                f"the design varies {', '.join(more)}, of which the law does not speak; hold it instead"
            )
        for value in chain(design.levels, *design.crossed.values()):
            if isinstance(value, bool | str) or value is None or value <= 0:
                raise ClaimError(
                    f"levels must be positive numbers, got {value!r}; a power law has no value there"
                )
        try:
            powers = [self.scale(design.factor, level) for level in design.levels]
        except LawError as error:
            raise ClaimError(str(error)) from error
        if len(set(np.sign(np.diff(powers)))) != 1 or not np.diff(powers).all():
            raise ClaimError(f"{self.in_terms_of} does not rise or fall along the levels; name another")

    def calibrated_as(self, measures: bool) -> str:
        """Counts and measured values are calibrated apart."""
        return "measured" if measures else "counts"

    def placed_by(self, group: Point) -> tuple[Scaling, bool] | None:
        """The law itself, where it is a power of one variable."""
        return (self, True) if len(self.letters) == 1 and self.in_terms_of is None else None

    def hypothesis(self, topic: Topic) -> Hypothesis:
        """The law in numbers."""
        variables = tuple(
            Variable(
                factor=symbol.name,
                letter=self.power_of(symbol, topic.letters.get(symbol.name, symbol.name)),
                exponent=float(self.exponents[symbol]),
                goes_to="0" if self.ends[symbol] == 0 else "oo",
                rivals=topic.rivals,
            )
            for symbol, _ in self.regime
        )
        return Hypothesis(variables, self.relation, topic.margin, topic.searched, topic.guess_rate)

    def predictions(self, topic: Topic) -> tuple[Prediction, ...]:
        """The derived exponents."""
        hypothesis, made = self.hypothesis(topic), []
        for v, note in zip(hypothesis.variables, self.notes.values(), strict=True):
            letter, allowed = topic.letters.get(v.factor, v.factor), hypothesis.allowed(v)
            base = "" if self.in_terms_of is None else v.letter
            made.append(Prediction(v.factor, letter, v.exponent, note, topic.margin, allowed, base))
        return tuple(made)

    def judge(self, evidence: pd.DataFrame, topic: Topic) -> Judgement:
        """Judge the exponents by regression, see `theorycheck.statistics.judge`."""
        from theorycheck.statistics.judge import judge

        table, factor = counted(evidence, topic.column), topic.factor
        if self.in_terms_of is None:
            return judge(table, self.hypothesis(topic))
        powers = {x: self.scale(factor, x) for x in table[factor].unique()}
        found = judge(table.assign(**{factor: table[factor].map(powers)}), self.hypothesis(topic))
        return found.at({u: x for x, u in powers.items()})

    def draw(self, shown: Shown) -> Iterator[Drawing]:
        """Success map and log-log plot of one threshold; else the values at each level."""
        from theorycheck.drawing import levels, maps, transformed

        as_run, design = shown, shown.claim.design
        (variable, *_) = self.hypothesis(shown.claim.topic).variables
        allowed = self.hypothesis(shown.claim.topic).allowed(variable)
        if self.in_terms_of is not None:
            shown = transformed.by(self, shown)
        slopes = (shown, variable.exponent, allowed)
        if design.crossed or not design.search:
            what = (
                "Values at each level alone; dashed: the claimed slope; shaded: the slopes that are allowed."
            )
            yield Drawing("levels", "Levels", what, lambda: levels.scaling(*slopes))
            return
        end = 0.0 if variable.goes_to == "0" else np.inf
        shares = (
            "Share of successful trials in the cells tried. Hatched: where a law with an allowed slope may"
            " run. Empty cells hold no evidence: they were not needed, lie outside of the theorem's regime,"
            " or none of their trials is evidence."
        )
        alone = (
            "Thresholds estimated from each level alone, beside the law fitted to all trials at once. Shaded:"
            " where a law with an allowed slope may run."
        )
        others = {}
        if variable.exponent and shown.judgement.levels:
            others["axes of the theorem"] = lambda: maps.papers_plot(*slopes, end)
        yield Drawing("success_map", "Success map", shares, lambda: maps.success_map(*slopes, end))
        yield Drawing("log_log", "Log-log plot", alone, lambda: maps.log_log_plot(*slopes, end), others)
        if design.published:
            what = "This run and the published table."
            yield Drawing("published", "Beside the published map", what, lambda: maps.published_map(as_run))

    def planted(self, plan: Plan) -> tuple[Truth, ...]:
        """Power laws as claimed, at the edge of the allowed exponents, and as far beyond it as the margin."""
        from theorycheck.statements import worlds

        hypothesis = self.hypothesis(plan.claim.topic)
        edges = [hypothesis.edges(v)[0] for v in hypothesis.variables]
        claimed = [v.exponent for v in hypothesis.variables]
        design = plan.claim.design
        varied = {design.factor: design.levels, **design.crossed}
        powers = {name: [self.scale(name, x) for x in values] for name, values in varied.items()}
        middles = {name: float(np.exp(np.log(values).mean())) for name, values in powers.items()}

        def world(name: str, holds: bool | None, exponents: list[float]) -> Truth:
            factors = {v.factor: e for v, e in zip(hypothesis.variables, exponents, strict=True)}

            def log_quantity(group: Point, x: float) -> float:
                point = {**group, design.factor: x}
                return float(
                    sum(e * np.log(self.scale(f, point[f]) / middles[f]) for f, e in factors.items())
                )

            return Truth(name, holds, exponents[0], lambda rng: worlds.law(plan, log_quantity, rng))

        beyond = [2 * edge - exponent for edge, exponent in zip(edges, claimed, strict=True)]
        return (
            world("exactly as claimed", True, claimed),
            world("edge of the margin", None, edges),
            world("beyond the margin", False, beyond),
        )


class BigO(Scaling):
    """Upper bound: the quantity grows no faster than the expression."""

    relation = "O"
    relation_latex = "O"


class Omega(Scaling):
    """Lower bound: the quantity grows at least as fast as the expression."""

    relation = "Omega"
    relation_latex = r"\Omega"


class Theta(Scaling):
    """Tight bound: the quantity grows exactly as fast as the expression."""

    relation = "Theta"
    relation_latex = r"\Theta"
