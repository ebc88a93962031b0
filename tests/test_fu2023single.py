"""Random-feature attention: features against their definition, ridge regression, wrong orders."""

import numpy as np
import pytest

from theorycheck import bounds
from theorycheck.empirical.fu2023single.regression import LAYERS, RIDGES, error, fit, solve, target, unit
from theorycheck.empirical.fu2023single.responses import Setting
from theorycheck.executors.local import ThisProcess
from theorycheck.session import Session
from theorycheck.statements import Ordering

SMALL = Setting(layer="attention", target="query", p=1, keys=3, d=4, heads=5, n=40, test_size=30)


def samples(s=SMALL, seed=1):
    return unit(np.random.default_rng(seed).standard_normal((s.n, 1 + s.keys, s.d)))


def test_attention_features_are_those_of_the_definition():
    x = samples()
    found = LAYERS["attention"](SMALL, x, np.random.default_rng(2)).reshape(40, 5, 5)
    W = np.random.default_rng(2).standard_normal((5, 5, 5))
    query, *keys = np.append(x[7], np.ones((4, 1)), axis=1)
    for m in range(5):
        attended = sum(max(key @ W[m] @ query, 0) * key for key in keys) / 3
        np.testing.assert_allclose(found[7, m], attended, rtol=1e-12)


def test_only_attention_forgets_the_order_of_the_keys():
    x = samples()
    turned = x[:, [0, 3, 1, 2]]
    same = {
        name: np.allclose(*(layer(SMALL, inputs, np.random.default_rng(3)) for inputs in (x, turned)))
        for name, layer in LAYERS.items()
    }
    assert same == {"attention": True, "mlp": False}
    assert len({layer(SMALL, x, np.random.default_rng(3)).shape for layer in LAYERS.values()}) == 1


def test_targets_are_those_of_the_definition():
    x, b = samples(), unit(np.random.default_rng(4).standard_normal(4))
    query, keys = x[5, 0], x[5, 1:]
    asked = SMALL.model_copy(update={"p": 2})
    wanted = np.mean([(query @ key) ** 2 * (b @ key) for key in keys])
    assert target(asked, x, b)[5] == pytest.approx(wanted)
    wanted = np.mean([(b @ key) ** 2 for key in keys])
    assert target(asked.model_copy(update={"target": "keys"}), x, b)[5] == pytest.approx(wanted)


def test_dual_weights_are_those_of_ridge_regression():
    rng = np.random.default_rng(5)
    phi, y = rng.standard_normal((30, 8)), rng.standard_normal(30)
    primal = np.linalg.solve(phi.T @ phi + 0.3 * np.eye(8), phi.T @ y)
    np.testing.assert_allclose(phi.T @ solve(phi @ phi.T, y, 0.3), primal, rtol=1e-9)


def test_noise_gets_a_large_ridge_and_a_law_a_small_one():
    rng = np.random.default_rng(6)
    phi = rng.standard_normal((100, 60))
    kernel = phi @ phi.T
    for y, large in ((rng.standard_normal(100), True), (phi @ rng.standard_normal(60), False)):
        shrunk = np.linalg.norm(phi.T @ fit(kernel, y)) / np.linalg.norm(phi.T @ solve(kernel, y, 1e-9))
        assert (shrunk < 0.7) == large
    assert RIDGES[0] < 1e-6 < 1 < RIDGES[-1]


@pytest.mark.parametrize("layer", LAYERS)
def test_a_mean_of_keys_is_learned(layer):
    """From more samples the better: both layers are nearly linear maps with enough features."""
    asked = SMALL.model_copy(update={"target": "keys", "p": 1, "layer": layer, "heads": 40})
    few, many = (error(asked.model_copy(update={"n": n, "test_size": 200}), 1, 2) for n in (20, 200))
    assert many < 0.1
    assert many < few / 2


def small(**held):
    claim = bounds.find("random_feature_attention")
    held = {**claim.design.held, "heads": 100, "n": 200, "test_size": 200, **held}
    return claim.model_copy(update={"design": claim.design.model_copy(update={"held": held})})


def decided(claim, path):
    return Session(path / "s.sqlite", ThisProcess()).examine(claim, "quick", seed=9664).decision


def test_the_other_order_is_refuted(tmp_path):
    claim = small()
    assert decided(claim, tmp_path) == "SUPPORTED"
    turned = Ordering(tuple((high, low) for low, high in claim.law.pairs))
    assert decided(claim.model_copy(update={"law": turned}), tmp_path) == "REFUTED"


def test_attention_to_shuffled_samples_is_refuted(tmp_path, monkeypatch):
    """Features of other samples than those that are learned from: an error of 1, where the MLP has less."""
    monkeypatch.setitem(LAYERS, "attention", lambda s, x, rng: LAYERS["mlp"](s, np.roll(x, 1, 0), rng))
    assert decided(small(), tmp_path) == "REFUTED"
