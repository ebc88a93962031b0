"""Writes commands.md from the --help of every command:  python docs/write_commands.py"""

from __future__ import annotations

import os
import re
from pathlib import Path

os.environ.update(COLUMNS="100", TERM="dumb", NO_COLOR="1")

import typer
from typer.testing import CliRunner

from theorycheck.cli import app

PAGE = Path(__file__).with_name("commands.md")


def page() -> str:
    """The page: what each command prints when asked for help."""
    names = [command.name for command in typer.main.get_command(app).commands.values()]  # type: ignore[attr-defined]
    parts = ["# Commands\n\nWritten by `python docs/write_commands.py` from the commands' own help.\n"]
    for name in sorted(names):
        text = CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "100"}).stdout
        text = re.sub(r"[ \t]+$", "", text.strip("\n"), flags=re.MULTILINE)
        parts.append(f"## theorycheck {name}\n\n```text\n{text}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
