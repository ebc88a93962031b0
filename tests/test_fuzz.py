"""Mutated inputs, by a fixed seed: none ends in a traceback, a hang, or a verdict that was not told."""

import mutated_tables
import pytest
from fuzzed import command, faults

pytestmark = pytest.mark.slow
CHUNK = 20


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
