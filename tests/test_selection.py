"""Laws that are no power law: where the verdict is read off, and when nothing can be said."""

import numpy as np
import pandas as pd
import pytest
from conftest import mostly_slow
from planted import (
    PlantedMeasurement,
    PlantedThreshold,
    away_from_power_law,
    end_exponent,
)

from theorycheck.statistics.hypothesis import Hypothesis, Variable
from theorycheck.statistics.judge import judge
from theorycheck.statistics.selection import decide, fit_laws, gather

LEVELS = tuple(np.geomspace(0.01, 0.316, 8))
FORMS = {"floor": -0.75, "kink": -0.75, "step": -0.75, "plateau": 0.0, "logarithm": -0.75}


def asked(exponent, relation="O", margin=0.25):
    return Hypothesis((Variable("x", "x", exponent, "0"),), relation, margin)


def fits_of(table, hypothesis):
    return fit_laws(gather(table, hypothesis), hypothesis)


@pytest.mark.parametrize("form", FORMS)
def test_the_planted_local_exponent_at_the_end_is_what_it_is_said_to_be(form):
    u = np.log(np.array(LEVELS) / min(LEVELS))
    h = 1e-6
    near = away_from_power_law(form, np.array([0.0, h, u[-1]]), FORMS[form])
    assert (near[1] - near[0]) / h == pytest.approx(end_exponent(form, LEVELS, FORMS[form]), abs=1e-4)
    assert np.ptp(np.diff(away_from_power_law(form, u, FORMS[form]))) > 0.1  # and is no power law


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("noise", mostly_slow([0.03], [0.03, 0.1]))
def test_a_law_of_no_shape_is_judged_at_its_end(form, noise):
    """At the edge of the claim either verdict is false; well inside and beyond it the right one must come
    out.
    """
    truth = end_exponent(form, LEVELS, FORMS[form])
    planted = PlantedMeasurement(LEVELS, 10, FORMS[form], noise, form=form)
    tables = [planted.draw(np.random.default_rng(seed)) for seed in range(12)]
    covered = [truth in fits_of(table, asked(truth)).interval("x") for table in tables]
    assert np.mean(covered) >= 0.75
    edge = [decide(fits_of(table, asked(truth + 0.25)), asked(truth + 0.25)) for table in tables]
    assert edge.count("INCONCLUSIVE") >= 9
    if noise < 0.1:
        inside, beyond = asked(truth - 0.5), asked(truth + 1.0)
        assert [decide(fits_of(table, inside), inside) for table in tables].count("SUPPORTED") >= 11
        assert [decide(fits_of(table, beyond), beyond) for table in tables].count("REFUTED") >= 11


def test_the_check_says_what_was_consulted():
    planted = PlantedMeasurement(LEVELS, 10, -0.75, 0.02, form="floor")
    judgement = judge(planted.draw(np.random.default_rng(0)), asked(-1.0))
    detail = next(check.detail for check in judgement.checks if check.name == "power law")
    assert detail.startswith("one power law and all polynomials up to degree 3 are rejected")
    assert "the verdict rests on the asymptotic end alone" in detail
    assert "next degree" not in detail
    assert judgement.estimates[0].value == pytest.approx(-0.75, abs=0.1)
    assert max(point[0] for point in judgement.curve) < 0.1  # drawn where it speaks of


@pytest.mark.parametrize("relation", ["O", "Omega"])
def test_counts_with_a_kink_give_no_false_verdict(relation):
    planted = PlantedThreshold(LEVELS, (2, 4, 8, 16, 32, 64, 128, 256), 100, -0.75, 120.0, form="kink")
    hypothesis = asked(-0.5 if relation == "O" else -1.0, relation)
    decisions = [
        decide(fits_of(planted.draw(np.random.default_rng(s)), hypothesis), hypothesis) for s in range(8)
    ]
    assert decisions.count("INCONCLUSIVE") >= 6


def test_a_smooth_curve_decides_where_the_data_exclude_a_kink():
    u = np.log(np.repeat(LEVELS, 40) / min(LEVELS))
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {"x": np.repeat(LEVELS, 40), "value": np.exp(-u + 0.3 * u**2 + rng.normal(0, 0.02, len(u)))}
    )
    fits = fits_of(table, asked(-1.0))
    assert fits.curved.basis.degree == 2
    assert [end.basis.degree for end in fits.end] == [2]  # no power law at the end alone
    kinked = PlantedMeasurement(LEVELS, 10, -0.75, 0.2, form="floor").draw(np.random.default_rng(2))
    assert 1 in [end.basis.degree for end in fits_of(kinked, asked(-1.0)).end]


@pytest.mark.parametrize(
    ("exponent", "relation", "margin", "blind"),
    [(0.2, "Theta", 0.25, True), (0.2, "Theta", 0.1, False), (-0.2, "O", 0.25, True), (0.2, "O", 0.25, False),
     (0.2, "Omega", 0.25, True), (0.0, "Theta", 0.25, False), (-1.0, "Theta", 0.25, False)],
)  # fmt: skip
def test_a_margin_that_reaches_zero_tells_no_growth_from_a_fall(exponent, relation, margin, blind):
    hypothesis = Hypothesis((Variable("x", "x", exponent, "oo"),), relation, margin)
    assert bool(hypothesis.signless) is blind


def test_a_verdict_by_such_a_margin_says_so():
    table = PlantedMeasurement(tuple(np.geomspace(1, 100, 8)), 5, -0.05, 0.01).draw(np.random.default_rng(0))
    judgement = judge(table, Hypothesis((Variable("x", "x", 0.2, "oo"),), "Theta", 0.3))
    assert judgement.decision == "SUPPORTED"
    assert "does not distinguish growth from a fall" in judgement.reason
    assert next(check.status for check in judgement.checks if check.name == "margin") == "warning"
