import numpy as np
import pytest
import torch
from oracle import ShallowViT, sgd, streams

from theorycheck.empirical.shallow_vit.setting import Setting
from theorycheck.empirical.shallow_vit.tokens import draw_samples
from theorycheck.empirical.shallow_vit.training import (
    STEPS_DRAWN_AT_ONCE,
    draw_order,
    draw_subsets,
    model_tokens,
    train,
)
from theorycheck.empirical.shallow_vit.vit import initial_weights


def run(settings: list[Setting], first: int = 0, dtype: torch.dtype = torch.float64):
    drawn = [streams(first + i) for i in range(len(settings))]
    samples = [
        draw_samples(s.samples, setting, setting.N) for s, setting in zip(drawn, settings, strict=True)
    ]
    return {trained.position: trained for trained in train(settings, drawn, samples, dtype)}


def same_steps(setting: Setting, rng: np.random.Generator, count: int):
    """The mini-batches and query tokens that the engine draws, in its order."""
    epochs = -(-STEPS_DRAWN_AT_ONCE // setting.steps_per_epoch)
    steps = epochs * setting.steps_per_epoch
    for step in range(count):
        if step % steps == 0:
            order = draw_order(rng, setting, epochs)
            tokens = (
                draw_subsets(rng, setting.L, setting.S, (steps, setting.batch_size))
                if setting.attention
                else None
            )
        samples = order[step % steps] if setting.steps_per_epoch > 1 else np.arange(setting.N)
        yield torch.from_numpy(samples), None if tokens is None else torch.from_numpy(tokens[step % steps])


@pytest.mark.parametrize("N", [16, 32])  # the whole set at once, and two mini-batches an epoch
@pytest.mark.parametrize("attention", [True, False])
def test_fifty_steps_equal_the_plain_loop(small, attention, N):
    setting = Setting(**(small.model_dump() | {"attention": attention, "N": N, "T": 50, "eta": 0.3}))
    trained = run([setting] * 3)
    for i in range(3):
        assert trained[i].iterations == 50
        s = streams(i)
        samples = draw_samples(s.samples, setting, N)
        W, a = initial_weights(s.model, setting)
        X, y = (
            torch.from_numpy(model_tokens(samples.X, setting)).double(),
            torch.from_numpy(samples.y).double(),
        )
        model = sgd(ShallowViT(W, a, attention), X, y, setting, same_steps(setting, s.steps, 50))
        for name, expected in model.named_parameters():
            got = getattr(trained[i].W, name)[0]
            assert (got - expected).abs().max() < 1e-5
            start = getattr(W, name)[0]
            if attention or name in ("W_O", "W_V"):
                assert (start - expected).abs().max() > 1e-3  # training moved this weight by much more


def test_a_trial_leaves_when_its_training_loss_is_zero(small):
    trained = run([small] * 4)
    for result in trained.values():
        assert result.fitted
        assert result.iterations < small.T
    assert len({result.iterations for result in trained.values()}) > 1


def test_a_trial_that_never_fits_is_given_up_as_unfitted(small):
    result = run([Setting(**(small.model_dump() | {"T": 5}))])[0]
    assert not result.fitted
    assert result.iterations == 5


def test_a_diverging_trial_is_given_up_at_once(small):
    result = run([Setting(**(small.model_dump() | {"eta": 1e30}))])[0]
    assert not result.fitted
    assert result.iterations < small.T


@pytest.mark.parametrize("N", [5, 16, 40])
def test_every_sample_is_seen_in_every_epoch(small, N):
    setting = Setting(**(small.model_dump() | {"N": N}))
    order = draw_order(np.random.default_rng(0), setting, 3).reshape(3, -1)
    assert all(set(epoch) == set(range(N)) for epoch in order)
