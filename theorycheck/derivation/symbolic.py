"""The exponent of a variable as a limit: exact, by the rules for products, powers and sums, and by SymPy
elsewhere.
"""

from functools import lru_cache

import sympy
from sympy import Abs, Add, Expr, Integer, Max, Min, Mul, Pow, Symbol, nan, oo

from theorycheck.derivation.refused import Refused, Undecided

Order = tuple[Symbol, ...]  # in which the variables go to oo, one after the other

_LIKE_LOG = (sympy.log, sympy.harmonic, sympy.LambertW)  # grow as a logarithm where their argument grows
_UNFINISHED = (
    sympy.Limit,
    sympy.Derivative,
    sympy.Subs,
    sympy.Integral,
    sympy.Sum,
    sympy.Order,
    sympy.DiracDelta,
)


@lru_cache(4096)
def growth(f: Expr, x: Symbol, order: Order) -> Expr:
    """The limit of x d(log f)/dx, as the variables go to oo in an order; -oo or oo where f is no power of x.

    Args:
        f: positive where the variables are large; constants in it are positive symbols.
        x: one of the variables.
        order: all of them.

    Raises:
        Refused: there is no limit.
        Undecided: SymPy finds none.
    """
    if x not in f.free_symbols:
        return Integer(0)
    if f == x:
        return Integer(1)
    try:
        value = _by_rule(f, x, order)
    except (Refused, Undecided):
        value = None  # a product may have an exponent where its factors have none
    return _limit(f, x, order) if value is None or value is nan else value


def _by_rule(f: Expr, x: Symbol, order: Order) -> Expr | None:
    """By the rules for products, powers, logarithms and sums; None where they do not tell."""
    match f:
        case Mul():
            return Add(*(growth(factor, x, order) for factor in f.args))
        case Pow():
            return None if f.exp.free_symbols & set(order) else f.exp * growth(f.base, x, order)
        case Abs():
            return growth(f.args[0], x, order)
        case Add() | Max() | Min():
            return _largest(f, x, order)
    if isinstance(f, _LIKE_LOG) and len(f.args) == 1:
        inner = growth(f.args[0], x, order)
        if inner.is_finite and (inner.is_positive or (inner.is_negative and f.func is sympy.log)):
            return Integer(0)
    return None


def _largest(f: Expr, x: Symbol, order: Order) -> Expr | None:
    """Of a sum or a maximum: the exponent of the term that outgrows the others, or that such terms share."""
    grown = {term: growth(term, order[0], order[:1]) for term in f.args}
    if not all(value.is_extended_real and value.is_number for value in grown.values()):
        return None
    extreme = (min if isinstance(f, Min) else max)(grown.values())
    leading = [term for term, value in grown.items() if value == extreme]
    asked = f.args if isinstance(f, Min) else leading
    if (len(leading) > 1 or not f.is_Add) and not all(_positive(term, order[0]) for term in asked):
        return None
    exponents = {growth(term, x, order) for term in leading}
    return exponents.pop() if len(exponents) == 1 else None


def _positive(f: Expr, x: Symbol) -> bool:
    """Whether f is seen to be positive where x is large."""
    if f.is_positive:
        return True
    if f.is_Mul:
        return all(_positive(factor, x) for factor in f.args)
    if f.is_Pow and f.exp.is_real:
        return _positive(f.base, x)
    return isinstance(f, _LIKE_LOG) and growth(f.args[0], x, (x,)).is_positive is True


def _limit(f: Expr, x: Symbol, order: Order) -> Expr:
    try:
        value = x * f.diff(x) / f
        for variable in order:
            value = sympy.limit(value, variable, oo)
    except Exception as error:  # of many types, AttributeError and KeyError among them
        raise Undecided("SymPy finds no limit of x d(log f)/dx") from error
    if value.has(sympy.AccumBounds):
        raise Refused("x d(log f)/dx oscillates")
    if value.has(*_UNFINISHED) or not (value.is_extended_real or value.free_symbols):
        raise Undecided("SymPy finds no limit of x d(log f)/dx")
    return value
