"""The exponents of a bound: derived as limits and cross-checked by its values far out, or else found from
these.
"""

from dataclasses import dataclass
from itertools import permutations

from sympy import Dummy, Expr, Symbol

from theorycheck.derivation.bound import Bound, Regime
from theorycheck.derivation.deadline import OutOfTime, within
from theorycheck.derivation.extrapolation import cross_check, extrapolated, signs
from theorycheck.derivation.refused import Refused, Undecided
from theorycheck.derivation.symbolic import growth

SECONDS = 5.0  # for the limits of a law, and again for its values; those of ordinary laws take a tenth of one


@dataclass(frozen=True)
class Derived:
    """An exponent, and what a reader should know of how it was found; nothing where it is exact for all
    constants.
    """

    value: Expr
    note: str = ""


def derive(expression: Expr, regime: Regime, symbol: Symbol) -> Derived:
    """The exponent of one variable: the limit of x d(log f)/dx along the regime.

    The limit is taken in every order of the variables, and cross-checked against the slopes of log f far out,
    on paths on which the variables go to their limits together. Where SymPy finds none in time, those slopes
    are extrapolated.

    Raises:
        Refused: there is no exponent, it depends on the order or on a constant, or the bound is not positive.
    """
    bound = Bound.towards(expression, regime)
    x, seconds = bound.variables[symbol], SECONDS / len(regime)
    value, why = None, ""
    try:
        value = within(seconds, lambda: _limit(bound, x))
    except Undecided as undecided:
        why = str(undecided)
    except OutOfTime:
        why = f"SymPy finds no limit of x d(log f)/dx in {seconds:g} seconds"
    try:
        return within(seconds, lambda: _by_values(bound, x, value, why))
    except OutOfTime:
        long = f"the bound takes more than {seconds:g} seconds to compute far out"
        raise Refused(f"{why}, and {long}" if why else long) from None


def _limit(bound: Bound, x: Dummy) -> Expr:
    """The limit of x d(log f)/dx, the same in every order of the variables."""
    orders = permutations(bound.variables.values())
    values = {bound.senses[x] * growth(bound.expression, x, order) for order in orders}
    named = sorted(str(bound.named(value)) for value in values)
    if len(values) > 1:
        raise Refused(f"the exponent is {' or '.join(named)}, by the order in which the limits are taken")
    (value,) = values
    if value.free_symbols:
        raise Refused(f"the exponent {named[0]} is not a number; give its symbols values")
    if not value.is_finite:
        raise Refused(f"x d(log f)/dx goes to {value}; the law is not a power, times logarithms")
    return value


def _by_values(bound: Bound, x: Dummy, value: Expr | None, why: str) -> Derived:
    """An exponent that its values far out bear out, or where it is None, that they tend to."""
    try:
        choice, note = signs(bound)
        if value is not None:
            cross_check(bound, x, choice, value)
            return Derived(value, note)
        value, seen = extrapolated(bound, x, choice)
    except Refused as reason:
        raise Refused(f"{why}, and {reason}" if why else str(reason)) from None
    found = f"derived numerically, as {why}: {seen} tend to {float(value):g}"
    return Derived(value, "; ".join(filter(None, (found, note))))
