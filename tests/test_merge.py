"""Merging stores: all that is sound comes together, and what contradicts is named and changes nothing."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tracemalloc
from contextlib import closing
from pathlib import Path

import pytest
from conftest import SMALL
from large_store import build
from test_cli import run as run_cli
from test_damaged_store import foreign

from theorycheck.empirical import rows
from theorycheck.empirical.merge import merge
from theorycheck.empirical.store import Store
from theorycheck.empirical.trial import Trial
from theorycheck.errors import StoreError


def measured(outcome="success", **values):
    return {"outcome": outcome, "iterations": 1, **values}


def trial(replicate):
    return Trial("zero_generalization_error", SMALL, 0, replicate, revision=3)


def store(path, *replicates, **values):
    with Store(path) as made:
        made.add([(trial(i), measured(**values)) for i in replicates])
    return path


def found(path, most=20):
    """The trials that a store has, by their replicates, and their measurements."""
    keys = {trial(i).key: i for i in range(most)}
    with Store(path, read_only=True) as opened:
        return {keys[key]: value for key, value in opened.find(keys).items()}


def counts(merged):
    return [(one.added, one.known, one.damaged) for one in merged]


@pytest.fixture
def three(tmp_path):
    """A target and two sources."""
    return store(tmp_path / "t", 0, 1), store(tmp_path / "a", 1, 2, 3), store(tmp_path / "b", 3, 4)


def change(path, statement, *values):
    with closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(statement, values).rowcount


def test_trials_come_together_once_each(three):
    target, a, b = three
    sources = [path.read_bytes() for path in (a, b)]
    assert counts(merge(target, [a, b])) == [(2, 1, 0), (1, 1, 0)]
    assert found(target) == {i: measured() for i in range(5)}
    assert counts(merge(target, [a, b])) == [(0, 3, 0), (0, 2, 0)]
    assert [path.read_bytes() for path in (a, b)] == sources


def test_the_target_is_made_where_there_is_none(three, tmp_path):
    merge(tmp_path / "new/folder/t", three)
    assert set(found(tmp_path / "new/folder/t")) == set(range(5))


def test_other_times_and_the_order_and_folders_of_what_was_measured_are_no_contradiction(three):
    target, a, _ = three
    change(a, "UPDATE trials SET finished = '2001-01-01'")
    for path, text in (
        (target, '{"outcome": "success", "iterations": 1, "test_loss": NaN, "t": 1, "note": "in /a"}'),
        (a, '{"note": "in /b", "t": 1.0, "test_loss": NaN, "iterations": 1, "outcome": "success"}'),
    ):
        forge(path, text)
    assert counts(merge(target, [a])) == [(2, 1, 0)]
    assert found(target)[1]["note"] == "in /a"


def forge(path, text):
    """Change all measurements, and their checksums with them."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for key, specification, _, finished, _ in connection.execute("SELECT * FROM trials").fetchall():
            row = (key, specification, text, finished)
            connection.execute(
                "UPDATE trials SET measurement = ?, checksum = ? WHERE key = ?",
                (text, rows.checksum(row), key),
            )


@pytest.mark.parametrize("other", [measured("failure"), measured(test_loss=0.5), measured(iterations=2)])
def test_two_measurements_of_one_trial_are_named_and_nothing_is_merged(three, tmp_path, other):
    target, a, _ = three
    wrong = tmp_path / "wrong"
    with Store(wrong) as made:
        made.add([(trial(3), other), (trial(9), measured())])
    with pytest.raises(StoreError) as refused:
        merge(target, [a, wrong])
    message = str(refused.value)
    assert trial(3).key in message
    assert "zero_generalization_error" in message
    assert '"tau": 0.2' in message
    assert f"{json.dumps(measured())} in {a}, {json.dumps(other)} in {wrong}" in message
    assert "replicate 3" in message
    assert "keep one of the two stores" in message
    assert set(found(target)) == {0, 1}
    store(tmp_path / "same as target", 0, outcome="failure")
    with pytest.raises(StoreError, match=f" in {target}, "):
        merge(target, [a, tmp_path / "same as target"])
    assert set(found(target)) == {0, 1}


def test_damaged_rows_are_left_out_told_and_healed(three, caplog):
    target, a, b = three
    change(a, "UPDATE trials SET measurement = '{}' WHERE key = ?", trial(2).key)
    change(target, "UPDATE trials SET finished = 'x' WHERE key = ?", trial(1).key)
    before = a.read_bytes()
    assert counts(merge(target, [a, b])) == [(2, 0, 1), (1, 1, 0)]
    assert trial(2).key[:12] in caplog.text
    assert set(found(target)) == {0, 1, 3, 4}
    assert a.read_bytes() == before
    again = run_cli("merge", target, a, cwd=target.parent)
    assert again.exit_code == 0
    assert "1 damaged rows were left out and count as missing" in again.stderr


def test_plans_come_with_the_time_of_their_recording_and_runs_stay(three):
    target, a, _ = three
    with Store(a) as opened:
        run = opened.start_run("plan", "a_claim", "{}")
        opened.finish_run(run, 3, 0, None)
    change(a, "UPDATE plans SET recorded = '2001-01-01'")
    assert counts(merge(target, [a])) == [(2, 1, 1)]  # as the checksum tells
    with closing(sqlite3.connect(a)) as connection, connection:
        row = connection.execute("SELECT * FROM plans").fetchone()[:-1]
        connection.execute("UPDATE plans SET checksum = ?", (rows.checksum(row),))
    assert counts(merge(target, [a])) == [(0, 3, 0)]
    with Store(target) as opened:
        opened.start_run("plan", "a_claim", "{}")
        assert len(opened.runs()) == 1
    with closing(sqlite3.connect(target)) as connection:
        assert connection.execute("SELECT recorded FROM plans").fetchall() == [("2001-01-01",)]


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("missing", "there is no store .*; `theorycheck train` makes one"),
        ("empty", "is an empty file, so that nothing was stored there; train that shard again"),
        ("text", "is corrupt or no theorycheck store"),
        ("foreign", r"is a database of another application \('moz_bookmarks'\) and was left as it is"),
        ("folder", "it is no file"),
        ("pipe", "it is no file"),
        ("target", "is the target .* itself; name only other stores after it"),
        ("link", "is the target .* itself"),
    ],
)
def test_what_is_no_source_is_refused_before_anything_is_written(three, tmp_path, kind, message):
    target, a, _ = three
    source = tmp_path / "source"
    makers = {
        "empty": source.touch,
        "text": lambda: source.write_text("no database " * 200),
        "foreign": lambda: foreign(source),
        "folder": source.mkdir,
        "pipe": lambda: os.mkfifo(source),
        "link": lambda: source.symlink_to(target),
    }
    makers.get(kind, lambda: None)()
    before = target.read_bytes()
    with pytest.raises(StoreError, match=message):
        merge(target, [a, target if kind == "target" else source])
    assert target.read_bytes() == before
    if kind not in ("target", "link"):
        with pytest.raises(StoreError):
            merge(tmp_path / "new", [a, source])
        assert not (tmp_path / "new").exists()


def test_many_machines_may_read_what_was_merged_without_a_log(three, tmp_path):
    target, a, b = three
    with Store(target):  # while another has it open, it stays as it is
        merge(target, [a])
    merge(target, [a, b])
    with Store(target, read_only=True) as reader:
        assert len(reader.find(trial(i).key for i in range(9))) == 5
        assert {file.name for file in tmp_path.iterdir()} == {"t", "a", "b"}
    store(target, 7)
    assert set(found(target)) == {0, 1, 2, 3, 4, 7}


def test_a_foreign_target_is_left_as_it_is(three, tmp_path):
    path = foreign(tmp_path / "places.sqlite")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="is a database of another application"):
        merge(path, three)
    assert path.read_bytes() == before


@pytest.mark.parametrize("state", ["killed", "read-only"])
def test_any_store_that_can_be_read_is_a_source(three, tmp_path, state):
    target, a, _ = three
    folder = tmp_path / "source"
    folder.mkdir()
    source = folder / "a"
    if state == "killed":
        with Store(a) as opened:
            opened.add([(trial(5), measured())])
            for file in tmp_path.glob("a*"):
                shutil.copy(file, folder / file.name)
    else:
        shutil.copy(a, source)
        source.chmod(0o444)
        folder.chmod(0o555)
    merge(target, [source])
    folder.chmod(0o755)
    assert set(found(target)) == {0, 1, 2, 3} | ({5} if state == "killed" else set())


def test_memory_does_not_grow_with_the_number_of_trials(tmp_path):
    peaks = []
    for trials in (2000, 6000):
        source = tmp_path / f"{trials}.sqlite"
        build(source, trials)
        tracemalloc.start()
        ((added, *_),) = counts(merge(tmp_path / "target.sqlite", [source]))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert added == 4000
    assert peaks[1] < 1.3 * peaks[0]


def test_merging_loads_no_torch_and_no_claim(three):
    code = f"""
import sys
from theorycheck.cli import app
try:
    app(["merge", *{[*map(str, three)]!r}])
except SystemExit as end:
    print(end.code, sys.modules.keys() & {{"torch", "pandas", "theorycheck.bounds", "theorycheck.plan"}})
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines()[-2:] == ["3 trials are new in " + str(three[0]), "0 set()"]


def test_the_command_names_what_it_took(three, tmp_path):
    result = run_cli("merge", "t", "a", "b", cwd=tmp_path)
    assert result.exit_code == 0
    assert [line.split() for line in result.stdout.splitlines()[1:3]] == [
        ["a", "2", "1", "0"],
        ["b", "1", "1", "0"],
    ]
    refused = run_cli("merge", "t", "shard*.sqlite", cwd=tmp_path)
    assert refused.exit_code == 2
    assert "there is no store shard*.sqlite to be merged" in refused.stderr
    assert Path(tmp_path / "t").exists()
