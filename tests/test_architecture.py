"""What docs/architecture.md says: its layers are those that are held, and its code extends the package."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest

import theorycheck

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/architecture.md").read_text()
FILES = {
    block.partition("\n")[0].removeprefix("# "): block
    for block in re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
}
CLAIM = '''"""A small claim."""

from sympy import symbols

from theorycheck.bounds.shallow_vit import SETTING, L, M, N, T, S, alpha_relevant, d, eta, m
from theorycheck.claim import Claim, Design
from theorycheck.source import Paper, Source
from theorycheck.statements import Direction
from theorycheck.statements.below import Below

E, gamma = symbols("E gamma", positive=True)


def measured(point, seed):
    """About 2."""
    return 2 + 0.1 * (seed % 7) / 7


claim = Claim(
    name="NAME", title="A small claim", quantity=E, law=LAW, response=RESPONSE, provenance="recalled",
    source=Source(paper=Paper(key="x", short="X", reference="X"), place="1"), refuted_by="it is otherwise",
    design=Design(factor=FACTOR, levels=LEVELS, replicates=8, held=HELD),
)
'''
VIT = '{**SETTING, "attention": True, alpha_relevant: 0.2, L: 20, d: 8, M: 3, m: 40, S: 5, N: 16, T: 2000}'
CLAIMS = {
    "below": ("Below(3)", "measured", "gamma", "(1, 2, 3)", "{}"),
    "above": ("Below(1)", "measured", "gamma", "(1, 2, 3)", "{}"),
    "epochs": ("Direction(eta, grows=False)", "'training_epochs'", "eta", "(0.1, 0.2, 0.4, 0.8)", VIT),
}
VERIFY = """
import json, pathlib, sys
from theorycheck.executors.local import ThisProcess
from theorycheck.session import Session

session = Session(pathlib.Path("s.sqlite"), ThisProcess())
found = [session.examine(name) for name in sys.argv[1:]]
print(json.dumps({one.claim.name: one.decision for one in found}))
"""


@pytest.fixture(scope="module")
def extended(tmp_path_factory):
    """A copy of the package with the code of the page, and a function that runs Python there."""
    folder = tmp_path_factory.mktemp("house")
    shutil.copytree(ROOT / "theorycheck", folder / "theorycheck")
    for name, block in FILES.items():
        path = folder / name
        assert not path.exists()
        path.parent.mkdir(exist_ok=True)
        path.write_text(block)
        if "theorycheck" in name:
            (path.parent / "__init__.py").touch()
    for name, words in CLAIMS.items():
        text = CLAIM.replace("NAME", name)
        for field, word in zip(("LAW", "RESPONSE", "FACTOR", "LEVELS", "HELD"), words, strict=True):
            text = text.replace(f"={field}", f"={word}")
        (folder / f"{name}.py").write_text(text)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
    environment["PYTHONPATH"] = str(folder)

    def run(*arguments):
        command = [sys.executable, *arguments]
        return subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )

    return run


def test_a_new_statement_response_and_paper_are_verified(extended):
    result = extended("-c", VERIFY, *(f"{name}.py" for name in CLAIMS), "perceptron_updates")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout) == {
        "below": "SUPPORTED",
        "above": "REFUTED",
        "epochs": "SUPPORTED",
        "perceptron_updates": "SUPPORTED",
    }


def test_an_executor_verifies_a_claim(extended):
    command = ["-m", "theorycheck", "verify", "--quiet", "--report", "md", "--claim", "perceptron_updates"]
    result = extended(*command, "--executor", "threads", "--jobs", "2")
    assert result.returncode == 0, result.stderr
    assert result.stdout.split() == ["perceptron_updates", "SUPPORTED"]
    unknown = extended(*command, "--executor", "ray")
    assert unknown.returncode == 2
    assert "threads (of this process)" in unknown.stderr


def test_the_four_extensions_are_new_files():
    assert len(FILES) == 5
    for name, block in FILES.items():
        assert not (ROOT / name).exists()
        assert max(map(len, block.splitlines())) <= 110


def test_the_layers_of_the_page_are_those_that_are_held():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (contract,) = (one for one in settings["contracts"] if one["type"] == "layers")
    held = [
        name.strip().removeprefix("theorycheck.") for line in contract["layers"] for name in line.split("|")
    ]
    rows = [line.split("|")[1] for line in PAGE.splitlines() if line.startswith("| `")]
    named = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert set(named) == set(held)
    places = {name: i for i, line in enumerate(contract["layers"]) for name in re.findall(r"\.(\w+)", line)}
    firsts = [[places[name] for name in re.findall(r"`(\w+)`", row)] for row in rows]
    assert all(max(above) <= min(below) for above, below in pairwise(firsts))
    here = {path.stem for path in Path(theorycheck.__file__).parent.iterdir() if path.suffix in ("", ".py")}
    assert {name for name in here if not name.startswith("_")} <= set(named)
