"""What makes trials changes nothing that is found, and loses nothing but the trial that kills its process."""

import json
import os
import platform
import subprocess
import sys
import threading
import time
import zipimport
from concurrent.futures import BrokenExecutor, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace

import pytest
from conftest import SMALL, mostly_slow
from test_fingerprint import claim_file
from test_repeats import claim, noisy
from test_stopping import GOOD, STORE, alive, children
from test_sweep import stored, vit_trial, wait_until

from theorycheck import bounds
from theorycheck.empirical import sweep
from theorycheck.empirical.machine import machine
from theorycheck.errors import DesignError, Interrupted
from theorycheck.executors import completed, opened, started
from theorycheck.executors.code import Code
from theorycheck.executors.local import Workers
from theorycheck.plan import make_plan
from theorycheck.repeats import chosen, compared
from theorycheck.session import Session

EXECUTORS = ["local", "dask"]


@pytest.fixture(scope="module")
def cluster():
    with opened("dask", 2) as executor:
        yield executor


@pytest.fixture
def executor(request):
    return 2 if request.param == "local" else request.getfixturevalue("cluster")


def table(found):
    return found.trials.to_csv(index=False)


@pytest.mark.parametrize("executor", EXECUTORS, indirect=True)
def test_a_claim_of_functions_comes_out_the_same_everywhere(executor, tmp_path):
    path = claim_file(tmp_path, "from helper import value", f"{GOOD} * value()")
    (tmp_path / "helper.py").write_text("def value():\n    import lazy\n    return lazy.ONE\n")
    (tmp_path / "lazy.py").write_text("ONE = 1.0\n")
    alone = Session(tmp_path / "alone.sqlite", 1).examine(bounds.load(path))
    found = Session(tmp_path / "s.sqlite", executor).examine(bounds.load(path))
    assert found.decision == alone.decision == "SUPPORTED"
    assert found.estimates == alone.estimates
    assert table(found) == table(alone)
    assert set(found.trials["machine"]) == {machine()}


@pytest.mark.slow
def test_a_claim_whose_trials_are_placed_round_by_round_comes_out_the_same_on_a_cluster(
    cluster, tiny, tmp_path
):
    plan = make_plan(bounds.load(tiny), "quick")
    alone = Session(tmp_path / "alone.sqlite", 1).carry_out(plan)
    found = Session(tmp_path / "s.sqlite", cluster).carry_out(plan)
    assert (table(found), found.estimates) == (table(alone), alone.estimates)


def fatal(point, seed):
    if point["x"] == 4 and seed % 16 == 1:
        os._exit(3)
    return noisy(point, seed)


@pytest.mark.parametrize("executor", mostly_slow(["local"], EXECUTORS), indirect=True)
def test_a_trial_that_kills_its_process_is_named_and_no_other_is_lost(executor, tmp_path):
    session = Session(tmp_path / "s.sqlite", executor)
    plan = make_plan(claim(fatal))
    trials = {plan.trial(cell, i).key: plan.trial(cell, i) for cell in plan.cells for i in range(40)}
    guilty = {k for k, t in trials.items() if t.parameters["x"] == 4 and t.own_seed % 16 == 1}
    assert 1 <= len(guilty) <= 6
    found = session.carry_out(plan)
    died = found.trials[found.trials["failed"].notna()]
    assert set(died["key"]) == guilty
    assert set(died["outcome"]) == {"unfitted"}
    assert found.trials["value"].notna().sum() == len(trials) - len(guilty)
    checks = {check.name: check for check in found.verdict.judgement.checks}
    assert checks["failed trials"].status == "warning"
    assert "its worker process died three times" in checks["failed trials"].detail
    assert session.carry_out(plan).verdict.trials["trained"] == 0


class Fatal:
    """Kills the worker that hands it on."""

    def __init__(self, once):
        self.once = once

    def __reduce__(self):
        self.once.touch()
        os._exit(3)


def dies_with_its_result(once):
    if once.exists():
        os._exit(3)
    return Fatal(once)


@pytest.mark.slow
@pytest.mark.parametrize("executor", ["dask"], indirect=True)
def test_a_call_that_ended_and_is_lost_with_its_worker_and_dies_when_made_again_is_told(executor, tmp_path):
    """Dask's own executor never tells, and the run would wait for ever."""
    future = executor.submit(dies_with_its_result, tmp_path / "once")
    with pytest.raises(BrokenExecutor):
        future.result(timeout=120)  # dask asks a dead worker for half a minute
    assert executor.submit(abs, -1).result(timeout=60) == 1


def test_of_the_packages_own_trials_one_that_died_is_kept_as_no_evidence(tmp_path):
    """Though it counted nothing that the others count."""
    from theorycheck.empirical.store import Store

    trial = vit_trial(SMALL, seed=5, replicate=0)
    with Store(tmp_path / "s.sqlite") as store:
        store.add([(trial, {"outcome": "unfitted", "failed": "it died"})])
        assert store.find([trial.key])[trial.key]["failed"] == "it died"
    plan = make_plan(bounds.find("sample_complexity"), "smoke")
    assert plan.measured.work(trial.parameters, {"outcome": "unfitted", "failed": "it died"}) == 0


@pytest.mark.parametrize("victims", mostly_slow([1], [1, 2]))
@pytest.mark.slow
def test_a_run_goes_on_when_its_workers_are_killed(victims, tmp_path):
    path = claim_file(tmp_path, "", f"import time; time.sleep(0.3)\n    {GOOD}")
    command = [sys.executable, "-m", "theorycheck", "verify", "--claim", path.name, "--jobs", "2", "--json"]
    process = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    wait_until(lambda: len(children(process.pid)) == 2)
    for worker in children(process.pid)[:victims]:
        os.kill(worker, 9)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert json.loads(output)["claims"][0]["trials"] == {
        "total": 16, "trained": 16, "reused": 0, "censored": 0
    }  # fmt: skip
    assert "Traceback" not in errors


@pytest.mark.parametrize("when", ["idle", "at work"])
def test_a_worker_that_dies_is_replaced_and_the_others_keep_theirs(when):
    with Workers(2) as workers:
        slow = workers.submit(time.sleep, 1)
        pid = workers.submit(os.getpid).result()
        if when == "idle":
            os.kill(pid, 9)
            wait_until(lambda: not alive(pid))
            time.sleep(
                1
            )  # until it is noticed; a call that comes before is made again, as if it had died of it
        else:
            with pytest.raises(BrokenExecutor):
                workers.submit(os._exit, 3).result()
        assert workers.submit(os.getpid).result() not in (pid, os.getpid())
        assert slow.result() is None


def test_runs_share_workers_but_where_one_may_leave_something_behind():
    with opened("local", 1) as shared:
        with started(shared) as workers:
            first = workers.submit(os.getpid).result()
        with started(shared, isolated=True) as workers:
            assert workers.submit(os.getpid).result() != first
        with started(shared) as workers:
            assert workers.submit(os.getpid).result() == first
    wait_until(lambda: not alive(first))


def test_no_more_calls_wait_than_can_be_made_soon():
    taken, done, most, running = 0, 0, 0, threading.Semaphore(0)

    def calls():
        nonlocal taken
        for _ in range(100):
            taken += 1
            yield running.release

    with ThreadPoolExecutor(3) as threads:
        for ended in completed(threads, calls()):
            done += len(ended)
            most = max(most, taken - done)
    assert (taken, most) == (100, 3)


def test_a_round_has_at_least_as_many_batches_as_workers():
    plan = make_plan(claim(noisy))
    trials = [plan.trial(cell, i) for cell in plan.cells for i in range(40)]
    for workers in (1, 7, 64, 240, 1000):
        cut = sweep.batches(trials, plan.measured, workers)
        assert len(cut) >= min(4 * workers, len(trials)) or workers == 1
        assert sorted(t.key for batch in cut for t in batch) == sorted(t.key for t in trials)
    assert len(sweep.batches(trials, plan.measured, 1)) == 30  # of eight


def test_machines_that_are_not_alike_are_told_and_their_bits_not_compared(tmp_path):
    session, plan = Session(tmp_path / "s.sqlite", 1), make_plan(claim(noisy))
    found = session.carry_out(plan)
    names = [check.name for check in found.verdict.judgement.checks]
    assert "machines" not in names
    from theorycheck.empirical.store import Store
    from theorycheck.finding import conclude

    elsewhere = found.trials.assign(
        machine=["another"] * 100 + ["this"] * 140, value=found.trials["value"] + 1e-9
    )
    with Store(session.store) as store:
        assert compared(plan, chosen(plan, elsewhere), store) is None
        same = elsewhere.assign(machine=machine())
        assert compared(plan, chosen(plan, same), store).status == "failed"
    told = conclude(plan, elsewhere, 0, 0.0, None).verdict.judgement.checks
    (check,) = [check for check in told if check.name == "machines"]
    assert check.detail.startswith("140 on this; 100 on another; numbers may differ")


def test_one_process_has_the_card_whatever_the_number_of_workers(tmp_path, monkeypatch):
    """As several would wait for each other, and cut its batches small."""
    from theorycheck.empirical import response as responses
    from theorycheck.empirical.store import Store

    made = []

    def measured(name, trials):
        made.append((os.getpid(), len(trials)))
        counts = {"iterations": 1, "test_samples": 1}
        return [(i, {"outcome": "success", **counts}) for i in range(len(trials))], None

    monkeypatch.setattr(responses, "measure", measured)
    monkeypatch.setattr("theorycheck.empirical.attempts.machine", lambda device: "a card")
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    plan = make_plan(bounds.find("sample_complexity"), "smoke", device="cuda")
    trials = [plan.trial(plan.cells[0], i) for i in range(40)]
    with Store(tmp_path / "s.sqlite") as store:
        assert sweep.run(trials, store, 4, lambda done: None, plan.measured) == 40
    assert made == [(os.getpid(), 40)]


class Unasked:
    """A cluster without workers, which must not be waited for where nothing is missing."""

    jobs = 0

    def prepare(self, code):
        raise ConnectionError("the scheduler was lost")

    submit = prepare


def test_nothing_is_asked_of_a_cluster_where_nothing_is_missing(tmp_path):
    plan = make_plan(claim(noisy))
    found = Session(tmp_path / "s.sqlite", 1).carry_out(plan)
    assert table(Session(tmp_path / "s.sqlite", Unasked()).carry_out(plan)) == table(found)
    with pytest.raises(Interrupted, match="the scheduler was lost: 0 of 240 missing trials were trained"):
        Session(tmp_path / "new.sqlite", Unasked()).carry_out(plan)


# Clusters that are not ours.


def refusal(name, jobs=1):
    with pytest.raises(DesignError) as caught, opened(name, jobs) as executor:
        executor.prepare(Code())
    return str(caught.value)


def test_an_executor_that_is_not_there_is_refused_in_words(tmp_path, monkeypatch):
    assert "asked for the executor 'ray', which there is not; there is dask" in refusal("ray")
    (tmp_path / "list.json").write_text("[]")
    for name in ("none.json", "list.json"):
        assert "is no scheduler file" in refusal(str(tmp_path / name))
        assert f"dask scheduler --scheduler-file {tmp_path / name}" in refusal(str(tmp_path / name))
    monkeypatch.setattr("theorycheck.executors.dask_cluster.PATIENCE", 0.5)
    assert "no scheduler answers there; start it by `dask scheduler`" in refusal("dask://127.0.0.1:1")
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert "pip install 'theorycheck[dask]'" in refusal("dask")


def test_the_command_line_refuses_it_with_status_2(tmp_path):
    from typer.testing import CliRunner

    from theorycheck.cli import app

    found = CliRunner().invoke(app, ["verify", "--claim", "sample_complexity", "--executor", "ray"])
    assert found.exit_code == 2
    assert "asked for the executor 'ray'" in found.output


class Told:
    """A client of a cluster with one worker, of which it knows the versions that are installed."""

    def __init__(self, here, there):
        self.here, self.there = here, there

    def nthreads(self):
        return {"tcp://there": 1}

    def get_versions(self, packages):
        here, there = ({"packages": {"theorycheck": version}} for version in (self.here, self.there))
        return {"client": here, "workers": {"tcp://there": there}}


def test_a_worker_of_another_installed_version_is_refused():
    from theorycheck.executors.code import Code
    from theorycheck.executors.dask_cluster import Cluster

    Cluster(Told("0.9", "0.9")).prepare(Code())  # an editable installation that is older than its source
    for there, has in (("0.9", "theorycheck 0.9"), (None, "no theorycheck")):
        with pytest.raises(DesignError, match=f"tcp://there has {has}, asked for is theorycheck 1.0"):
            Cluster(Told("1.0", there)).prepare(Code())


def test_a_worker_of_other_code_is_refused_with_what_differs(tmp_path):
    from theorycheck.executors.dask_cluster.agreement import Agreement

    file = tmp_path / "table.csv"
    file.write_text("1")
    path = claim_file(tmp_path, "import numpy", GOOD)
    code = make_plan(bounds.load(path)).measured.code
    assert (dict(code.libraries).keys(), list(code.modules)) == ({"numpy"}, ["growth"])
    agreed = Agreement.on(replace(code, files={**code.files, file: "0" * 64}))
    with pytest.raises(DesignError, match=f"on {platform.node()} has another version of {file}"):
        agreed.check()
    file.unlink()
    with pytest.raises(DesignError, match=f"has no {file}, which the trials depend on"):
        agreed.check()
    agreed = Agreement.on(code)
    agreed.check()
    other = replace(agreed, libraries=(("numpy", "0.1"), ("nowhere", "2")))
    with pytest.raises(DesignError, match=r"has numpy 2\S+, asked for is 0.1; install the same there"):
        other.check()
    with pytest.raises(DesignError, match="has no nowhere, asked for is 2;"):
        replace(agreed, libraries=(("nowhere", "2"),)).check()
    with pytest.raises(DesignError, match=r"has Python 3.*asked for is 2\.7"):
        replace(agreed, python="2.7").check()
    with pytest.raises(DesignError, match=r"has the code of theorycheck .* asked for is 012"):
        replace(agreed, theorycheck="012").check()
    path.unlink()  # its modules are sent
    Agreement.on(code).check()


def test_modules_are_packed_as_python_imports_them(tmp_path):
    from theorycheck.executors.dask_cluster.plugins import packed

    (tmp_path / "pack").mkdir()
    (tmp_path / "pack/__init__.py").write_text("from . import deep\n")
    (tmp_path / "pack/deep.py").write_text("VALUE = 2\n")
    modules = {"pack": tmp_path / "pack/__init__.py", "pack.deep": tmp_path / "pack/deep.py"}
    (tmp_path / "sent.zip").write_bytes(packed(modules))
    found = zipimport.zipimporter(str(tmp_path / "sent.zip"))
    assert found.is_package("pack")
    assert "VALUE" in found.get_source("pack/deep")


@pytest.fixture
def scheduler(tmp_path):
    """A scheduler, and workers of it, as a user starts them; their options start one more."""
    with ExitStack() as stack:
        logs = stack.enter_context((tmp_path / "dask.log").open("w"))
        processes = []

        def start(*words):
            command = [sys.executable, "-m", "dask", *words]
            processes.append(subprocess.Popen(command, cwd=tmp_path, stdout=logs, stderr=logs))
            return processes[-1]

        first = start("scheduler", "--scheduler-file", "scheduler.json", "--port", "0", "--no-dashboard")
        wait_until(lambda: (tmp_path / "scheduler.json").exists())
        yield first, start
        for process in processes[::-1]:
            process.kill()
            process.wait()


WORKER = ("worker", "--scheduler-file", "scheduler.json", "--no-dashboard", "--nthreads")


@pytest.mark.slow
def test_a_scheduler_that_is_lost_ends_the_run_as_ctrl_c_does(scheduler, tmp_path):
    first, start = scheduler
    start(*WORKER, "1")
    path = claim_file(tmp_path, "", f"import time; time.sleep(1)\n    {GOOD}")
    command = [sys.executable, "-m", "theorycheck", "verify", "--claim", path.name]
    cluster = ["--executor", "scheduler.json", "--report", "md"]
    process = subprocess.Popen([*command, *cluster], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    wait_until(lambda: stored(tmp_path / STORE) > 0)
    first.kill()
    _, errors = process.communicate(timeout=90)
    assert process.returncode == 130, errors
    assert "theorycheck: the scheduler of the cluster was lost:" in errors
    assert "run the same command again to train the rest" in errors
    assert "Traceback" not in errors
    kept = stored(tmp_path / STORE)
    ended = subprocess.run(
        [*command, "--report", "md", "--json"], cwd=tmp_path, capture_output=True, check=True
    )
    assert json.loads(ended.stdout)["claims"][0]["trials"]["reused"] == kept > 0


@pytest.mark.slow
def test_workers_of_several_threads_are_refused(scheduler, tmp_path):
    _, start = scheduler
    start(*WORKER, "2")
    name = str(tmp_path / "scheduler.json")
    assert "has 2 threads, but trials take one each; start workers by `dask worker" in refusal(name)
