"""JoMA: gradients against plain torch, the invariants, and estimates that are wrong."""

import numpy as np
import pytest
import torch
from sympy import Float

from theorycheck import bounds
from theorycheck.empirical.tian2023joma import training
from theorycheck.empirical.tian2023joma.responses import Setting
from theorycheck.executors.local import ThisProcess
from theorycheck.session import Session
from theorycheck.statements import Predicts

SMALL = Setting(
    attention="softmax", tokens="gaussian", distinct=6, common=4, K=8, T=0.5, eta=0.1, scale=0.3, t=3
)
KINDS = ("softmax", "exponential")


@pytest.mark.parametrize("attention", KINDS)
@pytest.mark.parametrize("tokens", ["gaussian", "random"])
def test_gradients_are_those_of_torch(attention, tokens):
    s = SMALL.model_copy(update={"attention": attention, "tokens": tokens})
    rng = np.random.default_rng(1)
    X = training.frequencies(s, rng)
    W, z = rng.standard_normal((11, s.K)), rng.standard_normal(10)
    of = [torch.tensor(a, requires_grad=True) for a in (W, z)]
    scores = torch.tensor(np.log(X)) + of[1][:, None] / s.T
    B = torch.softmax(scores, 0) if attention == "softmax" else torch.exp(scores)
    output = torch.cat([B, torch.ones(1, s.K, dtype=torch.float64)]).T @ of[0]
    loss = torch.nn.functional.cross_entropy(output, torch.arange(s.K))
    for wanted, found in zip(torch.autograd.grad(loss, of), training.gradients(s, X, W, z), strict=True):
        np.testing.assert_allclose(found, wanted.numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("tokens", ["gaussian", "random"])
def test_frequencies_of_a_class_add_up_to_one(tokens):
    X = training.frequencies(SMALL.model_copy(update={"tokens": tokens}), np.random.default_rng(2))
    assert X.shape == (10, 8)
    np.testing.assert_allclose(X.sum(0), 1)
    bump = X[:6, 4] / X[3, 4]  # of the class in the middle, centre at token 3
    assert (np.allclose(bump[[2, 4]], np.exp(-1 / 30))) == (tokens == "gaussian")


def test_the_exponential_invariant_is_one_of_the_flow():
    """z - sum V^2 / (2 T) stays, up to an error that is proportional to the step size."""

    def drift(eta, t):
        s = SMALL.model_copy(update={"attention": "exponential", "eta": eta, "t": t})
        rng = np.random.default_rng(3)
        X = training.frequencies(s, rng)
        W, z = s.scale * rng.standard_normal((11, s.K)), s.scale * rng.standard_normal(10)
        start = z - training.estimate(s, X, W)
        for _ in range(t):
            of_W, of_z = training.gradients(s, X, W, z)
            W, z = W - eta * of_W, z - eta * of_z
        return np.abs(z - training.estimate(s, X, W) - start).max()

    assert drift(0.1, 200) < 0.01
    assert drift(0.1, 200) == pytest.approx(10 * drift(0.01, 2000), rel=0.1)


def decided(claim, path):
    design = claim.design.model_copy(update={"levels": (30, 300, 1000), "replicates": 10})
    claim = claim.model_copy(update={"design": design})
    return Session(path / "s.sqlite", ThisProcess()).examine(claim, "quick", seed=9664).decision


@pytest.mark.parametrize("attention", KINDS)
def test_another_correlation_is_refuted(attention, tmp_path):
    claim = bounds.find(f"joint_dynamics_{attention}")
    assert decided(claim, tmp_path) == "SUPPORTED"
    wrong = Predicts(Float(0.9), tolerance=0.05)
    assert decided(claim.model_copy(update={"law": wrong}), tmp_path) == "REFUTED"


@pytest.mark.parametrize(("attention", "power"), [("softmax", 1), ("exponential", -2)])
def test_a_wrong_estimate_is_refuted(attention, power, tmp_path, monkeypatch):
    """|V| in place of V^2, without the normaliser; and the inverse."""
    wrong = lambda s, X, W: (np.abs(W[:-1]) ** power).sum(1)  # noqa: E731
    monkeypatch.setattr(training, "estimate", wrong)
    assert decided(bounds.find(f"joint_dynamics_{attention}"), tmp_path) == "REFUTED"
