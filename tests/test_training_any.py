"""The training of any module: equal to a plain loop, whatever its company; others go alone."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import vit_module
from conftest import SMALL
from scipy import stats
from torch import nn, optim

from theorycheck import Training
from theorycheck.empirical import training_loop
from theorycheck.empirical.response import response
from theorycheck.empirical.shallow_vit import REVISION
from theorycheck.empirical.sweep import batches, train_batch
from theorycheck.empirical.trial import Trial
from theorycheck.errors import ClaimError, DesignError

POINT = {"d": 5, "N": 12, "eta": 0.05}
KEPT = {}


def model(point):
    return nn.Sequential(nn.Linear(point["d"], 7), nn.Tanh(), nn.Linear(7, 1)).double()


def data(point, generator):
    x = torch.randn(point["N"], point["d"], generator=generator, dtype=torch.float64)
    return x, torch.sign(x[:, :1])


def loss(outputs, targets):
    return nn.functional.relu(1 - outputs * targets).mean()


def weights(module, inputs, targets):
    """sum of all weights; keeps these"""
    KEPT[round(float(inputs.sum()), 9)] = {n: p.clone() for n, p in module.state_dict().items()}
    return sum(float(p.sum()) for p in module.parameters()) + 100


def sgd(parameters, point):
    return optim.SGD(parameters, lr=point["eta"])


def training(**changed):
    told = {"model": model, "data": data, "loss": loss, "optimizer": sgd, "steps": 50, "value": weights}
    return Training(**{**told, **changed})


def oracle(of, point, seed):
    """The plain loop of PyTorch, with the same random numbers."""
    init, drawn, order, _ = np.random.SeedSequence(seed).generate_state(4).tolist()
    torch.manual_seed(init)
    module = of.model(point)
    x, y = of.data(point, torch.Generator().manual_seed(drawn))
    optimizer = of.optimizer(module.parameters(), point)
    schedule = of.schedule(optimizer, point) if of.schedule else None
    shuffled, taken = torch.Generator().manual_seed(order), 0
    while taken < of.steps:
        batch = of.batch or len(x)
        rows = torch.randperm(len(x), generator=shuffled) if of.batch else torch.arange(len(x))
        for part in rows.split(batch)[: of.steps - taken]:
            optimizer.zero_grad()
            of.loss(module(x[part]), y[part]).backward()
            if of.clip:
                nn.utils.clip_grad_norm_(module.parameters(), of.clip)
            optimizer.step()
            if schedule:
                schedule.step()
            taken += 1
    return round(float(x.sum()), 9), module.state_dict()


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"optimizer": lambda p, point: optim.SGD(p, lr=0.05, momentum=0.9, weight_decay=0.01, nesterov=True)},
        {"optimizer": lambda p, point: optim.Adam(p, lr=point["eta"])},
        {"optimizer": lambda p, point: optim.AdamW(p, lr=0.02, weight_decay=0.1, amsgrad=True)},
        {"batch": 5},
        {"batch": 5, "schedule": lambda o, point: optim.lr_scheduler.CosineAnnealingLR(o, 50), "clip": 0.1},
        {"optimizer": lambda p, point: optim.Adam([{"params": [q for q in p if q.dim() > 1]}], lr=0.1)},
    ],
    ids=["sgd", "momentum", "adam", "adamw", "mini-batches", "schedule and clipping", "some parameters"],
)
@pytest.mark.parametrize("trials", [1, 3])
def test_weights_are_those_of_a_plain_loop(changed, trials):
    of, seeds = training(**changed), range(7, 7 + trials)
    KEPT.clear()
    outcomes = of([POINT] * trials, seeds)
    for seed, outcome in zip(seeds, outcomes, strict=True):
        key, expected = oracle(of, POINT, seed)
        assert "note" not in outcome.more
        assert outcome.more["steps_taken"] == 50
        for name, tensor in expected.items():
            torch.testing.assert_close(KEPT[key][name], tensor, rtol=0, atol=1e-5)
    other = oracle(replace(of, loss=lambda outputs, targets: loss(outputs, -targets)), POINT, 7)[1]
    assert any((KEPT[oracle(of, POINT, 7)[0]][n] - t).abs().max() > 1e-5 for n, t in other.items())


def test_a_value_may_name_other_numbers_beside_it():
    of = training(value=lambda module, x, y: {"value": torch.tensor(2.0).item(), "samples": len(x)})
    (outcome,) = of([POINT], [3])
    assert outcome.more == {"steps_taken": 50, "value": 2.0, "samples": 12.0}
    with pytest.raises(ClaimError, match="samples of the training returned 'many'; return a number"):
        training(value=lambda module, x, y: {"value": 2.0, "samples": "many"})([POINT], [3])
    with pytest.raises(ClaimError, match="value of a Training names 'machine', which the table"):
        training(value=lambda module, x, y: {"value": 2.0, "machine": 1.0})([POINT], [3])


def convolutions(point):
    net = nn.Sequential(nn.Conv1d(1, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(3 * (point["d"] - 2), 1))
    return nn.Sequential(nn.Unflatten(1, (1, point["d"])), net)


@pytest.mark.parametrize("made", [lambda point: model(point).float(), convolutions], ids=["mlp", "cnn"])
def test_a_trial_does_not_depend_on_its_company(made):
    of = training(
        model=made,
        data=lambda point, g: tuple(t.float() for t in data(point, g)),
        optimizer=lambda p, point: optim.Adam(p, lr=0.02),
        batch=5,
        clip=0.5,
        stop=0.3,
    )
    together = dict(zip(range(20), of([POINT] * 20, range(20)), strict=True))
    for company in ([3], [4, 3, 11], [*range(19, 0, -1)]):
        for seed, outcome in zip(company, of([POINT] * len(company), company), strict=True):
            assert outcome == together[seed]


@pytest.mark.parametrize("width", [7, 33])
def test_nor_on_where_its_numbers_lie(width):
    """In single precision, rows of 3 and of an odd number of neurons begin at any multiple of 4 bytes."""

    def samples(point, generator):
        return torch.randn(30, 3, generator=generator), torch.randn(30, 1, generator=generator)

    of = training(
        model=lambda point: nn.Sequential(nn.Linear(3, width), nn.GELU(), nn.Linear(width, 1)),
        data=samples,
        optimizer=lambda p, point: optim.Adam(p, lr=0.02),
        steps=200,
        batch=10,
    )
    together = of([POINT] * 7, range(7))
    assert [of([POINT], [seed])[0] for seed in range(7)] == list(together)


def test_trials_end_when_they_are_done():
    of = training(stop=0.2, value="steps", steps=400)
    outcomes = of([POINT] * 8 + [{**POINT, "eta": 1e-6}], range(9))
    steps = [outcome.more["value"] for outcome in outcomes]
    assert [o.outcome for o in outcomes] == ["success"] * 8 + ["unfitted"]
    assert len(set(steps)) > 4
    assert max(steps[:8]) < 400
    assert steps[8] == 400


def test_success_is_asked_on_the_test_data():
    def both(point, generator):
        return data(point, generator), (torch.full((3, 5), 9.0).double(), torch.ones(3, 1).double())

    asked = []

    def good(module, inputs, targets):
        """all are right"""
        asked.append((tuple(inputs.shape), module.training, torch.is_grad_enabled()))
        return ((module(inputs) * targets) > 0).all()

    of = training(
        data=both, success=good, value=None, stop=0.1, steps=300, optimizer=lambda p, _: optim.Adam(p, 0.05)
    )
    outcomes = of([POINT] * 4, range(4))
    assert {o.outcome for o in outcomes} <= {"success", "failure"}
    assert set(asked) == {((3, 5), False, False)}
    assert {o.outcome for o in replace(of, steps=1)([POINT] * 2, range(2))} == {"unfitted"}
    assert of.meaning == "all are right"


def test_watched_values_are_recorded_over_the_steps():
    def margin(module, inputs, targets):
        """smallest margin"""
        return (module(inputs) * targets).min()

    of = training(value=None, watch={"value": margin, "norm": lambda m, x, y: m[0].weight.norm()}, steps=30)
    one, other = of([POINT] * 2, range(2))
    assert one.more["t"] == other.more["t"] == [0, 1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 30]
    assert len(one.more["norm"]) == len(one.more["value"]) == 14
    assert one.more["value"] != other.more["value"]
    (alone,) = of([POINT], [1])
    assert replace(alone, more=other.more) == other
    # A batch of one may be rounded otherwise, but no further than in the last digits.
    assert alone.more == {name: pytest.approx(values, rel=1e-9) for name, values in other.more.items()}


class Dropping(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(5, 1).double()

    def forward(self, x):
        return self.inner(nn.functional.dropout(x, 0.5, self.training))


class Branching(Dropping):
    def forward(self, x):
        return self.inner(x) if float(x.sum()) > 0 else -self.inner(x)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"model": lambda point: Dropping()}, "its forward pass draws random numbers"),
        (
            {
                "model": lambda point: nn.Sequential(
                    nn.Linear(5, 3), nn.BatchNorm1d(3), nn.Linear(3, 1)
                ).double()
            },
            "its forward pass changes its buffers, as batch normalization does",
        ),
        ({"model": lambda point: Branching()}, "vmap cannot"),
        ({"optimizer": lambda p, point: optim.Adafactor(p, lr=0.01)}, "Adafactor may mix"),
    ],
    ids=["dropout", "batch statistics", "branches", "optimizer"],
)
def test_what_cannot_be_stacked_trains_one_at_a_time(changed, why):
    of = training(**changed)
    first, second = of([POINT] * 2, range(2))
    assert first.more["note"].startswith(f"one at a time: {why}")
    assert of([POINT], [1])[0] == second != first
    if "Dropping" not in repr(of.model(POINT)):
        key, expected = oracle(of, POINT, 1)
        for name, tensor in expected.items():
            torch.testing.assert_close(KEPT[key][name], tensor)


def test_a_training_that_diverges_is_no_evidence():
    of = training(loss=nn.functional.mse_loss, optimizer=lambda p, _: optim.SGD(p, 1e200))
    (outcome,) = of([POINT], [0])
    assert outcome.outcome == "unfitted"
    assert "not finite" in outcome.more["failed"]
    assert "value" not in outcome.more


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"value": None}, "one of success, value and watch, but none"),
        ({"success": weights}, "but success and value is given"),
        ({"value": "steps"}, "'steps' beside stop=LOSS"),
        ({"value": None, "watch": {"norm": weights}}, "watch of a Training names no 'value'"),
    ],
)
def test_what_is_no_training_is_refused(changed, message):
    with pytest.raises(ClaimError, match=message):
        training(**changed)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"model": lambda point: 3}, "model of the training returned a int"),
        ({"data": lambda point, g: torch.ones(3)}, "two such pairs"),
        ({"data": lambda point, g: (torch.ones(3, 5), torch.ones(4))}, "two such pairs"),
        ({"optimizer": lambda p, point: None}, "optimizer of the training returned a NoneType"),
        (
            {"schedule": lambda o, point: optim.lr_scheduler.ReduceLROnPlateau(o)},
            "ReduceLROnPlateau, which needs a loss",
        ),
    ],
)
def test_what_its_functions_return_is_checked(changed, message):
    with pytest.raises(ClaimError, match=message):
        training(**changed)([POINT], [0])


def test_trials_are_grouped_as_they_are_alike():
    points = [{**POINT, "eta": eta} for eta in (0.1, 0.2) for _ in range(40)]
    for alike, sizes in ((None, [8, 8, 32, 32]), (("d", "N"), [16, 32, 32])):
        of = response(training(alike=alike), measures=True)
        made = [Trial(of.identity, point, 0, i, of.revision) for i, point in enumerate(points)]
        assert sorted(map(len, batches(made, of))) == sizes
    with pytest.raises(DesignError, match="alike in L, which the design does not have"):
        response(training(alike=("L",)), measures=True).shape(POINT)
    with pytest.raises(DesignError, match="batch of the training is 0 at N = 12"):
        training(batch=0).check(POINT, "N = 12")
    with pytest.raises(DesignError, match="training cannot be carried out at N = 12: KeyError: 'T'"):
        response(training(steps=lambda point: point["T"]), measures=True).check(POINT, "N = 12")


def test_its_device_is_that_of_the_trial():
    devices = []

    def seen(module, inputs, targets):
        devices.append((inputs.device.type, next(module.parameters()).device.type))
        return 1.0

    training(value=seen).on("cpu")([POINT], [0])
    assert devices == [("cpu", "cpu")]


class Scaled(nn.Module):
    """Multiplies by a matrix that is no buffer, drawn when it is made, and by a number."""

    def __init__(self, scale=1.0, act=torch.relu):
        super().__init__()
        self.matrix, self.scale, self.act = torch.randn(5, 5).double(), scale, act
        self.inner = nn.Linear(5, 1).double()

    def forward(self, x):
        return self.inner(self.act(x @ self.matrix) * self.scale)


@pytest.mark.parametrize(
    "changed",
    [
        {"model": lambda point: Scaled()},
        {"model": lambda point: Scaled(scale=point["eta"])},
        {"model": lambda point: Scaled(act=torch.tanh if point["eta"] > 0.05 else torch.relu)},
        {"schedule": lambda o, point: optim.lr_scheduler.StepLR(o, 5, gamma=point["eta"] * 10)},
        {
            "optimizer": lambda p, point: optim.SGD([[*p][0 if point["eta"] > 0.05 else 2]], lr=0.05),
        },
    ],
    ids=["tensor", "number", "function", "schedule", "parameters"],
)
def test_only_what_is_alike_but_for_values_trains_together(changed):
    of = training(
        **{"optimizer": lambda p, point: optim.SGD(p, lr=0.05), "alike": (), "steps": 20, **changed}
    )
    points = [{**POINT, "eta": eta} for eta in (0.1, 0.05, 0.1)]
    together = of(points, range(3))
    assert [of([point], [seed])[0] for seed, point in enumerate(points)] == together
    for seed, point in enumerate(points):
        key, expected = oracle(of, point, seed)
        of([point], [seed])
        for name, tensor in expected.items():
            torch.testing.assert_close(KEPT[key][name], tensor, rtol=0, atol=1e-9)


def test_parameters_that_are_not_used_stay_as_they_are():
    class Idle(Scaled):
        def __init__(self):
            super().__init__()
            self.idle = nn.Linear(3, 3).double()

    of = training(model=lambda point: Idle(), optimizer=lambda p, _: optim.SGD(p, lr=0.05, weight_decay=0.5))
    KEPT.clear()
    of([POINT] * 2, range(2))
    for seed in range(2):
        key, expected = oracle(of, POINT, seed)
        for name, tensor in expected.items():
            torch.testing.assert_close(KEPT[key][name], tensor)


def test_frozen_batch_statistics_stay_frozen():
    frozen = nn.BatchNorm1d(5).double().eval()
    of = training(model=lambda point: nn.Sequential(frozen, nn.Linear(5, 1).double()), steps=3)
    KEPT.clear()
    of([POINT], [0])
    assert frozen.training is False


def test_optimizers_that_ask_for_a_closure_train_alone():
    of = training(optimizer=lambda p, point: optim.LBFGS(p, lr=0.1), steps=5)
    (outcome,) = of([POINT], [0])
    assert outcome.more["note"].startswith("one at a time: LBFGS may mix")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"stop": "0.3", "value": "steps"}, "stop of a Training is '0.3'; write a number from 0"),
        ({"at_once": 0}, "at_once of a Training is 0; write a whole number from 1"),
        ({"model": nn.Linear(1, 1)}, r"model of a Training is Linear\(.*; write a function"),
        ({"value": None, "watch": {"value": 3}}, r"watch\['value'\] of a Training is 3; write a function"),
        (
            {"value": None, "watch": {"value": weights, "seed": weights}},
            "names 'seed', which",
        ),
        ({"alike": "eta"}, r"write alike=\['eta'\]"),
    ],
)
def test_arguments_of_another_kind_are_refused(changed, message):
    with pytest.raises(ClaimError, match=message):
        training(**changed)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"success": lambda *_: 0.9, "value": None}, r"returned 0\.9; return True or False"),
        ({"success": lambda *_: None, "value": None}, "success of the training returned None"),
        ({"value": lambda *_: None}, "value of the training returned None; return a number"),
        ({"value": lambda *_: torch.ones(2)}, r"value of the training returned tensor\(.*; return a number"),
        ({"schedule": lambda *_: None}, "schedule of the training returned a NoneType"),
        ({"loss": lambda outputs, targets: (outputs - targets) ** 2}, "must return a scalar"),
        ({"model": lambda point: nn.LazyLinear(1)}, "parameters that have no shape yet"),
        ({"data": lambda point, g: (torch.ones(3, 5), None)}, "two such pairs"),
    ],
)  # fmt: skip
def test_what_cannot_be_measured_is_answered(changed, message):
    with pytest.raises(ClaimError, match=message):
        training(steps=1, **changed)([POINT], [0])


def test_trials_of_equal_shapes_are_stacked(monkeypatch):
    sizes = []
    stack = training_loop.Stack
    monkeypatch.setattr(
        training_loop, "Stack", lambda of, members: sizes.append(len(members)) or stack(of, members)
    )
    training()([POINT] * 5, range(5))
    assert sizes == [5]


SIZES = (12, 8, 24, 10, 4, 3)  # samples of trials; mini-batches of 4 divide 12, 8, 24 and no others


@pytest.mark.parametrize(
    ("schedule", "stacks"),
    [
        (None, [1, 1, 1, 3]),
        (lambda o, _: optim.lr_scheduler.CosineAnnealingLR(o, 50), [1, 1, 1, 3]),
        (lambda o, point: optim.lr_scheduler.CosineAnnealingLR(o, 10 * point["N"]), [1] * 6),
        (lambda o, point: optim.lr_scheduler.LambdaLR(o, lambda step: 1 / (step + point["N"])), [1] * 6),
    ],
)
def test_trials_with_other_numbers_of_samples_train_together(schedule, stacks, monkeypatch):
    sizes, stack = [], training_loop.Stack
    monkeypatch.setattr(
        training_loop, "Stack", lambda of, members: sizes.append(len(members)) or stack(of, members)
    )
    of = training(batch=4, schedule=schedule, alike=("d", "eta"))
    points = [{**POINT, "N": N} for N in SIZES]
    together = of(points, range(6))
    assert sorted(sizes) == stacks
    assert [of([point], [seed])[0] for seed, point in enumerate(points)] == together
    for seed, point in enumerate(points):
        key, expected = oracle(of, point, seed)
        for name, tensor in expected.items():
            torch.testing.assert_close(KEPT[key][name], tensor, rtol=0, atol=1e-9)


def test_each_trial_ends_with_an_epoch_of_its_own():
    of = training(batch=4, stop=0.2, value="steps", steps=10000, alike=("d", "eta"))
    points = [{**POINT, "N": N} for N in SIZES[:3]]
    steps = [outcome.more["value"] for outcome in of(points, range(3))]
    assert all(value % (N / 4) == 0 for value, N in zip(steps, SIZES, strict=False))
    assert len(set(steps)) == 3
    assert [of([point], [seed])[0].more["value"] for seed, point in enumerate(points)] == steps


@pytest.mark.slow
def test_the_shallow_vit_as_a_module_succeeds_as_often_as_by_its_own_engine():
    def successes(tau, N):
        """Of 96 trials of the module, and of the engine with the noise of SMALL."""
        point = {**SMALL, "S": SMALL["L"], "N": N}
        found = vit_module.training(SMALL["tolerance"])(
            [{**point, "tau": tau}] * 96, range(1000 * N, 1000 * N + 96)
        )
        engine = [Trial("zero_generalization_error", point, 5, i, REVISION) for i in range(96)]
        made = train_batch(engine)
        return sum(o.outcome == "success" for o in found), sum(m["outcome"] == "success" for _, m in made)

    def p_value(tau):
        counts = [successes(tau, N) for N in (4, 8, 16, 32)]
        chances = [stats.fisher_exact([[k, 96 - k] for k in pair]).pvalue for pair in counts]
        assert any(10 < pair[1] < 86 for pair in counts)  # where a difference would show
        return min(chances) * len(chances)  # Bonferroni

    assert p_value(SMALL["tau"]) > 0.01
    assert p_value(2 * SMALL["tau"]) < 0.01
