import pytest
from sympy import Rational, Symbol, exp, log, oo, sqrt

from theorycheck.errors import LawError
from theorycheck.expression import parse_law
from theorycheck.statements import BigO, Omega, Theta

alpha, eta, n, x = (Symbol(name) for name in ("alpha", "eta", "n", "x"))


@pytest.mark.parametrize(
    ("text", "regime", "expression"),
    [
        ("alpha**-2", {"alpha": "0"}, alpha**-2),
        ("alpha^-2", {"alpha": "0"}, alpha**-2),
        (" alpha ^ (-3/2) ", {"alpha": "0"}, alpha ** Rational(-3, 2)),
        ("1/(eta*alpha)", {"alpha": "0", "eta": "0"}, 1 / (eta * alpha)),
        ("n*log(n)", {"n": "oo"}, n * log(n)),
        ("sqrt(x)", {"x": "oo"}, sqrt(x)),
        ("x**0.5 + .25*x", {"x": "oo"}, x ** Rational(1, 2) + x / 4),
        ("1 + exp(-x)", {"x": "oo"}, 1 + exp(-x)),
        ("-(-x) - +1", {"x": "oo"}, x - 1),
        ("2^2^3*x", {"x": "oo"}, 256 * x),
        ("-x**2 + 2*x^2", {"x": "oo"}, x**2),
        ("999999999999*x", {"x": "oo"}, 999999999999 * x),
        ("x^100", {"x": "oo"}, x**100),
        ("E*pi*S*oo*x", {"x": "oo"}, Symbol("E") * Symbol("pi") * Symbol("S") * Symbol("oo") * x),
        ("(" * 90 + "x" + ")" * 90, {"x": "oo"}, x),
    ],
)
def test_a_law_is_read_exactly(text, regime, expression):
    law = parse_law(text, "O", regime)
    assert law.expression == expression
    assert law.regime == tuple((Symbol(name), {"0": 0, "oo": oo}[point]) for name, point in regime.items())


@pytest.mark.parametrize(("relation", "kind"), [("O", BigO), ("Omega", Omega), ("Theta", Theta)])
def test_the_relation_is_kept(relation, kind):
    law = parse_law("alpha**-2", relation, {"alpha": "0"})
    assert type(law) is kind
    assert law.exponents == {alpha: -2}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("lambda: 0", "'lambda' at column 1, which is no name"),
        ("2*lambda", "'lambda' at column 3, which is no name"),
        ("x.real", r"'x\.real' at column 1, which is not allowed"),
        ("x^2*x.real", r"'x\.real' at column 5, which is not allowed"),
        ("[i for i in x]", "'for' at column 4, which is no name"),
        ("x + __class__", "'__class__' at column 5, which is not allowed"),
        ("_x", "'_x' at column 1, which is not allowed"),
        ("'x'", "\"'x'\" at column 1, which is not allowed"),
        ("f'{x}'", ".* at column 1, which is not allowed"),
        ("log(x, base=2)", r"'log\(x, base=2\)' at column 1, which is not allowed"),
        ("log(x, 2)", r"'log\(x, 2\)' at column 1, which is not allowed"),
        ("log(*x)", r"'\*x' at column 5, which is not allowed"),
        ("log()", r"'log\(\)' at column 1, which is not allowed"),
        ("2*log", "'log' at column 3, which is not allowed"),
        ("sin(x)", r"'sin\(x\)' at column 1, which is not allowed"),
        ("n(n+1)", r"'n\(n\+1\)' at column 1, which is not allowed"),
        ("x[0]", r"'x\[0\]' at column 1, which is not allowed"),
        ("(x, x)", r"'\(x, x\)' at column 1, which is not allowed"),
        ("{x}", r"'{x}' at column 1, which is not allowed"),
        ("(x := 2)", "'x := 2' at column 2, which is not allowed"),
        ("x < 2", "'x < 2' at column 1, which is not allowed"),
        ("x // 2", "'x // 2' at column 1, which is not allowed"),
        ("~x", "'~x' at column 1, which is not allowed"),
        ("2j*x", "'2j' at column 1, which is not allowed"),
        ("True*x", "'True' at column 1, which is no name"),
        ("x if x else 1", "'if' at column 3, which is no name"),
        ("...", r"'\.\.\.' at column 1, which is not allowed"),
        ("x # 2", "'#' at column 3, which is no name"),
        ("\u03b1**-2", "'\u03b1' at column 1, which is no name"),
        ("x\n+1", r"'\\n' at column 2, which is no name"),
        ("x\0", r"'\\x00' at column 2, which is no name"),
        ("", "its end, which does not fit there"),
        ("x +", "its end, which does not fit there"),
        ("(x", r"'\(' at column 1, which does not fit there"),
        ("x^2)", r"'\)' at column 4, which does not fit there"),
        ("x^^2", r"'\^' at column 3, which does not fit there"),
        ("2x", "'2' at column 1, which does not fit there"),
        ("x y", "'y' at column 3, which does not fit there"),
        ("2or x", "'or' at column 2, which is no name"),
        ("import os", "'import' at column 1, which is no name"),
        ("1234567890123*x", "'1234567890123' at column 1, a number of more than 12 digits"),
        ("0.3333333333333*x", r"'0\.3333333333333' at column 1, a number of more than 12 digits"),
        ("x*1e999", "'1e999' at column 3, a number of more than 12 digits"),
        ("x*1e300", "'1e300' at column 3, a number of more than 12 digits"),
        ("x**101", r"'x\*\*101' at column 1, a power above 100"),
        ("1 + x^-101", r"'x\^-101' at column 5, a power above 100"),
        ("x*9**9**9", r"'9\*\*9\*\*9' at column 3, a power above 100"),
        (
            "((9**90)**90)**90*x",
            r"'\(9\*\*90\)\*\*90' at column 2, a power that is a number of more than 4096 binary",
        ),
        ("factorial(x)", r"'factorial\(x\)' at column 1, which is not allowed"),
        ("Max(x, 1)", r"'Max\(x, 1\)' at column 1, which is not allowed"),
        ("((x^50)^50)", r"'\(x\^50\)\^50' at column 2, a power above 100"),
        ("2**x", r"'2\*\*x' at column 1, a power that is no number"),
        ("exp(exp(x))", r"'exp\(exp\(x\)\)' at column 1, an exp of exp"),
        ("exp(9**99)*x", r"'exp\(9\*\*99\)' at column 1, an exp of exp or of a large number"),
        ("x + 1/0", "'1/0' at column 5, which is no finite real number"),
        ("x/(1-1)", r"'x/\(1-1\)' at column 1, which is no finite real number"),
        ("0**-1", r"'0\*\*-1' at column 1, which is no finite real number"),
        ("log(0)", r"'log\(0\)' at column 1, which is no finite real number"),
        ("sqrt(-2)*x", r"'sqrt\(-2\)' at column 1, which is no finite real number"),
        ("-" * 150 + "x", "'-+' at column 31, which lies inside more than 30 operations"),
        ("+".join(["x"] * 60), r"'x\+x.*' at column 1, which lies inside more than 30 operations"),
    ],
)
def test_what_is_no_law_is_refused_at_its_column(text, found):
    with pytest.raises(LawError, match=rf"^asked for the law .*: found {found}.*; a law may contain numbers"):
        parse_law(text, "O", {"x": "oo"})


@pytest.mark.parametrize(
    "text", ["__import__('os').system('touch made')", "exp(open('made', 'w'))", 'eval(\'open("made", "w")\')']
)
def test_nothing_of_the_text_is_run(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LawError, match=r"^asked for the law .* at column \d, which is not allowed"):
        parse_law(text, "O", {"x": "0"})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("text", "relation", "regime", "message"),
    [
        ("x" * 201, "O", {"x": "0"}, "asked for a law of 201 characters; at most 200"),
        ("x", "o", {"x": "0"}, "asked for a law o as x -> 0; choose O, Omega or Theta"),
        ("x", "O", {"x": "1"}, "asked for a law O as x -> 1; choose"),
        (
            "a*b*c*d*e",
            "O",
            dict.fromkeys("abcde", "0"),
            "asked for a law O as a -> 0, .*; choose .* 4 variables",
        ),
        ("x", "O", {}, "a law needs a regime"),
        ("x", "O", {"eta": "0"}, "the law speaks of eta, but x does not contain it"),
        ("x", "O", {"__import__('os')": "0"}, "the law speaks of __import__.*, but x does not contain it"),
        ("-x", "O", {"x": "0"}, "asked for the exponent of O.-x. in x: it has no single one"),
        ("exp(x)", "O", {"x": "oo"}, "asked for the exponent of O.exp.x.. in x: it has no single one"),
        ("sqrt(-x)", "O", {"x": "0"}, "asked for "),
        ("log(log(x))", "O", {"x": "0"}, "asked for "),
        ("1/(x*(y+1) - x*y - x)", "O", {"x": "0"}, "asked for "),
    ],
)
def test_what_bears_no_exponent_is_refused(text, relation, regime, message):
    with pytest.raises(LawError, match=f"^{message}"):
        parse_law(text, relation, regime)
