"""Mutated inputs, by a fixed seed: none ends in a traceback, a hang, or a verdict that was not told."""

import json

import mutated_files
import mutated_tables
import pytest
from fuzzed import command, faults
from projects import BASELINE, claim_file
from projects import run as run_pytest

pytest_plugins = "pytester"
pytestmark = pytest.mark.slow
CHUNK = 20
GRID = [(x, y, 3 * x**2 / y) for x in (2, 4, 8, 16) for y in (2, 3, 5, 9)]


def chunks(count):
    """Numbers of the inputs of one kind, some to a test, so that workers share them."""
    return pytest.mark.parametrize("numbers", [range(i, i + CHUNK) for i in range(0, count, CHUNK)], ids=str)


def run(folder, arguments, shown):
    ended = command(folder, arguments)
    return [f"{shown}\n{arguments}\n{fault}\n{ended.err[-1500:]}" for fault in faults(ended, arguments)]


@chunks(160)
def test_tables(numbers, tmp_path):
    found = []
    for number in numbers:
        content, factors = mutated_tables.table(number)
        (tmp_path / "table.csv").write_bytes(content)
        arguments = ["fit", "table.csv", *mutated_tables.fit_options(number, factors)]
        found += run(tmp_path, arguments, f"table {number}")
    assert not found, "\n\n".join(found)


@chunks(100)
def test_laws(numbers, tmp_path):
    found = []
    (tmp_path / "table.csv").write_text(mutated_tables.text(["x", "y", "value"], GRID), encoding="utf-8")
    for number in numbers:
        law = f"--law={mutated_tables.law(number)}"
        ends = ["--as-variable-goes-to", ("0", "oo")[number % 2]]
        found += run(
            tmp_path, ["fit", "table.csv", law, "--variable", "x", "--variable", "y", *ends], f"law {number}"
        )
    assert not found, "\n\n".join(found)


@chunks(100)
def test_claim_files(numbers, tmp_path):
    found = []
    for number in numbers:
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "mine.py").write_bytes(mutated_files.claim_file(number))
        asked = ["--profile", "smoke", "--jobs", "1", "--report", "md", *["--json"] * (number % 2)]
        found += run(folder, ["verify", "--claim", "mine.py", *asked], f"claim file {number}")
    assert not found, "\n\n".join(found)


@chunks(100)
def test_options(numbers, tmp_path):
    found = []
    for number in numbers:
        folder = tmp_path / str(number)
        folder.mkdir()
        mutated_files.furnish(folder)
        found += run(folder, mutated_files.options(number), f"options {number}")
    assert not found, "\n\n".join(found)


@chunks(60)
def test_baselines(numbers, pytester):
    claim_file(pytester)
    for number in numbers:
        content = mutated_files.baseline(number)
        (pytester.path / BASELINE).write_bytes(content)
        status, output = run_pytest(pytester, "--claims", "-W", "error")
        assert status in (0, 1, 4), (number, status, output)
        assert "Warning" not in output, (number, output)
        if status == 0:
            assert isinstance(json.loads(content.decode("utf-8-sig")), dict), (number, output)
        else:
            assert BASELINE in output, (number, output)
