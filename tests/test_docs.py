"""The documentation says what is so."""

import doctest
import importlib
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from PIL import Image

import theorycheck
from theorycheck import bounds, pytest_plugin

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
SHOWN = [path for path in sorted((ROOT / "theorycheck").rglob("*.py")) if ">>> " in path.read_text()]


@pytest.mark.parametrize("path", SHOWN, ids=lambda path: path.stem)
def test_the_examples_in_docstrings_are_right(path):
    found = doctest.testmod(importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts)))
    assert found.attempted
    assert not found.failed


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("mkdocs") is None, reason="the extra [docs] is not installed")
def test_the_site_builds_without_a_warning(tmp_path):
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", tmp_path / "site"]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    described = re.findall(r'id="theorycheck\.[\w.]*?(\w+)"', (tmp_path / "site/api/index.html").read_text())
    assert not {*theorycheck.__all__, "Estimate", "Interval", "Check", "Predicts"} - set(described)


def pages_named(entry):
    """The pages of an entry of mkdocs.yml's navigation."""
    if isinstance(entry, str):
        return [entry]
    return [
        page
        for inner in (entry.values() if isinstance(entry, dict) else entry)
        for page in pages_named(inner)
    ]


def test_every_page_is_in_the_navigation_once():
    navigation = (ROOT / "mkdocs.yml").read_text().partition("\nnav:\n")[2]
    named = pages_named(yaml.safe_load(navigation))
    assert sorted(named) == sorted(str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md"))


def test_every_command_is_documented_from_its_help():
    specification = importlib.util.spec_from_file_location("write_commands", DOCS / "write_commands.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    assert module.page() == (DOCS / "commands.md").read_text()


@pytest.mark.slow
def test_the_ten_minutes_are_executed(tmp_path):
    blocks = re.findall(r"```sh\n(.*?)```", (DOCS / "your-own-claim.md").read_text(), flags=re.DOTALL)
    commands = [line for block in blocks for line in block.splitlines()]
    assert len(commands) >= 8
    here = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")} | {"PATH": here}
    for command in commands:
        result = subprocess.run(
            command, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert result.returncode == 0, f"{command}\n{result.stdout}{result.stderr}"


def script(name):
    specification = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_the_overview_shows_the_stored_runs_of_today():
    overview = script("write_overview")
    runs = overview.runs()
    with Image.open(overview.PICTURE) as picture:
        told = picture.info["Description"]
    assert told == overview.shown(runs), "run: python docs/write_overview.py"
    assert told != overview.shown(runs[1:])
    index = (DOCS / "claims/index.md").read_text().partition("![All claims]")[0]
    assert {found.run.name for found in runs} == set(re.findall(r"^\| \[(\w+)\]", index, re.MULTILINE))
    assert len(overview.picture().axes) == sum(len(found.run.exponents) for found in runs)


def test_no_page_gets_more_long_sentences_or_lines():
    assert not script("check_language").complaints()


def test_the_language_check_finds_a_long_sentence_and_a_long_line():
    check = script("check_language")
    long = " ".join(["word"] * 31)
    assert check.long_sentences(f"Short one. {long}.") == [f"{long}."]
    assert check.long_lines("x" * 111) == ["x" * 111]
    assert not check.long_sentences(f"```sh\n{long}\n```\n| {long} |\n")
    assert not check.long_sentences(f"{' '.join(['word'] * 30)}.")


@pytest.mark.skipif(importlib.util.find_spec("codespell_lib") is None, reason="codespell is not installed")
def test_nothing_is_misspelt():
    places = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs", "theorycheck", "tests", "examples")
    command = [sys.executable, "-m", "codespell_lib", *places]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr


PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
LINK = re.compile(r'\]\(([^)\s]+)\)|(?:src|href)="([^"]+)"')


def anchors(path):
    """As code hosts and mkdocs make them from headings."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_link_is_dead(path):
    """Relative ones; those to other sites are not followed."""
    text = re.sub(r"^(```|~~~).*?^\1", "", path.read_text(), flags=re.DOTALL | re.MULTILINE)
    for target in filter(None, (one or other for one, other in LINK.findall(text))):
        if re.match(r"https?:|mailto:", target):
            continue
        name, _, anchor = target.partition("#")
        file = path.parent / name if name else path
        assert file.exists(), f"{path.relative_to(ROOT)}: {target}"
        assert not anchor or file.suffix != ".md" or anchor in anchors(file), target


def test_every_option_of_the_plugin_is_documented():
    text = (DOCS / "pytest.md").read_text()
    for name in pytest_plugin.OPTIONS:
        assert f"--claims-{name}" in text


@pytest.mark.parametrize("claim", bounds.claims().values(), ids=lambda claim: claim.name)
def test_every_claim_has_a_page_with_its_statement_figure_and_verdict(claim):
    text = (DOCS / f"claims/{claim.name}.md").read_text()
    assert claim.statement in text.replace("\\*", "*")
    assert (DOCS / f"claims/{claim.name}.png").exists()
    assert re.search(r"\*\*(SUPPORTED|REFUTED|INCONCLUSIVE)\*\*", text)
    assert "ot to be concluded" in text or "would settle it" in text
    lists = [DOCS / "claims/index.md", DOCS / f"claims/{claim.source.paper.key}.md"]
    linked = any(f"({claim.name}.md)" in path.read_text() for path in lists if path.exists())
    assert linked or f"(claims/{claim.name}.md)" in (DOCS / "theorems.md").read_text()


@pytest.mark.parametrize("page", script("check_language").pages(), ids=lambda page: page.name)
def test_stars_of_letters_are_no_emphasis(page):
    r"""N* and alpha_* in one paragraph are otherwise set as emphasis of what is between; write N\*."""
    text = re.sub(r"^(```|~~~).*?^\1", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"`[^`]*`|\$[^$]*\$|^    .*$", "", text, flags=re.MULTILINE)
    assert not re.findall(r"(?<![\\\w])(?:alpha_|lambda|[NHTmh])\*(?!\*).*", text)
