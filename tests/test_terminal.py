"""What a terminal shows fits it, and loses nothing."""

import re

from theorycheck.reports.lines import columns, wrapped

CHECKS = [
    ("ok", "censoring", "threshold inside the N range at 7 of 7 levels"),
    ("warning", "power law", "word " * 60),
]


def test_long_lines_go_on_below_their_last_column():
    table = "\n".join(f"  checks    {line}" for line in columns(CHECKS))
    shown = wrapped(table, 80).split("\n")
    assert max(map(len, shown)) <= 80
    begins = table.index("threshold")
    assert all(line.startswith(" " * begins + "word") for line in shown[2:])
    assert re.sub(r"\s+", " ", "\n".join(shown)) == re.sub(r"\s+", " ", table.rstrip())


def test_lines_that_fit_and_empty_ones_stay_as_they_are():
    text = "claim   statement\n\n  design    alpha: 3 levels"
    assert wrapped(text, 80) == text
