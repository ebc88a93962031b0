"""Scaling laws: O, Omega and Theta of a SymPy expression, and the exponents they imply."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar, Literal

import sympy
from sympy import Expr, Rational, Symbol, oo

from theorycheck.derivation import Derived, Refused, decimals, derive, exact
from theorycheck.errors import LawError
from theorycheck.notation import Notation, latex, plain_text


@dataclass(frozen=True, init=False)
class Law:
    """A bound `relation(expression)` as its symbols go to 0 or to oo.

    Example:
        >>> from theorycheck.statements import BigO
        >>> alpha = Symbol("alpha")
        >>> BigO(alpha**-2, (alpha, 0)).exponents
        {alpha: -2}

    Args:
        expression: the bound, positive near the limit; constants in it may be symbols.
        regime: pairs (symbol, point), one for each variable of the law, point 0 or oo.

    Attributes:
        exponents: of each variable, as `theorycheck.derivation` derives it.
        notes: what a reader should know of how: that it is numerical, or that the sign of the bound depends
            on a constant; mostly empty.

    Raises:
        LawError: the expression lacks one of the variables, or has no single exponent in it.
    """

    relation: ClassVar[Literal["O", "Omega", "Theta"]]
    relation_latex: ClassVar[str]

    expression: Expr
    regime: tuple[tuple[Symbol, Expr], ...]
    exponents: Mapping[Symbol, Rational] = field(compare=False)
    notes: Mapping[Symbol, str] = field(compare=False)

    def __init__(self, expression: Expr | float, *regime: tuple[Symbol, Expr | float]) -> None:
        bound = _exact(expression, "the bound of a law must be an expression such as alpha**-2")
        object.__setattr__(self, "expression", bound)
        object.__setattr__(self, "regime", _regime(bound, regime))
        derived = {symbol: _derived(self, symbol) for symbol, _ in self.regime}
        object.__setattr__(self, "exponents", {symbol: found.value for symbol, found in derived.items()})
        object.__setattr__(self, "notes", {symbol: found.note for symbol, found in derived.items()})

    @property
    def letters(self) -> tuple[str, ...]:
        """The names of its variables."""
        return tuple(symbol.name for symbol, _ in self.regime)

    def statement(self, quantity: Expr, notation: Notation = MappingProxyType({})) -> str:
        """Plain text of `quantity = relation(expression) as symbol -> point`."""
        goes = ", ".join(f"{plain_text(s, notation)} -> {plain_text(p, notation)}" for s, p in self.regime)
        bound = plain_text(decimals(self.expression), notation)
        return f"{plain_text(quantity, notation)} = {self.relation}({bound}) as {goes}"

    def latex(self, quantity: Expr, notation: Notation = MappingProxyType({})) -> str:
        """LaTeX of the statement, without dollar signs."""
        goes = r",\ ".join(rf"{latex(s, notation)} \to {latex(p, notation)}" for s, p in self.regime)
        bound = rf"{self.relation_latex}\left({latex(decimals(self.expression), notation)}\right)"
        return rf"{latex(quantity, notation)} = {bound} \quad ({goes})"


def _derived(law: Law, symbol: Symbol) -> Derived:
    try:
        return derive(law.expression, law.regime, symbol)
    except Refused as reason:
        bound = plain_text(decimals(law.expression), {})
        raise LawError(
            f"asked for the exponent of {law.relation}({bound}) in {symbol}: it has no single one; {reason}"
        ) from None


def _exact(given: Any, wanted: str) -> Expr:
    try:
        value = sympy.sympify(given)
    except (sympy.SympifyError, TypeError, ValueError, AttributeError):
        value = None
    if not isinstance(value, Expr):
        raise LawError(f"{wanted}, got {given!r}; write it with SymPy's symbols")
    return exact(value)


def _regime(bound: Expr, given: tuple[Any, ...]) -> tuple[tuple[Symbol, Expr], ...]:
    if not given:
        raise LawError("a law needs a regime such as (alpha, 0), got none; say which symbol goes to 0 or oo")
    for pair in given:
        if not (isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], Symbol)):
            raise LawError(
                f"the regime of a law is pairs such as (alpha, 0), got {pair!r}; name a symbol and 0 or oo"
            )
    regime = tuple(
        (symbol, _exact(point, f"{symbol} must go to 0 or oo in a law")) for symbol, point in given
    )
    for symbol, point in regime:
        if point not in (0, oo):
            raise LawError(f"a law speaks of {symbol} -> 0 or {symbol} -> oo, got {symbol} -> {point}")
        if symbol not in bound.free_symbols:
            raise LawError(f"the law speaks of {symbol}, but {bound} does not contain it; name its variable")
    if len(dict(regime)) < len(regime):
        raise LawError(
            f"the regime {', '.join(map(str, given))} of a law names a symbol twice; name each once"
        )
    return regime
