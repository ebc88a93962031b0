"""That a quantity is lower at some points of the design than at others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from sympy import Expr

from theorycheck.design import Design, Point
from theorycheck.errors import ClaimError
from theorycheck.fields import name_of
from theorycheck.judgement import Check, Interval, Judgement
from theorycheck.notation import Notation, latex, plain, plain_text
from theorycheck.statements import requirements
from theorycheck.statements.base import Drawing, Statement, Topic, Truth, at, judged, latex_words

if TYPE_CHECKING:
    import pandas as pd

    from theorycheck.drawing import Shown
    from theorycheck.observation import Outcomes
    from theorycheck.plan import Plan
    from theorycheck.statistics.tests import Tested

EFFECT = 1.5  # standard deviations between neighbours in planted worlds


@dataclass(frozen=True)
class Ordering(Statement):
    """The quantity is lower at some points of the design than at others.

    Attributes:
        pairs: pairs (lower, higher) of points; letters that a point does not name are averaged over.
        beside: further pairs, which are reported and decide nothing.
    """

    pairs: tuple[tuple[Point, Point], ...]
    beside: tuple[tuple[Point, Point], ...] = ()

    relation = "< 0"
    estimated = "difference"

    def __post_init__(self) -> None:
        for name in ("pairs", "beside"):
            named = tuple(_named(pair, f"Ordering: {name}") for pair in getattr(self, name))
            object.__setattr__(self, name, named)
        if not self.pairs:
            raise ClaimError("Ordering: pairs is empty; name at least one (lower, higher)")

    def check(self, design: Design) -> None:
        """Raise ClaimError where a design cannot test the statement."""
        requirements.check_search(design, "Ordering", False)
        values = {design.factor: design.levels, **design.crossed}
        for point in chain(*self.pairs, *self.beside):
            if odd := [name for name, value in point.items() if value not in values.get(name, ())]:
                raise ClaimError(
                    f"Ordering compares {dict(point)}, but the design tries no such {', '.join(odd)}"
                )

    @property
    def letters(self) -> tuple[str, ...]:
        """The letters that the design varies."""
        return tuple(dict.fromkeys(name for point in chain(*self.pairs) for name in point))

    def statement(self, quantity: Expr, notation: Notation) -> str:
        """Plain text: the inequalities."""
        name = plain_text(quantity, notation)
        return "; ".join(f"{name}({describe(low)}) < {name}({describe(high)})" for low, high in self.pairs)

    def latex(self, quantity: Expr, notation: Notation) -> str:
        """LaTeX of the statement, without dollar signs."""
        name = latex(quantity, notation)
        lines = (
            rf"{name}({latex_words(describe(low))}) &< {name}({latex_words(describe(high))})"
            for low, high in self.pairs
        )
        return r"\begin{aligned} " + r" \\ ".join(lines) + r" \end{aligned}"

    def judge(self, evidence: pd.DataFrame, topic: Topic) -> Judgement:
        """Judge it by evidence, as `observe` makes it of trials."""
        from theorycheck.statistics import tests

        pairs = (*self.pairs, *self.beside)
        tested_at = [_compare_points(evidence, topic, *pair) for pair in pairs]
        found = [_inequality(topic.quantity, *both) for both in zip(pairs, tested_at, strict=True)]
        each = tested_at[: len(self.pairs)]
        if "N" in evidence and (evidence["outcome"] == "failure").any():
            found.append(_samples_needed(evidence, self._points()))
        tested = tests.all_hold(each, f"paired t tests of {len(each)} inequalities across seeds")
        against = [
            _says(topic.quantity, pair)
            for pair, test in zip(self.pairs, each, strict=True)
            if test.decision != "SUPPORTED"
        ]
        reason = {
            "SUPPORTED": f"All {len(each)} inequalities hold.",
            "REFUTED": f"It does not hold that {' or '.join(against)}.",
            "INCONCLUSIVE": (
                f"It is not established that {' and '.join(against)}; more seeds would settle it."
            ),
        }
        return judged(tested, reason[tested.decision], topic, found)

    def observe(self, outcomes: Outcomes) -> pd.DataFrame:
        """Values of trials that fitted, one row a trial, with their seed."""
        values = outcomes.values()
        return values[values["outcome"] != "unfitted"]

    def draw(self, shown: Shown) -> Iterator[Drawing]:
        """Means over seeds at every level, a series for each of what is crossed."""
        from theorycheck.drawing import levels

        what = "Means over seeds, with 95 % intervals; the tests compare seed by seed."
        yield Drawing("ordering", "Ordering", what, lambda: levels.ordering(shown))

    def planted(self, plan: Plan) -> tuple[Truth, ...]:
        """Normal values: all equal, ordered as claimed, ordered the other way, and with one pair equal."""
        from theorycheck.statements import worlds

        low, high = self.pairs[0]
        depths = self._depths()

        def world(name: str, holds: bool | None, effect: float, one_equal: bool = False) -> Truth:
            def mean(group: Point, x: float) -> float:
                cell = {**group, plan.claim.design.factor: x}
                place = high if one_equal and low.items() <= cell.items() else cell
                return effect * max((d for point, d in depths if point.items() <= place.items()), default=0)

            return Truth(name, holds, None, lambda rng: worlds.values(plan, mean, 1.0, rng))

        return (
            world("edge: one pair equal", None, EFFECT, one_equal=True),
            world("edge: all equal", None, 0.0),
            world("all lower", True, EFFECT),
            world("all higher", False, -EFFECT),
        )

    def _points(self) -> list[Point]:
        """Each point of the pairs once."""
        return list({describe(point): point for point in chain(*self.pairs)}.values())

    def _depths(self) -> list[tuple[Point, int]]:
        """How many points are lower than each, along the longest chain of pairs."""
        points = self._points()
        depths = [0] * len(points)
        for _ in points:
            for low, high in self.pairs:
                i, j = points.index(low), points.index(high)
                depths[j] = max(depths[j], depths[i] + 1)
        return list(zip(points, depths, strict=True))


def _named(pair: Any, what: str) -> tuple[Point, Point]:
    """Two points of a design, by the names of their letters."""
    if not (
        isinstance(pair, Sequence) and len(pair) == 2 and all(isinstance(p, Mapping) and p for p in pair)
    ):
        raise ClaimError(f"{what} are pairs of points, as in (({{'k': 4}}, {{'k': 0}}),), got {pair!r}")
    low, high = ({name_of(letter): value for letter, value in point.items()} for point in pair)
    if low == high:
        raise ClaimError(f"{what} compare {low} with itself; name two points")
    return low, high


def describe(point: Point) -> str:
    """A point for readers, as in `removal = noisy, removed = 40`."""
    return ", ".join(f"{plain(name)} = {value}" for name, value in point.items())


def _compare_points(table: pd.DataFrame, topic: Topic, low: Point, high: Point) -> Tested:
    """The test of one inequality, over seeds; averages are over what neither point names."""
    import pandas as pd

    from theorycheck.statistics import tests

    rows = pd.concat([at(table, low).assign(point="low"), at(table, high).assign(point="high")])
    if rows["point"].nunique() < 2:
        return tests.undetermined("paired t tests")
    cells = ["seed", *(name for name in topic.letters if name not in {**low, **high})]
    made = rows.groupby([*cells, "point"]).size().unstack(fill_value=0)
    whole = (made == made.max()).all(
        axis=1
    )  # else a trial that is no evidence would shift the mean of its seed
    kept = rows.merge(made[whole].reset_index()[cells], on=cells)
    if kept.empty:
        return tests.undetermined("paired t tests")
    return tests.lower(kept, "point", "low", "high")


def _says(quantity: str, pair: tuple[Point, Point]) -> str:
    return " < ".join(f"{quantity}({describe(point)})" for point in pair)


def _inequality(quantity: str, pair: tuple[Point, Point], test: Tested) -> Check:
    low, high = (round(end, 12) + 0.0 for end in (test.interval.low, test.interval.high))
    interval = Interval(low, high, test.interval.confidence)
    detail = f"{_says(quantity, pair)}: difference {test.estimate:.3g} {interval:.3g}, {test.decision}"
    return Check("inequality", "ok" if test.decision == "SUPPORTED" else "warning", detail)


def _samples_needed(table: pd.DataFrame, points: Sequence[Point]) -> Check:
    """N* at each point, by the outcomes of the same trials."""
    import pandas as pd

    from theorycheck.statistics.loglog import level_thresholds

    parts = []
    for point in points:
        rows = at(table, point)
        rows = rows[rows["outcome"] != "unfitted"]
        outcomes = pd.DataFrame(
            {"x": 1.0, "searched": rows["N"], "successes": rows["outcome"] == "success", "trials": 1}
        )
        for value in level_thresholds(outcomes, ["x"]):
            bound = f"{'more' if value.kind == 'above' else 'less'} than {value.value:.3g}"
            parts.append(f"{value.text if value.measured else bound} at {describe(point)}")
    return Check("samples needed", "ok", f"N* = {'; '.join(parts)}")
