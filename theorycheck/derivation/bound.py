"""A bound as all its variables go to oo, those that go to 0 replaced by their reciprocals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import repeat

from sympy import Dummy, Expr, Rational, Symbol, oo

from theorycheck.derivation.numerical import Point

_MANTISSA = Rational(8, 7)  # as integers are special to (-1)^n and floor(n)
Regime = tuple[tuple[Symbol, Expr], ...]


@dataclass(frozen=True)
class Bound:
    """A bound with positive letters.

    Attributes:
        expression: of the bound.
        variables, constants: the letters in place of its symbols; a variable's goes to oo.
        senses: -1 for the letter of a reciprocal, whose exponent is the negative of its variable's, else 1.
    """

    expression: Expr
    variables: Mapping[Symbol, Dummy]
    constants: Mapping[Symbol, Dummy]
    senses: Mapping[Dummy, int]

    @classmethod
    def towards(cls, expression: Expr, regime: Regime) -> Bound:
        """A bound along a regime."""
        variables = {symbol: _letter(symbol, point) for symbol, point in regime}
        rest = sorted(expression.free_symbols - set(variables), key=str)
        constants = {symbol: _letter(symbol, oo) for symbol in rest}
        senses = {variables[symbol]: -1 if point == 0 else 1 for symbol, point in regime}
        large = {symbol: letter ** senses[letter] for symbol, letter in variables.items()}
        return cls(expression.xreplace({**large, **constants}), variables, constants, senses)

    def named(self, value: Expr) -> Expr:
        """An expression in the law's own constants."""
        return value.xreplace({letter: symbol for symbol, letter in self.constants.items()})

    def points(self, choice: Sequence[Rational], scale: int) -> Iterator[Point]:
        """Points far out, on paths on which the variables go together and on which some go ahead of the
        others.

        Args:
            choice: values of the constants.
            scale: the variables are about 10 to this, or to a multiple.
        """
        n = len(self.variables)
        for ahead in dict.fromkeys(((1,) * n, tuple(range(1, n + 1)), tuple(range(n, 0, -1)))):
            powers = (scale * times for times in ahead)
            far = zip(self.variables.values(), repeat(_MANTISSA), powers, strict=False)
            yield (*far, *zip(self.constants.values(), choice, repeat(0), strict=False))


@cache
def _letter(symbol: Symbol, point: Expr) -> Dummy:
    """A positive symbol that goes to oo; the same one each time, so that its limits are remembered."""
    return Dummy(f"1/{symbol.name}" if point == 0 else symbol.name, positive=True)
