"""Scaling laws: O, Omega and Theta of a SymPy expression, and the exponents they imply."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar, Literal

import sympy
from sympy import Expr, Rational, Symbol, oo

from theorycheck.derivation import Derived, Refused, decimals, derive, exact, substituted
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
        >>> t = Symbol("t")
        >>> BigO(sympy.exp(-2 * t), (t, oo), in_terms_of=sympy.exp(t)).exponents
        {t: -2}

    Args:
        expression: the bound, positive near the limit; constants in it may be symbols.
        regime: pairs (symbol, point), one for each variable of the law, point 0 or oo.
        in_terms_of: a function u of the one variable, of which the bound is a power, such as log(t) of
            1/log(t): the exponent is then d log f / d log u.

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
    in_terms_of: Expr | None
    exponents: Mapping[Symbol, Rational] = field(compare=False)
    notes: Mapping[Symbol, str] = field(compare=False)
    ends: Mapping[Symbol, Expr] = field(compare=False)

    def __init__(
        self,
        expression: Expr | float,
        *regime: tuple[Symbol, Expr | float],
        in_terms_of: Expr | None = None,
    ) -> None:
        bound = _exact(expression, "the bound of a law must be an expression such as alpha**-2")
        object.__setattr__(self, "expression", bound)
        object.__setattr__(self, "regime", _regime(bound, regime))
        object.__setattr__(self, "in_terms_of", _transform(in_terms_of, self.regime))
        bound, path = _path(self)
        derived = [_derived(self, bound, path, u) for u, _ in path]
        symbols = [symbol for symbol, _ in self.regime]
        values, notes = [found.value for found in derived], [found.note for found in derived]
        object.__setattr__(self, "exponents", dict(zip(symbols, values, strict=True)))
        object.__setattr__(self, "notes", dict(zip(symbols, notes, strict=True)))
        object.__setattr__(self, "ends", dict(zip(symbols, [end for _, end in path], strict=True)))

    @property
    def letters(self) -> tuple[str, ...]:
        """The names of its variables."""
        return tuple(symbol.name for symbol, _ in self.regime)

    def scale(self, name: str, value: float) -> float:
        """The value of a variable where the law is a power of it, or of `in_terms_of` there.

        Raises:
            LawError: that is no positive number.
        """
        if self.in_terms_of is None:
            return float(value)
        found = self.in_terms_of.subs(self.regime[0][0], exact(sympy.Float(value)))
        number = float(found) if found.is_real else math.nan
        if not 0 < number < math.inf:
            raise LawError(
                f"{self.in_terms_of} is {sympy.N(found, 4)} at {name} = {value:g}, where its power has no"
                " value; leave that level out, or name another in_terms_of"
            )
        return number

    def power_of(self, symbol: Symbol, letter: str) -> str:
        """What the law is a power of, for readers who know a variable by a letter."""
        return letter if self.in_terms_of is None else plain_text(self.in_terms_of, {symbol: letter})

    def statement(self, quantity: Expr, notation: Notation = MappingProxyType({})) -> str:
        """Plain text of `quantity = relation(expression) as symbol -> point`."""
        goes = ", ".join(f"{plain_text(s, notation)} -> {plain_text(p, notation)}" for s, p in self.regime)
        bound = plain_text(decimals(self.expression), notation)
        power = "" if self.in_terms_of is None else f"; in powers of {plain_text(self.in_terms_of, notation)}"
        return f"{plain_text(quantity, notation)} = {self.relation}({bound}) as {goes}{power}"

    def latex(self, quantity: Expr, notation: Notation = MappingProxyType({})) -> str:
        """LaTeX of the statement, without dollar signs."""
        goes = r",\ ".join(rf"{latex(s, notation)} \to {latex(p, notation)}" for s, p in self.regime)
        bound = rf"{self.relation_latex}\left({latex(decimals(self.expression), notation)}\right)"
        if self.in_terms_of is not None:
            goes += rf";\ \text{{in powers of }} {latex(self.in_terms_of, notation)}"
        return rf"{latex(quantity, notation)} = {bound} \quad ({goes})"


def _path(law: Law) -> tuple[Expr, tuple[tuple[Symbol, Expr], ...]]:
    """The bound by what it is a power of, and where that goes."""
    if law.in_terms_of is None:
        return law.expression, law.regime
    try:
        bound, u, end = substituted(law.expression, *law.regime[0], law.in_terms_of)
    except Refused as reason:
        raise _without_exponent(law, law.in_terms_of, reason) from None
    return bound, ((u, end),)


def _derived(law: Law, bound: Expr, path: tuple[tuple[Symbol, Expr], ...], u: Symbol) -> Derived:
    try:
        return derive(bound, path, u)
    except Refused as reason:
        raise _without_exponent(law, u, reason) from None


def _without_exponent(law: Law, base: Expr, reason: Refused) -> LawError:
    bound = plain_text(decimals(law.expression), {})
    repair = "; name another in_terms_of"
    if law.in_terms_of is None:
        repair = "; name what it is a power of by in_terms_of, as in_terms_of=exp(1/alpha)" * (
            len(law.regime) == 1
        )
    return LawError(
        f"asked for the exponent of {law.relation}({bound}) in {base}: it has no single one; {reason}{repair}"
    )


def _transform(given: Any, regime: tuple[tuple[Symbol, Expr], ...]) -> Expr | None:
    if given is None:
        return None
    transform = _exact(given, "in_terms_of is an expression such as log(t)")
    if len(regime) != 1 or transform.free_symbols != {regime[0][0]}:
        raise LawError(
            "in_terms_of is a function of the one variable of a law, as in BigO(1/log(t), (t, oo),"
            f" in_terms_of=log(t)), got {transform} for {', '.join(str(symbol) for symbol, _ in regime)}"
        )
    return transform


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
