"""The style sheet of all figures: colours that stay apart to the colour-blind, in grey, and in the dark.

Blue and vermilion differ in lightness as well as in hue (Okabe and Ito, Color Universal Design, 2008).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl

INK, PAPER, EMPTY = "#1b1d20", "#fefefe", "#c9cbce"  # text and axes; what lies behind; lines between cells
STYLE = {"fitted": "#0b3c5d", "claimed": "#c1440e", "allowed": "#2a9d8f", "threshold": INK}
MARKS = {"SUPPORTED": ("o", "#0b5c8a"), "REFUTED": ("X", "#b8380a"), "INCONCLUSIVE": ("d", "#63686e")}
SERIES = (
    ("#0b3c5d", "o"),
    ("#c1440e", "s"),
    ("#4f7f4e", "^"),
    ("#8a5fa8", "D"),
    ("#a07d00", "v"),
    ("#5a5e63", "P"),
)
# The same on a dark page, where an HTML report is shown on one.
DARK = {
    INK: "#e4e6e8",
    PAPER: "#16181c",
    EMPTY: "#34383e",
    "#0b3c5d": "#79b8e3",
    "#c1440e": "#f08a5d",
    "#2a9d8f": "#4cc2b3",
    "#0b5c8a": "#6bb3e6",
    "#b8380a": "#f28a64",
    "#63686e": "#a6abb1",
    "#4f7f4e": "#8cc08a",
    "#8a5fa8": "#c3a1dc",
    "#a07d00": "#dcb53c",
    "#5a5e63": "#b4b9bf",
}
SHEET: Any = {
    "font.size": 10,
    "axes.titlesize": 10,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.facecolor": PAPER,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.facecolor": PAPER,
    "legend.facecolor": PAPER,
    "legend.edgecolor": EMPTY,
    "legend.fontsize": 8.5,
    "legend.framealpha": 0.95,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "hatch.linewidth": 0.6,
}


@contextmanager
def sheet() -> Iterator[None]:
    """Draw by the style sheet."""
    with mpl.rc_context(SHEET):
        yield
