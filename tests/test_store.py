import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from conftest import SMALL

from theorycheck.empirical.store import Store
from theorycheck.empirical.trial import Trial
from theorycheck.errors import StoreError


def measured(outcome: str = "success", **values: object) -> dict[str, object]:
    return {"outcome": outcome, "iterations": 1, **values}


def trial(replicate: int) -> Trial:
    return Trial("zero_generalization_error", SMALL, 0, replicate, revision=3)


def test_what_was_added_is_found_again(tmp_path):
    path = tmp_path / "new" / "store.sqlite"
    with Store(path) as store:
        store.add([(trial(i), measured(test_loss=0.1 * i)) for i in range(3)])
    with Store(path) as store:
        found = store.find([trial(2).key, trial(9).key])
        assert found == {trial(2).key: measured(test_loss=0.2)}
        assert store.find([]) == {}


def test_the_first_result_of_a_trial_stays(tmp_path):
    with Store(tmp_path / "store.sqlite") as store:
        store.add([(trial(0), measured())])
        store.add([(trial(0), measured("failure")), (trial(1), measured("failure"))])
        assert store.find([trial(0).key])[trial(0).key] == measured()


def test_a_batch_is_stored_whole_or_not_at_all(tmp_path):
    with Store(tmp_path / "store.sqlite") as store:
        with pytest.raises(TypeError):
            store.add([(trial(0), measured()), (trial(1), measured(test_loss=object()))])
        assert store.find([trial(0).key]) == {}


def test_runs_and_their_plans_are_listed(tmp_path):
    with Store(tmp_path / "store.sqlite") as store:
        first = store.start_run("plan", "a_claim", "{}")
        second = store.start_run("plan", "a_claim", "{}")
        store.finish_run(second, 7, 5, "REFUTED")
        runs = store.runs()
    assert [run["id"] for run in runs] == [first, second]
    assert (runs[0]["reused"], runs[0]["finished"], runs[0]["verdict"]) == (0, None, None)
    assert (runs[1]["trained"], runs[1]["reused"], runs[1]["verdict"], runs[1]["claim"]) == (
        7,
        5,
        "REFUTED",
        "a_claim",
    )


def test_two_processes_may_write_at_once(tmp_path):
    path = tmp_path / "store.sqlite"
    script = f"""
import sys; sys.path.insert(0, {os.path.dirname(__file__)!r})
from pathlib import Path
from test_store import *
with Store(Path({str(path)!r})) as store:
    for i in range(40): store.add([(trial(int(sys.argv[1]) + i), measured())])
"""
    processes = [subprocess.Popen([sys.executable, "-c", script, start]) for start in ("0", "20")]
    assert [process.wait(60) for process in processes] == [0, 0]
    with Store(path) as store:
        assert len(store.find(trial(i).key for i in range(60))) == 60


def test_a_file_that_is_no_store_is_refused(tmp_path):
    path = tmp_path / "store.sqlite"
    path.write_text("not a database, but long enough to be read as a header of one" * 20)
    with pytest.raises(StoreError, match=r"store\.sqlite is corrupt or no theorycheck store .* move it away"):
        Store(path)


def test_a_damaged_store_is_refused(tmp_path):
    path = tmp_path / "store.sqlite"
    with Store(path) as store:
        store.add([(trial(i), measured()) for i in range(200)])
    content = bytearray(path.read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(StoreError, match="is corrupt or no theorycheck store"), Store(path) as store:
        store.find([trial(0).key])


def test_a_store_of_another_format_is_refused(tmp_path):
    path = tmp_path / "store.sqlite"
    Store(path).__exit__()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="has format 99, this version reads format 2"):
        Store(path)


def test_an_unwritable_place_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(
        StoreError,
        match=r"cannot be opened or written \((Not a directory|File exists)\); .* name another --store",
    ):
        Store(tmp_path / "file" / "store.sqlite")
    with pytest.raises(StoreError, match="cannot be opened or written"):
        Store(tmp_path)


def test_a_full_disk_is_named_and_loses_nothing(tmp_path):
    """A limit on the size of the file stands for a full disk: SQLite reports both alike."""
    path = tmp_path / "store.sqlite"
    with Store(path) as store:
        store.add([(trial(0), measured())])
        store._connection.execute("PRAGMA max_page_count = 12")
        with pytest.raises(StoreError, match="the disk is full; free space and run again"):
            store.add([(trial(i), measured(note="x" * 5000)) for i in range(1, 40)])
    with Store(path) as store:
        assert set(store.find(trial(i).key for i in range(40))) == {trial(0).key}


def test_a_copied_store_works(tmp_path):
    with Store(tmp_path / "store.sqlite") as store:
        store.add([(trial(0), measured())])
    shutil.copy(tmp_path / "store.sqlite", tmp_path / "copy.sqlite")
    with Store(tmp_path / "copy.sqlite") as store:
        assert len(store.find([trial(0).key])) == 1
