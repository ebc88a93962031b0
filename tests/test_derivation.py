"""The exponent of a bound: decimals, deadlines, what is found numerically, and that readers are told."""

import re
import threading
import time

import numpy as np
import pytest
from conftest import mostly_slow
from sympy import (
    Float,
    Piecewise,
    Rational,
    Symbol,
    ceiling,
    exp,
    floor,
    log,
    oo,
    sqrt,
    symbols,
)
from test_cli import run

from theorycheck.derivation import exact, exponents
from theorycheck.derivation.deadline import OutOfTime, within
from theorycheck.errors import LawError
from theorycheck.statements import BigO, Theta

alpha, eta, sigma, n, d, C = symbols("alpha eta sigma n d C")
N = Symbol("N")


SLOWLY = {  # factors that change no exponent, by what x is where it is large
    "nothing": lambda x: 1,
    "log": log,
    "log squared": lambda x: log(x) ** 2,
    "log of log": lambda x: log(log(x)),
    "one over log": lambda x: 1 / log(x),
}
CONSTANTS = (1, 2.5, C)


@pytest.mark.parametrize("point", [0, oo])
@pytest.mark.parametrize("step", mostly_slow([37], [37, 1]))
def test_hundredths_are_derived_exactly(point, step):
    """Bare, and with another logarithm and constant each; if all are, every such pair meets 40 exponents."""
    x = n if point == oo else 1 / n
    pairs = [(slow, constant) for slow in SLOWLY.values() for constant in CONSTANTS]
    for hundredths in range(-300, 301, step):
        power = hundredths / 100
        slow, constant = pairs[hundredths % len(pairs)]
        for law in (n**power, constant * n**power * slow(x)):
            if exact(law).has(n):  # n**0.0 is 1
                derived = Theta(law, (n, point))
                assert derived.exponents[n] == Rational(hundredths, 100), law
                assert float(derived.exponents[n]) == power
                assert not derived.notes[n]


@pytest.mark.parametrize("slow", SLOWLY)
@pytest.mark.parametrize("power", mostly_slow([-0.076], [-2.5, -0.076, -0.01, 0.001, 0.34, 1.7]))
def test_a_wrong_exponent_is_refused(power, slow, monkeypatch):
    """A hundredth beside the truth, or 0 in its stead, whatever the logarithm."""
    for wrong in {
        Rational(0),
        exact(Float(power)) + Rational(1, 100),
        exact(Float(power)) - Rational(1, 100),
    }:
        monkeypatch.setattr(exponents, "growth", lambda f, x, order, wrong=wrong: wrong)
        if wrong or abs(power) > 0.005:  # a thousandth is not distinguished from 0 beside a log of log
            with pytest.raises(
                LawError, match=rf"takes the limit of x d.log f./dx for {wrong}, but the local"
            ):
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
    assert law.notes[regime[0]].startswith(
        "derived numerically, as SymPy finds no limit of x d(log f)/dx: local exp"
    )
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


def decimal_claim(tmp_path, bound):
    """The loss of a language model, which falls as its size to the power -0.076."""
    path = tmp_path / "loss.py"
    path.write_text(f"""
import numpy as np
from sympy import floor, oo, symbols
from theorycheck import Claim, Design, Paper, Source, Theta
N, L = symbols("N L", positive=True)

def loss(point, seed):
    return float((point["N"] / 8.8e13) ** -0.076 * np.exp(np.random.default_rng(seed).normal(0, 0.005)))

claim = Claim(
    name="loss", title="Loss and size", quantity=L, law=Theta({bound}, (N, oo)), provenance="recalled",
    source=Source(paper=Paper(key="k", short="K", reference="R"), place="eq. 1"), response=loss, margin=0.03,
    design=Design(factor=N, levels=(1e5, 1e6, 1e7, 1e8, 1e9, 1e10), replicates=10, held={{}}),
    refuted_by="the exponent is off by 0.03",
)
""")
    return path


def test_a_claim_with_a_decimal_is_supported(tmp_path):
    path = decimal_claim(tmp_path, "N**-0.076")
    shown = run("show", path.name, cwd=tmp_path).stdout
    assert "L = Theta(N^(-0.076)) as N -> oo   exponent -0.076 derived from the bound\n" in shown
    verified = run("verify", "--claim", path.name, "--jobs", "1", "--report", "md", cwd=tmp_path)
    assert verified.exit_code == 0, verified.stderr
    assert "SUPPORTED" in verified.stdout


def test_readers_are_told_that_an_exponent_is_numerical(tmp_path):
    path = decimal_claim(tmp_path, "floor(N)**-0.076")
    note = "derived numerically, as SymPy finds no limit of x d(log f)/dx: local exponents -0.076"
    assert note in run("show", path.name, cwd=tmp_path).stdout
    verified = run("verify", "--claim", path.name, "--jobs", "1", "--report", "md", cwd=tmp_path)
    assert verified.exit_code == 0, verified.stderr
    assert note in verified.stdout
    (report,) = (tmp_path / "theorycheck-out").rglob("report.md")
    assert note in re.sub(r"\\(?=[^\w\s])", "", " ".join(report.read_text().split()))


def test_fit_names_the_constant_that_decides_on_the_sign(tmp_path):
    rows = (f"{x},{3 * x**2}" for x in (1, 2, 4, 8, 16, 32) for _ in range(2))
    (tmp_path / "table.csv").write_text("\n".join(["x,value", *rows]))
    asked = ("--law", "(C-1)*x^2", "--relation", "Theta", "--variable", "x", "--as-variable-goes-to", "oo")
    shown = run("fit", "table.csv", *asked, "--verbose", cwd=tmp_path).stdout
    assert "exponent 2 derived from the bound, margin 0.25\n" in shown
    assert (
        "the bound is positive at C = 17/7 but not at C = 3/7, and has this exponent where it is positive"
        in shown
    )
