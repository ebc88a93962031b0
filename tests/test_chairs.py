"""Three readers follow the docs' own commands, in an environment installed from the wheel.

Dependencies are installed, and not borrowed: what lies outside of the environment's folder counts as the
reader's code, and is fingerprinted. `.ci/stranger` does the like without pins.
"""

import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HIDDEN = shutil.ignore_patterns(".git", ".venv", ".*_cache", "*.egg-info", "build", "dist", "theorycheck-out")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The folder of the commands of an environment with the wheel."""
    folder = tmp_path_factory.mktemp("chairs")
    shutil.copytree(ROOT, folder / "tree", symlinks=True, ignore=HIDDEN)
    code = "import sys; from setuptools import build_meta; print(build_meta.build_wheel(sys.argv[1]))"
    built = subprocess.run(
        [sys.executable, "-c", code, folder],
        cwd=folder / "tree",
        capture_output=True,
        text=True,
        check=True,
    )
    wheel = folder / built.stdout.split()[-1]
    venv.create(folder / "venv", with_pip=True, symlinks=True)
    python = folder / "venv/bin/python"
    pins = ROOT / "constraints.txt"
    install = [python, "-m", "pip", "install", "--quiet", "--constraint", pins, f"{wheel}[test]"]
    subprocess.run(install, check=True)
    return python.parent


def blocks(page, language="sh"):
    """The lines of the code blocks of a page."""
    found = re.findall(rf"```{language}\n(.*?)```", (ROOT / page).read_text(), flags=re.DOTALL)
    return [line for block in found for line in block.replace("\\\n", " ").splitlines()]


def run(command, installed, folder, statuses=(0,)):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    environment |= {"PATH": f"{installed}{os.pathsep}{os.environ['PATH']}", "NO_COLOR": "1", "COLUMNS": "100"}
    found = subprocess.run(
        command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert found.returncode in statuses, f"{command}\n{found.stdout}{found.stderr}"
    return found.stdout


def test_the_package_is_that_of_the_wheel(installed, tmp_path):
    where = run("python -c 'import theorycheck; print(theorycheck.__file__)'", installed, tmp_path)
    assert Path(where.strip()).is_relative_to(installed.parent)


def test_the_theorist_goes_from_the_readme_to_a_verdict(installed, tmp_path):
    readme = (ROOT / "README.md").read_text().partition("## Your own theorem in 20 lines")[2]
    theorem, command = re.search(
        r"```python\n(.+?)```.*?`(theorycheck verify [^`]+)`", readme, re.DOTALL
    ).groups()
    (tmp_path / "random_walk.py").write_text(theorem)
    assert run(command, installed, tmp_path).startswith("SUPPORTED   random_walk")
    assert (tmp_path / "theorycheck-out/random_walk/report.html").exists()


def test_the_reviewer_judges_a_table_and_compares_it_with_a_run(installed, tmp_path):
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    (fit,) = [line for line in blocks("docs/worked-example.md") if " fit " in line]
    said = run(fit.replace(".venv/bin/", ""), installed, tmp_path, statuses=(1,))
    assert said.startswith("REFUTED")
    assert "-6.28 [-6.75, -5.85]" in said
    verify, compare = blocks("docs/compare.md")[:2]
    run(verify, installed, tmp_path, statuses=(0, 1, 3))
    assert re.search("REPRODUCED|PARTLY|INCONCLUSIVE", run(compare, installed, tmp_path, statuses=(0, 1, 3)))


def test_the_maintainer_pins_a_claim_and_is_told_when_it_changes(installed, tmp_path):
    ten_minutes = blocks("docs/your-own-claim.md")
    commands = ten_minutes[ten_minutes.index("mkdir -p claims") :]
    assert [command.split()[0] for command in commands] == ["mkdir", "theorycheck", "python", "python"]
    for command in commands:
        run(command, installed, tmp_path)
    claim = tmp_path / "claims/walk.py"
    assert "law=BigO(L**2" in claim.read_text()
    claim.write_text(claim.read_text().replace("law=BigO(L**2", "law=BigO(L"))
    said = run(commands[-1], installed, tmp_path, statuses=(1,))
    assert "REFUTED" in said
    assert "--claims-update" in said  # how the new truth is accepted
