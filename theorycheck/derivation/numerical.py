"""Logarithms of a bound far out, where it may be larger than memory holds, and the slopes between them."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import pairwise
from typing import Any

import mpmath
import sympy
from sympy import Abs, Expr, Mul, Pow, Rational, Symbol

from theorycheck.derivation.refused import Refused

# Symbols with their values, each a number times a power of 10.
Point = tuple[tuple[Symbol, Rational, int], ...]
Slope = Any  # of mpmath, as local exponents may exceed what a float holds

_SETTLED = 1e-12  # relative difference of two evaluations, the second in twice the digits
_REAL = 1e-6  # half turns of a complex number beside those of a real one
# Others may lose a difference in few digits.
_WITHOUT_SUMS = (Mul, Pow, sympy.log, sympy.exp, Abs, Symbol, Rational)
_LARGEST_POWER, _MOST_DIGITS = 400, 7000  # more are slow


def local_exponents(f: Expr, x: Symbol, point: Point, steps: int = 2) -> list[Slope]:
    """Slopes of log f against log x over successive decades, which lie evenly about a point."""
    powers = [next(power for s, _, power in point if s == x) - steps // 2 + step for step in range(steps + 1)]
    points = (tuple((s, value, at if s == x else power) for s, value, power in point) for at in powers)
    logs = [log_bound(f, place).real for place in points]
    return [(high - low) / mpmath.log(10) for low, high in pairwise(logs)]


def log_bound(f: Expr, point: Point) -> Any:
    """The logarithm of f at a point, in digits enough that more change nothing.

    Raises:
        Refused: f is not positive there, or cannot be evaluated.
    """
    cancels = not all(isinstance(part, _WITHOUT_SUMS) for part in sympy.preorder_traversal(f))
    digits = 30 + 2 * cancels * min(max(power for _, _, power in point), _LARGEST_POWER)
    last = None
    while digits <= _MOST_DIGITS:
        value = _evaluated(f, point, digits)
        if last is not None and _agree(value, last):
            if kind := _not_positive(value, digits):
                raise Refused(f"the bound is {kind} near {where(point)}, but must be positive")
            return value
        last = value if mpmath.isfinite(value) else None
        digits *= 2
    what = "is 0" if last is None else "cannot be evaluated"
    raise Refused(f"the bound {what} near {where(point)}, but must be positive")


def _not_positive(log: Any, digits: int) -> str:
    """What a number is if it is not positive, by its logarithm."""
    with mpmath.workdps(digits):
        half_turns = log.imag / mpmath.pi
        if abs(half_turns - 2 * mpmath.nint(half_turns / 2)) < _REAL:
            return ""
        return "negative" if abs(half_turns - mpmath.nint(half_turns)) < _REAL else "not real"


def _agree(value: Any, last: Any) -> bool:
    """Of the angle, no share will do: it is known only within a turn."""
    return bool(abs(value - last) <= _SETTLED * (1 + abs(value)) and abs(value.imag - last.imag) < _REAL)


def _evaluated(f: Expr, point: Point, digits: int) -> Any:
    try:
        with mpmath.workdps(digits):
            return mpmath.mpc(_log(f, point, digits))
    except Exception as error:  # of many types: lambdify knows some functions by name alone
        raise Refused(
            f"the bound has no value that SymPy and mpmath can compute near {where(point)}"
        ) from error


def _log(f: Expr, point: Point, digits: int) -> Any:
    """By parts, as a factorial of 10^100 has no value that fits in memory, but a logarithm."""
    match f:
        case Mul():
            return mpmath.fsum(_log(factor, point, digits) for factor in f.args)
        case Pow():
            return _number(f.exp, point, digits) * _log(f.base, point, digits)
        case sympy.exp():
            return _number(f.args[0], point, digits)
        case Abs():
            return mpmath.re(_log(f.args[0], point, digits))
    return _computed(f, _part(f, point), digits, log=True)


def _number(f: Expr, point: Point, digits: int) -> Any:
    return mpmath.mpf(f.p) / f.q if f.is_Rational else _computed(f, _part(f, point), digits, log=False)


def _part(f: Expr, point: Point) -> Point:
    return tuple(part for part in point if part[0] in f.free_symbols)


@lru_cache(4096)
def _computed(f: Expr, point: Point, digits: int, log: bool) -> Any:
    """At the current precision, which is that of the digits."""
    if log and isinstance(f, sympy.gamma):
        return mpmath.loggamma(_number(f.args[0], point, digits))
    values = (mpmath.mpf(value.p) / value.q * mpmath.mpf(10) ** power for _, value, power in point)
    value = _function(f, tuple(symbol for symbol, _, _ in point))(*values)
    return mpmath.log(value) if log else value


@lru_cache(1024)
def _function(f: Expr, symbols: tuple[Symbol, ...]) -> Callable[..., Any]:
    function: Callable[..., Any] = sympy.lambdify(symbols, f, "mpmath")
    return function


def where(point: Iterable[tuple[Symbol, Rational, int]]) -> str:
    """A point for readers."""
    return ", ".join(f"{s.name} = {f'1e{power}' if power else value}" for s, value, power in point)
