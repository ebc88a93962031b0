"""That a quantity equals a closed form, or the numbers of a table, within a tolerance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from sympy import Expr, Symbol, SympifyError, cancel, oo, sympify

from theorycheck.derivation import decimals, exact
from theorycheck.design import Design, Point, evaluate
from theorycheck.errors import ClaimError
from theorycheck.judgement import Judgement
from theorycheck.notation import Notation, latex, plain_text
from theorycheck.statements import requirements
from theorycheck.statements.base import Drawing, Statement, Topic, Truth, latex_words

if TYPE_CHECKING:
    import pandas as pd

    from theorycheck.drawing import Shown
    from theorycheck.observation import Outcomes
    from theorycheck.plan import Plan

PREDICTED = "predicted"  # the column of what is predicted at a point of the design
FEWEST_SIZES = 3  # by which a line can be rejected


@dataclass(frozen=True)
class Predicts(Statement):
    """The quantity equals a prediction within a tolerance, at every point of the design.

    Of measured values the mean is predicted, of trials that succeed or fail the threshold.

    Attributes:
        value: an expression in letters that the design varies or holds, or a table {level: number}.
        tolerance: how far the quantity may be from it, relative to it.
        absolute: whether the tolerance is not relative.
        prefactor: a positive letter, of which the expression is a multiple; it is fitted to the data.
        limit: (d, oo), where the prediction is for d -> oo: the limit a of  a + b / d  over the values
            of d in the design.

    Example:
        >>> n, d = Symbol("n"), Symbol("d")
        >>> Predicts(d * (d + 1) / (n + d + 1), tolerance=0.1).statement(Symbol("r"), {})
        'r = d (d + 1)/(d + n + 1) within 10 %'
    """

    value: Any
    tolerance: float = 0.05
    absolute: bool = False
    prefactor: Symbol | None = None
    limit: tuple[Symbol, Expr] | None = None

    relation: ClassVar[str] = "<="
    estimated: ClassVar[str] = "largest deviation"

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", _prediction(self.value))
        tolerance = requirements.number(self.tolerance, "Predicts: tolerance", positive=True)
        object.__setattr__(self, "tolerance", tolerance)
        if not self.absolute and tolerance >= 1:
            raise ClaimError(f"Predicts: a relative tolerance is below 1, as 0.05, got {tolerance:g}")
        if self.prefactor is not None:
            self._check_prefactor()
        if self.limit is not None and not (
            isinstance(self.limit, tuple) and len(self.limit) == 2 and isinstance(self.limit[0], Symbol)
            and self.limit[1] == oo
        ):  # fmt: skip
            raise ClaimError(f"Predicts: limit is a letter that goes to oo, as (d, oo), got {self.limit!r}")
        if self.limit and self.limit[0] in self._symbols:
            raise ClaimError(f"Predicts: a limit for {self.limit[0]} -> oo cannot depend on {self.limit[0]}")

    def _check_prefactor(self) -> None:
        rest = None if isinstance(self.value, Mapping) else cancel(self.value / self.prefactor)
        if rest is None or self.prefactor in rest.free_symbols:
            raise ClaimError(
                f"Predicts: the prediction is a multiple of its prefactor, as C*f with prefactor=C, got"
                f" {self.value} with prefactor={self.prefactor}"
            )
        if self.absolute:
            raise ClaimError("Predicts: with a free prefactor the tolerance is relative; drop absolute=True")

    @property
    def _symbols(self) -> set[Symbol]:
        return set() if isinstance(self.value, Mapping) else self.value.free_symbols

    @property
    def size(self) -> str | None:
        """The name of what goes to infinity."""
        return self.limit[0].name if self.limit else None

    def check(self, design: Design) -> None:
        """Raise ClaimError where a design cannot test the statement."""
        if PREDICTED in design.letters:
            raise ClaimError(f"the design has a {PREDICTED}, a name of what is tested; rename it")
        names = {s.name for s in self._symbols - {self.prefactor}}
        if design.search and design.search.letter in names:
            raise ClaimError(f"Predicts: a threshold in {design.search.letter} cannot depend on it")
        if missing := sorted(names - design.letters):
            raise ClaimError(
                f"Predicts: the prediction needs a value for {', '.join(missing)}; vary or hold it in the"
                " design"
            )
        if isinstance(self.value, Mapping) and set(self.value) != set(design.levels):
            raise ClaimError(
                f"Predicts: a table predicts a number for every level of {design.factor}, which are"
                f" {design.levels}, got {tuple(self.value)}"
            )
        values = {design.factor: design.levels, **design.crossed}
        if self.size and len(values.get(self.size, ())) < FEWEST_SIZES:
            raise ClaimError(
                f"Predicts: a limit for {self.size} -> oo needs {FEWEST_SIZES} or more values of"
                f" {self.size}, as levels or crossed"
            )
        if self.prefactor is not None and self.size == design.factor:
            raise ClaimError(
                f"Predicts: a prefactor needs more than one prediction; vary more than {self.size}"
            )

    def check_point(self, parameters: Point) -> None:
        """Raise ClaimError where the prediction is no number, or 0 with a relative tolerance."""
        if isinstance(self.value, Mapping):
            return
        target = self.predicted(parameters, "")
        if self.prefactor is not None and target <= 0:
            raise ClaimError(f"Predicts: {self.value} must be a positive multiple of {self.prefactor}")

    def predicted(self, parameters: Point, factor: str) -> float:
        """The prediction at a point of the design, a free prefactor taken for 1.

        Raises:
            ClaimError: it is no finite number, or one to which a tolerance cannot be relative.
        """
        if isinstance(self.value, Mapping):
            target = float(self.value[parameters[factor]])
        else:
            shape = self.value if self.prefactor is None else self.value.subs(self.prefactor, 1)
            found = evaluate(shape, parameters)
            target = float(requirements.number(found, f"Predicts: the prediction {self.value}"))
        if target == 0 and not self.absolute:
            raise ClaimError(
                "Predicts: no deviation is relative to a prediction of 0; give absolute=True and a tolerance"
                " in its unit"
            )
        return target

    @property
    def letters(self) -> tuple[str, ...]:
        """The letters that the design varies."""
        return (self.size,) if self.size else ()

    @property
    def claimed(self) -> float | None:
        """The tolerance."""
        return self.tolerance

    def amount(self, away: float) -> str:
        """A deviation for readers: 5 % where it is relative."""
        return f"{away:.3g}" if self.absolute else f"{100 * away:.3g} %"

    def statement(self, quantity: Expr, notation: Notation) -> str:
        """Plain text, as in `risk = d (d + 1)/(d + n + 1) within 5 %`."""
        name = plain_text(quantity, notation)
        if isinstance(self.value, Mapping):
            said = f"{', '.join(f'{v:g} at {x:g}' for x, v in self.value.items())},"
        else:
            said = plain_text(decimals(self.value), notation)
        goes = f" as {plain_text(self.limit[0], notation)} -> oo" if self.limit else ""
        free = f", {plain_text(self.prefactor, notation)} fitted" if self.prefactor is not None else ""
        return f"{name} = {said} within {self.amount(self.tolerance)}{goes}{free}"

    def latex(self, quantity: Expr, notation: Notation) -> str:
        """LaTeX of the statement, without dollar signs."""
        if isinstance(self.value, Mapping):
            rows = (rf"{v:g} & {latex_words(f'at {x:g}')}" for x, v in self.value.items())
            said = r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}"
        else:
            said = latex(decimals(self.value), notation)
        goes = rf"\quad ({latex(self.limit[0], notation)} \to \infty)" if self.limit else ""
        within = latex_words(f" within {self.amount(self.tolerance)}")
        return rf"{latex(quantity, notation)} = {said}{goes} {within}"

    def observe(self, outcomes: Outcomes) -> pd.DataFrame:
        """Counts by cell, or values, one row a trial, with what is predicted there."""
        if outcomes.plan.measured.value is None:
            table = outcomes.counts()
        else:
            values = outcomes.values()
            table = values.assign(censored=(values["outcome"] == "unfitted").astype(int))
        factor = outcomes.plan.claim.design.factor
        return table.assign(**{PREDICTED: [self.predicted(p, factor) for p in outcomes.parameters(table)]})

    def judge(self, evidence: pd.DataFrame, topic: Topic) -> Judgement:
        """Judge it by evidence, as `observe` makes it of trials."""
        from theorycheck.statements import predicted_points
        from theorycheck.statistics import diagnostics

        def judged(table: pd.DataFrame) -> Judgement:
            return predicted_points.judgement(self, table, topic)

        return diagnostics.unless_unfitted(judged(evidence), evidence, lambda table: judged(table).decision)

    def without_evidence(self, judgement: Judgement, where: str) -> Judgement:
        """Not supported, as it is claimed at every point."""
        if judgement.decision != "SUPPORTED":
            return judgement
        reason = f"There is no evidence at {where}. {judgement.reason}"
        return replace(judgement, decision="INCONCLUSIVE", reason=reason)

    def draw(self, shown: Shown) -> Iterator[Drawing]:
        """The quantity at every level, and the prediction with its tolerance."""
        from theorycheck.drawing import predictions

        what = (
            "Values at each point alone, with 95 % intervals; lines: the prediction, shaded: its tolerance."
        )
        yield Drawing("prediction", "Prediction", what, lambda: predictions.prediction(self, shown))

    def planted(self, plan: Plan) -> tuple[Truth, ...]:
        """Deviations of a multiple of the tolerance, at all points or at those of the first level alone."""
        from theorycheck.statements import predicted_worlds

        everywhere = self.prefactor is None  # else the prefactor takes them up
        one_level = self.size != plan.claim.design.factor

        def world(name: str, holds: bool | None, times: float, all_points: bool) -> Truth:
            value = None if self.prefactor is not None else abs(times) * self.tolerance
            return Truth(
                name, holds, value, lambda rng: predicted_worlds.evidence(self, plan, times, all_points, rng)
            )

        made = [world("as predicted", True, 0.0, True)]
        if one_level:
            made += [
                world("edge: one level at the tolerance", None, 1.0, False),
                world("one level three times the tolerance away", False, 3.0, False),
            ]
        if everywhere:
            made += [
                world("edge: all at the tolerance", None, 1.0, True),
                world("all three times the tolerance away", False, 3.0, True),
            ]
        return tuple(made)


def _prediction(value: Any) -> Any:
    """An exact expression, or a table of numbers by level."""
    if isinstance(value, Mapping):
        if not value:
            raise ClaimError("Predicts: the table is empty; name a number for every level")
        what = "Predicts: a table's"
        return {
            float(requirements.number(level, f"{what} level")): requirements.number(
                v, f"{what} number at {level}"
            )
            for level, v in value.items()
        }
    try:
        found = sympify(value)
    except (SympifyError, TypeError, ValueError, AttributeError):
        found = None
    if not isinstance(found, Expr):
        raise ClaimError(
            "Predicts: value is an expression such as d*(d + 1)/(n + d + 1), or a table {level: number}, got"
            f" {value!r:.100}"
        )
    return exact(found)
