"""Statements that are no scaling law: what they say, and how they are judged."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sympy import E, Symbol, oo, sqrt, symbols

from theorycheck import bounds
from theorycheck.plan import make_plan
from theorycheck.statements import (
    BigO,
    Contrast,
    Direction,
    ForEach,
    Limit,
    Ordering,
    Topic,
    Transition,
    UnknownLimit,
)
from theorycheck.statements.base import at
from theorycheck.statistics.contrast import contrast as difference
from theorycheck.statistics.contrast import steeper

alpha, tau, N_star, A, ratio = symbols("alpha tau N_star A ratio", positive=True)
C, time = Symbol("C", real=True), Symbol("t", positive=True)
TOPIC = Topic("x", "x", "N*")
SIZES = np.array([2, 4, 8, 16, 32, 64, 128])
LEVELS = [0.03, 0.04, 0.06, 0.085, 0.12, 0.17, 0.24]


def status(judgement, name):
    return [check.status for check in judgement.checks if check.name == name]


def counts(x, rate, rng, trials=30):
    return pd.DataFrame({"x": x, "successes": rng.binomial(trials, rate), "trials": trials, "unfitted": 0})


def growing(slope, seed=0):
    x, n = (grid.ravel() for grid in np.meshgrid([0, 0.2, 0.4, 0.6, 0.8, 1.0], SIZES, indexing="ij"))
    rate = stats.norm.cdf(1.5 * (np.log(n / 12) - slope * x))
    return counts(x, rate, np.random.default_rng(seed)).assign(n=n)


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        (Direction(tau), "N_star grows with tau"),
        (Direction(tau, grows=False), "N_star falls with tau"),
        (
            UnknownLimit(1 - alpha**C, C > 0, gap=BigO(1 / time, (time, oo)), start=20),
            "N_star -> 1 - alpha^C, C > 0, with a gap of O(t^-1)",
        ),
        (Limit(1, 0.1, 1, 20), "N_star -> 1 (within 0.1), with a gap of O(t^-1)"),
        (Transition(ratio, 1 / (2 * E)), "N_star = ratio at the transition to failure >= 1/(2 e) = 0.184"),
        (Ordering((({"k": 4}, {"k": 0}),)), "N_star(k = 4) < N_star(k = 0)"),
        (
            ForEach("depth", (1, 2), BigO(alpha**-2, (alpha, 0))),
            "N_star = O(alpha^-2) as alpha -> 0, at each of depth = 1, 2",
        ),
        (
            Contrast(alpha, "g", (False, BigO(alpha**-4, (alpha, 0))), (True, BigO(alpha**-2, (alpha, 0)))),
            "the exponent of N_star in alpha is lower with g = False than with g = True (by 2 in the bounds)",
        ),
    ],
)
def test_a_statement_says_itself(statement, text):
    assert statement.statement(N_star, {}) == text
    assert statement.latex(N_star, {}).count("{") == statement.latex(N_star, {}).count("}")


@pytest.mark.parametrize(("slope", "decision"), [(1.0, "SUPPORTED"), (-1.0, "REFUTED")])
def test_a_direction(slope, decision):
    judgement = Direction(tau, linear=1 / sqrt(N_star)).judge(growing(slope), TOPIC)
    assert judgement.decision == decision
    assert slope in judgement.estimates[0].interval
    assert len(judgement.levels) == 6  # x = 0 among them
    assert judgement.curve[0][1] == pytest.approx(12, rel=0.3)


def test_a_direction_whose_thresholds_all_lie_above_what_was_tried():
    """As of models that cannot learn; warnings are errors here."""
    x, n = (grid.ravel() for grid in np.meshgrid([0, 0.5, 1.0], SIZES, indexing="ij"))
    table = counts(x, stats.norm.cdf(np.log(n / 600)), np.random.default_rng(0)).assign(n=n)
    judgement = Direction(tau).judge(table, TOPIC)
    assert judgement.decision == "INCONCLUSIVE"
    assert {level.kind for level in judgement.levels} == {"above"}
    assert status(judgement, "shape") == ["ok"]


@pytest.mark.parametrize(("law", "expected"), [("root", "ok"), ("curved", "warning")])
def test_the_recalled_form_is_tested_and_decides_nothing(law, expected):
    """1/sqrt(N*) linear in x, and far from linear."""
    x, n = (
        grid.ravel()
        for grid in np.meshgrid([0, 0.2, 0.4, 0.6, 0.8, 1.0], np.geomspace(2, 400, 16), indexing="ij")
    )
    threshold = (0.4 - 0.25 * x) ** -2.0 if law == "root" else np.exp(1.5 + 3 * x**3)
    table = counts(x, stats.norm.cdf(3 * np.log(n / threshold)), np.random.default_rng(1), 60).assign(n=n)
    judgement = Direction(tau, linear=1 / sqrt(N_star)).judge(table, TOPIC)
    assert judgement.decision == "SUPPORTED"
    assert status(judgement, "linear form") == [expected]


def test_a_verdict_that_hangs_on_unfitted_trials_is_taken_back():
    table = growing(0.6)
    table.loc[table["x"] == 1.0, "unfitted"] = 300  # as successes they would turn the slope
    judgement = Direction(tau).judge(table, TOPIC)
    assert judgement.decision == "INCONCLUSIVE"
    assert status(judgement, "unfitted") == ["failed"]


def compared(first, second, seed=0):
    rng, tables = np.random.default_rng(seed), []
    for group, exponent in ((False, first), (True, second)):
        x, n, _i = (g.ravel() for g in np.meshgrid(LEVELS, SIZES, np.arange(60), indexing="ij"))
        rate = stats.norm.cdf(1.5 * (np.log(n / 16) - exponent * np.log(x / 0.085)))
        rows = {
            "x": x,
            "n": n,
            "pair": np.arange(len(x)),
            "successes": rng.binomial(1, rate),
            "trials": 1,
            "unfitted": 0,
        }
        tables.append(pd.DataFrame({**rows, "g": group}))
    return pd.concat(tables, ignore_index=True)


@pytest.mark.parametrize(
    ("first", "second", "decision", "difference"),
    [
        (-1.5, -0.8, "SUPPORTED", "warning"),
        (-2.8, -0.8, "SUPPORTED", "ok"),
        (-0.8, -1.5, "REFUTED", "warning"),
    ],
)
def test_a_contrast(first, second, decision, difference):
    laws = (False, BigO(alpha**-4, (alpha, 0))), (True, BigO(alpha**-2, (alpha, 0)))
    judgement = Contrast(alpha, "g", *laws).judge(compared(first, second), TOPIC)
    assert judgement.decision == decision
    assert first - second in judgement.estimates[0].interval
    assert [e.value for e in judgement.beside] == pytest.approx([first, second, first - second], abs=0.25)
    assert status(judgement, "difference of the bounds") == [difference]


def in_groups(*exponents, measured=False):
    """Counts, or values, by a law of its own in each of the groups a, b, ..."""
    rng, tables = np.random.default_rng(4), []
    for group, exponent in zip("abc", exponents, strict=False):
        if measured:
            level = np.repeat(LEVELS, 5)
            value = level**exponent * np.exp(0.1 * rng.normal(size=len(level)))
            table = pd.DataFrame({"x": level, "value": value, "censored": 0})
        else:
            level, n = (g.ravel() for g in np.meshgrid(LEVELS, SIZES, indexing="ij"))
            rate = stats.norm.cdf(1.5 * (np.log(n / 16) - exponent * np.log(level / 0.085)))
            table = counts(level, rate, rng, 60).assign(n=n)
        tables.append(table.assign(g=group))
    return pd.concat(tables, ignore_index=True)


@pytest.mark.parametrize("measured", [False, True])
@pytest.mark.parametrize(
    ("exponents", "decision", "said"),
    [
        ((-0.6, -1.0), "SUPPORTED", "at each of the 2 values of g"),
        ((-0.6, -1.9), "REFUTED", "fails at g = b (-1."),
        ((-0.6, -1.25), "INCONCLUSIVE", "not established at g = b (-1."),
    ],
)
def test_a_law_in_each_group(exponents, decision, said, measured):
    x = Symbol("x", positive=True)
    law = ForEach("g", ("a", "b"), BigO(1 / x, (x, 0)))
    judgement = law.judge(in_groups(*exponents, measured=measured), TOPIC)
    assert judgement.decision == decision
    assert said in judgement.reason
    assert [e.value for e in judgement.beside] == pytest.approx(exponents, abs=0.2)
    assert judgement.estimates[0].method.startswith("g = b, ")  # the one that comes nearest to failing
    assert {level.point[1] for level in judgement.levels} == {0.0, 1.0}
    (weakest,) = status(judgement, "g = b")
    assert (weakest == "ok") == (decision == "SUPPORTED")


def test_a_law_in_each_group_is_open_where_one_has_no_trials():
    x = Symbol("x", positive=True)
    law = ForEach("g", ("a", "b", "c"), BigO(1 / x, (x, 0)))
    judgement = law.judge(in_groups(-0.6, -0.6), TOPIC)
    assert judgement.decision == "INCONCLUSIVE"
    assert "No trial is evidence at g = c." in judgement.reason
    assert law.judge(in_groups(-0.6, -1.9), TOPIC).decision == "REFUTED"


def test_one_of_many_groups_refutes_only_beyond_chance():
    """The p-value of one group counts as often as there are groups."""
    x = Symbol("x", positive=True)
    evidence = in_groups(-0.6, -1.3)
    alone = BigO(1 / x, (x, 0)).judge(evidence[evidence["g"] == "b"], TOPIC)
    assert alone.decision == "REFUTED"
    groups = tuple(range(int(0.05 / alone.p_refuted) + 2))
    assert len(groups) < 50
    copies = [evidence[evidence["g"] == "a"].assign(g=i) for i in groups[1:]]
    many = pd.concat([evidence[evidence["g"] == "b"].assign(g=0), *copies])
    assert ForEach("g", groups, BigO(1 / x, (x, 0))).judge(many, TOPIC).decision == "INCONCLUSIVE"


def test_a_contrast_is_open_where_a_group_has_no_evidence():
    """As where no trial of a group fitted its training data."""
    plan = make_plan(bounds.find("attention_advantage"), "quick")
    (world,) = (world for world in plan.claim.law.planted(plan) if world.holds)
    evidence = world.draw(np.random.default_rng(0))
    lost = evidence["attention"].eq(False)
    evidence.loc[lost, ["successes", "trials", "unfitted"]] = (0, 0, 1)
    judgement = plan.claim.law.judge(evidence, plan.claim.topic)
    assert judgement.decision == "INCONCLUSIVE"
    assert len(judgement.beside) == 1  # the other group's exponent


def test_a_contrast_is_judged_at_the_deep_end_where_a_power_law_bends():
    """Equal exponents at the smallest level, and a difference of averages."""
    rng, tables = np.random.default_rng(3), []
    for group, bend in (("curved", -0.45), ("straight", 0.0)):
        x, n = (
            g.ravel()
            for g in np.meshgrid([0.03, 0.05, 0.08, 0.13, 0.2, 0.3], np.geomspace(2, 512, 17), indexing="ij")
        )
        u = np.log(x / 0.03)
        rate = stats.norm.cdf(1.5 * (np.log(n / 100) + u - bend * u**2))
        rows = {
            "x": x,
            "searched": n,
            "successes": rng.binomial(40, rate),
            "trials": 40,
            "pair": np.arange(len(x)),
            "g": group,
        }
        tables.append(pd.DataFrame(rows))
    table = pd.concat(tables, ignore_index=True)
    average = difference(table, "x", "g", "curved", "straight")
    assert average.decision == "SUPPORTED"
    tested = steeper(table, "x", "g", "curved", "straight")
    assert tested.decision == "INCONCLUSIVE"
    assert 0.0 in tested.interval
    assert "at 0.03" in tested.method


def trajectories(last, rate, rng, level):
    t = np.geomspace(20, 400, 12)
    rows = [
        pd.DataFrame(
            {
                "x": level,
                "t": t,
                "value": 1 - (1 - last) * (t / 400) ** -rate * (1 + 0.05 * rng.normal()),
                "seed": i,
            }
        )
        for i in range(10)
    ]
    return pd.concat(rows).assign(
        key=lambda table: [f"{level} {i}" for i in table["seed"]], spread=lambda table: 1 / table["t"]
    )


@pytest.mark.parametrize(
    ("last", "rate", "decision"),
    [(0.97, 1.0, "SUPPORTED"), (0.5, 1.0, "REFUTED"), (0.97, 0.3, "REFUTED")],
)
def test_a_limit_must_hold_at_every_level(last, rate, decision):
    rng = np.random.default_rng(0)
    table = pd.concat(
        [trajectories(0.97, 1.0, rng, 0.1), trajectories(last, rate, rng, 0.2)], ignore_index=True
    )
    judgement = Limit(1, 0.1, 1, 20, falls=("spread",)).judge(table, TOPIC)
    assert judgement.decision == decision
    assert status(judgement, "rises") == status(judgement, "falls") == ["ok"]
    assert len(status(judgement, "limit")) == len(status(judgement, "rate")) == 2


def to_unknown_limits(power, rate, rng):
    """Trajectories that end 0.2 (x / 0.1)^power away from 1, at the rate named."""
    t, rows = np.geomspace(20, 600, 16), []
    for x in (0.01, 0.03, 0.1, 0.3, 1.0):
        for i in range(8):
            missing = 0.3 * (t / 20) ** -rate
            value = 1 - 0.2 * (x / 0.1) ** power * np.exp(0.05 * rng.normal()) - (missing - missing[-1])
            rows.append(pd.DataFrame({"x": x, "t": t, "value": value, "seed": i, "key": f"{x} {i}"}))
    return pd.concat(rows, ignore_index=True).assign(spread=lambda table: 1 / table["t"])


@pytest.mark.parametrize(
    ("power", "rate", "decision", "ends", "rates"),
    [
        (0.3, 1.2, "SUPPORTED", "ok", "ok"),
        (0.0, 1.2, "INCONCLUSIVE", "warning", "ok"),
        (-0.2, 1.2, "REFUTED", "warning", "ok"),
        (0.3, 0.4, "REFUTED", "ok", "warning"),
    ],
)
def test_a_limit_with_an_unknown_exponent(power, rate, decision, ends, rates):
    """The power, and the rate to a limit that nobody tells, are found; each part has its verdict."""
    x = Symbol("x", positive=True)
    law = UnknownLimit(1 - x**C, C > 0, gap=BigO(1 / time, (time, oo)), start=20, falls=("spread",))
    judgement = law.judge(to_unknown_limits(power, rate, np.random.default_rng(3)), TOPIC)
    assert judgement.decision == decision
    assert judgement.estimates[0].value == pytest.approx(power, abs=0.05)
    assert [e.value for e in judgement.beside] == pytest.approx([-rate] * 5, abs=0.02)
    assert status(judgement, "end") == [ends]
    assert status(judgement, "rate") == [rates] * 5
    assert status(judgement, "rises") == status(judgement, "falls") == ["ok"]


def test_what_accelerates_has_no_rate():
    """As attention that rises until training ends: no power of the time falls so."""
    t = np.geomspace(20, 600, 16)
    rows = [
        pd.DataFrame({"x": x, "t": t, "value": 0.5 + 0.4 * (t / 600) ** 2, "seed": i, "key": f"{x} {i}"})
        for x in (0.1, 0.2, 0.4, 0.8)
        for i in range(4)
    ]
    x = Symbol("x", positive=True)
    law = UnknownLimit(1 - x**C, C > 0, gap=BigO(1 / time, (time, oo)), start=20)
    judgement = law.judge(pd.concat(rows, ignore_index=True), TOPIC)
    assert judgement.decision == "REFUTED"
    assert "accelerate" in judgement.beside[0].method


def test_what_an_unknown_limit_implies_is_derived():
    eta, power = Symbol("eta", positive=True), Symbol("p", real=True)
    law = UnknownLimit(3 + 2 * eta**power, power > 0, gap=BigO(time**-0.5, (time, oo)), start=1)
    assert (law.base, law.exponent, law.rate) == (3, power, 0.5)


@pytest.mark.parametrize(("lowest", "decision"), [(0.5, "SUPPORTED"), (0.08, "REFUTED")])
def test_a_transition(lowest, decision):
    x, r = (g.ravel() for g in np.meshgrid([16, 32, 64], [0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9], indexing="ij"))
    rate = stats.norm.cdf(3 * np.log(lowest * (x / 16) ** 0.1 / r))
    table = counts(x, rate, np.random.default_rng(0)).assign(ratio=r, n=r)
    judgement = Transition(ratio, 1 / (2 * E)).judge(table, TOPIC)
    assert judgement.decision == decision
    if decision == "SUPPORTED":
        assert lowest in judgement.estimates[0].interval
    assert all(v.low <= v.value <= v.high for v in judgement.levels)


def test_a_transition_beyond_all_ratios_is_supported_and_said():
    x, r = (g.ravel() for g in np.meshgrid([16, 32, 64], [0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9], indexing="ij"))
    rate = stats.norm.cdf(3 * np.log(0.6 * (x / 16) ** 0.4 / r))
    table = counts(x, rate, np.random.default_rng(0)).assign(ratio=r, n=r)
    judgement = Transition(ratio, 1 / (2 * E)).judge(table, TOPIC)
    assert judgement.decision == "SUPPORTED"
    assert "beyond the largest at x = 64" in judgement.checks[0].detail


def losses(differences, rng):
    base = rng.normal(size=20)
    rows = [
        pd.DataFrame({"k": k, "seed": np.arange(20), "value": base + d + 0.3 * rng.normal(size=20)})
        for k, d in differences.items()
    ]
    return pd.concat(rows, ignore_index=True)


@pytest.mark.parametrize(
    ("differences", "decision"),
    [
        ({0: 0, 4: -1, 8: -2}, "SUPPORTED"),
        ({0: 0, 4: 1, 8: -2}, "REFUTED"),
        ({0: 0, 4: 0, 8: -2}, "INCONCLUSIVE"),
    ],
)
def test_an_ordering(differences, decision):
    statement = Ordering((({"k": 4}, {"k": 0}), ({"k": 8}, {"k": 4})), beside=(({"k": 8}, {"k": 0}),))
    judgement = statement.judge(losses(differences, np.random.default_rng(5)), TOPIC)
    assert judgement.decision == decision
    assert len(status(judgement, "inequality")) == 3


def test_rows_at_a_point():
    table = pd.DataFrame({"a": [1, 1, 2], "b": ["u", "v", "u"]})
    assert list(at(table, {"a": 1, "b": "v"}).index) == [1]
    assert len(at(table, {})) == 3
    assert list(at(table.iloc[:0], {"a": 1}).columns) == ["a", "b"]
