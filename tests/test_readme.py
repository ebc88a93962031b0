"""The README says what is so: its output, its theorem, its figures, its badges."""

import importlib.util
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
SHOWN = re.search(r"```console\n\$ theorycheck (.+?)\n(.+?)```", README, flags=re.DOTALL)
OWN = re.search(r"```python\n(.+?)```", README.partition("## Your own theorem in 20 lines")[2], re.DOTALL)


def theorycheck(arguments, folder):
    command = [sys.executable, "-m", "theorycheck", *shlex.split(arguments)]
    environment = os.environ | {"COLUMNS": "100", "NO_COLOR": "1"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def words(output):
    """What is printed, without line breaks and without seconds, which no run repeats."""
    return " ".join(re.sub(r"\d+ s$", "", output, flags=re.MULTILINE).split())


@pytest.mark.slow
def test_the_output_that_is_shown_is_the_output(tmp_path):
    command, output = SHOWN.groups()
    found = theorycheck(command, tmp_path)
    assert found.returncode == 0, found.stderr
    assert words(found.stdout) == words(output)


def test_the_picture_and_the_table_say_what_the_output_says():
    value, interval = re.search(r"exponent (\S+) (\[.+?\])", SHOWN[2]).groups()
    minus = f"{value} {interval}".replace("-", "\N{MINUS SIGN}")
    assert minus in README
    trials = re.search(r"(\d+) trials", SHOWN[2])[1]
    assert f"{trials} trials, profile standard, seed 0" in README


def test_the_theorem_of_20_lines_has_20_lines_and_a_verdict(tmp_path):
    assert (
        len([line for line in OWN[1].splitlines() if line]) <= 20
    )  # of code; blank lines are the formatter's
    (tmp_path / "random_walk.py").write_text(OWN[1])
    found = theorycheck("verify --claim random_walk.py --profile quick", tmp_path)
    assert found.returncode == 0, found.stdout + found.stderr
    assert found.stdout.startswith("SUPPORTED   random_walk")


ROWS = re.findall(r"^\| \[.+?\]\((docs/claims/(\w+)\.md)\) \| (.+?) \| (.+?) \|$", README, re.MULTILINE)


def test_every_statement_of_the_paper_is_in_the_table():
    index = (ROOT / "docs/claims/index.md").read_text().partition("![All claims]")[0]
    listed = set(re.findall(r"^\| \[(\w+)\]", index, re.MULTILINE)) - {
        "attention_gap_by_scale",
        "attention_saving",
    }  # not of it
    assert {name for _, name, _, _ in ROWS} == listed


@pytest.mark.parametrize(("page", "name", "estimate", "verdict"), ROWS, ids=[row[1] for row in ROWS])
def test_a_row_says_what_the_page_of_its_claim_says(page, name, estimate, verdict):
    text = (ROOT / page).read_text()
    decision = re.search(r"SUPPORTED|REFUTED|INCONCLUSIVE", verdict)[0]
    assert re.search(r"\*\*(SUPPORTED|REFUTED|INCONCLUSIVE)\*\*", text)[1] == decision
    figures = re.findall(r"-?\d+(?:\.\d+)?", estimate.replace("\N{MINUS SIGN}", "-"))
    said = set(re.findall(r"-?\d+(?:\.\d+)?", text))
    assert figures
    assert set(figures) <= said, f"{name}: {sorted(set(figures) - said)} of the README are not on its page"


def test_the_badges_are_true():
    path = ROOT / "docs/write_badges.py"
    specification = importlib.util.spec_from_file_location("write_badges", path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    assert len(module.badges()) == 3
    for file, text in module.badges().items():
        assert file.read_text() == text, "run: python docs/write_badges.py"
        assert f"({file.relative_to(ROOT)})" in README


def test_the_citation_is_of_this_version_and_licence():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    version = re.search(r'__version__ = "(.+)"', (ROOT / "theorycheck/__init__.py").read_text())[1]
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()
    assert (citation["version"], citation["license"]) == (version, "MIT")


def test_the_changelog_begins_with_what_is_unreleased_and_this_version():
    """Of the day on which it is cited to be released."""
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert headings[:2] == ["Unreleased", f"{citation['version']} - {citation['date-released']}"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", citation["date-released"])
