"""Scan and snap: training against plain torch on all tokens, and laws and experiments that are wrong."""

import numpy as np
import pytest
import torch
from sympy import log, symbols

from theorycheck import bounds
from theorycheck.bounds.tian2023scan import end_of_scanning, margins
from theorycheck.empirical.tian2023scan.responses import Setting
from theorycheck.empirical.tian2023scan.training import classes, features, train
from theorycheck.executors.local import ThisProcess
from theorycheck.session import Session
from theorycheck.statements import Predicts, Theta

SMALL = Setting(M=30, K=4, distinct=5, common=6, shared=0.4, eta_Y=0.5, eta_Z=0.2, s=12)


def by_torch(s, seed):
    """Autograd on cross entropy, with a column of the decoder for every token: Y, Z."""
    rng = np.random.default_rng(seed)
    P, _ = (torch.tensor(a) for a in classes(s, rng))
    Y = torch.zeros(s.M, s.M, dtype=torch.float64, requires_grad=True)
    Z = torch.zeros(s.K, s.M, dtype=torch.float64, requires_grad=True)
    for _ in range(s.s):
        for n in rng.permutation(s.K):
            c = P[n] * torch.exp(Z[n])
            loss = -torch.log_softmax(c / c.norm() @ Y, 0)[int(n)]
            of_Y, of_Z = torch.autograd.grad(loss, (Y, Z))
            with torch.no_grad():
                Y -= s.eta_Y * of_Y
                Z -= s.eta_Z * of_Z
    return Y.detach().numpy(), Z.detach().numpy()


def test_training_is_gradient_descent_on_cross_entropy():
    other = SMALL.model_copy(update={"eta_Z": 0.05, "shared": 0.1})
    for s, trained in zip((SMALL, other), train([SMALL, other], [3, 4]), strict=True):
        Y, Z = by_torch(s, 3 if s is SMALL else 4)
        np.testing.assert_allclose(trained.Y[:, : s.K], Y[:, : s.K], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(trained.Y[:, s.K], Y[:, -1], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(trained.Z, Z, rtol=1e-9, atol=1e-12)
        logits = features(trained.P, trained.Z) @ Y
        own = logits[np.arange(s.K), np.arange(s.K)]
        np.testing.assert_allclose(trained.margins, own - (logits.sum(1) - own) / (s.M - 1), rtol=1e-9)


def test_a_trial_does_not_depend_on_those_beside_it():
    alone, beside = train([SMALL], [3])[0], train([SMALL, SMALL], [5, 3])[1]
    np.testing.assert_array_equal(alone.Y, beside.Y)
    np.testing.assert_array_equal(alone.Z, beside.Z)


def test_the_measured_numbers_are_those_of_one_class_by_hand():
    trained = train([SMALL], [3])[0]
    first = trained.distinct[1]
    order = first[np.argsort(trained.P[1, first])]
    least, most = order[0], order[-1]
    growth = trained.Z[1, most]
    c = trained.P[1] * np.exp(trained.Z[1])
    before, after = (p[most] ** 2 / p[least] ** 2 - 1 for p in (trained.P[1], c))
    assert trained.growth[1] == growth != 0
    assert trained.gain_exponents[1] == pytest.approx(np.log(after / before) / (2 * growth), rel=1e-12)


def test_without_overlap_and_attention_the_recursion_is_exact():
    s = SMALL.model_copy(update={"shared": 0.0, "eta_Z": 0.0, "s": 40})
    found = train([s], [1])[0].margins
    np.testing.assert_allclose(found, margins((40,), s.M, s.eta_Y)[40.0], atol=1e-4)
    assert margins((1,), 100, 0.5) == {1.0: 0.5}


def test_too_few_tokens_are_refused():
    with pytest.raises(ValueError, match="K distinct \\+ common = 26 must not exceed M = 20"):
        Setting(**{**SMALL.model_dump(), "M": 20})


def small(name, levels, **held):
    claim = bounds.find(name)
    design = claim.design
    changed = {"levels": levels, "held": {**design.held, **held}}
    return claim.model_copy(update={"design": design.model_copy(update=changed)})


def decided(claim, path):
    return Session(path / "s.sqlite", ThisProcess()).examine(claim, "quick", seed=9664).decision


def test_the_margin_of_another_step_size_is_refuted(tmp_path):
    levels = (1, 8, 16, 64)
    right = Predicts(margins(levels, 128, 0.5), tolerance=0.02)
    claim = small("decoder_margin_recursion", levels).model_copy(update={"law": right})
    assert decided(claim, tmp_path) == "SUPPORTED"
    wrong = Predicts(margins(levels, 128, 0.4), tolerance=0.02)
    assert decided(claim.model_copy(update={"law": wrong}), tmp_path) == "REFUTED"


def test_growth_as_t_and_as_its_cube_are_refuted(tmp_path):
    claim = bounds.find("attention_scanning")
    assert max(claim.design.levels) < end_of_scanning(128, 0.05) < 4096
    ((s, _),) = claim.law.regime
    assert decided(claim, tmp_path) == "SUPPORTED"
    for power in (1, 3):
        assert decided(claim.model_copy(update={"law": Theta(s**power, (s, 0))}), tmp_path) == "REFUTED"


def test_after_the_transition_growth_as_a_power_or_as_log_to_the_4_is_refuted(tmp_path):
    claim = small("attention_snapping", (64, 256, 1024))
    s, C = symbols("s C", positive=True)
    for wrong in (C * s**2, C * s, C * log(64 * s) ** 4):
        law = Predicts(wrong, tolerance=0.05, prefactor=C)
        assert decided(claim.model_copy(update={"law": law}), tmp_path) == "REFUTED"


def test_the_gain_is_refuted_where_attention_is_as_fast_as_the_decoder(tmp_path):
    claim = small("relative_gain", (4, 16, 64))
    assert decided(claim, tmp_path) == "SUPPORTED"
    assert decided(small("relative_gain", (4, 16, 64), eta_Z=0.5), tmp_path) == "REFUTED"
