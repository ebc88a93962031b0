"""Task arithmetic: gradients against plain torch, the edited model, and bounds that are wrong."""

import numpy as np
import pytest
import torch

from theorycheck import bounds
from theorycheck.empirical.li2025taskvectors import editing
from theorycheck.empirical.li2025taskvectors.responses import Setting
from theorycheck.executors.local import ThisProcess
from theorycheck.session import Session
from theorycheck.statements import Ordering

SMALL = Setting(
    alpha=0.5, by="training", d=8, irrelevant=4, L=5, relevant=2, opposite=1, noise=0.1, m=6, scale=0.3, N=10,
    eta=1, T=3, test_size=20, tolerance=0.1,
)  # fmt: skip


def data(s, alpha=1.0, seed=1):
    axes = np.eye(s.d)
    return editing.samples(s, alpha * axes[0], axes[2:6], s.N, np.random.default_rng(seed))


def test_gradients_are_those_of_torch():
    X, y = data(SMALL)
    rng = np.random.default_rng(2)
    start = rng.standard_normal((8, 8)), rng.standard_normal((6, 8))
    W, V = (torch.tensor(w, requires_grad=True) for w in start)
    tokens = torch.tensor(X)
    attended = torch.softmax(tokens @ W @ tokens.transpose(1, 2), 2) @ tokens
    output = (torch.relu(attended @ V.T) @ torch.tensor(editing.signs(SMALL))).mean(1)
    loss = torch.relu(1 - torch.tensor(y) * output).mean()
    for wanted, found in zip(
        torch.autograd.grad(loss, (W, V)), editing.gradients(SMALL, X, y, *start), strict=True
    ):
        np.testing.assert_allclose(found, wanted.numpy(), rtol=1e-9, atol=1e-12)
    assert editing.hinge(SMALL, X, y, *start) == pytest.approx(float(loss.detach()))


def test_samples_hold_the_tokens_that_are_asked_for():
    s = SMALL.model_copy(update={"noise": 0.0})
    X, y = data(s)
    np.testing.assert_array_equal(X[..., 0], y[:, None] * [1, 1, -1, 0, 0])
    assert y.sum() == 0


def test_factors_0_and_1_make_the_models_that_they_should():
    start, trained, _ = editing.tasks(SMALL, np.random.default_rng(3))
    for at, wanted in (
        (0.0, trained[0]),
        (1.0, [a + b - w for w, a, b in zip(start, *trained, strict=True)]),
    ):
        for found, weights in zip(editing.edited(start, trained, at), wanted, strict=True):
            np.testing.assert_allclose(found, weights, atol=1e-12)


def test_the_share_left_out_is_where_the_loss_passes_the_tolerance():
    s = SMALL.model_copy(update={"T": 200, "N": 60, "eta": 2.0, "m": 20, "scale": 0.05})
    share = editing.left_out(s, 4)
    start, trained, fresh = editing.tasks(s, np.random.default_rng(4))
    worst = [
        max(editing.hinge(s, *one, *editing.edited(start, trained, 1 - at)) for one in fresh)
        for at in (share, share + editing.PRECISION)
    ]
    assert 0 < share < editing.MOST
    assert worst[0] <= s.tolerance < worst[1]
    assert editing.left_out(s.model_copy(update={"T": 1}), 4) is None


@pytest.mark.parametrize(
    ("changed", "message"),
    [({"d": 5}, "6 patterns need as many dimensions"), ({"relevant": 5}, "must not exceed L = 5")],
)
def test_settings_that_do_not_fit_are_refused(changed, message):
    with pytest.raises(ValueError, match=message):
        Setting(**{**SMALL.model_dump(), **changed})


def decided(path, law=None):
    claim = bounds.find("task_addition")
    held = {**claim.design.held, "T": 60, "N": 30, "test_size": 60}
    design = claim.design.model_copy(update={"replicates": 15, "held": held})
    claim = claim.model_copy(update={"design": design, "law": law or claim.law})
    return Session(path / "s.sqlite", ThisProcess()).examine(claim, "quick", seed=9664).decision


def test_the_other_order_is_refuted(tmp_path):
    turned = Ordering(tuple((high, low) for low, high in bounds.find("task_addition").law.pairs))
    assert decided(tmp_path) == "SUPPORTED"
    assert decided(tmp_path, turned) == "REFUTED"


def test_contrary_tasks_refute_the_bound_of_aligned_ones(tmp_path, monkeypatch):
    left_out = editing.left_out
    turned = lambda s, seed: left_out(s.model_copy(update={"alpha": -s.alpha}), seed)  # noqa: E731
    monkeypatch.setattr(editing, "left_out", turned)
    assert decided(tmp_path) == "REFUTED"
