"""Laws that are powers of another function of what is varied: derived, judged, drawn, and refused."""

import numpy as np
import pandas as pd
import pytest
from sympy import Rational, exp, factorial, log, oo, sin, symbols

from theorycheck import BigO, Claim, Design, Omega, Paper, Source, Theta
from theorycheck.claim import Search
from theorycheck.drawing import Shown
from theorycheck.errors import ClaimError, LawError
from theorycheck.executors.local import ThisProcess
from theorycheck.plan import make_plan
from theorycheck.session import Session
from theorycheck.statements import Contrast, ForEach
from theorycheck.statements.base import Topic

t, n, alpha, y, N = symbols("t n alpha y N", positive=True)
SLOW = (3, 8, 30, 200, 3000, 100_000)
LEVELS = {log(t): SLOW, exp(t): (0.5, 1, 1.5, 2, 3, 4)}


def slow(point, seed):
    """2/log t, with an error of 10 %"""
    return 2 / np.log(point["t"]) * float(np.exp(0.1 * np.random.default_rng(seed).normal()))


def claim(law, levels=SLOW, **changed):
    given = {
        "name": "slow",
        "title": "A slow rate",
        "source": Source(paper=Paper(key="x", short="X", reference="X"), place="1"),
        "provenance": "stated",
        "quantity": y,
        "law": law,
        "response": slow,
        "design": Design(factor=t, levels=levels, replicates=8, held={}),
        "refuted_by": "it falls more slowly",
    }
    return Claim(**{**given, **changed})


@pytest.mark.parametrize(
    ("bound", "regime", "base", "exponent", "end"),
    [
        (1 / log(t), (t, oo), log(t), -1, oo),
        (exp(-2 * t), (t, oo), exp(t), -2, oo),
        (exp(-2 * t), (t, oo), exp(-t), 2, 0),
        (t**3 * exp(-0.5 * t), (t, oo), exp(t), Rational(-1, 2), oo),
        (exp(1 / alpha), (alpha, 0), exp(1 / alpha), 1, oo),
        (n * log(n), (n, oo), n * log(n), 1, oo),
        (factorial(n), (n, oo), factorial(n), 1, oo),
    ],
)
def test_the_exponent_is_derived_in_the_transform(bound, regime, base, exponent, end):
    law = BigO(bound, regime, in_terms_of=base)
    assert law.exponents == {regime[0]: exponent}
    assert law.ends == {regime[0]: end}
    assert "in powers of" in law.statement(y)
    assert "in powers of" in law.latex(y)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: BigO(exp(1 / alpha), (alpha, 0)), r"by in_terms_of, as in_terms_of=exp\(1/alpha\)"),
        (lambda: BigO(t**-2, (t, oo), in_terms_of=log(t)), r"in log\(t\): it has no single one; .* -oo"),
        (lambda: BigO(t**2, (t, oo), in_terms_of=sin(t)), "name another in_terms_of"),
        (lambda: BigO(t**2, (t, oo), in_terms_of=t / (1 + t)), "goes to 1 as t -> oo"),
        (lambda: BigO(t * n, (t, oo), (n, oo), in_terms_of=log(t)), "of the one variable"),
        (lambda: BigO(1 / log(t), (t, oo), in_terms_of=log(n)), "of the one variable"),
        (lambda: BigO(1 / log(t), (t, oo), in_terms_of="log("), "in_terms_of is an expression"),
        (lambda: ForEach("k", (1, 2), BigO(1 / log(t), (t, oo), in_terms_of=log(t))), "ForEach: its bound"),
        (
            lambda: Contrast(
                alpha, "k", (1, BigO(log(1 / alpha), (alpha, 0), in_terms_of=log(1 / alpha))), (2, None)
            ),
            "Contrast: its bound",
        ),
    ],
)
def test_what_has_no_exponent_there_is_refused(build, message):
    with pytest.raises((LawError, ClaimError), match=message):
        build()


@pytest.mark.parametrize(
    ("levels", "base", "message"),
    [
        ((1, 10, 100), log(t), r"log\(t\) is 0 at t = 1"),
        ((10, 100, 1000), exp(t), r"exp\(t\) is 1.970E\+434 at t = 1000"),
    ],
)
def test_a_level_without_a_power_is_refused(levels, base, message):
    with pytest.raises(ValueError, match=message):
        claim(Theta(1 / base, (t, oo), in_terms_of=base), levels)


@pytest.mark.parametrize(("power", "decision"), [(-1, "SUPPORTED"), (-2, "REFUTED"), (-0.5, "REFUTED")])
def test_a_slow_rate_is_judged_in_the_logarithm(power, decision, tmp_path):
    stated = claim(Theta(log(t) ** power, (t, oo), in_terms_of=log(t)), rivals=(-1.5,))
    finding = Session(tmp_path / "s.sqlite", ThisProcess()).examine(stated)
    assert finding.decision == decision
    assert -1 in finding.estimates[0].interval
    assert {value.point[0] for value in finding.verdict.judgement.levels} == set(SLOW)
    said = {check.name: check.detail for check in finding.verdict.judgement.checks}
    assert "decades of log(t)" in said["range"]
    assert said["rivals"] == "distinguished from -1.5"


@pytest.mark.parametrize("kind", [BigO, Omega, Theta])
@pytest.mark.parametrize("base", [log(t), exp(t)])
@pytest.mark.parametrize("search", [None, Search(N, (2, 4, 8, 16, 32, 64, 128, 256))])
def test_planted_worlds_follow_the_transform(kind, base, search):
    response = slow if search is None else (lambda point, seed: True)
    design = Design(factor=t, levels=LEVELS[base], replicates=30, search=search, held={})
    stated = claim(kind(1 / base, (t, oo), in_terms_of=base), response=response, design=design)
    plan = make_plan(stated, "standard")
    for truth in stated.law.planted(plan):
        found = stated.law.judge(truth.draw(np.random.default_rng(4)), stated.topic)
        wrong = {True: "REFUTED", False: "SUPPORTED"}.get(truth.holds)
        assert found.decision != wrong
        assert abs(found.estimates[0].value - truth.value) < 0.3
        assert found.curve


def test_the_figure_is_against_the_transform():
    stated = claim(BigO(1 / log(t), (t, oo), in_terms_of=log(t)))
    evidence = stated.law.planted(make_plan(stated))[0].draw(np.random.default_rng(1))
    judgement = stated.law.judge(evidence, stated.topic)
    (drawing,) = stated.law.draw(Shown(judgement, stated, evidence, {}))
    (axes,) = drawing.draw().axes
    assert "log" in axes.get_xlabel()
    assert axes.get_xlim()[1] < 20


def test_a_law_in_the_variable_itself_is_no_power_of_its_logarithm():
    """A fall as t^-1/2 is faster than 1/log t, which bounds it and is not tight."""
    x = np.repeat(np.array(SLOW, float), 10)
    upper = claim(BigO(1 / log(t), (t, oo), in_terms_of=log(t)))
    rng = np.random.default_rng(2)
    values = pd.DataFrame({"t": x, "value": x**-0.5 * np.exp(0.05 * rng.normal(size=len(x))), "censored": 0})
    law = Theta(1 / log(t), (t, oo), in_terms_of=log(t))
    assert law.judge(values, Topic("t", "t", "y")).decision == "REFUTED"
    assert upper.law.judge(values, upper.topic).decision == "SUPPORTED"
