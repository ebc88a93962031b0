import pickle
import threading
import time

import numpy as np
import pytest
from sympy import (
    Abs,
    Float,
    Function,
    I,
    LambertW,
    Max,
    Min,
    Mod,
    Piecewise,
    Rational,
    Symbol,
    bell,
    binomial,
    ceiling,
    exp,
    factorial,
    fibonacci,
    floor,
    gamma,
    harmonic,
    log,
    loggamma,
    oo,
    sin,
    sqrt,
    symbols,
)

from theorycheck import derivation
from theorycheck.derivation import exact, exponents
from theorycheck.derivation.deadline import OutOfTime, within
from theorycheck.errors import LawError
from theorycheck.law import BigO, Omega, Theta
from theorycheck.notation import plain, plain_text

alpha, eta, sigma, n, d, C = symbols("alpha eta sigma n d C")
N = Symbol("N")


@pytest.mark.parametrize(
    ("expression", "regime", "exponents"),
    [
        (alpha**-2, [(alpha, 0)], {alpha: -2}),
        (alpha**-1.5, [(alpha, 0)], {alpha: -Rational(3, 2)}),
        (1 / sqrt(alpha), [(alpha, 0)], {alpha: -Rational(1, 2)}),
        (1 / (eta * alpha), [(alpha, 0), (eta, 0)], {alpha: -1, eta: -1}),
        (alpha**-2 + alpha**-1, [(alpha, 0)], {alpha: -2}),
        (alpha**-2 + alpha**-1, [(alpha, oo)], {alpha: -1}),
        (C * alpha**-2, [(alpha, 0)], {alpha: -2}),
        (alpha**-2 * log(1 / alpha), [(alpha, 0)], {alpha: -2}),
        (n * log(n), [(n, oo)], {n: 1}),
        (n**2 * log(n) ** 3, [(n, oo)], {n: 2}),
        (d * (d + 1) / (n + d + 1), [(n, oo)], {n: -1}),
        (log(n), [(n, oo)], {n: 0}),
        (sqrt(n + 1) - sqrt(n), [(n, oo)], {n: -Rational(1, 2)}),
        (n**0.01 + log(n) ** 3, [(n, oo)], {n: Rational(1, 100)}),
        ((n**0.25 + n**0.076) ** 2.5, [(n, oo)], {n: Rational(5, 8)}),
        (n ** log(7, 2), [(n, oo)], {n: log(7) / log(2)}),
        (n * (1 + exp(-n)), [(n, oo)], {n: 1}),
        (exp(sqrt(log(n))), [(n, oo)], {n: 0}),
        (n**0.3 * d**-0.076 + n**0.2, [(n, oo), (d, 0)], {n: Rational(3, 10), d: -Rational(19, 250)}),
        (n * loggamma(n), [(n, oo)], {n: 2}),
        (log(factorial(n)), [(n, oo)], {n: 1}),
        (n * harmonic(n), [(n, oo)], {n: 1}),
        (LambertW(n) ** 2, [(n, oo)], {n: 0}),
        (binomial(n, 3), [(n, oo)], {n: 3}),
        (gamma(n + Rational(1, 2)) / gamma(n), [(n, oo)], {n: Rational(1, 2)}),
        (n * (1 + 1 / n) ** n, [(n, oo)], {n: 1}),
        (Max(n, 1), [(n, oo)], {n: 1}),
        (Max(1, 1 / alpha), [(alpha, 0)], {alpha: -1}),
        (Max(n, C), [(n, oo)], {n: 1}),
        (Max(n * log(n), n), [(n, oo)], {n: 1}),
        (Max(n**2 / d, n * d), [(n, oo)], {n: 2}),
        (Min(n, n**2), [(n, oo)], {n: 1}),
        (Abs(n - 5), [(n, oo)], {n: 1}),
        (Abs(n) ** 0.3, [(n, oo)], {n: Rational(3, 10)}),
    ],
)
def test_the_exponent_is_derived(expression, regime, exponents):
    law = BigO(expression, *regime)
    assert law.exponents == exponents
    assert not any(law.notes.values())


SLOWLY = {  # factors that change no exponent, by what x is where it is large
    "nothing": lambda x: 1,
    "log": log,
    "log squared": lambda x: log(x) ** 2,
    "log of log": lambda x: log(log(x)),
    "one over log": lambda x: 1 / log(x),
}
CONSTANTS = (1, 2.5, C)


@pytest.mark.parametrize("point", [0, oo])
def test_every_hundredth_is_derived_exactly(point):
    """Bare, and each with another logarithm and constant, so that every pair of these meets 40 exponents."""
    x = n if point == oo else 1 / n
    pairs = [(slow, constant) for slow in SLOWLY.values() for constant in CONSTANTS]
    for hundredths in range(-300, 301):
        power = hundredths / 100
        slow, constant = pairs[hundredths % len(pairs)]
        for law in (n**power, constant * n**power * slow(x)):
            if exact(law).has(n):  # n**0.0 is 1
                derived = Theta(law, (n, point))
                assert derived.exponents[n] == Rational(hundredths, 100), law
                assert float(derived.exponents[n]) == power
                assert not derived.notes[n]


@pytest.mark.parametrize("slow", SLOWLY)
@pytest.mark.parametrize("power", [-2.5, -0.076, -0.01, 0.001, 0.34, 1.7])
def test_a_wrong_exponent_is_refused(power, slow, monkeypatch):
    """A hundredth beside the truth, or 0 in its stead, whatever the logarithm."""
    for wrong in {Rational(0), exact(Float(power)) + Rational(1, 100), exact(Float(power)) - Rational(1, 100)}:
        monkeypatch.setattr(exponents, "growth", lambda f, x, order, wrong=wrong: wrong)
        if wrong or abs(power) > 0.005:  # a thousandth is not distinguished from 0 beside a log of log
            with pytest.raises(LawError, match=rf"takes the limit of x d.log f./dx for {wrong}, but the local"):
                Theta(n**power * SLOWLY[slow](n), (n, oo))


@pytest.mark.parametrize(
    ("number", "rational"),
    [
        (-0.076, Rational(-19, 250)),
        (0.3, Rational(3, 10)),
        (1 / 3, Rational(1, 3)),
        (-2 / 3, Rational(-2, 3)),
        (22 / 7, Rational(22, 7)),
        (0.1 + 0.2, Rational(3, 10)),
        (1e-5, Rational(1, 100000)),
        (1e22, 10**22),
        (0.125, Rational(1, 8)),
        (0.123456789012, Rational(123456789012, 10**12)),
        (0.7071067811865476, Rational("0.7071067811865476")),
        (2.807354922057604, Rational("2.807354922057604")),
        (np.float64(0.3), Rational(3, 10)),
        (np.float32(0.3), Rational(3, 10)),
    ],
)
def test_a_float_is_the_number_that_was_meant(number, rational):
    (found,) = BigO(n**number, (n, oo)).exponents.values()
    assert found == rational
    assert found.is_Rational
    assert float(found) == pytest.approx(float(number), rel=1e-7 if isinstance(number, np.float32) else 2e-16)


def test_floats_of_other_precisions():
    assert exact(Float("0.1", 50)) == Rational(1, 10)
    assert exact(0.5 * n**-0.076 + exp(-1.5 * n)) == n ** Rational(-19, 250) / 2 + exp(Rational(-3, 2) * n)
    assert BigO(n, (n, float("inf"))) == BigO(n, (n, oo))
    assert BigO(n**-0.5, (n, 0.0)) == BigO(n ** Rational(-1, 2), (n, 0))


@pytest.mark.parametrize(
    ("expression", "regime", "message"),
    [
        (alpha**-sigma, [(alpha, 0)], "the exponent -sigma is not a number"),
        (exp(1 / alpha), [(alpha, 0)], "goes to -oo; the law is not a power, times logarithms"),
        (factorial(n), [(n, oo)], "goes to oo; the law is not a power, times logarithms"),
        (gamma(n), [(n, oo)], "goes to oo; the law is not a power"),
        (n ** log(n), [(n, oo)], "goes to oo; the law is not a power"),
        ((1 + 1 / n) ** (n**2), [(n, oo)], "goes to oo; the law is not a power"),
        (binomial(2 * n, n), [(n, oo)], "goes to oo; the law is not a power"),
        (fibonacci(n), [(n, oo)], r"local exponents .* near n = 1e50, 1e100, 1e200, 1e400 go on growing"),
        (exp((C - 1) * n), [(n, oo)], r"the exponent oo\*sign.C - 1. is not a number"),
        (2 + sin(1 / alpha), [(alpha, 0)], "oscillates"),
        (alpha**-2 * (2 + sin(log(1 / alpha))), [(alpha, 0)], "oscillates"),
        (n * (1 + Mod(n, 7)), [(n, oo)], "oscillates"),
        (1 / (alpha + eta), [(alpha, 0), (eta, 0)], "by the order in which the limits are taken"),
        (-(alpha**-2), [(alpha, 0)], "the bound is negative near 1/alpha = 1e400, but must be positive"),
        (log(alpha) / alpha, [(alpha, 0)], "the bound is negative near 1/alpha = 1e400"),
        (-C * n, [(n, oo)], "the bound is negative near n = 1e400, C = 3/7"),
        (sqrt(-n), [(n, oo)], "the bound is not real"),
        (I * n, [(n, oo)], "the bound is not real"),
        ((-1) ** n * n, [(n, oo)], "the bound is not real"),
        (n * Function("g")(n), [(n, oo)], "has no value that SymPy and mpmath can compute"),
        (bell(n), [(n, oo)], "the bound takes more than 0.5 seconds to compute far out"),
    ],
)
def test_a_law_without_a_single_exponent_says_why(expression, regime, message, monkeypatch):
    if expression == bell(n):
        monkeypatch.setattr(exponents, "SECONDS", 0.5)
    with pytest.raises(LawError, match=f"^asked for the exponent of O.* it has no single one; .*{message}"):
        BigO(expression, *regime)


@pytest.mark.parametrize(
    ("expression", "regime", "exponent"),
    [
        (floor(n), (n, oo), 1),
        (floor(1 / alpha), (alpha, 0), -1),
        (n**0.3 * ceiling(log(n)), (n, oo), Rational(3, 10)),
        (floor(n) ** -0.076, (n, oo), Rational(-19, 250)),
        (Piecewise((n, n < 10), (n**2, True)), (n, oo), 2),
    ],
)
def test_what_sympy_cannot_derive_is_found_numerically_and_says_so(expression, regime, exponent):
    law = Theta(expression, regime)
    assert law.exponents == {regime[0]: exponent}
    assert law.notes[regime[0]].startswith("derived numerically, as SymPy finds no limit of x d(log f)/dx: local exp")
    assert law.notes[regime[0]].endswith(f" tend to {float(exponent):g}")


def _forever(*_):
    while True:
        pass


def test_a_limit_that_takes_too_long_is_stopped(monkeypatch):
    monkeypatch.setattr(exponents, "SECONDS", 0.2)
    monkeypatch.setattr(exponents, "growth", _forever)
    started = time.monotonic()
    law = Theta(n**0.3 * log(n), (n, oo))
    assert time.monotonic() - started < 5
    assert law.exponents == {n: Rational(3, 10)}
    assert "as SymPy finds no limit of x d(log f)/dx in 0.2 seconds: local exponents" in law.notes[n]
    with pytest.raises(LawError, match=r"no limit of x d.log f./dx in 0.2 seconds, and .* go on growing"):
        Theta(n ** log(n), (n, oo))


def test_a_deadline_holds_in_any_thread_and_leaves_none_behind():
    outcomes = []

    def stopped():
        with pytest.raises(OutOfTime):
            within(0.1, _forever)
        outcomes.append(within(5, lambda: 7))

    threads = [threading.Thread(target=stopped) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == [7, 7, 7]
    assert not [t for t in threading.enumerate() if t.name == "theorycheck-deadline"]
    with pytest.raises(KeyError, match="asked"):
        within(5, lambda: {}["asked"])


@pytest.mark.parametrize(
    ("expression", "note"),
    [
        ((C - 1) * n, "positive at C = 17/7 but not at C = 3/7, and has this exponent where it is positive"),
        (n / (1 - C), "positive at C = 3/7 but not at C = 17/7"),
        (sqrt(C - 1) * n, "positive at C = 17/7 but not at C = 3/7"),
        ((C - d) * n, "positive at C = 3/7, d = 1/70 but not at C = 3/7, d = 3/7"),
        ((Rational(1, 20) - C) * n, "positive at C = 1/70 but not at C = 3/7"),
        ((C - 1) ** 2 * n, ""),
        (C * n, ""),
    ],
)
def test_a_constant_on_which_the_sign_depends_is_named(expression, note):
    law = BigO(expression, (n, oo))
    assert law.exponents == {n: 1}
    assert note in law.notes[n]
    assert bool(note) == bool(law.notes[n])


@pytest.mark.parametrize(
    ("expression", "regime", "message"),
    [
        (alpha**-2, [], "a law needs a regime"),
        (alpha**-2, [(eta, 0)], "does not contain it"),
        (alpha**-2, [(alpha, 1)], "speaks of alpha -> 0 or alpha -> oo"),
        (alpha**-2, [(alpha, 0), (alpha, 0)], "names a symbol twice"),
        (alpha**-2, [alpha], r"the regime of a law is pairs such as .alpha, 0., got alpha"),
        (alpha**-2, [("alpha", 0)], r"the regime of a law is pairs"),
        (alpha**-2, [(alpha, None)], "alpha must go to 0 or oo in a law, got None"),
        (None, [(alpha, 0)], r"the bound of a law must be an expression such as .*, got None"),
        (alpha > 2, [(alpha, 0)], r"the bound of a law must be an expression such as .*, got alpha > 2"),
        ("alpha**", [(alpha, 0)], r"the bound of a law must be an expression such as .*, got 'alpha\*\*'"),
        (lambda x: x, [(alpha, 0)], r"the bound of a law must be an expression"),
    ],
)
def test_a_law_needs_a_regime_in_its_own_variables(expression, regime, message):
    with pytest.raises(LawError, match=message):
        BigO(expression, *regime)


def test_statements_print_as_the_paper_writes_them():
    a, N_star = symbols("alpha_relevant N_star", positive=True)
    notation = {a: r"\alpha_*", N_star: "N^*"}
    law = BigO(a**-2, (a, 0))
    assert law.statement(N_star, notation) == "N* = O(alpha_*^-2) as alpha_* -> 0"
    assert law.latex(N_star, notation) == r"N^* = O\left(\alpha_*^{-2}\right) \quad (\alpha_* \to 0)"
    assert Omega(n, (n, oo)).statement(N) == "N = Omega(n) as n -> oo"
    two = Theta(1 / (eta * alpha), (alpha, 0), (eta, 0))
    assert two.statement(Symbol("T")) == "T = Theta(1/(alpha eta)) as alpha -> 0, eta -> 0"
    assert two.latex(Symbol("T")).startswith(r"T = \Theta\left(\frac{1}{\alpha \eta}\right)")


def test_decimals_print_as_they_were_typed():
    law = Theta(0.123 * N**-0.076, (N, oo))
    assert law.statement(Symbol("L")) == "L = Theta(0.123/N^0.076) as N -> oo"
    assert Theta(N**-0.076, (N, oo)).latex(Symbol("L")) == r"L = \Theta\left(N^{-0.076}\right) \quad (N \to \infty)"
    assert Theta(N ** Rational(-3, 2), (N, oo)).statement(Symbol("L")) == "L = Theta(N^(-3/2)) as N -> oo"


def test_plain_text_of_names_with_stars_and_of_relations():
    a, b = symbols("a b", positive=True)
    assert plain(r"\alpha_\#") == "alpha_#"
    assert plain_text(a > 2 * b, {a: r"\alpha_*", b: r"\alpha_\#"}) == "alpha_* > 2 alpha_#"


def test_laws_are_frozen_and_comparable():
    law = BigO(alpha**-2, (alpha, 0))
    assert law == BigO(alpha**-2, (alpha, 0)) == pickle.loads(pickle.dumps(law))
    assert len({law, BigO(alpha**-2, (alpha, 0))}) == 1
    assert law != Omega(alpha**-2, (alpha, 0))
    assert BigO(alpha**-0.3, (alpha, 0)) != BigO(alpha**-0.34, (alpha, 0))
    with pytest.raises(AttributeError):
        law.expression = alpha
    assert derivation.derive(law.expression, law.regime, alpha).value == -2
