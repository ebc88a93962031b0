import pytest
from sympy import Rational, Symbol, exp, factorial, floor, log, oo, sin, sqrt, symbols

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
    ],
)
def test_the_exponent_is_derived(expression, regime, exponents):
    assert BigO(expression, *regime).exponents == exponents


@pytest.mark.parametrize(
    ("expression", "regime", "message"),
    [
        (alpha**-sigma, [(alpha, 0)], "the exponent -sigma is not a number"),
        (exp(1 / alpha), [(alpha, 0)], "not a power, times logarithms"),
        (factorial(n), [(n, oo)], "not a power, times logarithms"),
        (2 + sin(1 / alpha), [(alpha, 0)], "oscillates"),
        (alpha**-2 * (2 + sin(log(1 / alpha))), [(alpha, 0)], "oscillates"),
        (floor(n), [(n, oo)], "no single one"),
        (1 / (alpha + eta), [(alpha, 0), (eta, 0)], "by the order in which the limits are taken"),
        (-(alpha**-2), [(alpha, 0)], "must be positive"),
    ],
)
def test_a_law_without_a_single_exponent_says_why(expression, regime, message):
    with pytest.raises(LawError, match=message):
        BigO(expression, *regime)


@pytest.mark.parametrize(
    ("expression", "regime", "message"),
    [
        (alpha**-2, [], "a law needs a regime"),
        (alpha**-2, [(eta, 0)], "does not contain it"),
        (alpha**-2, [(alpha, 1)], "speaks of alpha -> 0 or alpha -> oo"),
    ],
)
def test_a_law_needs_a_regime_in_its_own_variables(expression, regime, message):
    with pytest.raises(LawError, match=message):
        BigO(expression, *regime)


def test_the_numerical_cross_check_rejects_a_wrong_exponent(monkeypatch):
    """The check is alive: a limit that SymPy got wrong would be noticed."""
    import theorycheck.law as law

    monkeypatch.setattr(law, "_iterated_limit", lambda *_: Rational(-3))
    with pytest.raises(LawError, match="the derived -3 is off by 1 and 1 at two scales"):
        BigO(alpha**-2, (alpha, 0))


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


def test_plain_text_of_names_with_stars_and_of_relations():
    a, b = symbols("a b", positive=True)
    assert plain(r"\alpha_\#") == "alpha_#"
    assert plain_text(a > 2 * b, {a: r"\alpha_*", b: r"\alpha_\#"}) == "alpha_* > 2 alpha_#"


def test_laws_are_frozen_and_comparable():
    assert BigO(alpha**-2, (alpha, 0)) == BigO(alpha**-2, (alpha, 0))
    assert BigO(alpha**-2, (alpha, 0)) != Omega(alpha**-2, (alpha, 0))
    with pytest.raises(AttributeError):
        BigO(alpha**-2, (alpha, 0)).expression = alpha
