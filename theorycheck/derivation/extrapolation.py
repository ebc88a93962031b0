"""What the local exponents of a bound tend to: the cross-check of a derived exponent, and what stands in for
one.
"""

from collections.abc import Iterator, Sequence
from itertools import product, repeat

import mpmath
from sympy import Dummy, Expr, Rational

from theorycheck.derivation.bound import Bound
from theorycheck.derivation.numerical import Slope, local_exponents, log_bound, where
from theorycheck.derivation.refused import Refused

# Variables are 10 to these; the larger where the smaller disagree.
_SCALES = ((100, 200, 400), (1000, 2000, 4000))
_TRIED = (50, 100, 200, 400)
_TOLERANCE = 2.0  # over log x; log(x)^log(log(x)) needs 1.1 at 10^400, and log(x)^3 a hundredth of it
_SHARE = 0.25  # of the exponent itself, where that is less
_ROUNDING = 1e-12
_WINDOW = 6  # decades, whose local exponents agree the better the farther out, unless they oscillate
_DIVERGES = 0.95  # ratio of successive differences while log x doubles: 1 for n^log(log n), .5 for n log n
_ACCURACY = 0.01  # of a numerical exponent: by how much its last two extrapolations may differ
# Of constants, hardly where a bound is 0.
_VALUES = (Rational(3, 7), Rational(17, 7), Rational(1, 70), Rational(80, 7))


def signs(bound: Bound) -> tuple[tuple[Rational, ...], str]:
    """Values of the constants at which a bound is positive, and a note if it is not so at others.

    Raises:
        Refused: it is positive at none.
    """
    refused: list[tuple[Sequence[Rational], Refused]] = []
    good: list[tuple[Rational, ...]] = []
    for choice in _choices(len(bound.constants)):
        try:
            log_bound(bound.expression, next(bound.points(choice, _SCALES[0][-1])))
            good.append(choice)
        except Refused as reason:
            refused.append((choice, reason))
    if not good:
        raise refused[0][1]
    if not refused:
        return good[0], ""
    letters = bound.constants.values()
    yes, no = (where(zip(letters, choice, repeat(0), strict=False)) for choice in (good[0], refused[0][0]))
    note = f"the bound is positive at {yes} but not at {no}, and has this exponent where it is positive"
    return good[0], note


def _choices(n: int) -> Iterator[tuple[Rational, ...]]:
    """Combinations of values; of more than three constants, the others take those of the first three."""
    for choice in product(_VALUES, repeat=min(n, 3)):
        yield tuple(choice[i % 3] for i in range(n))


def cross_check(bound: Bound, x: Dummy, choice: Sequence[Rational], value: Expr) -> None:
    """Compare a derived exponent with the local exponents far out.

    Raises:
        Refused: these tend to another value.
    """
    expected, why = mpmath.mpf(float(value)), ""
    for scales in _SCALES:
        try:
            found = [_tends_to(slopes) for slopes in _paths(bound, x, choice, scales)]
        except Refused as reason:  # as n - log(n)^50 is negative up to 10^116
            why = str(reason)
            continue
        error = max(abs(slope - expected) for slope in found)
        tolerance = _TOLERANCE / (scales[-1] * mpmath.log(10))
        if expected:
            tolerance = min(tolerance, _SHARE * abs(expected)) + _ROUNDING * abs(expected)
        if error <= tolerance:
            return
        seen = " and ".join(mpmath.nstr(slope, 4) for slope in found)
        why = (
            f"SymPy takes the limit of x d(log f)/dx for {value}, but the local exponents near"
            f" {_far(x, scales)} tend to {seen}"
        )
    raise Refused(why)


def extrapolated(bound: Bound, x: Dummy, choice: Sequence[Rational]) -> tuple[Rational, str]:
    """The exponent that the local exponents tend to, and how it was found.

    Raises:
        Refused: they oscillate, grow without bound, or tend to nothing, or to different values on different
            paths.
    """
    values = []
    for slopes in _paths(bound, x, choice, _TRIED, _WINDOW):
        first, last = _tends_to(slopes[:-1]), _tends_to(slopes)
        seen = (
            f"local exponents {', '.join(mpmath.nstr(slope, 4) for slope in slopes)} near {_far(x, _TRIED)}"
        )
        if _diverges(slopes):
            raise Refused(f"{seen} go on growing; the law is not a power, times logarithms")
        if abs(last - first) > _ACCURACY:
            raise Refused(f"{seen} tend to no single value")
        values.append(_rounded(float(last), float(abs(last - first))))
    if len(set(values)) > 1:
        raise Refused(
            f"the exponent is {' or '.join(map(str, values))}, by how the variables go to their limits"
            " together"
        )
    return values[0], seen


def _paths(
    bound: Bound, x: Dummy, choice: Sequence[Rational], scales: Sequence[int], steps: int = 2
) -> Iterator[list[Slope]]:
    """Local exponents at several scales, on each path."""
    for points in zip(*(bound.points(choice, scale) for scale in scales), strict=True):
        windows = [local_exponents(bound.expression, x, point, steps) for point in points]
        if steps > 2 and _oscillates(windows):
            raise Refused(
                f"x d(log f)/dx oscillates, between {_range(windows[-1])} near {_far(x, scales[-1:])}"
            )
        yield [bound.senses[x] * mpmath.fsum(window) / steps for window in windows]


def _oscillates(windows: Sequence[Sequence[Slope]]) -> bool:
    first, last = (max(window) - min(window) for window in (windows[0], windows[-1]))
    monotone = list(windows[-1]) in (sorted(windows[-1]), sorted(windows[-1], reverse=True))
    return bool(last > first / 2 + 1e-6) and not monotone


def _tends_to(slopes: Sequence[Slope]) -> Slope:
    """The limit of three local exponents at points whose logarithms double, by Aitken's extrapolation.

    It is exact where they come near it as a power of log x does, as those of a power times powers of
    logarithms: A. C. Aitken, Proc. R. Soc. Edinb. 46 (1926) 289.
    """
    first, second, third = slopes[-3:]
    difference = (third - second) - (second - first)  # the second one
    return third - (third - second) ** 2 / difference if abs(difference) > 1e-30 else third


def _diverges(slopes: Sequence[Slope]) -> bool:
    first, second, third = slopes[-3:]
    return bool(
        abs(third) > abs(second) > abs(first) and abs(third - second) > _DIVERGES * abs(second - first)
    )


def _rounded(value: float, error: float) -> Rational:
    """The simplest fraction within the error, or the decimal that the error leaves."""
    error = max(3 * error, 1e-9)
    simple = next(
        (Rational(round(value * q), q) for q in range(1, 13) if abs(round(value * q) / q - value) <= error),
        None,
    )
    digits = max(2, int(-mpmath.log10(error)))
    return Rational(str(round(value, min(digits, 6)))) if simple is None else simple


def _far(x: Dummy, scales: Sequence[int]) -> str:
    return f"{x.name} = {', '.join(f'1e{scale}' for scale in scales)}"


def _range(slopes: Sequence[Slope]) -> str:
    return " and ".join(mpmath.nstr(slope, 3) for slope in (min(slopes), max(slopes)))
