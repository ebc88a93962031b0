import pickle

import pytest
from sympy import (
    Abs,
    Function,
    I,
    LambertW,
    Max,
    Min,
    Mod,
    Rational,
    Symbol,
    bell,
    binomial,
    exp,
    factorial,
    fibonacci,
    gamma,
    harmonic,
    log,
    loggamma,
    oo,
    sin,
    sqrt,
    symbols,
    sympify,
)

from theorycheck import derivation
from theorycheck.derivation import exponents
from theorycheck.errors import LawError
from theorycheck.notation import latex, plain, plain_text
from theorycheck.statements import BigO, Omega, Theta

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
        (n - log(n) ** 50, [(n, oo)], {n: 1}),
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
    assert (
        Theta(N**-0.076, (N, oo)).latex(Symbol("L"))
        == r"L = \Theta\left(N^{-0.076}\right) \quad (N \to \infty)"
    )
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


def test_numbers_and_powers_print_as_a_reader_writes_them():
    """A float has no zeros of SymPy's digits, and a letter with a superscript takes braces before another."""
    r, w = symbols("r", positive=True), symbols("w", real=True)
    assert plain_text(sympify(0.256), {}) == latex(sympify(0.256), {}) == "0.256"
    assert latex(r**2, {r: r"\rho^f"}) == r"{\rho^f}^{2}"
    assert latex(r**-2, {r: r"\alpha_*"}) == r"\alpha_*^{-2}"
    assert plain_text(2 * abs(w), {}) == "2 |w|"
