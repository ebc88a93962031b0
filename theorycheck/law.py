"""Scaling laws: O, Omega and Theta of a SymPy expression, and the exponents they imply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import permutations
from typing import ClassVar, Literal

import sympy
from sympy import Dummy, Expr, Rational, Symbol, oo
from sympy.printing.latex import LatexPrinter
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.str import StrPrinter

from theorycheck.errors import LawError

Notation = Mapping[Symbol, str]  # LaTeX of a symbol whose name is not how the paper writes it

_SCALES = (20, 40)  # the numerical cross-check looks at x = 10^-20 and 10^-40 (or 10^20 and 10^40)
_SLOPE_TOLERANCE = 0.15  # log(x)^3 still moves the local exponent by 0.07 at 10^20


@dataclass(frozen=True, init=False)
class Law:
    """A bound `relation(expression)` as its symbols go to 0 or to oo.

    Example:
        >>> alpha = Symbol("alpha")
        >>> BigO(alpha**-2, (alpha, 0)).exponents
        {alpha: -2}

    Args:
        expression: the bound, positive near the limit; constants in it may be symbols.
        regime: pairs (symbol, point), one for each variable of the law, point 0 or oo.

    Raises:
        LawError: the expression lacks one of the variables, or has no single exponent in it.
    """

    relation: ClassVar[Literal["O", "Omega", "Theta"]]
    estimated: ClassVar[str] = "exponent"
    relation_latex: ClassVar[str]

    expression: Expr
    regime: tuple[tuple[Symbol, Expr], ...]
    exponents: Mapping[Symbol, Rational]

    def __init__(self, expression: Expr | float, *regime: tuple[Symbol, Expr | float]) -> None:
        points = tuple((symbol, sympy.sympify(point)) for symbol, point in regime)
        object.__setattr__(self, "expression", sympy.sympify(expression))
        object.__setattr__(self, "regime", points)
        _check_regime(self)
        object.__setattr__(self, "exponents", {symbol: exponent(self, symbol) for symbol, _ in points})

    @property
    def letters(self) -> tuple[str, ...]:
        """The names of its variables."""
        return tuple(symbol.name for symbol, _ in self.regime)

    def statement(self, quantity: Expr, notation: Notation | None = None) -> str:
        """Plain text of `quantity = relation(expression) as symbol -> point`."""
        text = _PlainPrinter(notation or {})
        goes = ", ".join(f"{text.doprint(s)} -> {text.doprint(p)}" for s, p in self.regime)
        return f"{text.doprint(quantity)} = {self.relation}({text.doprint(self.expression)}) as {goes}"

    def latex(self, quantity: Expr, notation: Notation | None = None) -> str:
        """LaTeX of the statement, without dollar signs."""
        names = dict(notation or {})
        goes = r",\ ".join(rf"{latex(s, names)} \to {latex(p, names)}" for s, p in self.regime)
        bound = rf"{self.relation_latex}\left({latex(self.expression, names)}\right)"
        return rf"{latex(quantity, names)} = {bound} \quad ({goes})"


class BigO(Law):
    """Upper bound: the quantity grows no faster than the expression."""

    relation = "O"
    relation_latex = "O"


class Omega(Law):
    """Lower bound: the quantity grows at least as fast as the expression."""

    relation = "Omega"
    relation_latex = r"\Omega"


class Theta(Law):
    """Tight bound: the quantity grows exactly as fast as the expression."""

    relation = "Theta"
    relation_latex = r"\Theta"


def exponent(law: Law, symbol: Symbol) -> Rational:
    """Derive the exponent of one variable: the limit of x d(log f)/dx along the law's regime.

    The limit is taken in every order of the variables, and cross-checked against the slope of log f between
    neighbouring points at two scales, along two paths on which the variables go to their limits together.

    Raises:
        LawError: the limit does not exist, is not a finite number, depends on the order or on another symbol, or
            the numerical slopes do not approach it.
    """
    positive = {s: Dummy(s.name, positive=True) for s in law.expression.free_symbols}
    f = law.expression.subs(positive)
    x = positive[symbol]
    limits = {_iterated_limit(law, x * f.diff(x) / f, order, positive) for order in permutations(law.regime)}
    if len(limits) > 1:
        raise _no_exponent(
            law, symbol, f"the exponent is {_either(limits)}, by the order in which the limits are taken"
        )
    value = limits.pop()
    if value.free_symbols:
        names = {dummy: s for s, dummy in positive.items()}
        raise _no_exponent(law, symbol, f"the exponent {value.subs(names)} is not a number; give its symbols values")
    if not (value.is_real and value.is_finite):
        raise _no_exponent(law, symbol, f"x d(log f)/dx goes to {value}; the law is not a power, times logarithms")
    _cross_check(law, symbol, float(value))
    return sympy.nsimplify(value)


def _check_regime(law: Law) -> None:
    if not law.regime:
        raise LawError("a law needs a regime such as (alpha, 0), got none; say which symbol goes to 0 or oo")
    for symbol, point in law.regime:
        if point not in (0, oo):
            raise LawError(f"a law speaks of {symbol} -> 0 or {symbol} -> oo, got {symbol} -> {point}")
        if symbol not in law.expression.free_symbols:
            raise LawError(f"the law speaks of {symbol}, but {law.expression} does not contain it; name its variable")


def _iterated_limit(
    law: Law, elasticity: Expr, order: tuple[tuple[Symbol, Expr], ...], positive: Mapping[Symbol, Dummy]
) -> Expr:
    value = sympy.simplify(elasticity)
    for symbol, point in order:
        try:
            value = sympy.limit(value, positive[symbol], point, "+" if point == 0 else "-")
        except (NotImplementedError, ValueError, TypeError, RecursionError) as error:
            raise _no_exponent(law, symbol, "SymPy finds no limit of x d(log f)/dx") from error
        if value.has(sympy.AccumBounds, sympy.Limit):
            raise _no_exponent(law, symbol, "x d(log f)/dx oscillates")
    return value


def _cross_check(law: Law, symbol: Symbol, expected: float) -> None:
    for power in (1, 2):  # variable number i goes to its limit as the scale to the power 1, or 1, 2, 3, ...
        errors = [abs(_slope(law, symbol, scale, power) - expected) for scale in _SCALES]
        if errors[1] > errors[0] + 1e-6 or errors[1] > _SLOPE_TOLERANCE:
            raise _no_exponent(
                law, symbol, f"the derived {expected:g} is off by {errors[0]:.3g} and {errors[1]:.3g} at two scales"
            )


def _slope(law: Law, symbol: Symbol, scale: int, power: int) -> float:
    """Slope of log f against log x between two points a factor 1.1 apart, in 60 digits."""
    point: dict[Symbol, Expr] = {s: Rational(1, 2) for s in law.expression.free_symbols}
    for i, (variable, limit) in enumerate(law.regime):
        size = scale * (1 + i * (power - 1))
        point[variable] = Rational(10) ** (-size if limit == 0 else size)
    step = Rational(11, 10)
    low, high = (law.expression.subs(point | {symbol: x}) for x in (point[symbol], point[symbol] * step))
    values = [sympy.N(v, 60) for v in (low, high)]
    if not all(v.is_real and v.is_positive for v in values):
        raise _no_exponent(law, symbol, f"the bound is {sympy.N(values[0], 3)} at {point}, but must be positive")
    return float(sympy.log(values[1] / values[0]) / sympy.log(step))


def _either(values: set[Expr]) -> str:
    return " or ".join(sorted(map(str, values)))


def _no_exponent(law: Law, symbol: Symbol, reason: str) -> LawError:
    return LawError(
        f"asked for the exponent of {law.relation}({law.expression}) in {symbol}: it has no single one; {reason}"
    )


class _PlainPrinter(StrPrinter):  # type: ignore[misc]  # SymPy has no types
    """Prints a**b as a^b, a*b as a b, and symbols as the notation says."""

    def __init__(self, notation: Notation) -> None:
        super().__init__()
        self._names = {symbol: plain(name) for symbol, name in notation.items()}

    def doprint(self, expr: sympy.Basic) -> str:
        # Names may contain a star themselves, so they are put in after products have lost theirs.
        symbols = sorted(expr.free_symbols, key=str)
        marks = {symbol: chr(0xE000 + i) for i, symbol in enumerate(symbols)}
        text: str = super().doprint(expr.xreplace({symbol: Symbol(mark) for symbol, mark in marks.items()}))
        text = text.replace("*", " ")
        for symbol, mark in marks.items():
            text = text.replace(mark, self._names.get(symbol, symbol.name))
        return text

    def _print_Pow(self, expr: sympy.Pow, rational: bool = False) -> str:
        base, power = (self.parenthesize(part, PRECEDENCE["Pow"]) for part in expr.args)
        return f"{base}^{expr.exp if expr.exp.is_Integer else power}"

    def _print_Exp1(self, expr: Expr) -> str:
        return "e"


class _LatexPrinter(LatexPrinter):  # type: ignore[misc]  # SymPy has no types
    """Prints a symbol to a negative power as theorems do, with the minus sign in the exponent."""

    def _print_Pow(self, expr: sympy.Pow) -> str:
        if expr.base.is_Symbol and expr.exp.is_Integer:
            return f"{self._print(expr.base)}^{{{expr.exp}}}"
        return str(super()._print_Pow(expr))


def latex(expression: Expr, notation: Notation) -> str:
    """LaTeX of an expression or relation in the paper's notation."""
    return str(_LatexPrinter({"symbol_names": dict(notation)}).doprint(expression))


def plain(text: str) -> str:
    r"""Plain text of simple LaTeX: `\alpha_*` becomes `alpha_*`, `N^*` becomes `N*`."""
    for latex_form, plain_form in (("\\", ""), ("{", ""), ("}", ""), ("^*", "*")):
        text = text.replace(latex_form, plain_form)
    return text


def plain_text(expression: Expr, notation: Notation) -> str:
    """Plain text of an expression or relation in the paper's notation."""
    return str(_PlainPrinter(notation).doprint(expression))
