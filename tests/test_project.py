"""The project itself: architecture, README, benchmark."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from test_cli import run

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
EXAMPLES = re.findall(r"^\.venv/bin/theorycheck (.+?)(?:\s+#.*)?$", README, flags=re.MULTILINE)


def test_imports_point_down():
    linter = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([linter], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


def test_the_four_parts_stand_side_by_side_at_the_top():
    for part in ("bounds", "empirical", "reports"):
        assert (ROOT / part).resolve() == ROOT / "theorycheck" / part


def test_no_file_is_long():
    lengths = {path: len(path.read_text().splitlines()) for path in (ROOT / "theorycheck").rglob("*.py")}
    assert max(lengths.values()) <= 400


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_commands_of_the_readme_work(example, tiny, tmp_path):
    """Those that train are run on a small claim."""
    small = example.replace("examples/", f"{ROOT}/examples/")
    if not example.startswith("fit"):
        small = re.sub(r"--all|--claim \S+", f"--claim {tiny}", example).replace(" --profile quick", "")
        small += " --profile smoke" if small != example else ""
    result = run(*shlex.split(small), cwd=tmp_path)
    assert result.exit_code in (0, 1, 3), result.stderr
    assert result.stdout


def test_the_readme_has_examples_and_links_that_exist():
    assert len(EXAMPLES) >= 5
    for target in re.findall(r"\]\(([^)]+)\)", README):
        assert (ROOT / target).exists(), target


def test_the_engine_benchmark_runs():
    """The benchmark runs and has its documented shape; its figures are for a quiet machine to judge."""
    command = [sys.executable, ROOT / "benchmarks/engine.py", "--json", "--quick"]
    rows = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)["sizes"]
    assert {row["name"] for row in rows} == {"small", "default"}
    for row in rows:
        assert set(row["steps_per_cpu_second"]) == {"eager", "ours"}
        assert row["ratio_eager"] > 1
