"""What is allowed is drawn where it is allowed."""

import re

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from theorycheck.drawing.allowed import anchor, gauge, wedge
from theorycheck.drawing.style import DARK, INK, MARKS, PAPER, SERIES, STYLE
from theorycheck.judgement import Estimate, Interval

INF = np.inf


def log_log():
    axes = Figure().add_subplot(xscale="log", yscale="log", xlim=(0.1, 10), ylim=(0.01, 100))
    return axes


@pytest.mark.parametrize(
    ("allowed", "slopes"),
    [
        (Interval(-2.25, INF), {-2.5: False, -2: True, -0.5: True, 3: True}),
        (Interval(-INF, 1.25), {-3: True, 1: True, 1.5: False}),
        (Interval(-1.25, -0.75), {-1.5: False, -1: True, -0.5: False}),
        (Interval(-INF, INF), {-3: True, 3: True}),
    ],
)
def test_a_law_runs_in_the_wedge_where_its_slope_is_allowed(allowed, slopes):
    axes = log_log()
    wedge(axes, np.geomspace(0.1, 10, 200), (1.0, 1.0), allowed)
    assert (axes.get_xlim(), axes.get_ylim()) == ((0.1, 10), (0.01, 100))
    (area,) = axes.collections
    for slope, inside in slopes.items():
        for x in (0.7, 1.4):
            assert any(p.contains_point((x, x**slope)) for p in area.get_paths()) == inside, (slope, x)


def test_a_wedge_begins_where_the_slope_is_judged():
    x = np.geomspace(0.03, 0.3, 41)
    assert anchor(x, 5 * x**-2, 0) == 20
    curve = x ** (-2 + 0.3 * np.log(x))
    assert (anchor(x, curve, 0), anchor(x, curve, INF)) == (0, 40)


def test_a_gauge_shows_all_that_it_speaks_of():
    axes = Figure().add_subplot()
    estimate = Estimate("x", -0.84, Interval(-1.15, -0.48), "m")
    gauge(axes, "SUPPORTED", estimate, -2.0, Interval(-2.25, INF))
    low, high = axes.get_xlim()
    assert low < -2.25
    assert high > -0.48
    (band,) = axes.patches
    assert band.get_x() == -2.25
    assert band.get_x() + band.get_width() == pytest.approx(high)
    assert not axes.texts


@pytest.mark.parametrize("estimate", [None, Estimate("x", np.nan, Interval(-INF, INF), "m")])
def test_a_gauge_without_an_estimate_says_so(estimate):
    axes = Figure().add_subplot()
    gauge(axes, "INCONCLUSIVE", estimate, None, None)
    assert [text.get_text() for text in axes.texts] == ["no estimate"]


def test_ends_without_bound_are_arrows():
    axes = Figure().add_subplot()
    gauge(axes, "INCONCLUSIVE", Estimate("x", -1.0, Interval(-INF, 0.5), "m"), -1.0, None)
    assert [line.get_marker() for line in axes.lines if line.get_marker() in "<>"] == ["<"]


def luminance(colour):
    """Relative luminance (WCAG 2.2)."""
    rgb = np.array(to_rgb(colour))
    return float(
        np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ (0.2126, 0.7152, 0.0722)
    )


def contrast(one, other):
    """Contrast ratio (WCAG 2.2, 1.4.3 and 1.4.11)."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_colours_can_be_read_on_light_and_dark_pages():
    drawn = {*STYLE.values(), *(c for _, c in MARKS.values()), *(c for c, _ in SERIES)}
    assert all(re.fullmatch("#[0-9a-f]{6}", colour) for colour in drawn)
    for colour in drawn:
        assert contrast(colour, PAPER) >= 3, colour
        assert contrast(DARK[colour], DARK[PAPER]) >= 3, colour
    assert contrast(INK, PAPER) > 7
    assert all(contrast(colour, "#ffffff") >= 4.5 for _, colour in MARKS.values())  # of a badge


def test_what_differs_by_colour_differs_in_grey_or_by_its_mark():
    assert contrast(STYLE["fitted"], STYLE["claimed"]) > 1.8
    assert len({mark for mark, _ in MARKS.values()}) == 3
    assert len({mark for _, mark in SERIES}) == len(SERIES)
