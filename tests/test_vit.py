import numpy as np
import pytest
import torch
from oracle import ShallowViT
from torch.func import functional_call, grad

from theorycheck.empirical.shallow_vit.setting import Setting
from theorycheck.empirical.shallow_vit.tokens import draw_samples
from theorycheck.empirical.shallow_vit.training import draw_subsets, take_tokens
from theorycheck.empirical.shallow_vit.vit import Weights, Workspace, forward, initial_weights, loss_and_step

t, n = 3, 7


def stacked(setting: Setting):
    """Weights, signs, samples and query tokens of t trials, in float64."""
    rngs = [np.random.default_rng([11, i]) for i in range(t)]
    models = [initial_weights(rng, setting) for rng in rngs]
    W = Weights(*(torch.cat([getattr(W, name) for W, _ in models]) for name in Weights._fields))
    # Far from the start, where hidden units of both signs, margins beyond 1 and peaked attention occur.
    W = Weights(W.W_O * 100, W.W_V, W.W_K * 2, W.W_Q)
    a = torch.cat([a for _, a in models])
    samples = [draw_samples(rng, setting, n) for rng in rngs]
    X = torch.stack([torch.from_numpy(s.X) for s in samples]).double()
    y = torch.stack([torch.from_numpy(s.y) for s in samples]).double()
    tokens = torch.from_numpy(np.stack([draw_subsets(rng, setting.L, setting.S, (n,)) for rng in rngs]))
    return W, a, X, y, tokens


def test_the_model_is_the_papers_formula(small):
    W, a, X, _, tokens = stacked(small)
    workspace = Workspace()
    F = forward(W, a, X, take_tokens(X, tokens, workspace), workspace).F
    for i in range(t):
        model = ShallowViT(Weights(*(w[i : i + 1] for w in W)), a[i : i + 1], attention=True)
        torch.testing.assert_close(F[i], model(X[i], tokens[i]).detach())


def test_without_attention_every_query_sees_the_mean_token(small):
    W, a, X, _, tokens = stacked(small)
    F = forward(W, a, X.mean(2, keepdim=True), None, Workspace()).F
    model = ShallowViT(Weights(*(w[:1] for w in W)), a[:1], attention=False)
    torch.testing.assert_close(F[0], model(X[0], tokens[0]).detach())


@pytest.mark.parametrize("attention", [True, False])
def test_the_written_gradient_is_the_derivative(small, attention):
    W, a, X, y, tokens = stacked(small)
    workspace = Workspace()
    seen = X if attention else X.mean(2, keepdim=True)
    queries = take_tokens(X, tokens, workspace) if attention else None
    eta = torch.tensor([[0.5], [1.0], [2.0]], dtype=torch.float64)
    loss, step = loss_and_step(W, a, seen, y, queries, eta, workspace)
    assert (loss > 0).all()
    for i in range(t):
        model = ShallowViT(Weights(*(w[i : i + 1] for w in W)), a[i : i + 1], attention)

        def mean_loss(parameters, i=i, model=model):
            F = functional_call(model, parameters, (X[i], tokens[i]))
            return torch.relu(1 - y[i] * F).mean()

        parameters = {name: p.detach() for name, p in model.named_parameters()}
        torch.testing.assert_close(loss[i], mean_loss(parameters))
        for name, expected in grad(mean_loss)(parameters).items():
            torch.testing.assert_close(getattr(step, name)[i], eta[i] * expected)
            if attention or name in ("W_O", "W_V"):
                assert expected.abs().max() > 1e-6  # the comparison is not of zeros


def test_scales_multiply_the_initial_weights(small):
    scaled = small.model_copy(update={"output_scale": 0.1, "query_key_scale": 0.7})
    (W, a), (V, b) = (initial_weights(np.random.default_rng(0), setting) for setting in (small, scaled))
    torch.testing.assert_close(b, 0.1 * a)
    torch.testing.assert_close(V, Weights(W.W_O, W.W_V, 0.7 * W.W_K, 0.7 * W.W_Q))


def test_initial_errors_have_exactly_the_asked_norm(small):
    W, a = initial_weights(np.random.default_rng(0), small)
    basis = torch.eye(small.d, dtype=torch.float64)
    for weights, error in ((W.W_V, small.sigma), (W.W_K, small.delta), (W.W_Q, small.delta)):
        norms = (weights[0] - basis).norm(dim=0)
        torch.testing.assert_close(norms[: small.M], torch.full((small.M,), error, dtype=torch.float64))
        assert (norms[small.M :] == 0).all()
    assert W.W_O.std().item() == pytest.approx(0.01, rel=0.2)
    torch.testing.assert_close(a.abs(), torch.full_like(a, small.m**-0.5))
    assert set(a.sign().flatten().tolist()) == {-1.0, 1.0}


def test_query_tokens_are_uniform_subsets_without_repetition():
    subsets = draw_subsets(np.random.default_rng(0), 6, 3, (20000,))
    assert (np.diff(np.sort(subsets, axis=1), axis=1) > 0).all()
    counts = np.unique(np.sort(subsets, axis=1), axis=0, return_counts=True)[1]
    assert len(counts) == 20
    assert counts == pytest.approx(np.full(20, 1000), abs=150)  # standard deviation 31
