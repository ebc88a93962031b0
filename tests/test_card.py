"""What trains on a card, on the CPU: the same code, but for the capture of graphs."""

from functools import partial

import numpy as np
import pytest
import torch
from conftest import SMALL, mostly_slow
from oracle import ShallowViT, sgd
from scipy.stats import fisher_exact, ks_2samp
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

import theorycheck as tc
from theorycheck.empirical import sweep
from theorycheck.empirical.response import responses
from theorycheck.empirical.shallow_vit import REVISION, attention, generalization, vit
from theorycheck.empirical.shallow_vit.card import memory, step
from theorycheck.empirical.shallow_vit.card.batches import mini_batches, query_tokens
from theorycheck.empirical.shallow_vit.card.counter import (
    keys_of,
)
from theorycheck.empirical.shallow_vit.card.measure import losses
from theorycheck.empirical.shallow_vit.card.models import draw_models
from theorycheck.empirical.shallow_vit.card.samples import Drawing, draw_samples
from theorycheck.empirical.shallow_vit.card.slots import Slots
from theorycheck.empirical.shallow_vit.card.training import Batch
from theorycheck.empirical.shallow_vit.setting import Setting
from theorycheck.empirical.trial import Trial

FULL, MINI, ODD = {}, {"N": 37}, {"d": 13, "m": 71, "N": 5}
KEYS = keys_of([f"{i:024x}" for i in (7, 2**90 - 1, 3 * 2**64)])


def trials(count: int, device: str = "cuda", **values: object) -> list[Trial]:
    setting = {**SMALL, **values}
    return [Trial("zero_generalization_error", setting, 5, i, REVISION, device=device) for i in range(count)]


def measured(asked: list[Trial], *slots: int) -> dict[str, dict]:
    return {asked[i].key: measurement for i, measurement in losses(Batch(asked, "cpu", *slots))}


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
    mostly_slow(
        [FULL, MINI], [FULL, MINI, {"attention": False}, {"attention": False, "N": 37}, {"S": 20}, ODD]
    ),
)
def test_a_trial_gives_the_same_bits_alone_and_in_any_company(values):
    asked = trials(7, **values)
    alone = {key: m for trial in asked for key, m in measured([trial]).items()}
    assert len({m["test_loss"] for m in alone.values()}) > 1
    assert measured(asked) == alone
    assert measured(asked[::-1], 3) == alone  # trials wait for slots, which others leave
    assert measured(asked, 5, 2) == alone  # and operations take two of these at once
    assert measured(asked[2:5], 8) == {trial.key: alone[trial.key] for trial in asked[2:5]}


def test_trials_of_different_n_share_a_batch_and_their_bits_do_not_tell():
    asked = [trial for n in (9, 12, 16) for trial in trials(2, N=n)] + trials(2, alpha_relevant=0.4, eta=0.5)
    epochs = [trial for n in (27, 32, 61, 90) for trial in trials(2, N=n, B=16)]
    batches = sweep.batches([*asked, *epochs])
    assert sorted(map(len, batches)) == [8, 8]
    for batch in (asked, epochs):
        alone = {key: m for trial in batch for key, m in measured([trial]).items()}
        assert measured(batch, 5) == alone
    on_cpu = sweep.batches(trials(3, "cpu") + trials(3, "cpu", N=12))
    assert all(len({trial.parameters["N"] for trial in batch}) == 1 for batch in on_cpu)


@pytest.mark.parametrize("values", mostly_slow([FULL], [FULL, {"attention": False, "N": 32}]))
@pytest.mark.slow
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
    monkeypatch.setattr("theorycheck.empirical.attempts.machine", lambda device: f"a {device}")
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
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
    room = partial(memory.slots_for, setting=setting, most=N, dtype=torch.float32)
    held = memory.bytes_of_a_slot(setting, N, torch.float32)
    state = Slots(setting, N, 10, 10, 1, torch.float32, "cpu").state
    assert sum(x.numel() * x.element_size() for x in state.values()) / 10 < held
    assert room(1, free=10**12) == (memory.TOGETHER, memory.TOGETHER)
    assert room(10**6, free=10**12) == (memory.SLOTS, memory.TOGETHER)
    assert room(10**6, free=0) == (1, 1)
    for free in (10**6, 10**7, 5 * 10**7):
        slots, together = room(10**6, free=free)
        needed = slots * held + together * memory.bytes_of_a_step(setting, torch.float32)
        assert needed <= memory.SHARE * free
        assert slots % together == 0
        assert slots == memory.SLOTS or needed + together * held > memory.SHARE * free / 2


class Made(TorchDispatchMode):
    """Notes the operations, and the devices that they touch."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.devices: set[str] = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        tensors = [x for x in tree_leaves((args, kwargs, out)) if isinstance(x, torch.Tensor)]
        self.devices |= {x.device.type for x in tensors}
        self.names += [] if func.is_view else [str(func)]
        return out


@pytest.mark.parametrize(
    "values", [{}, {"N": 37}, {"attention": False, "N": 37}, {"S": 20, "noisy": 0.3, "removed": 0}]
)
def test_steps_can_be_captured(values):
    """On PyTorch's device without memory: nothing is asked of a number, and none comes from elsewhere."""
    setting = Setting(**{**SMALL, **values})
    slots = Slots(setting, setting.N, 4, 2, 3, torch.float32, "meta")
    keys = keys_of(["0" * 24] * 3, "meta")
    counts = torch.ones((3, 1), dtype=torch.int64, device="meta")
    samples = draw_samples(Drawing(keys, [setting] * 3, counts, slots.most, 0))
    slots.fill([0, 1, 2], [0, 1, 2], [setting] * 3, keys, samples)
    with Made() as made:
        slots.advance()
    assert made.devices == {"meta"}
    assert not [name for name in made.names if "scalar_dense" in name or "nonzero" in name]


def test_a_card_is_used_by_this_process_alone(on_cpu, tmp_path, monkeypatch):
    started = []
    monkeypatch.setattr("theorycheck.executors.local.ProcessPoolExecutor", lambda *_, **__: started.append(1))
    asked = [*trials(4), *trials(4, N=5)]
    assert len(sweep.batches(asked)) == 2
    with sweep.Store(tmp_path / "store.sqlite") as store:
        assert sweep.run(asked, store, 4, lambda done: None) == 8
        assert len(store.find(trial.key for trial in asked)) == 8
    assert not started
    assert responses()["zero_generalization_error"].trials_at_once(SMALL, "cuda") > 1000


def test_a_claim_is_verified_on_a_card(on_cpu, tiny, tmp_path):
    verify = partial(tc.verify, str(tiny), profile="smoke", store=tmp_path / "store.sqlite")
    cpu, card, again = verify(), verify(device="cuda"), verify(device="cuda")
    assert card.verdict.trials["reused"] == 0  # those of the CPU have other keys
    assert len(card.trials) == len(cpu.trials)
    assert set(card.trials.columns) == set(cpu.trials.columns)
    assert again.verdict.trials["trained"] == 0
    assert again.trials.equals(card.trials)
