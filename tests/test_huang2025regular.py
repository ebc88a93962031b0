"""Even pairs: the language by its rule, the gradient against torch, and laws that are refuted."""

import numpy as np
import pytest
import torch
from sympy import oo, sqrt

from theorycheck import bounds
from theorycheck.bounds.huang2025regular import t
from theorycheck.empirical.huang2025regular.descent import Layers, LogisticLoss, descended
from theorycheck.empirical.huang2025regular.language import even_pairs
from theorycheck.executors.local import ThisProcess
from theorycheck.session import Session
from theorycheck.statements import BigO, Ordering, Predicts


def test_even_pairs_are_the_sequences_that_end_as_they_begin():
    language = even_pairs(5)
    first = language.tokens[:, 0] % 2
    assert (language.labels == np.where(first == language.last % 2, 1, -1)).all()
    assert len(language.labels) == 2 + 4 + 8 + 16 + 32
    assert language.weights.sum() == pytest.approx(1)


def test_loss_and_gradient_are_those_of_torch():
    language, rng = even_pairs(3), np.random.default_rng(0)
    start = Layers(rng.standard_normal((2, 6, 6)), rng.standard_normal((2, 6)))
    loss = LogisticLoss(language)
    values, slope = loss.value(start), loss.gradient(start)
    for i in range(2):
        W, u = (torch.tensor(x[i], requires_grad=True) for x in (start.W, start.u))
        total = 0
        for tokens, present, last, label, weight in zip(
            language.tokens, language.present, language.last, language.labels, language.weights, strict=True
        ):
            x = torch.eye(6, dtype=torch.float64)[tokens[present]]
            attention = torch.softmax(x @ W @ torch.eye(6, dtype=torch.float64)[last], 0)
            total = total + weight * torch.nn.functional.softplus(-label * (attention @ (x @ u)))
        total.backward()
        assert values[i] == pytest.approx(total.item())
        assert np.allclose(slope.W[i], W.grad, atol=1e-12)
        assert np.allclose(slope.u[i], u.grad, atol=1e-12)


def test_without_attention_even_pairs_are_not_learned():
    """Where W stays 0, f is a mean over letters, and the loss stays far above what is reached with it."""
    loss, u = LogisticLoss(even_pairs(4)), np.zeros((1, 8))
    for _ in range(2000):
        u -= loss.gradient(Layers(np.zeros((1, 8, 8)), u)).u
    with_attention = descended(loss, Layers(np.zeros((1, 8, 8)), np.zeros((1, 8))), 2000, 1.0)
    assert loss.value(Layers(np.zeros((1, 8, 8)), u))[0] > 0.4 > 0.01 > loss.value(with_attention)[0]


@pytest.fixture(scope="module")
def decided(tmp_path_factory):
    session = Session(tmp_path_factory.mktemp("pairs") / "s.sqlite", ThisProcess())

    def decide(name, law=None):
        claim, shorter = bounds.find(name), (100, 200, 400, 800, 1600, 3200)
        levels = claim.design.levels if name == "even_pairs_phases" else shorter[-len(claim.design.levels) :]
        design = claim.design.model_copy(update={"levels": levels, "held": {**claim.design.held, "eta": 4}})
        changed = claim.model_copy(update={"law": law or claim.law, "design": design})
        return session.examine(changed, profile="quick", seed=9651).decision

    return decide


C = bounds.find("even_pairs_linear_layer").law.prefactor
WRONG = {
    "even_pairs_loss": BigO(t**-2, (t, oo)),
    "even_pairs_linear_layer": Predicts(C * sqrt(t), tolerance=0.05, prefactor=C),
    "even_pairs_phases": Ordering(tuple((b, a) for a, b in bounds.find("even_pairs_phases").law.pairs)),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_law_is_refuted(name, decided):
    """On four times the step size, and a quarter of the steps."""
    if name != "even_pairs_phases":  # whose first phase is over by then
        assert decided(name) == "SUPPORTED"
    assert decided(name, WRONG[name]) == "REFUTED"
