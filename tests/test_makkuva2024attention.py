"""The reduced transformer on Markov chains: the flow against closed forms, and claims that are wrong."""

import math

import numpy as np
import pytest
import torch
from sympy import Abs, log, sign

from theorycheck import bounds
from theorycheck.bounds.makkuva2024attention import e0, w0
from theorycheck.empirical.makkuva2024attention import chain, flow
from theorycheck.executors.local import ThisProcess
from theorycheck.session import Session
from theorycheck.statements import Predicts

NAMES = ("markov_bad_minimum", "markov_global_minimum", "markov_invariant")


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    return Session(tmp_path_factory.mktemp("markov") / "s.sqlite", ThisProcess())


def small(name, law=None, **held):
    claim = bounds.find(name)
    names = {letter: values[:2] for letter, values in claim.design.crossed.items()}
    design = claim.design.model_copy(
        update={"crossed": names, "replicates": 8, "held": {**claim.design.held, **held}}
    )
    return claim.model_copy(update={"law": law or claim.law, "design": design})


def test_the_loss_is_that_of_a_long_chain():
    p, q, slope, bias, rng = 0.3, 0.4, 1.7, -0.6, np.random.default_rng(9633)
    state, surprises = 0, []
    for drawn in rng.random(100_000):
        following = int(drawn < (1 - q if state else p))
        logit = (slope * state + bias) * (1 if following else -1)
        surprises.append(math.log1p(math.exp(-logit)))
        state = following
    assert np.mean(surprises) == pytest.approx(chain.loss(slope, bias, p, q), rel=0.01)


@pytest.mark.parametrize("slope", [-3.0, 0.0, 0.5, 4.0])
def test_no_other_bias_has_less_loss(slope):
    bias = chain.best_bias(slope, 0.2, 0.6)
    least = chain.loss(slope, bias, 0.2, 0.6)
    assert all(chain.loss(slope, bias + away, 0.2, 0.6) > least for away in (-0.01, 0.01))


def test_the_gradient_is_that_of_torch():
    p, q, at = 0.3, 0.8, (0.7, -0.4)
    e, w = (torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in at)
    bias = chain.best_bias(flow.slope(*at), p, q)
    to_1 = torch.stack([torch.tensor(bias, dtype=torch.float64), (1 + 2 * w * w.abs()) * e**2 + bias])
    ones = torch.tensor([p, 1 - q], dtype=torch.float64)
    each = torch.nn.functional.binary_cross_entropy_with_logits(to_1, ones, reduction="none")
    ((q * each[0] + p * each[1]) / (p + q)).backward()
    assert flow.gradient(*at, p, q) == pytest.approx([e.grad.item(), w.grad.item()], abs=1e-6)


def test_the_published_losses():
    """At p = 0.5, q = 0.8: 0.666 where it is trapped, 0.619 at the global minimum."""
    trapped = flow.population_loss(*flow.end(0.5, 0.2, 0.5, 0.8, 40.0), 0.5, 0.8)
    best = math.log(0.5 * 0.2 / (0.5 * 0.8))
    assert trapped == pytest.approx(0.666, abs=5e-4)
    assert chain.loss(best, chain.best_bias(best, 0.5, 0.8), 0.5, 0.8) == pytest.approx(0.619, abs=5e-4)


@pytest.mark.slow  # half a minute each
@pytest.mark.parametrize("name", NAMES)
def test_each_claim_is_supported_by_a_small_design(name, session):
    assert session.examine(small(name), profile="quick").decision == "SUPPORTED"


def test_each_loss_is_not_that_of_the_other_minimum(session):
    bad, best = (bounds.find(name).law for name in NAMES[:2])
    assert session.examine(small("markov_bad_minimum", best), profile="quick").decision == "REFUTED"
    assert session.examine(small("markov_global_minimum", bad), profile="quick").decision == "REFUTED"


def test_another_invariant_is_refuted(session):
    law = Predicts(e0**2 + w0**2 + sign(w0) * log(Abs(w0)), tolerance=0.01, absolute=True)
    assert session.examine(small("markov_invariant", law), profile="quick").decision == "REFUTED"


def test_a_flow_with_weight_decay_keeps_nothing(session):
    found = session.examine(small("markov_invariant", decay=0.05, time=20), profile="quick")
    assert found.decision == "REFUTED"
