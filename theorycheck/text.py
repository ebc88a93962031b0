"""What others wrote, on its way to a reader: in one harmless line of bounded length, or as one word of a
shell.
"""

import os
import re
from collections.abc import Sequence

LONGEST = 5000  # characters of a text that is shown; what is longer is a mistake, and hangs what typesets it
MOST_NAMES = 8  # that are listed

# What a terminal or a page obeys or hides instead of showing it: control characters (C0 and C1, which begin
# escape sequences) but tab and newline, marks that turn or hide text (Unicode Standard Annex 9, section 2;
# tags), and surrogates, which no file can hold.
_OBEYED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)


def neutral(text: str) -> str:
    r"""The text with every character that is obeyed instead of shown as its escape.

    Example:
        >>> neutral("\x1b[31mred \u202eder")
        '\\x1b[31mred \\u202eder'
    """
    return _OBEYED.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def one_line(text: str, most: int = LONGEST) -> str:
    r"""A neutral text without line breaks, cut with a mark where it is longer than a reader would read.

    Example:
        >>> one_line("two\n\nlines")
        'two lines'
        >>> one_line("xxxxxxxx", 3)
        'xxx ... (8 characters in all)'
    """
    shown = text if len(text) <= most else f"{text[:most]} ... ({len(text)} characters in all)"
    lines = shown.splitlines()
    return neutral(shown if lines == [shown] else " ".join(filter(None, map(str.strip, lines))))


def cut(text: str, most: int) -> str:
    """The text, or its beginning with three dots."""
    return text if len(text) <= most else f"{text[:most]}..."


def listed(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + f" and {more} more" * (more > 0)


def told(error: BaseException) -> str:
    """An error in one line, whatever it is."""
    try:
        text = " ".join(str(error).split())
    except Exception:  # the error's own
        text = ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def shell_word(text: str) -> str:
    r"""A text as one word of a POSIX shell; with $'...' where it holds what no terminal shows (bash manual,
    3.1.2.4).

    Backslashes instead of quotes, as typesetting turns straight quotes into others.

    Example:
        >>> print(shell_word("my claims/a.py"))
        my\ claims/a.py
        >>> print(shell_word("a\nb.py"))
        $'a\x0ab.py'
    """
    if text.isprintable() and text:
        return re.sub(r"[^\w@%+=:,./-]", r"\\\g<0>", text)
    shown = re.sub(rb"[^\w ./-]", lambda byte: b"\\x%02x" % ord(byte[0]), os.fsencode(text))
    return f"$'{shown.decode()}'"
