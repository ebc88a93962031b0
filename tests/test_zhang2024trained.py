"""Linear attention in context: prompts and gradients against plain arrays, and laws that are refuted."""

import numpy as np
import pytest
from sympy import symbols

from theorycheck import bounds
from theorycheck.empirical.response import response
from theorycheck.empirical.trial import Trial
from theorycheck.empirical.zhang2024trained.prompts import draw, eigenvalues
from theorycheck.empirical.zhang2024trained.training import LinearAttention, start
from theorycheck.errors import DesignError
from theorycheck.executors.local import ThisProcess
from theorycheck.session import Session
from theorycheck.statements import Predicts

CLAIMS = {name: bounds.find(name) for name in ("in_context_risk", "in_context_preconditioner")}
n, d, kappa = symbols("n d kappa", positive=True)


def small(name, held=None, law=None):
    """The claim at short prompts, by fewer dimensions and trials."""
    claim = CLAIMS[name]
    crossed = {"d": (2, 3)} if name == "in_context_risk" else {"kappa": (4, 16)}
    shorter = {"T": 600, "B": 64, "eta": 0.05} if name == "in_context_risk" else {"T": 2000}
    held = {**claim.design.held, **shorter, "test_size": 100_000, **(held or {})}
    design = claim.design.model_copy(
        update={"levels": (8, 12, 16), "crossed": crossed, "replicates": 10, "held": held}
    )
    return claim.model_copy(update={"design": design, "law": law or claim.law})


@pytest.fixture(scope="module")
def decided(tmp_path_factory):
    session = Session(tmp_path_factory.mktemp("context") / "s.sqlite", ThisProcess())
    return lambda claim: session.examine(claim, profile="quick", seed=9645).decision


def test_moments_are_distributed_as_those_of_prompts_drawn_token_by_token():
    rng, count, length, values = np.random.default_rng(1), 40_000, 6, eigenvalues(3, 4.0)
    w, query = rng.standard_normal((2, count, 3))
    x = rng.standard_normal((count, length, 3)) * values**0.5
    E = np.zeros((count, 4, length + 1))
    E[:, :3, :length], E[:, :3, length] = x.transpose(0, 2, 1), query * values**0.5
    E[:, 3, :length] = np.einsum("pnd,pd->pn", x, w)
    plain = E @ E.transpose(0, 2, 1) / length
    drawn = draw(rng, count, length, values).moments
    assert np.allclose(plain.mean(0), drawn.mean(0), atol=0.03)
    assert np.allclose((plain**2).mean(0), (drawn**2).mean(0), rtol=0.1, atol=0.03)


def test_the_gradient_is_that_of_finite_differences():
    rng = np.random.default_rng(2)
    layer, prompts = start(rng, 3, 0.5), draw(rng, 50, 6, eigenvalues(3, 2.0))
    layer = LinearAttention(
        layer.p + 0.1 * rng.standard_normal(4), layer.Q + 0.1 * rng.standard_normal((4, 3))
    )
    found, step = layer.gradient(prompts), 1e-6
    for name in ("p", "Q"):
        for at in np.ndindex(getattr(layer, name).shape):
            losses = []
            for sign in (1, -1):
                moved = {"p": layer.p.copy(), "Q": layer.Q.copy()}
                moved[name][at] += sign * step
                losses.append((LinearAttention(**moved).errors(prompts) ** 2).mean() / 2)
            assert (losses[0] - losses[1]) / (2 * step) == pytest.approx(getattr(found, name)[at], abs=1e-6)


def test_the_gradient_of_the_risk_is_that_of_many_prompts():
    rng, values = np.random.default_rng(3), eigenvalues(4, 4.0)
    layer = start(rng, 4, 0.5)
    many, exact = layer.gradient(draw(rng, 400_000, 8, values)), layer.population_gradient(8, values)
    assert np.allclose(many.p, exact.p, atol=0.01)
    assert np.allclose(many.Q[:4], exact.Q[:4], atol=0.01)
    assert np.allclose(many.Q[4], 0, atol=0.05)  # sixth powers of normal variables


def test_prompts_with_fewer_examples_than_dimensions_are_refused():
    parameters = {"n": 2, "d": 4, "B": 8, "eta": 0.1, "T": 1, "test_size": 10}
    with pytest.raises(DesignError, match="choose n >= d"):
        response("in_context_risk").check(parameters, "n = 2")


def test_a_training_that_diverges_is_no_evidence():
    parameters = {"n": 4, "d": 2, "B": 8, "eta": 1e6, "T": 50, "test_size": 10}
    ((_, measured),) = response("in_context_risk").run([Trial("in_context_risk", parameters, 1, 0, 1)])
    assert measured == {"outcome": "unfitted"}


@pytest.mark.parametrize("name", CLAIMS)
def test_the_formula_holds_of_a_small_design(name, decided):
    assert decided(small(name)) == "SUPPORTED"


WRONG = {
    "in_context_risk": d * (d + 1) / n,  # of infinitely long prompts
    "in_context_preconditioner": (2 + 2 / kappa) * 5 / (n + 5),  # of an identity covariance of the same trace
}


@pytest.mark.parametrize("name", CLAIMS)
def test_a_wrong_formula_is_refuted(name, decided):
    assert decided(small(name, law=Predicts(WRONG[name], tolerance=0.05))) == "REFUTED"


@pytest.mark.parametrize("name", CLAIMS)
def test_a_layer_that_is_hardly_trained_refutes_the_formula(name, decided):
    assert decided(small(name, {"T": 5})) == "REFUTED"
