"""What statements require of their own values and of a design; each failure is a ClaimError that names the
field.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sympy import Expr, Symbol

from theorycheck.design import Design
from theorycheck.errors import ClaimError
from theorycheck.fields import finite, name_of
from theorycheck.statements.scaling import Scaling


def check_letter(variable: Any, kind: str) -> None:
    """The variable of a kind of statement is a letter."""
    if not isinstance(variable, Symbol):
        raise ClaimError(f"{kind}: variable is a letter such as Symbol('tau'), got {variable!r}")


def number(value: Any, what: str, positive: bool = False) -> int | float:
    """A finite number, and positive where this is wanted."""
    try:
        found = finite(value)
    except ValueError as error:
        raise ClaimError(f"{what} {error}") from error
    if positive and found <= 0:
        raise ClaimError(f"{what} must be positive, got {found:g}")
    return found


def pair_of_points(pair: Any, what: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Two points of a design, by the names of their letters."""
    if not (
        isinstance(pair, Sequence) and len(pair) == 2 and all(isinstance(p, Mapping) and p for p in pair)
    ):
        raise ClaimError(f"{what} are pairs of points, as in (({{'k': 4}}, {{'k': 0}}),), got {pair!r}")
    low, high = ({name_of(letter): value for letter, value in point.items()} for point in pair)
    if low == high:
        raise ClaimError(f"{what} compare {low} with itself; name two points")
    return low, high


def bounded_group(side: Any, what: str, variable: Symbol) -> tuple[Any, Scaling]:
    """The value that tells a group of trials, and a bound for them as the variable goes to 0."""
    if not (isinstance(side, tuple) and len(side) == 2 and isinstance(side[1], Scaling)):
        raise ClaimError(
            f"{what} is a value of the group and its bound, as in (True, BigO(...)), got {side!r:.100}"
        )
    if dict(side[1].regime).get(variable) != 0:
        raise ClaimError(f"{what}: the bound must speak of {variable} -> 0, and speaks of {side[1].regime}")
    return side


def check_names(names: Any, what: str) -> None:
    """A tuple of names, and not one name."""
    if isinstance(names, str) or not all(isinstance(name, str) for name in names):
        raise ClaimError(f"{what} is a tuple of names, as in ('attended',), got {names!r}")


def check_times(design: Design, names: Sequence[str]) -> None:
    """The design varies its factor alone, which is not named like what is measured over time."""
    if design.crossed:
        raise ClaimError(
            f"Limit is tested at every level of one factor; hold {', '.join(design.crossed)} instead"
        )
    if design.factor in ("t", *names):
        raise ClaimError(f"the design varies {design.factor}, a name of what is measured; rename it")


def check_ratio(design: Design, expression: Expr) -> None:
    """The expression of a transition contains what is searched, and otherwise letters that have values."""
    names = {s.name for s in expression.free_symbols}
    if design.search and (design.search.letter not in names or names - design.letters):
        raise ClaimError(
            f"Transition: expression {expression} must contain {design.search.letter}, which the design"
            f" searches, and letters that it varies or holds: {', '.join(sorted(design.letters))}"
        )


def check_factor(design: Design, variable: Symbol) -> None:
    """The factor of the design is the variable of the statement."""
    if design.factor != variable.name:
        raise ClaimError(
            f"the design must vary the law's variable {variable.name} as its factor, but varies"
            f" {design.factor}"
        )


def check_search(design: Design, kind: str, wanted: bool) -> None:
    """The design searches a threshold, or none, as is wanted."""
    if bool(design.search) != wanted:
        needs = (
            "search=Search(letter, values), for a threshold"
            if wanted
            else "no search, as it is about measured values"
        )
        raise ClaimError(f"{kind} needs a design with {needs}")


def check_groups(design: Design, group: str, first: Any, second: Any) -> None:
    """The design crosses its factor, whose logarithm is taken, with two groups and nothing else."""
    values = design.crossed.get(group, ())
    if list(design.crossed) != [group] or len(values) != 2 or {first, second} != set(values):
        raise ClaimError(
            f"Contrast compares {group} = {first} with {second}; cross these two values of {group} and"
            f" nothing else, got {dict(design.crossed)}"
        )
    if min(design.levels) <= 0:
        raise ClaimError("levels must be positive numbers, got 0; a power law has no value there")


def check_points(design: Design, points: Sequence[Mapping[str, Any]]) -> None:
    """The design tries every one of some points."""
    values = {design.factor: design.levels, **design.crossed}
    for point in points:
        if odd := [name for name, value in point.items() if value not in values.get(name, ())]:
            raise ClaimError(
                f"Ordering compares {dict(point)}, but the design tries no such {', '.join(odd)}"
            )
