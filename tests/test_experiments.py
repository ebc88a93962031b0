"""An experiment is one folder: found by scanning, with model, revision and trials of its own. Executors."""

import sys
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from conftest import SMALL
from test_sweep import here

import theorycheck as tc
from theorycheck import bounds, empirical
from theorycheck.empirical import sweep
from theorycheck.empirical.response import response, responses
from theorycheck.empirical.shallow_vit import REVISION
from theorycheck.empirical.store import Store
from theorycheck.empirical.trial import Trial
from theorycheck.errors import ClaimError, DesignError, Interrupted
from theorycheck.executors import Workers, completed
from theorycheck.forecast import Assumptions, forecast, seconds_per_trial
from theorycheck.plan import make_plan

RESPONSES = '''"""A random walk of many walkers, in numpy."""

import numpy as np

from theorycheck.empirical.parameters import Parameters, Shape
from theorycheck.empirical.response import Experiment

RUNS = []


class Setting(Parameters):
    steps: Shape[int]
    walkers: int


walk = Experiment(Setting, revision=REVISION, words={"untested": "walks in two dimensions"})


@walk.response("root mean square distance of the walkers", value="distance")
def distance(trials):
    RUNS.append(len(trials))
    assert len({trial.parameters["steps"] for trial in trials}) == 1
    for i, trial in enumerate(trials):
        setting, rng = Setting(**trial.parameters), np.random.default_rng(trial.own_seed)
        ends = rng.choice([-1, 1], (setting.walkers, setting.steps)).sum(1)
        yield i, {"outcome": "success", "distance": float(np.sqrt((ends**2).mean()))}
'''

CLAIM = '''"""A walk of n steps ends about n^(1/2) from its start."""

from sympy import oo, sqrt, symbols

from theorycheck import Claim, Design, Paper, Source, Theta

n, D = symbols("steps D", positive=True)
claim = Claim(
    name="square_root", title="Distance", quantity=D, law=Theta(sqrt(n), (n, oo)), provenance="recalled",
    source=Source(paper=Paper(key="x", short="X", reference="X"), place="1"), response="distance",
    design=Design(factor=n, levels=(4, 8, 16, 32, 64), replicates=6, held={"walkers": 200}),
    refuted_by="it grows otherwise",
)
'''


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """Adds experiments to those that are scanned, each a folder with a revision; returns how to add one."""
    monkeypatch.setattr(empirical, "__path__", [*empirical.__path__])
    added = []

    def add(place: str, name: str = "walks", revision: int = 1):
        folder = tmp_path / place / name
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text("")
        (folder / "responses.py").write_text(RESPONSES.replace("REVISION", str(revision)))
        empirical.__path__.append(str(folder.parent))
        added.append(f"{empirical.__name__}.{name}")

    yield add
    for name in added:
        for module in (name, f"{name}.responses"):
            sys.modules.pop(module, None)


@pytest.fixture
def claim(tmp_path):
    path = tmp_path / "square_root.py"
    path.write_text(CLAIM)
    return str(path)


def test_a_folder_is_an_experiment(toy, claim, tmp_path):
    """Model, response and revision are its own; its trials are stored and found again."""
    with pytest.raises(ClaimError, match="there is no response 'distance'; a claim can name"):
        make_plan(bounds.find(claim))
    toy("first")
    found = tc.verify(claim, store=tmp_path / "s.sqlite")
    runs = sys.modules[f"{empirical.__name__}.walks.responses"].RUNS
    assert found.decision == "SUPPORTED"
    assert found.exponent().value == pytest.approx(0.5, abs=0.05)
    assert found.verdict.design.words == {"untested": "walks in two dimensions"}
    assert (found.verdict.trials["trained"], found.verdict.trials["reused"], sum(runs)) == (30, 0, 30)
    again = tc.verify(claim, store=tmp_path / "s.sqlite")
    assert (again.verdict.trials["trained"], again.verdict.trials["reused"], sum(runs)) == (0, 30, 30)
    assert again.trials.equals(found.trials)
    Path(claim).write_text(CLAIM.replace("Theta(sqrt(n)", "Theta(n"))
    wrong = tc.verify(claim, store=tmp_path / "s.sqlite")
    assert (wrong.decision, wrong.verdict.trials["trained"]) == ("REFUTED", 0)


def test_a_revision_changes_the_trials_of_its_experiment_alone(toy, claim):
    def keys(asked):
        plan = make_plan(asked, "smoke")
        return plan.hash, {plan.trial(cell, 0).key for cell in plan.cells}

    others = [keys(bounds.find(name)) for name in ("sample_complexity", "training_iterations")]
    toy("first")
    former = keys(bounds.find(claim))
    empirical.__path__.pop()
    for module in ("walks", "walks.responses"):
        del sys.modules[f"{empirical.__name__}.{module}"]
    toy("second", revision=2)
    latter = keys(bounds.find(claim))
    assert former[0] != latter[0]
    assert not former[1] & latter[1]
    assert [keys(bounds.find(name)) for name in ("sample_complexity", "training_iterations")] == others


def test_two_experiments_cannot_share_the_name_of_a_response(toy):
    toy("first")
    toy("second", name="other_walks")
    with pytest.raises(ClaimError, match=r"the response distance of .*walks.* has a name that is taken"):
        responses()


def test_what_an_experiment_cannot_do_is_refused(toy, claim, tmp_path):
    toy("first")
    with pytest.raises(DesignError, match="asked for the device cuda, but this experiment runs on the CPU"):
        tc.verify(claim, device="cuda", store=tmp_path / "s.sqlite")
    Path(claim).write_text(CLAIM.replace('"walkers": 200', '"walkers": "many"'))
    with pytest.raises(
        DesignError, match="impossible at steps = 4: walkers: Input should be a valid integer"
    ):
        make_plan(bounds.find(claim))


class Later:
    """Waits for three calls, and makes the last first."""

    def __init__(self):
        self.waiting = []
        self.made = 0

    def submit(self, function, /, *args, **kwargs):
        future = Future()
        self.waiting.append((future, partial(function, *args, **kwargs)))
        if len(self.waiting) == 3:
            while self.waiting:
                last, call = self.waiting.pop()
                last.set_result(call())
                self.made += 1
        return future


class Stalled:
    """Makes the first call when the third is submitted, and no other."""

    def __init__(self):
        self.futures = []

    def submit(self, function, /, *args, **kwargs):
        self.futures.append(Future())
        if len(self.futures) == 1:
            self.first = partial(function, *args, **kwargs)
        if len(self.futures) == 3:
            self.futures[0].set_result(self.first())
        return self.futures[-1]


def vit_trials(count, **values):
    named = response("zero_generalization_error")
    return [Trial(named.name, SMALL | values, 5, i, REVISION) for i in range(count)]


def test_an_executor_is_anything_with_submit(tmp_path):
    asked = [*vit_trials(3), *vit_trials(3, N=4), *vit_trials(3, attention=False)]
    alone = {trial.key: m for trial in asked for trial, m in sweep.train_batch([trial])}
    later = Later()
    with ThreadPoolExecutor(2) as threads:
        for executor in (threads, later):
            with Store(tmp_path / f"{id(executor)}.sqlite") as store:
                assert sweep.run(asked, store, executor, lambda trained: None) == len(asked)
                assert store.find(trial.key for trial in asked) == here(alone)
        assert threads.submit(int).result() == 0  # left open, as it is not ours
    assert later.made == len(sweep.batches(asked)) == 3


def test_what_waits_is_cancelled_where_a_run_is_interrupted(tmp_path):
    asked = [trial for n in (4, 6, 8, 10, 12, 14) for trial in vit_trials(1, N=n)]

    def press_ctrl_c(trained):
        raise KeyboardInterrupt

    stalled = Stalled()
    with Store(tmp_path / "s.sqlite") as store:
        with pytest.raises(
            Interrupted, match="interrupted: 1 of 6 missing trials were trained and are stored"
        ):
            sweep.run(asked, store, stalled, press_ctrl_c)
        assert len(store.find(trial.key for trial in asked)) == 1
    assert [future.cancelled() for future in stalled.futures] == [False, True, True]


def test_calls_come_back_with_their_positions_and_errors_are_raised():
    with ThreadPoolExecutor(2) as threads:
        found = completed(threads, [partial(pow, 2, k) for k in range(9)])
        assert {k: ended.result() for some in found for k, ended in some} == {k: 2**k for k in range(9)}
        (((_, ended),),) = completed(threads, [partial(divmod, 1, 0)])
        with pytest.raises(ZeroDivisionError):
            ended.result()
    with Workers(1) as workers:
        (((position, ended),),) = completed(workers, [int])
        assert (position, ended.result()) == (0, 0)
        assert list(completed(workers, [])) == []


def test_a_forecast_takes_any_executor(tiny, monkeypatch):
    monkeypatch.setattr("theorycheck.forecast.REPLICATIONS", 4)
    plan, assumed = make_plan(bounds.load(tiny), "smoke"), Assumptions(threshold=12)
    with ThreadPoolExecutor(2) as threads:
        told = []
        assert forecast(plan, assumed, told.append, threads) == forecast(plan, assumed)
        assert sum(told) == 4 * 2
    assert seconds_per_trial(plan) > 0
