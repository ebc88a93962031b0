"""The map of where the bounds are tight: exponents are those planted, and the page says what was found."""

import numpy as np
import pandas as pd
import pytest
import tightness
from planted import PlantedThreshold


def planted(exponents, seed=0):
    """Counts as the map has them, of power laws with and without attention."""
    tables = []
    for attention, exponent in exponents.items():
        levels = tightness.LEVELS if attention else tightness.FEWER
        samples = tightness.SAMPLES[::2]
        drawn = PlantedThreshold(levels, samples, 40, exponent, 100.0).draw(np.random.default_rng(seed))
        drawn = drawn.rename(columns={"x": tightness.FACTOR})
        tables.append(drawn.assign(tau=0.2, s=1.0, attention=attention, unfitted=0))
    return pd.concat(tables, ignore_index=True)


def test_the_exponents_and_their_difference_are_the_planted_ones():
    with_attention, without, difference = tightness.compared(planted({True: -1.5, False: -3.0}))
    for one, truth in ((without, -3.0), (with_attention, -1.5), (difference, -1.5)):
        assert one.value == pytest.approx(truth, abs=0.4)
        assert truth in one.interval


def test_at_the_small_end_larger_levels_say_nothing():
    table = planted({True: -1.5, False: -3.0})
    flat = table.assign(successes=table["successes"].where(table[tightness.FACTOR] <= tightness.SMALL, 0))
    assert tightness.compared(flat) == tightness.compared(table)


def test_what_counts_do_not_determine_is_unknown():
    table = planted({True: -1.5, False: -3.0})
    (line,) = tightness.lines(table.assign(successes=table["successes"].where(~table["attention"], 0)))
    assert line.startswith("| 0.2 | 1 | unknown | -")
    assert line.endswith("] | unknown |")


def test_the_page_says_what_was_counted():
    page = (tightness.FOLDER / "tightness.md").read_text()
    lines = tightness.lines(pd.read_csv(tightness.TABLE))
    assert len(lines) == 6
    assert [line for line in lines if line not in page] == []
