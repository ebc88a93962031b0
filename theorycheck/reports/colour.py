"""Verdicts in colour, for a terminal; loads no claim."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.text import Text

COLOURS = {"SUPPORTED": "bold blue", "REFUTED": "bold red", "INCONCLUSIVE": "bold yellow"}


def coloured(text: str) -> Text:
    """A text with its verdicts, and what needs attention, in colour; the words stay what they are."""
    from rich.text import Text

    shown = Text(text)
    for decision, style in COLOURS.items():
        shown.highlight_regex(rf"(?m)(?:^ *|(?<=   )){decision}(?= |$)", style)
    shown.highlight_regex(r"(?m)^  warnings", "bold yellow")
    return shown
