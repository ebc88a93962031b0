"""Writes badges/ from what the project says of itself:  python docs/write_badges.py"""

import re
import tomllib
from pathlib import Path

DOCS = Path(__file__).parent
LETTER, EDGE = 6.6, 16  # pixels that a letter of 11 pixels takes, about; and the two margins of a text


def facts() -> dict[str, str]:
    """What each badge says, by its name."""
    project = tomllib.loads((DOCS.parent / "pyproject.toml").read_text())["project"]
    init = (DOCS.parent / "theorycheck/__init__.py").read_text()
    version = re.search(r'^__version__ = "(.+)"$', init, flags=re.MULTILINE)
    assert version, "theorycheck/__init__.py names no __version__"
    return {"version": version[1], "python": project["requires-python"], "licence": project["license"]}


def badge(name: str, text: str) -> str:
    """An SVG that needs nothing else."""
    text = text.replace(">=", "\N{GREATER-THAN OR EQUAL TO} ")
    left, right = (round(LETTER * len(one) + EDGE) for one in (name, text))
    return f"""<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img">
<title>{name}: {text}</title>
<rect width="{left + right}" height="20" rx="3" fill="#0b5c8a"/>
<path d="M3 0h{left - 3}v20H3a3 3 0 0 1-3-3V3a3 3 0 0 1 3-3z" fill="#3b3f45"/>
<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">
<text x="{left / 2:g}" y="14">{name}</text>
<text x="{left + right / 2:g}" y="14">{text}</text>
</g>
</svg>
"""


def badges() -> dict[Path, str]:
    """The text of every badge, by its file."""
    return {DOCS / f"badges/{name}.svg": badge(name, text) for name, text in facts().items()}


if __name__ == "__main__":
    for path, text in badges().items():
        path.write_text(text)
