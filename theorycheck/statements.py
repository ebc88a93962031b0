"""What a theorem can state beside a scaling law: a direction, a contrast of exponents, a limit, a bound, an
ordering.

Each says itself in plain text and LaTeX as a law does, names the letters that an experiment must vary, what
is estimated and which number is claimed, if any; and refuses values and designs that cannot test it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from sympy import Expr, Symbol, fraction, sympify

from theorycheck import requirements
from theorycheck.design import Design, evaluate
from theorycheck.errors import ClaimError
from theorycheck.fields import name_of
from theorycheck.law import Law
from theorycheck.notation import Notation, latex, plain, plain_text

Point = Mapping[str, Any]  # values of some letters of the design


@dataclass(frozen=True)
class Direction:
    """The quantity grows (or falls) with a variable.

    Attributes:
        variable: what it grows with.
        grows: whether it grows.
        linear: a form of the quantity which the paper takes to be linear in the variable, such as 1/sqrt(N*);
            a second test beside the verdict, for forms that are recalled.
    """

    variable: Symbol
    grows: bool = True
    linear: Expr | None = None

    estimated: ClassVar[str] = "slope"

    def __post_init__(self) -> None:
        requirements.check_letter(self.variable, "Direction")
        if self.linear is not None and len(sympify(self.linear).free_symbols) != 1:
            raise ClaimError(
                f"Direction: linear is a form of the quantity alone, got {self.linear}; use one letter"
            )

    def check(self, design: Design) -> None:
        """Raise ClaimError where a design cannot test the statement."""
        requirements.check_factor(design, self.variable)

    @property
    def relation(self) -> str:
        """What is claimed of the slope."""
        return "> 0" if self.grows else "< 0"

    @property
    def letters(self) -> tuple[str, ...]:
        """The letters that the design varies."""
        return (self.variable.name,)

    @property
    def claimed(self) -> float | None:
        """No number is claimed."""
        return None

    def statement(self, quantity: Expr, notation: Notation) -> str:
        """Plain text, as in `N* grows with tau`."""
        names = [plain_text(s, notation) for s in (quantity, self.variable)]
        return f"{names[0]} {'grows' if self.grows else 'falls'} with {names[1]}"

    def latex(self, quantity: Expr, notation: Notation) -> str:
        """LaTeX of the statement, without dollar signs."""
        words = rf"\text{{ {'grows' if self.grows else 'falls'} with }}"
        return latex(quantity, notation) + words + latex(self.variable, notation)


@dataclass(frozen=True)
class Contrast:
    """The quantity grows more steeply along the regime in a first group than in a second.

    Attributes:
        variable: of both power laws, going to 0.
        group: the letter that distinguishes the groups.
        first, second: its values, and the bounds that the theorem proves there.
    """

    variable: Symbol
    group: str
    first: tuple[Any, Law]
    second: tuple[Any, Law]

    relation: ClassVar[str] = "< 0, in the bounds"
    estimated: ClassVar[str] = "difference"

    def __post_init__(self) -> None:
        requirements.check_letter(self.variable, "Contrast")
        object.__setattr__(self, "group", name_of(self.group))
        for side in ("first", "second"):
            object.__setattr__(
                self,
                side,
                requirements.bounded_group(getattr(self, side), f"Contrast: {side}", self.variable),
            )
        if str(self.first[0]) == str(self.second[0]):
            raise ClaimError(f"Contrast: first and second have the same value {self.first[0]!r}; compare two")

    def check(self, design: Design) -> None:
        """Raise ClaimError where a design cannot test the statement."""
        requirements.check_factor(design, self.variable)
        requirements.check_search(design, "Contrast", True)
        requirements.check_groups(design, self.group, self.first[0], self.second[0])

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
            rf"\left.{slope}\right|_{{{_text(f'{self.group} = {value}')}}}"
            for value, _ in (self.first, self.second)
        )
        return " < ".join(sides)


@dataclass(frozen=True)
class Limit:
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

    relation: ClassVar[str] = "->"
    estimated: ClassVar[str] = "last value"
    letters: ClassVar[tuple[str, ...]] = ()  # none must be varied

    def __post_init__(self) -> None:
        for name in ("value", "tolerance", "rate", "start"):
            object.__setattr__(
                self,
                name,
                requirements.number(getattr(self, name), f"Limit: {name}", positive=name != "value"),
            )
        requirements.check_names(self.falls, "Limit: falls")

    def check(self, design: Design) -> None:
        """Raise ClaimError where a design cannot test the statement."""
        requirements.check_search(design, "Limit", False)
        requirements.check_times(design, self.falls)

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


@dataclass(frozen=True)
class Transition:
    """What a threshold in some expression of the letters is at least.

    Trials succeed while the expression is small, and the transition to failure lies at or above the bound.

    Attributes:
        expression: such as alpha_#/alpha_*.
        bound: the transition lies here or above.
    """

    expression: Expr
    bound: Expr

    relation: ClassVar[str] = ">="
    estimated: ClassVar[str] = "transition"

    def __post_init__(self) -> None:
        for name in ("expression", "bound"):
            object.__setattr__(self, name, sympify(getattr(self, name)))
        requirements.number(self.bound, "Transition: bound", positive=True)

    def check(self, design: Design) -> None:
        """Raise ClaimError where a design cannot test the statement."""
        requirements.check_search(design, "Transition", True)
        requirements.check_ratio(design, self.expression)

    def ratio(self, values: Mapping[str, Any]) -> float:
        """The expression at a point of the design.

        Raises:
            ClaimError: it is no positive number there, and its logarithm is taken.
        """
        return requirements.number(evaluate(self.expression, values), str(self.expression), positive=True)

    @property
    def letters(self) -> tuple[str, ...]:
        """The letters that the design varies; the expression's own are searched or held."""
        return ()

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
        return rf"{latex(quantity, notation)} = {name} \ge \frac{{{top}}}{{{bottom}}}"


@dataclass(frozen=True)
class Ordering:
    """The quantity is lower at some points of the design than at others.

    Attributes:
        pairs: pairs (lower, higher) of points; letters that a point does not name are averaged over.
        beside: further pairs, which are reported and decide nothing.
    """

    pairs: tuple[tuple[Point, Point], ...]
    beside: tuple[tuple[Point, Point], ...] = ()

    relation: ClassVar[str] = "< 0"
    estimated: ClassVar[str] = "difference"

    def __post_init__(self) -> None:
        for name in ("pairs", "beside"):
            object.__setattr__(
                self,
                name,
                tuple(requirements.pair_of_points(pair, f"Ordering: {name}") for pair in getattr(self, name)),
            )
        if not self.pairs:
            raise ClaimError("Ordering: pairs is empty; name at least one (lower, higher)")

    def check(self, design: Design) -> None:
        """Raise ClaimError where a design cannot test the statement."""
        requirements.check_search(design, "Ordering", False)
        requirements.check_points(design, [point for pair in (*self.pairs, *self.beside) for point in pair])

    @property
    def letters(self) -> tuple[str, ...]:
        """The letters that the design varies."""
        return tuple({name: None for pair in self.pairs for point in pair for name in point})

    @property
    def claimed(self) -> float | None:
        """No number is claimed."""
        return None

    def statement(self, quantity: Expr, notation: Notation) -> str:
        """Plain text: the inequalities."""
        name = plain_text(quantity, notation)
        return "; ".join(f"{name}({describe(low)}) < {name}({describe(high)})" for low, high in self.pairs)

    def latex(self, quantity: Expr, notation: Notation) -> str:
        """LaTeX of the statement, without dollar signs."""
        name = latex(quantity, notation)
        lines = (
            rf"{name}({_text(describe(low))}) &< {name}({_text(describe(high))})" for low, high in self.pairs
        )
        return r"\begin{aligned} " + r" \\ ".join(lines) + r" \end{aligned}"


def describe(point: Point) -> str:
    """A point for readers, as in `removal = noisy, removed = 40`."""
    return ", ".join(f"{plain(name)} = {value}" for name, value in point.items())


def _text(words: str) -> str:
    """Words in a formula, in LaTeX."""
    escaped = re.sub(r"[_%$#&{}]", r"\\\g<0>", words)
    return rf"\text{{{escaped}}}"


Statement = Law | Direction | Contrast | Limit | Transition | Ordering
