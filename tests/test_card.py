"""What trains on a card, on the CPU: the same code, but for the capture of graphs."""

from collections import Counter
from functools import partial
from itertools import combinations

import numpy as np
import pytest
import torch
from conftest import SMALL
from oracle import ShallowViT, sgd
from scipy.stats import chisquare, fisher_exact, ks_2samp, kstest

from theorycheck.empirical import sweep
from theorycheck.empirical.response import responses
from theorycheck.empirical.shallow_vit import REVISION, attention, generalization, tokens, vit
from theorycheck.empirical.shallow_vit.card import memory, step
from theorycheck.empirical.shallow_vit.card.batches import mini_batches, query_tokens
from theorycheck.empirical.shallow_vit.card.counter import (
    For,
    below,
    keys_of,
    normals,
    permuted,
    philox,
    subsets,
    uniform,
    words,
)
from theorycheck.empirical.shallow_vit.card.measure import losses
from theorycheck.empirical.shallow_vit.card.models import draw_models
from theorycheck.empirical.shallow_vit.card.samples import Drawing, draw_samples
from theorycheck.empirical.shallow_vit.card.slots import Slots
from theorycheck.empirical.shallow_vit.card.training import Batch
from theorycheck.empirical.shallow_vit.setting import Setting
from theorycheck.empirical.trial import Trial

KEYS = keys_of([f"{i:024x}" for i in (7, 2**90 - 1, 3 * 2**64)])
ONCE = torch.zeros((3, 1), dtype=torch.int64)


def trials(count: int, device: str = "cuda", **values: object) -> list[Trial]:
    setting = {**SMALL, **values}
    return [Trial("zero_generalization_error", setting, 5, i, REVISION, device=device) for i in range(count)]


def measured(asked: list[Trial], slots: int | None = None) -> dict[str, dict]:
    return {asked[i].key: measurement for i, measurement in losses(Batch(asked, "cpu", slots))}


# The generator


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [
        ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
    ],
)
def test_philox_gives_its_authors_known_answers(counter, key, expected):
    """Random123, kat_vectors."""
    given = [[torch.tensor(int(word, 16)) for word in text.split()] for text in (counter, key)]
    assert " ".join(f"{int(word):08x}" for word in philox(*map(tuple, given))) == expected


def test_words_depend_on_key_purpose_stage_and_place_alone():
    stage = torch.tensor([[0, 1, 5]] * 3)
    drawn = words(KEYS, For.NOISE, stage, 11)
    assert drawn.shape == (3, 3, 11)
    assert len(set(drawn.flatten().tolist())) == drawn.numel()
    assert words(KEYS[1:2], For.NOISE, torch.tensor([[5]]), 6).equal(drawn[1:2, 2:, :6])
    assert not (words(KEYS, For.LABELS, stage, 11) == drawn).any()


def test_words_make_uniform_numbers_and_standard_normal_ones():
    drawn = words(KEYS, For.NOISE, ONCE, 30000)
    assert kstest(uniform(drawn).flatten(), "uniform").pvalue > 0.01
    counts = np.bincount(below(drawn, 7).flatten(), minlength=7)
    assert len(counts) == 7
    assert chisquare(counts).pvalue > 0.01
    z = normals(KEYS, For.NOISE, ONCE, 29999)
    assert z.shape == (3, 1, 29999)
    assert kstest(z.flatten(), "norm").pvalue > 0.01
    assert kstest(z.flatten() * 1.05, "norm").pvalue < 0.01  # the same test of a wrong truth
    neighbours = np.corrcoef(z[0, 0, 0:-1:2], z[0, 0, 1::2])[0, 1]
    assert abs(neighbours) < 0.03


def test_permutations_and_subsets_are_uniform():
    drawn = words(KEYS, For.ORDER, ONCE, 5 * 8000).view(-1, 5)
    order = permuted(drawn, torch.full((len(drawn), 1), 3))
    assert (order[:, 3:] == torch.tensor([3, 4])).all()
    assert chisquare(list(Counter(map(tuple, order[:, :3].tolist())).values())).pvalue > 0.01
    chosen = subsets(drawn[:, :3], 6).sort(-1).values.tolist()
    counts = Counter(map(tuple, chosen))
    assert set(counts) == set(combinations(range(6), 3))
    assert chisquare(list(counts.values())).pvalue > 0.01


# Samples


def sampled(n: int = 300, training: bool = True, **values: object):
    """Samples of the card and of the CPU, with their setting."""
    setting = Setting(**{**SMALL, "N": n, **values})
    asked = Drawing(KEYS, [setting] * 3, torch.full((3, 1), n), n, 0 if training else 1)
    drawn = draw_samples(asked)
    flat = tokens.Samples(*(x.flatten(0, 1).numpy() for x in drawn))
    return setting, flat, tokens.draw_samples(np.random.default_rng(1), setting, 3 * n, training)


VARIATIONS = {
    "sphere": {},
    "Gaussian": {"noise": "gaussian"},
    "exact": {"fractions": "exact", "alpha_confusion": 0.05},
    "noisy": {"noisy": 0.3, "tau_noisy": 0.6},
    "spurious": {"M": 6, "alpha_spurious": 0.22, "removal": "spurious", "removed": 2},
    "irrelevant removed": {"removal": "irrelevant", "removed": 9},
    "noisy removed": {"noisy": 0.3, "tau_noisy": 0.6, "removal": "noisy", "removed": 4},
    "random removed": {"removal": "random", "removed": 9},
}


@pytest.mark.parametrize("training", [True, False], ids=["training", "tests"])
@pytest.mark.parametrize("values", VARIATIONS.values(), ids=VARIATIONS.keys())
def test_samples_are_distributed_as_those_of_the_cpu(values, training):
    setting, card, cpu = sampled(training=training, **values)
    assert card.X.shape == cpu.X.shape
    for n in range(3):
        assert card.y[n * 300 : (n + 1) * 300].sum() == 0  # balanced, by trial
    relevance = []
    for one in (card, cpu):
        own = np.where(one.y > 0, 0, 1)[:, None]
        kinds = (one.pattern == own, one.pattern == 1 - own, one.pattern == 2 + own, one.pattern == 3 - own)
        relevance.append([kind.sum(1) for kind in kinds])
    for found, expected in zip(*relevance, strict=True):
        assert found.mean() == pytest.approx(expected.mean(), abs=4 * (expected.std() + 1e-9) / 20)
        assert found.std() == pytest.approx(expected.std(), rel=0.2, abs=0.01)
    noise = [one.X - np.eye(setting.d)[one.pattern] for one in (card, cpu)]
    levels = [np.linalg.norm(one, axis=-1).ravel() for one in noise]
    assert levels[0].mean() == pytest.approx(levels[1].mean(), rel=0.02)
    directions = [(one[..., 0].ravel() / level)[::7] for one, level in zip(noise, levels, strict=True)]
    assert ks_2samp(*directions).pvalue > 0.01
    if setting.noise == "gaussian" or setting.noisy:
        assert levels[0].std() == pytest.approx(levels[1].std(), rel=0.05)
    else:
        assert levels[0] == pytest.approx(setting.tau, rel=1e-5)


def test_shuffled_labels_tell_nothing():
    for labels, share in (("own", 1.0), ("shuffled", 0.5)):
        _, card, _ = sampled(labels=labels)
        vote = (card.pattern == 0).sum(1) > (card.pattern == 1).sum(1)
        assert (vote == (card.y > 0)).mean() == pytest.approx(share, abs=0.06)


def test_initial_models_have_the_asked_errors(small):
    W, a = draw_models(KEYS, [small, Setting(**{**SMALL, "sigma": 0.3}), small])
    for weights, errors in ((W.W_V, (0.1, 0.3, 0.1)), (W.W_K, (0.2,) * 3), (W.W_Q, (0.2,) * 3)):
        norms = (weights - torch.eye(small.d)).norm(dim=1)
        assert norms[:, : small.M] == pytest.approx(
            torch.tensor(errors)[:, None].expand(3, small.M), rel=1e-5
        )
        assert (norms[:, small.M :] == 0).all()
    assert W.W_O.std() == pytest.approx(0.01, rel=0.1)
    assert set((a * small.m**0.5).round(decimals=5).flatten().tolist()) == {-1.0, 1.0}


# Training


@pytest.mark.parametrize("with_attention", [True, False])
def test_a_padded_step_is_that_of_the_cpu(with_attention):
    """In float64, of 5 samples that are padded to 8."""
    rng = torch.Generator().manual_seed(0)
    draw = partial(torch.randn, generator=rng, dtype=torch.float64)
    W = vit.Weights(draw(2, 40, 8), draw(2, 8, 8), draw(2, 8, 8), draw(2, 8, 8))
    a, X, y = draw(2, 40).sign() / 6, draw(2, 8, 12 if with_attention else 1, 8), draw(2, 8).sign()
    queries = X[:, :, :4].contiguous() if with_attention else None
    share = torch.tensor([[0.2] * 5 + [0.0] * 3] * 2, dtype=torch.float64)
    eta = torch.tensor([[0.5], [2.0]], dtype=torch.float64)
    found = step.loss_and_step(W, a, X, y, queries, share, eta)
    real = None if queries is None else queries[:, :5].contiguous()
    expected = vit.loss_and_step(W, a, X[:, :5].contiguous(), y[:, :5], real, eta, vit.Workspace())
    torch.testing.assert_close(found[0], expected[0])
    for one, other in zip(found[1], expected[1], strict=True):
        torch.testing.assert_close(one, other)
        assert with_attention or one is found[1].W_O or one is found[1].W_V or (one == 0).all()
    assert (found[0] > 0).all()


@pytest.mark.parametrize("N", [5, 16, 40])
def test_every_sample_is_seen_in_every_epoch(N):
    setting = Setting(**{**SMALL, "N": N})
    k, b = setting.steps_per_epoch, setting.batch_size
    coming = torch.arange(3 * k).expand(3, -1)
    counts, size = torch.full((3, 1), N), torch.full((3, 1), b)
    order = mini_batches(KEYS, coming, counts, size, 64, 16)
    assert all(
        set(epoch.flatten().tolist()) == set(range(N)) for epoch in order[:, :, :b].unflatten(1, (3, k))[0]
    )
    assert order.max() < N
    assert mini_batches(KEYS, coming[:, 4:5], counts, size, 50, 16).equal(order[:, 4:5])
    if k > 1:
        assert not order[:, :k].equal(order[:, k : 2 * k])


@pytest.mark.parametrize("values", [{}, {"N": 37}, {"attention": False, "N": 37}, {"S": 20}])
def test_training_is_the_plain_loop_on_what_was_drawn(values):
    """Loop, formula and automatic gradient of the oracle, in float64, until the loss is zero."""
    setting = Setting(**{**SMALL, **values})
    batch = Batch([Trial("_", setting.model_dump(), 5, 0, REVISION, "float64", "cuda")], "cpu")
    ((trained, _),) = batch.train()
    samples = draw_samples(Drawing(batch.data, [setting], torch.tensor([[setting.N]]), setting.N, 0))
    W, a = draw_models(batch.own, [setting])
    model = ShallowViT(vit.Weights(*(w.double() for w in W)), a.double(), setting.attention)
    X, y = samples.X[0].double(), samples.y[0].double()
    coming = torch.arange(trained.iterations)[None]
    n, b = torch.tensor([[setting.N]]), torch.tensor([[setting.batch_size]])
    order = mini_batches(batch.own, coming, n, b, setting.N, 16)[0, :, : setting.batch_size]
    chosen = query_tokens(batch.own, coming, 16, setting.kept, setting.S)[0, :, : setting.batch_size]
    use = setting.attention and setting.kept > setting.S
    sgd(model, X, y, setting, zip(order, chosen if use else [None] * len(order), strict=True))
    for name, expected in model.named_parameters():
        torch.testing.assert_close(getattr(trained.W, name)[0], expected.detach(), rtol=1e-4, atol=1e-6)
    assert trained.fitted
    assert 0 < trained.iterations < setting.T
    last = slice(-setting.steps_per_epoch, None)
    for samples_, tokens_ in zip(order[last], chosen[last], strict=True):
        F = model(X[samples_], tokens_ if use else None)
        assert (y[samples_] * F >= 1).all()


@pytest.mark.parametrize(
    ("values", "iterations"),
    [({"T": 5}, 5), ({"T": 5, "N": 37}, 6), ({"eta": 1e30}, None), ({"T": 20, "eta": 1e-6}, 20)],
)
def test_trials_are_given_up_as_on_the_cpu(values, iterations):
    for device in ("cpu", "cuda"):
        asked = trials(3, device, **values)
        found = measured(asked) if device == "cuda" else dict(_on_cpu(asked))
        for measurement in found.values():
            assert measurement["outcome"] == "unfitted"
            assert iterations is None or measurement["iterations"] == iterations
            assert measurement["iterations"] < SMALL["T"]


def _on_cpu(asked: list[Trial]) -> list[tuple[str, dict]]:
    batches = sweep.batches(asked)
    return [(trial.key, measurement) for batch in batches for trial, measurement in sweep.train_batch(batch)]


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"N": 37},
        {"attention": False},
        {"attention": False, "N": 37},
        {"S": 20},
        {"d": 13, "m": 71, "N": 5},
    ],
    ids=["full batch", "mini-batches", "no attention", "neither", "all queries", "odd sizes"],
)
def test_a_trial_gives_the_same_bits_alone_and_in_any_company(values):
    asked = trials(7, **values)
    alone = {key: m for trial in asked for key, m in measured([trial]).items()}
    assert len({m["test_loss"] for m in alone.values()}) > 1
    assert measured(asked) == alone
    assert measured(asked[::-1], slots=3) == alone  # trials wait for slots, which others leave
    assert measured(asked[2:5], slots=8) == {trial.key: alone[trial.key] for trial in asked[2:5]}


def test_trials_of_different_n_share_a_batch_and_their_bits_do_not_tell():
    asked = [trial for n in (9, 12, 16) for trial in trials(2, N=n)] + trials(2, alpha_relevant=0.4, eta=0.5)
    epochs = [trial for n in (27, 32, 61, 90) for trial in trials(2, N=n, B=16)]
    batches = sweep.batches([*asked, *epochs])
    assert sorted(map(len, batches)) == [8, 8]
    for batch in (asked, epochs):
        alone = {key: m for trial in batch for key, m in measured([trial]).items()}
        assert measured(batch, slots=5) == alone
    on_cpu = sweep.batches(trials(3, "cpu") + trials(3, "cpu", N=12))
    assert all(len({trial.parameters["N"] for trial in batch}) == 1 for batch in on_cpu)


@pytest.mark.parametrize("values", [{}, {"attention": False, "N": 32}])
def test_as_many_trials_succeed_as_on_the_cpu(values):
    """And twice the noise is distinguished."""
    n, successes, iterations = 300, {}, {}
    for name, device, more in (("cpu", "cpu", {}), ("card", "cuda", {}), ("noise", "cuda", {"tau": 0.4})):
        asked = trials(n, device, **values, **more)
        found = dict(_on_cpu(asked)) if device == "cpu" else measured(asked)
        successes[name] = sum(m["outcome"] == "success" for m in found.values())
        iterations[name] = [m["iterations"] for m in found.values()]

    def p(one: str, other: str) -> float:
        return fisher_exact([[successes[k], n - successes[k]] for k in (one, other)]).pvalue

    assert p("cpu", "card") > 0.01
    assert p("cpu", "noise") < 1e-6
    assert ks_2samp(iterations["cpu"], iterations["card"]).pvalue > 0.01


# Responses, memory, and the sweep


@pytest.fixture
def on_cpu(monkeypatch):
    """Trials that ask for a card train by its code on the CPU."""
    for module in (attention, generalization):
        monkeypatch.setattr(module, "Batch", partial(Batch, device="cpu"))


@pytest.mark.parametrize(
    "name",
    ["zero_generalization_error", "trained_to_zero_generalization_error", "test_loss", "training_iterations"],
)
def test_responses_measure_the_same_quantities_on_both_devices(name, on_cpu):
    found = {}
    for device in ("cpu", "cuda"):
        asked = [Trial(name, SMALL, 5, i, REVISION, device=device) for i in range(40)]
        found[device] = [m for batch in sweep.batches(asked) for _, m in sweep.train_batch(batch)]
    assert [set(m) for m in found["cuda"]] == [set(m) for m in found["cpu"]]
    value = "iterations" if name == "training_iterations" else "test_loss"
    assert ks_2samp(*([m[value] for m in found[device]] for device in found)).pvalue > 0.01


def test_attention_is_watched_on_both_devices(on_cpu):
    found = {}
    for device in ("cpu", "cuda"):
        values = {**SMALL, "N": 32, "B": 16}
        asked = [Trial("attention_concentration", values, 5, i, REVISION, device=device) for i in range(24)]
        found[device] = [m for batch in sweep.batches(asked) for _, m in sweep.train_batch(batch)]
    for m in found["cuda"]:
        assert m["t"][0] == 0
        assert m["t"][-1] == m["iterations"]
        assert all(t % 2 == 0 for t in m["t"])
        assert len(m["t"]) == len(m["relevant"]) > 5
    for place in (0, -1):
        assert ks_2samp(*([m["relevant"][place] for m in found[device]] for device in found)).pvalue > 0.01
    assert np.mean([m["relevant"][-1] - m["relevant"][0] for m in found["cuda"]]) > 0.02


@pytest.mark.parametrize("N", [16, 64])
@pytest.mark.parametrize("with_attention", [True, False])
def test_memory_is_bounded_whatever_the_number_of_trials(N, with_attention):
    setting = Setting(**{**SMALL, "N": N, "attention": with_attention})
    size = memory.bytes_of_a_slot(setting, N, torch.float32)
    slots = Slots(setting, N, 10, memory.STEPS, torch.float32, "cpu")
    assert 10 * size > sum(x.numel() * x.element_size() for x in slots.state.values())
    assert memory.slots_for(setting, N, torch.float32, 10**12) == memory.SLOTS
    assert memory.slots_for(setting, N, torch.float32, memory.SLOTS * size) == memory.SLOTS // 2
    assert memory.slots_for(setting, N, torch.float32, 0) == 1
    assert memory.bytes_of_a_slot(setting, N, torch.float64) > 1.2 * size


def test_a_card_is_used_by_this_process_alone(on_cpu, tmp_path, monkeypatch):
    started = []
    monkeypatch.setattr(
        "theorycheck.empirical.executor.ProcessPoolExecutor", lambda *_, **__: started.append(1)
    )
    asked = [*trials(4), *trials(4, N=5)]
    assert len(sweep.batches(asked)) == 2
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    with sweep.Store(tmp_path / "store.sqlite") as store:
        assert sweep.run(asked, store, 4, lambda done: None) == 8
        assert len(store.find(trial.key for trial in asked)) == 8
    assert not started
    assert responses()["zero_generalization_error"].trials_at_once(SMALL, "cuda") > 1000
