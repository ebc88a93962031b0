"""What several kinds of statement require of their values and of a design; each failure is a ClaimError."""

from typing import Any

from sympy import Symbol

from theorycheck.design import Design
from theorycheck.errors import ClaimError
from theorycheck.fields import finite
from theorycheck.law import Law


def check_letter(variable: Any, kind: str) -> None:
    """The variable of a kind of statement is a letter."""
    if not isinstance(variable, Symbol):
        raise ClaimError(f"{kind}: variable is a letter such as Symbol('tau'), got {variable!r}")


def check_power(law: Law, kind: str) -> None:
    """A bound within another statement is a power of its variable itself."""
    if law.in_terms_of is not None:
        raise ClaimError(
            f"{kind}: its bound must be a power of {', '.join(law.letters)} itself, got in_terms_of="
            f"{law.in_terms_of}; state the bound as a claim of its own"
        )


def number(value: Any, what: str, positive: bool = False) -> int | float:
    """A finite number, and positive where this is wanted."""
    try:
        found = finite(value)
    except ValueError as error:
        raise ClaimError(f"{what} {error}") from error
    if positive and found <= 0:
        raise ClaimError(f"{what} must be positive, got {found:g}")
    return found


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
