"""Bit-identity: the result of a trial depends on its specification alone."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from conftest import SMALL, mostly_slow

from theorycheck.empirical import sweep
from theorycheck.empirical.machine import machine
from theorycheck.empirical.shallow_vit import REVISION
from theorycheck.empirical.store import Store
from theorycheck.empirical.trial import Trial
from theorycheck.errors import Interrupted

vit_trial = partial(Trial, "zero_generalization_error", revision=REVISION)


def trials(count: int, **values: object) -> list[Trial]:
    return [vit_trial(SMALL | values, seed=5, replicate=i) for i in range(count)]


def measured(trials_: list[Trial]) -> dict[str, dict]:
    return {trial.key: measurement for trial, measurement in sweep.train_batch(trials_)}


def here(alone: dict[str, dict]) -> dict[str, dict]:
    """As they are stored, with the machine that they were made on."""
    return {key: {**measurement, "machine": machine()} for key, measurement in alone.items()}


@pytest.mark.parametrize(
    "values",
    [{}, {"N": 37}, {"attention": False}, {"S": 20}, {"d": 13, "m": 71, "N": 5}],
    ids=["full batch", "mini-batches", "without attention", "all queries", "odd sizes"],
)
@pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "PyTorch"])
def test_a_trial_gives_the_same_bits_alone_and_in_any_batch(values, compiled, monkeypatch):
    if not compiled:
        monkeypatch.setattr("theorycheck.empirical.shallow_vit.native.library", lambda: None)
    asked = trials(7, **values)
    alone = {key: m for trial in asked for key, m in measured([trial]).items()}
    assert (
        len({m["test_loss"] for m in alone.values()}) > 1
    )  # the trials differ, so that equality means something
    assert measured(asked) == alone
    assert measured(asked[::-1]) == alone
    assert measured(asked[2:5]) == {trial.key: alone[trial.key] for trial in asked[2:5]}


def test_trials_of_one_batch_may_differ_in_level_and_step_size():
    mixed = [
        vit_trial(SMALL | values, 5, i)
        for i, values in enumerate([{}, {"alpha_relevant": 0.4}, {"eta": 0.5}, {"tau": 0.1}, {"T": 3}])
    ]
    assert measured(mixed) == {key: m for trial in mixed for key, m in measured([trial]).items()}


@pytest.mark.parametrize("jobs", [1, 2])
def test_jobs_change_nothing(tmp_path, jobs):
    asked = trials(6) + trials(6, N=4) + trials(6, attention=False)
    alone = {key: m for trial in asked for key, m in measured([trial]).items()}
    with Store(tmp_path / "store.sqlite") as store:
        assert sweep.run(asked, store, jobs, lambda trained: None) == len(asked)
        assert store.find(trial.key for trial in asked) == here(alone)


def test_attention_and_its_absence_see_the_same_data():
    pair = [measured([vit_trial(SMALL | {"attention": a}, 5, 0)]) for a in (True, False)]
    first, second = (next(iter(result.values())) for result in pair)
    assert all(
        first[name] == second[name] for name in ("realised_alpha_relevant", "realised_alpha_confusion")
    )
    assert first["test_loss"] != second["test_loss"]


def test_every_part_of_the_specification_changes_the_key():
    base = vit_trial(SMALL, 5, 0)
    others = [
        vit_trial(SMALL, 6, 0),
        vit_trial(SMALL, 5, 1),
        vit_trial(SMALL, 5, 0, dtype="float64"),
        vit_trial(SMALL, 5, 0, device="cuda"),
        vit_trial(SMALL, 5, 0, revision=REVISION + 1),
        *(vit_trial(SMALL | {name: 99}, 5, 0) for name in SMALL),
    ]
    assert len({trial.key for trial in (base, *others)}) == 1 + len(others)


def test_batches_hold_every_trial_once_and_share_shapes():
    asked = trials(40) + trials(3, N=4) + trials(5, alpha_relevant=0.4)
    cut = sweep.batches(asked)
    assert sorted(t.key for batch in cut for t in batch) == sorted(t.key for t in asked)
    assert all(len({t.parameters["N"] for t in batch}) == 1 for batch in cut)
    assert max(map(len, cut)) > 1


def test_ctrl_c_keeps_what_was_finished_and_says_how_to_go_on(tmp_path):
    asked = trials(8) + trials(8, N=4)

    def press_ctrl_c(_trained: int) -> None:
        raise KeyboardInterrupt

    with Store(tmp_path / "store.sqlite") as store:
        with pytest.raises(Interrupted, match=r"interrupted: \d+ of 16 .* run the same command again"):
            sweep.run(asked, store, 1, press_ctrl_c)
        assert 0 < len(store.find(trial.key for trial in asked)) < 16


# The tests below kill a whole command from outside, as a user or the system would.


def command(claim: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "theorycheck", "verify", "--claim", str(claim), "--json", *options]


def stored(store: Path) -> int:
    if not store.exists():
        return 0
    try:
        with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as connection:
            return connection.execute("SELECT count(*) FROM trials").fetchone()[0]
    except sqlite3.OperationalError:  # the tables are not there yet
        return 0


def wait_until(condition, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "nothing happened in time"
        time.sleep(0.02)


def started(claim: Path, tmp_path: Path, profile: str) -> subprocess.Popen:
    """A run with two workers that has stored its first trials."""
    process = subprocess.Popen(
        command(claim, "--jobs", "2", "--profile", profile),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        # A test run in the background of a shell hands an ignored SIGINT down.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    wait_until(lambda: stored(tmp_path / ".theorycheck/store.sqlite") > 0)
    return process


def children(pid: int) -> list[int]:
    found = subprocess.run(
        ["ps", "-ewwo", "pid,ppid,args"], capture_output=True, text=True, check=True
    ).stdout
    rows = [line.split(None, 2) for line in found.splitlines()[1:]]
    return [int(child) for child, parent, args in rows if int(parent) == pid and "popen_loky" in args]


def uninterrupted(claim: Path, folder: Path, profile: str) -> bytes:
    folder.mkdir()
    subprocess.run(
        command(claim, "--jobs", "1", "--profile", profile), cwd=folder, capture_output=True, check=False
    )
    return (folder / "theorycheck-out/tiny/trials.csv").read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("victim", mostly_slow(["worker"], ["run", "worker", "ctrl-c"]))
@pytest.mark.parametrize(
    ("profile", "total"), [pytest.param("full", 360, marks=pytest.mark.slow), ("quick", 240)]
)
def test_after_a_kill_the_next_run_continues_and_ends_as_if_nothing_had_happened(
    tiny, tmp_path, victim, profile, total
):
    """A grid, and trials placed round by round."""
    tiny.write_text(tiny.read_text().replace("replicates=4", "replicates=24"))
    process = started(tiny, tmp_path, profile)
    if victim == "run":
        os.killpg(process.pid, signal.SIGKILL)
    elif victim == "worker":
        wait_until(lambda: children(process.pid))  # a first round of one batch has none
        os.kill(children(process.pid)[0], signal.SIGKILL)
    else:
        os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    kept = stored(tmp_path / ".theorycheck/store.sqlite")
    assert b"Traceback" not in errors
    if victim == "worker":  # whose trials another one makes
        assert process.returncode in (0, 1, 3), errors
        assert kept == total
    else:
        assert 0 < kept < total
    if victim == "ctrl-c":
        assert process.returncode == 130, errors
        assert b"run the same command again" in errors
    subprocess.run(
        command(tiny, "--jobs", "2", "--profile", profile),
        cwd=tmp_path,
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert stored(tmp_path / ".theorycheck/store.sqlite") == total
    assert (tmp_path / "theorycheck-out/tiny/trials.csv").read_bytes() == uninterrupted(
        tiny, tmp_path / "again", profile
    )


def test_a_test_ends_early_only_when_its_failure_is_certain():
    measured = [m for _, m in sweep.train_batch(trials(24, N=8, test_size=400))]
    by_outcome = {
        outcome: [m for m in measured if m["outcome"] == outcome] for outcome in ("success", "failure")
    }
    assert all(by_outcome.values())
    assert all(m["test_samples"] == 400 for m in by_outcome["success"])
    assert any(m["test_samples"] < 400 for m in by_outcome["failure"])
    for m in by_outcome["failure"]:
        assert m["test_loss"] * m["test_samples"] > 0.01 * 400  # however small the other losses are
