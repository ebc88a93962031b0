"""What reading a store costs does not depend on how many trials it has."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from large_store import PARAMETERS, build

from theorycheck.empirical.store import Store
from theorycheck.empirical.trial import Trial

PAGE = 4096  # bytes that SQLite reads at once


def bytes_read():
    return int(Path("/proc/self/io").read_text().split()[1])


def listed(path):
    """How many bytes it takes to list the runs and to find some trials."""
    keys = [Trial("zero_generalization_error", PARAMETERS, 0, i, revision=3).key for i in range(5)]
    before = bytes_read()
    with Store(path, read_only=True) as store:
        assert store.runs()
        assert len(store.find(keys)) == 5
    return bytes_read() - before


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="only Linux counts what a process reads")
def test_listing_and_finding_read_some_pages_however_large_the_store_is(tmp_path):
    small, large = tmp_path / "small.sqlite", tmp_path / "large.sqlite"
    build(small, 500)
    build(large, 8000)
    found = listed(small)  # loads what is loaded once
    found = listed(small)
    assert large.stat().st_size > 10 * small.stat().st_size
    assert listed(large) < found + 30 * PAGE < large.stat().st_size / 10


def test_a_built_store_is_sound(tmp_path):
    build(tmp_path / "store.sqlite", 300)
    with Store(tmp_path / "store.sqlite", read_only=True) as store:
        ((rows, damaged),) = store.pieces("trials")
        assert (len(rows), damaged, len(store.runs())) == (300, 0, 1)


@pytest.mark.slow
def test_the_benchmark_runs():
    script = Path(__file__).parents[1] / "benchmarks/large_store.py"
    ended = subprocess.run(
        [sys.executable, script, "--trials", "3000", "--json"], capture_output=True, text=True, check=True
    )
    told = json.loads(ended.stdout)
    assert told["trials"] == 3000
    assert set(told["large"]) == set(told["little_else"])
    assert all(one["seconds"] > 0 for one in told["large"].values())
