"""Word sensitivity: the maps and gradients against plain torch, and laws that are wrong."""

import numpy as np
import pytest
import torch
from sympy import Pow, oo, sqrt

from theorycheck import bounds
from theorycheck.empirical.bombari2024word.responses import Setting
from theorycheck.empirical.bombari2024word.search import FEATURES, sensitivity, words
from theorycheck.executors.local import ThisProcess
from theorycheck.session import Session
from theorycheck.statements import BigO, Omega, Theta

RANDOM, ATTENTION = (f"word_sensitivity_{name}" for name in ("random_features", "attention"))
SMALL = {
    "random": Setting(features="random", n=8, d=16, k=64, steps=60, step=0.3),
    "attention": Setting(features="attention", n=8, d=64, steps=60, step=0.3),
}


def drawn(s, seed=5):
    rng = np.random.default_rng(seed)
    X = words(s.n, s.d, rng)
    return X, rng


def of_torch(s, word):
    """The squared change and the norm of the map, from the same draws."""
    X, rng = drawn(s)
    if s.features == "random":
        own = torch.tensor(rng.standard_normal((s.k, s.d)) / (s.n * s.d) ** 0.5)
        others = torch.tensor(rng.standard_normal(s.k) * (1 - 1 / s.n) ** 0.5)

        def phi(first):
            return torch.relu(own @ first + others)
    else:
        W, rest = torch.tensor(rng.standard_normal((s.d, s.d)) / s.d**0.5), torch.tensor(X[1:])

        def phi(first):
            Y = torch.cat([first[None], rest])
            return torch.softmax(Y @ W @ Y.T / s.d**0.5, 1) @ Y

    before = phi(torch.tensor(X[0]))
    return ((phi(word) - before) ** 2).sum(), before.norm()


@pytest.mark.parametrize("features", SMALL)
def test_change_and_gradient_are_those_of_torch(features):
    s = SMALL[features]
    X, rng = drawn(s)
    change, norm = FEATURES[features](X, s, rng)
    word = torch.tensor(X[0] + 0.5 * np.random.default_rng(1).standard_normal(s.d), requires_grad=True)
    wanted, size = of_torch(s, word)
    wanted.backward()
    wanted, size = wanted.detach(), size.detach()
    value, gradient = change(word.detach().numpy())
    assert value == pytest.approx(float(wanted), rel=1e-10)
    assert norm == pytest.approx(float(size), rel=1e-10)
    np.testing.assert_allclose(gradient, word.grad.numpy(), rtol=1e-8, atol=1e-10)


def test_the_words_that_stay_enter_as_if_all_of_V_was_drawn():
    """V on n - 1 words of norm sqrt(d), with entries of variance 1 / (n d), is normal of variance 1 - 1/n."""
    rng = np.random.default_rng(2)
    n, d, k = 4, 8, 40_000
    whole = rng.standard_normal((k, n * d)) / (n * d) ** 0.5 @ words(n, d, rng).ravel()
    assert whole.var() == pytest.approx(1, abs=0.03)
    part = rng.standard_normal((k, (n - 1) * d)) / (n * d) ** 0.5 @ words(n - 1, d, rng).ravel()
    assert part.var() == pytest.approx(1 - 1 / n, abs=0.03)


def test_random_features_stay_below_their_lipschitz_bound():
    """ReLU is 1-Lipschitz: ||phi(X') - phi(X)|| is at most the largest singular value times sqrt(d)."""
    s = SMALL["random"]
    X, rng = drawn(s, 7)
    own = np.random.default_rng(7)
    words(s.n, s.d, own)
    V = own.standard_normal((s.k, s.d)) / (s.n * s.d) ** 0.5
    _, norm = FEATURES["random"](X, s, rng)
    bound = np.linalg.norm(V, 2) * s.d**0.5 / norm
    assert 0.3 * bound < sensitivity(s, 7) <= bound


@pytest.mark.parametrize("features", SMALL)
def test_the_search_beats_a_thousand_random_changes(features):
    s = SMALL[features]
    X, rng = drawn(s, 9)
    change, norm = FEATURES[features](X, s, rng)
    tried = max(change(X[0] + words(1, s.d, rng)[0])[0] for _ in range(1000)) ** 0.5 / norm
    assert sensitivity(s, 9) > tried


def small(name):
    claim = bounds.find(name)
    design = claim.design
    most = design.levels[-2]  # the largest takes longest
    kept = tuple(level for level in design.levels if level <= most)
    held = {**design.held, "steps": 40}
    return claim.model_copy(update={"design": design.model_copy(update={"levels": kept, "held": held})})


def decided(claim, path):
    return Session(path / "s.sqlite", ThisProcess()).examine(claim, "quick", seed=9661).decision


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        (RANDOM, lambda n: BigO(1 / n, (n, oo))),
        (RANDOM, lambda n: Omega(Pow(n, 0, evaluate=False), (n, oo))),  # what attention has
        (ATTENTION, lambda n: BigO(1 / sqrt(n), (n, oo))),  # what random features have
        (ATTENTION, lambda n: Omega(n, (n, oo))),
    ],
)
def test_a_wrong_law_is_refuted(name, wrong, tmp_path):
    claim = small(name)
    ((n, _),) = claim.law.regime
    assert decided(claim, tmp_path) == "SUPPORTED"
    assert decided(claim.model_copy(update={"law": wrong(n)}), tmp_path) == "REFUTED"


def test_random_features_are_tight(tmp_path):
    claim = small(RANDOM)
    ((n, _),) = claim.law.regime
    assert decided(claim.model_copy(update={"law": Theta(1 / sqrt(n), (n, oo))}), tmp_path) == "SUPPORTED"
