"""A bound as a function of another variable: f(t) by u = log t, of which it is a power."""

from sympy import Dummy, Expr, Symbol, limit, oo, solve

from theorycheck.derivation.deadline import OutOfTime, within
from theorycheck.derivation.refused import Refused

SECONDS = 5.0  # as for the limits of a law


def substituted(expression: Expr, symbol: Symbol, point: Expr, transform: Expr) -> tuple[Expr, Symbol, Expr]:
    """A bound by u = transform, so that its exponent in u is  d log f / d log u.

    Args:
        expression: f, of the symbol and constants.
        symbol: what is varied.
        point: where it goes, 0 or oo.
        transform: u, a function of the symbol alone.

    Returns:
        f as a function of u, the letter u, and where that goes, 0 or oo.

    Raises:
        Refused: u goes elsewhere, or f is not found as a function of it.
    """
    t, u = Dummy(symbol.name, positive=True), Symbol(str(transform), positive=True)
    f, by_t = expression.xreplace({symbol: t}), transform.xreplace({symbol: t})
    try:
        end = within(SECONDS, lambda: limit(by_t, t, point, "+" if point == 0 else "-"))
        found = within(SECONDS, lambda: _by(f, t, by_t, u))
    except (OutOfTime, NotImplementedError, ValueError):
        raise Refused(f"SymPy does not find it as a function of {transform}") from None
    if end not in (0, oo):
        raise Refused(f"{transform} goes to {end} as {symbol} -> {point}, where a power needs 0 or oo")
    return found, u, end


def _by(f: Expr, t: Dummy, by_t: Expr, u: Symbol) -> Expr:
    """The bound by u: the transform where it stands in f, then the inverse in place of what is left."""
    found = f.subs(by_t, u)
    if t not in found.free_symbols:
        return found
    inverses = [root for root in solve(by_t - u, t) if root.is_real is not False]
    if len(inverses) != 1:
        raise ValueError(f"{len(inverses)} inverses")
    return found.subs(t, inverses[0])
