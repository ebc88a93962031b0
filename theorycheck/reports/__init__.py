"""Turns a verdict into what people read: terminal, Markdown, figures; what they write goes to
theorycheck-out/.
"""

from pathlib import Path

DEFAULT_OUT = Path("theorycheck-out")
