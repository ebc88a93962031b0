"""That a quantity comes near a limit during training, and how fast."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from sympy import Expr

from theorycheck.design import Design
from theorycheck.errors import ClaimError
from theorycheck.judgement import Check, Estimate, Judgement
from theorycheck.notation import Notation, latex, plain_text
from theorycheck.statements import requirements
from theorycheck.statements.base import Drawing, Statement, Topic, Truth, judged
from theorycheck.statistics.hypothesis import CHECK_SIGNIFICANCE

if TYPE_CHECKING:
    import pandas as pd

    from theorycheck.drawing import Shown
    from theorycheck.observation import Outcomes
    from theorycheck.plan import Plan
    from theorycheck.statistics.tests import Tested


@dataclass(frozen=True)
class Limit(Statement):
    """The quantity comes near a limit during training, and the gap falls at least as fast as a power of the
    iterations.

    Attributes:
        value: the limit.
        tolerance: how near the last value must come.
        rate: the gap is O(t^-rate).
        start: iterations after which "t is large".
        falls: other measurements that must be lower at the end than at the start, by name.
    """

    value: float
    tolerance: float
    rate: float
    start: float
    falls: tuple[str, ...] = ()

    relation = "->"
    estimated = "last value"
    fields = frozenset({"margin"})

    def __post_init__(self) -> None:
        for name in ("value", "tolerance", "rate", "start"):
            number = requirements.number(getattr(self, name), f"Limit: {name}", positive=name != "value")
            object.__setattr__(self, name, number)
        if isinstance(self.falls, str) or not all(isinstance(name, str) for name in self.falls):
            raise ClaimError(f"Limit: falls is a tuple of names, as in ('attended',), got {self.falls!r}")

    def check(self, design: Design) -> None:
        """Raise ClaimError where a design cannot test the statement."""
        requirements.check_search(design, "Limit", False)
        if design.crossed:
            raise ClaimError(
                f"Limit is tested at every level of one factor; hold {', '.join(design.crossed)} instead"
            )
        if design.factor in ("t", *self.falls):
            raise ClaimError(f"the design varies {design.factor}, a name of what is measured; rename it")

    @property
    def claimed(self) -> float | None:
        """The limit."""
        return self.value

    def statement(self, quantity: Expr, notation: Notation) -> str:
        """Plain text, as in `A -> 1 (within 0.1), with a gap of O(t^-1)`."""
        name = plain_text(quantity, notation)
        return f"{name} -> {self.value:g} (within {self.tolerance:g}), with a gap of O(t^-{self.rate:g})"

    def latex(self, quantity: Expr, notation: Notation) -> str:
        """LaTeX of the statement, without dollar signs."""
        name = latex(quantity, notation)
        return rf"{name}(t) \to {self.value:g}, \qquad |{self.value:g} - {name}(t)| = O(t^{{-{self.rate:g}}})"

    def judge(self, evidence: pd.DataFrame, topic: Topic) -> Judgement:
        """Judge it by evidence, as `observe` makes it of trials."""
        from theorycheck.statistics import tests

        tested_at, beside, sentences = [], [], []
        found = [_compare("rises", topic.quantity, evidence, "value", rises=True)]
        found += [_compare("falls", name, evidence, name, rises=False) for name in self.falls]
        for level, rows in evidence.groupby(topic.factor):
            place = f"{topic.letter} = {level:g}"
            near = tests.reaches_limit(rows, self.value, self.tolerance)
            rate = tests.gap_rate(rows, self.value, self.rate, self.start, topic.margin)
            tested_at.append(tests.near_and_fast(near, rate))
            name = f"exponent of the gap at {place}"
            beside.append(Estimate(topic.factor, rate.estimate, rate.interval, rate.method, name))
            last = f"{near.estimate:.3g} {near.interval:.3g} at {place}"
            gap = (
                f"from t = {self.start:g} on the gap changes as t^{rate.estimate:.2f} {rate.interval} at"
                f" {place}, claimed t^-{self.rate:g} or faster, margin {topic.margin:g}"
            )
            claimed = f"last value {last}, claimed {self.value:g} within {self.tolerance:g}"
            found += [_part("limit", near, claimed), _part("rate", rate, gap)]
            sentences.append(last)
        tested = tests.all_hold(tested_at, f"{tested_at[0].method}; the least sure level")
        reason = f"{topic.quantity} ends at {'; '.join(sentences)}, where {self.value:g} is claimed."
        return judged(tested, reason, topic, found, beside=beside)

    def observe(self, outcomes: Outcomes) -> pd.DataFrame:
        """One row for every time at which a trial was measured, with t, value, and what is said to fall."""
        return outcomes.over_time(self.falls)

    def without_evidence(self, judgement: Judgement, where: str) -> Judgement:
        """Not supported, as it is claimed at every level."""
        if judgement.decision != "SUPPORTED":
            return judgement
        reason = f"There is no evidence at {where}. {judgement.reason}"
        return replace(judgement, decision="INCONCLUSIVE", reason=reason)

    def draw(self, shown: Shown) -> Iterator[Drawing]:
        """The quantity over the iterations, and its gap to the limit."""
        from theorycheck.drawing import trajectories

        what = "Left: the quantity over the iterations, a line a trial. Right: its gap to the limit."
        yield Drawing("trajectories", "Trajectories", what, lambda: trajectories.trajectories(self, shown))

    def planted(self, plan: Plan) -> tuple[Truth, ...]:
        """Gaps that fall as a power of the iterations: at one level as named, at the others as claimed."""
        import pandas as pd

        from theorycheck.statements import worlds

        times, slow = self.start * np.geomspace(1, 20, 14), self.rate - plan.claim.margin
        near, steep = self.tolerance / 5, 1.2 * self.rate

        def world(name: str, holds: bool | None, gap: float, rate: float) -> Truth:
            def draw(rng: np.random.Generator) -> pd.DataFrame:
                rows = []
                for trial in worlds.values(plan, lambda group, x: x, 0.0, rng).to_dict("records"):
                    last, power = (gap, rate) if trial["value"] == min(plan.levels) else (near, steep)
                    errors = 1 + 0.1 * rng.normal() + 0.03 * rng.normal(size=len(times))
                    value = self.value - last * (times / times[-1]) ** -power * errors
                    falling = dict.fromkeys(self.falls, 1 / times)
                    rows.append(pd.DataFrame({**trial, "t": times, "value": value, **falling}))
                return pd.concat(rows, ignore_index=True)

            return Truth(name, holds, None, draw)

        return (
            world("edge: last value", None, self.tolerance, steep),
            world("edge: rate", None, near, slow),
            world("holds", True, near, self.rate),
            world("far", False, 5 * self.tolerance, slow / 4),
        )


def _part(name: str, test: Tested, detail: str) -> Check:
    return Check(name, "ok" if test.decision == "SUPPORTED" else "warning", f"{detail}: {test.decision}")


def _compare(name: str, quantity: str, table: pd.DataFrame, column: str, *, rises: bool) -> Check:
    """Paired t test over all trials of last against first values (Student, Biometrika, 1908)."""
    from theorycheck.statistics import tests

    by_trial = table.sort_values("t").groupby("key")[column]
    first, last = (np.asarray(end, float) for end in (by_trial.first(), by_trial.last()))
    low, high = (0, np.inf) if rises else (-np.inf, 0)
    p_value = tests.mean_test(last - first, low, high, "paired t test").p_supported
    detail = (
        f"{quantity} from {first.mean():.3g} to {last.mean():.3g} over {len(first)} trials (p ="
        f" {p_value:.2g})"
    )
    return Check(name, "ok" if p_value < CHECK_SIGNIFICANCE else "warning", detail)
