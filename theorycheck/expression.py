"""Reads a law as users type it, such as `1/(eta*alpha)`; nothing of what they type is run as code."""

import ast
import keyword
import re
import warnings
from collections.abc import Callable, Mapping
from operator import add, mul, neg, pos, sub, truediv
from typing import Any, Literal

import sympy
from sympy import Expr, Integer, Pow, Rational, Symbol, oo

from theorycheck.errors import LawError
from theorycheck.statements import BigO, Omega, Scaling, Theta

MAX_LENGTH, MAX_DIGITS, MAX_POWER, MAX_NESTING, MAX_BITS = 200, 12, 100, 30, 4096
MAX_VARIABLES = 4  # n variables have n! limits
_Calls = Mapping[Any, Callable[..., Expr]]
_RELATIONS: Mapping[str, type[Scaling]] = {"O": BigO, "Omega": Omega, "Theta": Theta}
_POINTS: Mapping[str, Expr] = {"0": Integer(0), "oo": oo}
_FUNCTIONS: _Calls = {"log": sympy.log, "sqrt": sympy.sqrt, "exp": sympy.exp}
_OPERATORS: _Calls = {
    ast.Add: add,
    ast.Sub: sub,
    ast.Mult: mul,
    ast.Div: truediv,
    ast.Pow: pow,
    ast.USub: neg,
    ast.UAdd: pos,
}
_ALLOWED = (
    "a law may contain numbers, names, + - * / ^, parentheses, log(x), sqrt(x) and exp(x); "
    "a claim's file may use any function of SymPy"
)


class _Found(Exception):
    """What is wrong with the code between two columns."""


def parse_law(
    expression: str, relation: Literal["O", "Omega", "Theta"], regime: Mapping[str, Literal["0", "oo"]]
) -> Scaling:
    """Read a law from text.

    Example:
        >>> parse_law("1/(eta*alpha)", "O", {"alpha": "0", "eta": "0"}).exponents
        {alpha: -1, eta: -1}

    Args:
        expression: the bound; powers are written ** or ^.
        relation: how the bound holds.
        regime: where each variable of the law goes.

    Raises:
        LawError: the expression contains something that is not allowed, or is no law.
    """
    if relation not in _RELATIONS or not set(regime.values()) <= set(_POINTS) or len(regime) > MAX_VARIABLES:
        asked = f"{relation} as {', '.join(map(' -> '.join, regime.items()))}"
        raise LawError(
            f"asked for a law {asked}; choose O, Omega or Theta, 0 or oo, {MAX_VARIABLES} variables at most"
        )
    limits = [(Symbol(name), _POINTS[point]) for name, point in regime.items()]
    return _RELATIONS[relation](_parse(expression.strip()), *limits)


def _parse(text: str) -> Expr:
    if len(text) > MAX_LENGTH:
        raise LawError(f"asked for a law of {len(text)} characters; at most {MAX_LENGTH} are allowed")
    origin = [i for i, character in enumerate(text) for _ in range(2 if character == "^" else 1)] + [
        len(text)
    ]
    try:
        return _expr(_tree(text.replace("^", "**")))
    except _Found as found:
        what, start, end = found.args
        part = text[origin[start] : origin[end - 1] + 1]
        where = f"{part[:40]!r} at column {origin[start] + 1}" if part else "its end"
        raise LawError(f"asked for the law {text!r}: found {where}, {what}; {_ALLOWED}") from None


def _tree(code: str) -> ast.expr:
    for part in re.finditer(r"[^ -~]|[#\\]|[A-Za-z_]\w*", code):
        if keyword.iskeyword(part[0]) or not re.match(r"\w", part[0], re.ASCII):
            raise _Found("which is no name of a variable", *part.span())
    try:
        with warnings.catch_warnings(action="ignore"):
            return ast.parse(code, mode="eval").body
    except SyntaxError as error:
        column = error.offset - 1 if error.offset else len(code)
        raise _Found("which does not fit there", column, min(column + 1, len(code))) from error


def _expr(node: ast.expr, depth: int = 1) -> Expr:
    _check(depth <= MAX_NESTING, node, f"which lies inside more than {MAX_NESTING} operations")
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            digits = len(repr(number)) - isinstance(number, float)
            _check(
                digits <= MAX_DIGITS and number < 10**MAX_DIGITS,
                node,
                f"a number of more than {MAX_DIGITS} digits",
            )
            value = Rational(repr(number))
        case ast.Name(id=name) if name not in _FUNCTIONS and not name.startswith("_"):
            value = Symbol(name)
        case ast.UnaryOp(op=op) | ast.BinOp(op=op) if type(op) in _OPERATORS:
            parts = [
                _expr(part, depth + 1) for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr)
            ]
            if isinstance(op, ast.Pow):
                _check_power(node, *parts)
            value = _OPERATORS[type(op)](*parts)
        case ast.Call(func=ast.Name(id=name), args=[a], keywords=[]) if name in _FUNCTIONS:
            argument = _expr(a, depth + 1)
            large = argument.has(sympy.exp) or (argument.is_number and abs(argument) > MAX_POWER)
            _check(name != "exp" or not large, node, "an exp of exp or of a large number")
            value = _FUNCTIONS[name](argument)
        case _:
            _check(False, node, "which is not allowed")
    _check(not value.has(sympy.zoo, sympy.nan, oo, -oo, sympy.I), node, "which is no finite real number")
    return value


def _check_power(node: ast.expr, base: Expr, power: Expr) -> None:
    _check(power.is_Rational, node, "a power that is no number such as 2, -1 or 3/2")
    inner = max((abs(p.exp) for p in base.atoms(Pow) if p.exp.is_Rational), default=1)
    bits = max((max(abs(r.p), r.q).bit_length() for r in base.atoms(Rational)), default=0)
    _check(abs(power) * max(1, inner) <= MAX_POWER, node, f"a power above {MAX_POWER}")
    _check(
        abs(power) * bits <= MAX_BITS, node, f"a power that is a number of more than {MAX_BITS} binary digits"
    )


def _check(good: bool, node: ast.expr, what: str) -> None:
    if not good:
        raise _Found(what, node.col_offset, node.end_col_offset)
