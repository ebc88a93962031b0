from itertools import pairwise

import numpy as np
import pytest
import torch
from conftest import SMALL

from theorycheck.empirical.shallow_vit import tokens
from theorycheck.empirical.shallow_vit.attention import attention_map, look, looking_times
from theorycheck.empirical.shallow_vit.responses import (
    attention_concentration,
    training_iterations,
    zero_generalization_error,
)
from theorycheck.empirical.shallow_vit.responses import test_loss as measure_test_loss
from theorycheck.empirical.shallow_vit.setting import Setting
from theorycheck.empirical.shallow_vit.tokens import draw_samples
from theorycheck.empirical.shallow_vit.vit import initial_weights
from theorycheck.empirical.trial import Trial


def trials(response, count=2, **values):
    return [
        Trial(response.name, {**SMALL, **values}, 0, replicate=i, revision=response.revision)
        for i in range(count)
    ]


def measured(response, **options):
    return [m for _, m in sorted(response.run(trials(response, **options)), key=lambda pair: pair[0])]


def test_attention_of_one_model_by_hand(small):
    W, _ = initial_weights(np.random.default_rng(0), small)
    samples = draw_samples(np.random.default_rng(1), small, 2)
    found = attention_map(W, samples.X)
    X = torch.from_numpy(samples.X).double()
    for n in range(2):
        for q in (0, 7):
            scores = [(W.W_K[0] @ X[n, l]) @ (W.W_Q[0] @ X[n, q]) for l in range(small.L)]
            assert found[n, q] == pytest.approx(torch.softmax(torch.stack(scores), 0), abs=1e-6)
    assert found.sum(-1) == pytest.approx(torch.ones(2, small.L, dtype=torch.float64), abs=1e-6)


def test_where_a_uniform_and_a_sharp_map_lie(small):
    samples = draw_samples(np.random.default_rng(1), small, 50)
    W, _ = initial_weights(np.random.default_rng(0), Setting(**{**SMALL, "delta": 0.0}))
    flat = look(W._replace(W_K=0 * W.W_K), samples)
    assert flat["relevant"] == pytest.approx(0.2, abs=1e-6)
    assert flat["attended"] == pytest.approx(small.L, rel=1e-6)
    sharp = look(W._replace(W_K=50 * W.W_K), samples)
    assert sharp["own_query"] == pytest.approx(1, abs=0.01)  # a token attends to its own pattern
    assert sharp["attended"] < small.L / 2


def test_a_trajectory_begins_before_the_first_step_and_ends_with_the_last():
    (one, two) = measured(attention_concentration, N=32)
    for m in (one, two):
        assert m["t"][0] == 0
        assert m["t"][-1] == m["iterations"]
        assert m["t"] == sorted(set(m["t"]))
        assert len({len(m[name]) for name in ("t", "relevant", "confusion", "own_query", "attended")}) == 1
        assert m["relevant"][-1] > m["relevant"][0]
    assert one["relevant"] != two["relevant"]


def test_looking_changes_nothing():
    (watched,), (alone,) = measured(attention_concentration, count=1), measured(training_iterations, count=1)
    assert watched["outcome"] == alone["outcome"] == "success"


def test_looks_are_at_about_equal_ratios():
    times = sorted(looking_times(1000))
    assert times[:4] == [0, 1, 2, 3]
    assert 1000 in times
    assert all(b / a < 2.01 for a, b in pairwise(times[1:]))


def test_the_iterations_of_a_trial_that_is_given_up_are_a_bound():
    (given_up,) = measured(training_iterations, count=1, T=3)
    assert (given_up["outcome"], given_up["iterations"]) == ("unfitted", 3)


def test_a_whole_test_agrees_with_the_one_that_ends_early():
    whole = measured(measure_test_loss, count=6, N=8)
    early = measured(zero_generalization_error, count=6, N=8)
    assert {m["test_samples"] for m in whole} == {SMALL["test_size"]}
    assert len({m["outcome"] for m in whole}) >= 1
    for loss in whole:
        assert (loss["test_loss"] <= SMALL["tolerance"]) == (loss["outcome"] == "success")
    assert all(m["test_samples"] <= SMALL["test_size"] for m in early)


def test_success_by_classification_error():
    hinge, error = (
        measured(zero_generalization_error, count=8, N=8, criterion=c) for c in ("hinge", "error")
    )
    assert sum(m["outcome"] == "success" for m in error) >= sum(m["outcome"] == "success" for m in hinge)
    assert all((m["test_error"] <= SMALL["tolerance"]) == (m["outcome"] == "success") for m in error)


def test_noise_picked_from_the_table_gives_the_test_loss_of_noise_drawn_anew(monkeypatch):
    def losses():
        return np.log(
            [m["test_loss"] for m in measured(measure_test_loss, count=4, N=4, tau=0.5, test_size=40000)]
        )

    picked = losses()
    monkeypatch.setattr(tokens, "pick_noise", tokens.draw_noise)
    drawn = losses()
    monkeypatch.setattr(tokens, "pick_noise", lambda *args: 1.2 * tokens.draw_noise(*args))
    noisier = losses()
    assert (picked != drawn).all()
    assert np.abs(picked - drawn).max() < 0.05
    assert (noisier - drawn).mean() > 0.05
