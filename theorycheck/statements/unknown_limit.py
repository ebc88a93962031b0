"""That a quantity goes, during training, to a limit whose exponent is not known, as 1 - eta^C with C > 0."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from sympy import Expr, Gt, Rel, Symbol, diff, lambdify, limit, log, oo, simplify, sympify

from theorycheck.design import Design
from theorycheck.errors import ClaimError
from theorycheck.judgement import Check, Estimate, Judgement
from theorycheck.notation import Notation, latex, plain_text
from theorycheck.statements import requirements
from theorycheck.statements.base import Drawing, Statement, Topic, Truth, judged
from theorycheck.statements.scaling import Scaling

if TYPE_CHECKING:
    import pandas as pd

    from theorycheck.drawing import Shown
    from theorycheck.observation import Outcomes
    from theorycheck.plan import Plan
    from theorycheck.statistics.tests import Tested

FEWEST = 4  # values of the variable by which an exponent, and whether it is one, can be told


@dataclass(frozen=True)
class UnknownLimit(Statement):
    """The quantity goes to an expression with an unknown exponent, and what is missing falls with time.

    Of `UnknownLimit(1 - eta**C, C > 0, gap=BigO(1/t, (t, oo)), start=20)` is derived what can be tested:

    * the end: from 1, the limit of the expression for eta -> 0, the last value stays away by a power of eta,
      whose exponent is C; it is positive;
    * the rate: what is missing to each trial's own limit, whatever that is, falls at least as t^-1;
    * the way: the quantity rises, and what is said to fall does.

    Attributes:
        expression: the limit, in one variable going to 0, and the unknown.
        unknown: what is said of the unknown, as C > 0.
        gap: the bound of what is missing, in the time, going to oo.
        start: iterations after which "t is large".
        falls: other measurements that must be lower at the end than at the start, by name.
    """

    expression: Expr
    unknown: Rel
    gap: Scaling
    start: float
    falls: tuple[str, ...] = ()

    relation: ClassVar[str] = "> 0"
    estimated: ClassVar[str] = "exponent"
    fields: ClassVar[frozenset[str]] = frozenset({"margin"})

    def __post_init__(self) -> None:
        object.__setattr__(self, "expression", sympify(self.expression))
        start = requirements.number(self.start, "UnknownLimit: start", positive=True)
        object.__setattr__(self, "start", start)
        if isinstance(self.falls, str) or not all(isinstance(name, str) for name in self.falls):
            raise ClaimError(
                f"UnknownLimit: falls is a tuple of names, as in ('attended',), got {self.falls!r}"
            )
        if not (isinstance(self.unknown, Gt) and self.unknown.lhs.is_Symbol and self.unknown.rhs == 0):
            raise ClaimError(
                f"UnknownLimit: unknown says of a letter that it is positive, as C > 0, got {self.unknown};"
                " declare the letter as real, of a positive one this says nothing"
            )
        free = self.expression.free_symbols - {self.letter}
        if len(free) != 1 or self.letter not in self.expression.free_symbols:
            raise ClaimError(
                f"UnknownLimit: the limit has one variable and the unknown {self.letter}, as 1 - eta**C, got"
                f" {self.expression}"
            )
        if not isinstance(self.gap, Scaling) or [point for _, point in self.gap.regime] != [oo]:
            raise ClaimError(
                f"UnknownLimit: gap is a bound in the time, as BigO(1/t, (t, oo)), got {self.gap!r:.100}"
            )
        requirements.check_power(self.gap, "UnknownLimit")
        if self.rate <= 0:
            raise ClaimError(f"UnknownLimit: the gap must fall, got {self.gap.expression}")
        if self.exponent != self.letter:
            raise ClaimError(
                f"UnknownLimit: {self.expression} stays away from {self.base} by a power of {self.variable}"
                f" with the exponent {self.exponent}, which is not the unknown {self.letter}; name it so"
            )

    @property
    def letter(self) -> Symbol:
        """The unknown."""
        return self.unknown.lhs

    @property
    def variable(self) -> Symbol:
        """What the limit depends on."""
        (variable,) = self.expression.free_symbols - {self.letter}
        return variable

    @property
    def base(self) -> Expr:
        """The limit of the limit, for the variable going to 0."""
        x, power = Symbol("x", positive=True), Symbol("power", positive=True)
        return limit(self.expression.subs({self.variable: x, self.letter: power}), x, 0)

    @property
    def exponent(self) -> Expr:
        """Of what the limit stays away by, in the variable: x d log |base - f| / dx."""
        x, power = Symbol("x", positive=True), Symbol("power", positive=True)
        away = self.base - self.expression.subs({self.variable: x, self.letter: power})
        return simplify(x * diff(log(away), x)).subs(power, self.letter)

    @property
    def rate(self) -> float:
        """At which what is missing falls with time, as t^-rate."""
        return -float(next(iter(self.gap.exponents.values())))

    @property
    def letters(self) -> tuple[str, ...]:
        """The letters that the design varies."""
        return (self.variable.name,)

    def check(self, design: Design) -> None:
        """Raise ClaimError where a design cannot test the statement."""
        requirements.check_search(design, "UnknownLimit", False)
        requirements.check_factor(design, self.variable)
        if design.crossed:
            raise ClaimError(
                f"UnknownLimit varies {self.variable} alone; hold {', '.join(design.crossed)} instead"
            )
        if len(design.levels) < FEWEST or min(design.levels) <= 0:
            raise ClaimError(
                f"an exponent in {self.variable} needs {FEWEST} or more positive levels, got"
                f" {design.levels}; add levels"
            )

    def statement(self, quantity: Expr, notation: Notation) -> str:
        """Plain text, as in `A -> 1 - eta^C, C > 0, with a gap of O(1/t)`."""
        name, to, bound, unknown = (
            plain_text(part, notation)
            for part in (quantity, self.expression, self.gap.expression, self.letter)
        )
        return f"{name} -> {to}, {unknown} > 0, with a gap of {self.gap.relation}({bound})"

    def latex(self, quantity: Expr, notation: Notation) -> str:
        """LaTeX of the statement, without dollar signs."""
        name, to, bound, unknown = (
            latex(part, notation) for part in (quantity, self.expression, self.gap.expression, self.letter)
        )
        gap = rf"\left|{to} - {name}(t)\right| = {self.gap.relation_latex}\left({bound}\right)"
        return rf"{name}(t) \to {to}, \quad {unknown} > 0, \qquad {gap}"

    def judge(self, evidence: pd.DataFrame, topic: Topic) -> Judgement:
        """Judge the end, the rate and the way, each with a verdict of its own; all must hold."""
        from theorycheck.statistics import tests, trajectories

        letter, base = topic.letter, float(self.base)
        last = trajectories.last_gaps(evidence, topic.factor, base)
        end = trajectories.power_of(last, topic.factor)
        claimed = f"{self.letter} = {_told(end)}, claimed {self.letter} > 0"
        power = f"{topic.quantity} ends away from {base:g} by {letter}^{self.letter}, {claimed}"
        shape = trajectories.shape_p_value(last, topic.factor)
        found = [_part("end", end, power), trajectories.shape_check(shape, letter)]
        parts, sentences = [end], [f"{self.letter} = {_told(end)}: {end.decision}"]
        beside, rates = [], []
        for level, rows in evidence.groupby(topic.factor):
            rate = trajectories.own_rate(rows, self.start, self.rate, topic.margin)
            rates.append(rate)
            name = f"exponent of the gap in t at {letter} = {level:g}"
            beside.append(Estimate(topic.factor, rate.estimate, rate.interval, rate.method, name))
            claimed = f"claimed {-self.rate:g} or lower, margin {topic.margin:g}"
            found.append(_part("rate", rate, f"{name}: {_told(rate)}, {claimed}"))
        slowest = tests.all_hold(rates, rates[0].method)
        sentences.append(f"rate of the gap: {slowest.decision}")
        rises = trajectories.change(evidence, "value", rises=True)
        falls = [trajectories.change(evidence, name, rises=False) for name in self.falls]
        ways = [rises, *falls]
        for name, test in zip((topic.quantity, *self.falls), ways, strict=True):
            way = "rises" if test is rises else "falls"
            found.append(_part(way, test, f"{name} changes by {_told(test)} from first to last"))
        sentences.append(f"the way: {tests.all_hold(ways, '').decision}")
        whole = tests.all_hold([*parts, *rates, *ways], end.method)
        decided = tests.decided(end.estimate, end.interval, (whole.p_supported, whole.p_refuted), end.method)
        reason = (
            f"{topic.quantity} ends away from {base:g} by {letter}^{self.letter}, {'; '.join(sentences)}."
        )
        levels = trajectories.levels(last, topic.factor)
        return judged(decided, reason, topic, found, levels, beside)

    def observe(self, outcomes: Outcomes) -> pd.DataFrame:
        """One row for every time at which a trial was measured, with t, value, and what is said to fall."""
        return outcomes.over_time(self.falls)

    def draw(self, shown: Shown) -> Iterator[Drawing]:
        """The quantity over the iterations, and how far from the base it ends."""
        from theorycheck.drawing import trajectories

        what = "Left: the quantity over the iterations, a line a trial. Right: how far it ends from the base."
        yield Drawing("trajectories", "Trajectories", what, lambda: trajectories.ends(self, shown))

    def planted(self, plan: Plan) -> tuple[Truth, ...]:
        """Ends that are a power of the variable, reached as a power of the time: as named."""
        import pandas as pd

        from theorycheck.statements import worlds

        times, slow = self.start * np.geomspace(1, 30, 16), self.rate - plan.claim.margin
        middle, base = float(np.exp(np.log(plan.levels).mean())), lambdify((), self.base)()

        def world(name: str, holds: bool | None, power: float, rate: float) -> Truth:
            def draw(rng: np.random.Generator) -> pd.DataFrame:
                rows = []
                for trial in worlds.values(plan, lambda group, x: x, 0.0, rng).to_dict("records"):
                    end = 0.2 * (trial["value"] / middle) ** power * np.exp(0.1 * rng.normal())
                    missing = 0.3 * (times / self.start) ** -rate * (1 + 0.1 * rng.normal())
                    value = base - end - (missing - missing[-1]) + 0.001 * rng.normal(size=len(times))
                    falling = dict.fromkeys(self.falls, 1 / times)
                    rows.append(pd.DataFrame({**trial, "t": times, "value": value, **falling}))
                return pd.concat(rows, ignore_index=True)

            return Truth(name, holds, power, draw)

        return (
            world("edge: no power", None, 0.0, 1.3 * self.rate),
            world("edge: rate", None, 0.3, slow),
            world("holds", True, 0.3, 1.3 * self.rate),
            world("grows the other way", False, -0.3, 1.3 * self.rate),
            world("slow", False, 0.3, slow / 3),
        )


def _told(test: Tested) -> str:
    return test.interval.around(test.estimate)


def _part(name: str, test: Tested, detail: str) -> Check:
    return Check(name, "ok" if test.decision == "SUPPORTED" else "warning", f"{detail}: {test.decision}")
