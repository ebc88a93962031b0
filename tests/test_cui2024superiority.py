"""Heads of softmax attention in context: prompts and gradient against plain arrays, and wrong laws."""

import numpy as np
import pytest
from sympy import oo

from theorycheck import bounds
from theorycheck.bounds.cui2024superiority import D
from theorycheck.empirical.cui2024superiority.heads import Prompts, draw, gradient, risk
from theorycheck.executors.local import ThisProcess
from theorycheck.session import Session
from theorycheck.statements import BigO, ForEach, Ordering


def test_prompts_are_distributed_as_those_drawn_token_by_token():
    """Compared is the risk of two heads, which depends on all that is drawn."""
    rng, count, length, d = np.random.default_rng(0), 60_000, 10, 3
    x, w, q = (
        rng.standard_normal((count, length, d)),
        rng.standard_normal((count, d)),
        rng.standard_normal((count, d)),
    )
    keys = np.einsum("pnd,pd->pn", x, q)
    values, labels = np.einsum("pnd,pd->pn", x, w) / d**0.5, (w * q).sum(1) / d**0.5
    predicted = 0
    for c, v in ((0.5, 1.0), (-0.3, -0.8)):
        weights = np.exp(c * keys)
        predicted = predicted + v * (weights * values).sum(1) / weights.sum(1)
    plain = np.mean((predicted - labels) ** 2)
    assert risk(draw(rng, count, length, d), np.array([0.5, -0.3]), np.array([1.0, -0.8])) == pytest.approx(
        plain, rel=0.03
    )


def test_the_gradient_is_that_of_finite_differences():
    rng, start = np.random.default_rng(1), np.array([0.4, -0.5, 0.9, -0.7])
    single = draw(rng, 200, 8, 3)
    prompts = Prompts(*(np.float64(part) for part in (single.keys, single.values, single.labels)))
    found = gradient(prompts, start[:2], start[2:])
    for i, shift in enumerate(1e-6 * np.eye(4)):
        up, down = (risk(prompts, p[:2], p[2:]) / 2 for p in (start + shift, start - shift))
        assert (up - down) / 2e-6 == pytest.approx(found[i], abs=1e-6)


@pytest.fixture(scope="module")
def decided(tmp_path_factory):
    session = Session(tmp_path_factory.mktemp("heads") / "s.sqlite", ThisProcess())

    def decide(name, law=None, heads=(1, 2)):
        claim = bounds.find(name)
        held = {**claim.design.held, "T": 250, "B": 32, "test_size": 2000}
        update = {"levels": (16, 24, 40, 64, 100, 160), "held": held, "crossed": {"heads": heads}}
        changed = {"design": claim.design.model_copy(update=update), "law": law or claim.law}
        return session.examine(claim.model_copy(update=changed), profile="quick", seed=9656).decision

    return decide


def test_one_head_is_not_better_than_two(decided):
    pairs = tuple(({"heads": 1, D: x}, {"heads": 2, D: x}) for x in (16, 40, 160))
    assert decided("multi_head_advantage", Ordering(tuple((b, a) for a, b in pairs))) == "SUPPORTED"
    assert decided("multi_head_advantage", Ordering(pairs)) == "REFUTED"


def test_a_faster_rate_is_refuted(decided):
    assert decided("multi_head_rate", ForEach("heads", (1, 2), BigO(D**-2, (D, oo)))) == "REFUTED"
