"""What every kind of statement is able to do; a new kind is one class in one file."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from sympy import Expr

from theorycheck.design import Design, Point
from theorycheck.errors import ClaimError
from theorycheck.judgement import Band, Check, Estimate, Judgement, LevelValue
from theorycheck.notation import Notation
from theorycheck.verdict import Prediction

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from theorycheck.drawing import Shown
    from theorycheck.observation import Outcomes
    from theorycheck.plan import Plan
    from theorycheck.statements.scaling import Scaling
    from theorycheck.statistics.hypothesis import Hypothesis
    from theorycheck.statistics.tests import Tested

MARGIN = 0.25  # how much worse than claimed a number may be, where nobody says otherwise: a convention


@dataclass(frozen=True)
class Topic:
    """What a statement is about, in the words of its claim.

    Attributes:
        factor: column of what is varied.
        letter: the same for readers.
        quantity: what the statement is about, for readers.
        margin: how much worse than claimed a number may be.
        letters: of the columns of all that is varied, for readers.
        searched: what a threshold is a value of, for readers.
        rivals: other exponents that the data should exclude.
        guess_rate: share of trials that succeed whatever is searched; estimated where it is None.
        column: of what is searched, in tables of counts; `n` in those that others made.
    """

    factor: str
    letter: str
    quantity: str
    margin: float = MARGIN
    letters: Mapping[str, str] = field(default_factory=dict)
    searched: str = "N"
    rivals: tuple[float, ...] = ()
    guess_rate: float | None = None
    column: str = "n"


@dataclass(frozen=True)
class Drawing:
    """A figure of a report that is still to be drawn: name of its file, title, caption, and how.

    Other axes on which a page can show it are drawn as well, by what they are called.
    """

    name: str
    title: str
    caption: str
    draw: Callable[[], Figure]
    others: Mapping[str, Callable[[], Figure]] = field(default_factory=dict)


@dataclass(frozen=True)
class Truth:
    """A world in which it is known whether a statement holds.

    Attributes:
        name: for readers, such as "edge: no slope".
        holds: whether the statement holds; None at its very edge, where either verdict is false.
        value: of the number that is estimated; None where it is not one number.
        draw: evidence of this world, as `Statement.observe` makes it of trials.
    """

    name: str
    holds: bool | None
    value: float | None
    draw: Callable[[np.random.Generator], pd.DataFrame]


class Statement(ABC):
    """A kind of statement that a theorem can make.

    What judges and plants is imported where it does so: claims are read and listed without it.

    Attributes:
        relation: between what is estimated and what is claimed, such as "O" or "> 0".
        estimated: what the estimates are of.
        fields: of a claim that its test uses, beyond those that every claim has.
    """

    estimated: ClassVar[str]
    fields: ClassVar[frozenset[str]] = frozenset()

    @property
    @abstractmethod
    def relation(self) -> str:
        """Between what is estimated and what is claimed."""

    @property
    def letters(self) -> tuple[str, ...]:
        """The letters that the design varies."""
        return ()

    @property
    def claimed(self) -> float | None:
        """The number that is claimed of what is estimated, if any."""
        return None

    @property
    def standard_margin(self) -> float:
        """How much worse than claimed a number may be, where nobody says otherwise."""
        return MARGIN

    @property
    def name(self) -> str:
        """Of its kind, for readers."""
        return type(self).__name__

    @abstractmethod
    def statement(self, quantity: Expr, notation: Notation) -> str:
        """Plain text, as in `N* grows with tau`."""

    @abstractmethod
    def latex(self, quantity: Expr, notation: Notation) -> str:
        """LaTeX of the statement, without dollar signs."""

    def check(self, design: Design) -> None:
        """Raise ClaimError where a design cannot test the statement; it must vary its letters."""
        if missing := [name for name in self.letters if name not in design.varied]:
            raise ClaimError(
                f"the design must vary the law's variable {', '.join(missing)}, but varies "
                f"{', '.join(design.varied)}"
            )

    def check_point(self, parameters: Point) -> None:
        """Raise ClaimError where it has no meaning at a point of the design; by default it always has."""
        return None

    def calibrated_as(self, measures: bool) -> str:
        """The kind of rows in the calibration study; `measures` tells values from counts."""
        return self.name.lower()

    def placed_by(self, group: Point) -> tuple[Scaling, bool] | None:
        """The law of one threshold by which trials of a group are placed, if they are not all tried alike.

        Returns:
            The law, and whether a verdict on it alone ends the run.
        """
        return None

    def hypothesis(self, topic: Topic) -> Hypothesis:
        """The statement in the numbers that the judge of scaling laws needs.

        Raises:
            ClaimError: it is no scaling law.
        """
        raise ClaimError(f"{self.name} states no scaling law")

    def predictions(self, topic: Topic) -> tuple[Prediction, ...]:
        """What it says of each variable; of one number by default."""
        return (Prediction(topic.factor, topic.letter, self.claimed),)

    def observe(self, outcomes: Outcomes) -> pd.DataFrame:
        """The evidence that trials make: counts by cell of a threshold, else positive values."""
        return outcomes.evidence()

    @abstractmethod
    def judge(self, evidence: pd.DataFrame, topic: Topic) -> Judgement:
        """Judge it by evidence, as `observe` makes it of trials."""

    def without_evidence(self, judgement: Judgement, where: str) -> Judgement:
        """The judgement where none of the trials at some place is evidence; the same by default."""
        return judgement

    def draw(self, shown: Shown) -> Iterator[Drawing]:
        """The figures that show it, the first on the first page; by default the judged values by level."""
        from theorycheck.drawing import levels

        if shown.judgement.levels:
            alone = replace(shown, judgement=replace(shown.judgement, curve=()))
            yield Drawing("levels", "Levels", "Values at each level alone.", lambda: levels.direction(alone))

    @abstractmethod
    def planted(self, plan: Plan) -> tuple[Truth, ...]:
        """Worlds in which it holds, fails, or stands at its edge, observed by the design of a plan."""


def latex_words(words: str) -> str:
    """Words in a formula, in LaTeX."""
    escaped = re.sub(r"[_%$#&{}]", r"\\\g<0>", words)
    return rf"\text{{{escaped}}}"


def judged(
    tested: Tested,
    reason: str,
    topic: Topic,
    found: Sequence[Check],
    levels: Sequence[LevelValue] = (),
    beside: Sequence[Estimate] = (),
    curve: Band = (),
) -> Judgement:
    """A judgement whose one estimate is what was tested."""
    return Judgement(
        decision=tested.decision,
        reason=reason,
        checks=tuple(found),
        levels=tuple(levels),
        estimates=(Estimate(topic.factor, tested.estimate, tested.interval, tested.method),),
        beside=tuple(beside),
        curve=curve,
        p_supported=tested.p_supported,
        p_refuted=tested.p_refuted,
    )


def counted(table: pd.DataFrame, letter: str) -> pd.DataFrame:
    """A table as the statistics and the placement read it: with the column of the searched letter, if it has
    counts, called `searched`.
    """
    return table.rename(columns={letter: "searched"}) if "successes" in table else table


def at(table: pd.DataFrame, point: Point) -> pd.DataFrame:
    """The rows at a point of the design."""
    keep = np.ones(len(table), bool)
    for name, value in point.items():
        keep &= (table[name] == value).to_numpy()
    return table.loc[keep]
