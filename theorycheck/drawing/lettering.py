"""Letters and words in figures: what matplotlib can draw of a formula or a text, and else something that it
can.
"""

from __future__ import annotations

import logging
import re
from functools import cache
from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib.ft2font import FT2Font
from matplotlib.mathtext import MathTextParser
from sympy import Basic

from theorycheck.notation import plain_text
from theorycheck.text import one_line

if TYPE_CHECKING:
    from theorycheck.claim import Claim

LABEL = 80  # characters that fit beside an axis


def words(text: str) -> str:
    """A text to be drawn as it is: short, with no formula in it, and with code points for what the font
    lacks.
    """
    drawn = "".join(c if ord(c) in _glyphs() else f"[U+{ord(c):04X}]" for c in one_line(text, LABEL))
    hidden = " " * drawn.startswith("_")  # a label that begins so is left out of legends
    return hidden + drawn.replace("$", r"\$")


def formula(claim: Claim, expression: Basic | str, after: str = "") -> str:
    """A letter or expression in the paper's notation, and what follows it; by its name where that cannot be
    drawn.

    matplotlib typesets a part of LaTeX only (matplotlib.org, "Writing mathematical expressions").
    """
    typeset = f"${claim.latex(expression)}{after}$"
    if _drawable(typeset):
        return typeset
    return words((expression if isinstance(expression, str) else plain_text(expression, {})) + after)


@cache
def _glyphs() -> frozenset[int]:
    """The code points of the font of figures, which matplotlib brings along."""
    return frozenset(FT2Font(mpl.font_manager.findfont("DejaVu Sans")).get_charmap())


@cache
def _drawable(typeset: str) -> bool:
    if len(typeset) > 4 * LABEL or len(re.findall(r"(?<!\\)\$", typeset)) != 2:
        return False
    said: list[logging.LogRecord] = []

    def hear(record: logging.LogRecord) -> bool:
        said.append(record)  # of a glyph that its fonts lack
        return False

    logger = logging.getLogger("matplotlib.mathtext")
    logger.addFilter(hear)
    try:
        MathTextParser("path").parse(typeset)
    except ValueError:
        return False
    finally:
        logger.removeFilter(hear)
    return not said
