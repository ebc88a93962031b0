"""Floats as the rational numbers that were meant, for which alone SymPy's limits are exact; and back, for
readers.
"""

import sympy
from mpmath.libmp import repr_dps, to_str
from sympy import Float, Rational

_SHORT = 12  # significant digits that a person types; a computed float has 15 or more
_FRACTION = 4  # the largest denominator of a fraction that reads better than its decimal
_DENOMINATOR = 10_000  # a random float lies within an ulp of such a fraction once in 10^8 times


def exact(expression: sympy.Basic) -> sympy.Basic:
    """The same with each float as a rational.

    Example:
        >>> exact(sympy.Symbol("N") ** -0.076), exact(sympy.Float(1 / 3)), exact(sympy.Float(0.1 + 0.2))
        (N**(-19/250), 1/3, 3/10)
    """
    return expression.xreplace({number: rational(number) for number in expression.atoms(Float)})


def decimals(expression: sympy.Basic) -> sympy.Basic:
    """The same with each rational that is a decimal as a float, if it has a large denominator.

    Example:
        >>> decimals(sympy.Symbol("N") ** sympy.Rational(-19, 250)), decimals(sympy.Rational(3, 4))
        (N**(-0.076), 3/4)
    """
    fractions = (number for number in expression.atoms(Rational) if number.q > _FRACTION)
    as_floats = ((number, float(number)) for number in fractions)
    return expression.xreplace({number: Float(x) for number, x in as_floats if Rational(repr(x)) == number})


def rational(number: Float) -> Rational:
    """The decimal of a float that has few digits, the fraction that rounds to it, or all its digits.

    The last, such as 0.7071067811865476, still prints as it was given.
    """
    if not number.is_finite:
        return number
    text = _shortest(number)
    decimal = Rational(text)
    if len(text.partition("e")[0].replace(".", "").strip("-0")) <= _SHORT:
        return decimal
    given = Rational(number)
    simple = given.limit_denominator(_DENOMINATOR)
    ulp = abs(given) * Rational(2) ** (1 - number._prec)
    return simple if abs(simple - given) <= ulp else decimal


def _shortest(number: Float) -> str:
    """The fewest digits that are read as this float, at its own precision."""
    if number._prec == 53:
        return repr(float(number))
    digits = range(1, repr_dps(number._prec) + 1)
    texts = (to_str(number._mpf_, n) for n in digits)
    return next((text for text in texts if Float(text, precision=number._prec) == number), str(number))
