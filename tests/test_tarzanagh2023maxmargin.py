"""Attention that selects tokens: the max-margin solution and the gradient against others, and wrong laws."""

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from sympy import oo

from theorycheck import bounds
from theorycheck.bounds.tarzanagh2023maxmargin import log_t
from theorycheck.empirical.response import response
from theorycheck.empirical.tarzanagh2023maxmargin.descent import Attention, descended, direction
from theorycheck.empirical.tarzanagh2023maxmargin.inputs import constraints, draw, max_margin
from theorycheck.errors import DesignError
from theorycheck.executors.local import ThisProcess
from theorycheck.session import Session
from theorycheck.statements import BigO, Direction, Ordering

SETS = [draw(np.random.default_rng(seed), 3, 3, 4, scores) for seed, scores in ((0, "random"), (1, "equal"))]


@pytest.mark.parametrize("inputs", SETS)
def test_the_max_margin_solution_is_that_of_another_solver(inputs):
    rows, found = constraints(inputs), max_margin(inputs)
    other = minimize(
        lambda W: W @ W / 2,
        np.zeros(rows.shape[1]),
        jac=lambda W: W,
        method="SLSQP",
        constraints={"type": "ineq", "fun": lambda W: rows @ W - 1, "jac": lambda W: rows},
        options={"ftol": 1e-14, "maxiter": 500},
    )
    assert (rows @ found).min() == pytest.approx(1, abs=1e-9)
    assert np.allclose(found, other.x, atol=1e-5)


def test_the_gradient_is_that_of_torch():
    rng, loss = np.random.default_rng(4), Attention(SETS)
    start = rng.standard_normal((2, 16))
    for inputs, W, found in zip(SETS, start, loss.gradient(start), strict=True):
        weights = torch.tensor(W.reshape(4, 4), requires_grad=True)
        tokens, queries = torch.tensor(inputs.tokens), torch.tensor(inputs.queries)
        attention = torch.softmax(torch.einsum("ntd,de,ne->nt", tokens, weights, queries), -1)
        outputs = (attention * torch.tensor(inputs.scores)).sum(-1)
        torch.nn.functional.softplus(-outputs).mean().backward()
        assert np.allclose(weights.grad.numpy().ravel(), found, atol=1e-12)


def test_normalized_steps_end_near_the_max_margin_direction():
    W = direction(descended(SETS, 3000, 0.1, normalized=True))
    limits = direction(np.array([max_margin(inputs) for inputs in SETS]))
    assert np.linalg.norm(W - limits, axis=1).max() < 0.05


def test_more_tokens_than_weights_are_refused():
    parameters = {"log_t": 1, "n": 4, "T": 4, "d": 3, "scores": "random", "optimizer": "plain", "eta": 1}
    with pytest.raises(DesignError, match=r"choose n \(T - 1\) < d\^2"):
        response("max_margin_distance").check(parameters, "d = 3")


@pytest.fixture(scope="module")
def decided(tmp_path_factory):
    session = Session(tmp_path_factory.mktemp("margin") / "s.sqlite", ThisProcess())

    def decide(name, law=None, held=None):
        claim = bounds.find(name)
        design = claim.design.model_copy(update={"held": {**claim.design.held, **(held or {})}})
        changed = claim.model_copy(update={"law": law or claim.law, "design": design})
        return session.examine(changed, profile="quick", seed=9646).decision

    return decide


def turned(law):
    """An ordering the other way round."""
    return Ordering(tuple((high, low) for low, high in law.pairs))


WRONG = {
    "max_margin_direction": Direction(log_t, grows=True),
    "max_margin_rate": BigO(log_t**-6, (log_t, oo)),
    "normalized_descent": turned(bounds.find("normalized_descent").law),
}


@pytest.mark.parametrize("name", WRONG)
def test_the_claim_holds_and_a_wrong_law_is_refuted(name, decided):
    assert decided(name) == "SUPPORTED"
    assert decided(name, WRONG[name]) == "REFUTED"


def test_a_step_size_that_moves_nothing_does_not_support_a_rate(decided):
    assert decided("max_margin_rate", held={"eta": 1e-6}) == "REFUTED"
