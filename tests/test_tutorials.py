"""The commands of the tutorials, one after another; for a cluster and a card by stand-ins."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from test_clusters import COMMANDS, SCRIPTS

from theorycheck import bounds
from theorycheck.empirical.machine import machine
from theorycheck.empirical.response import response
from theorycheck.errors import DesignError

TUTORIALS = Path(__file__).parents[1] / "docs/tutorials"


def blocks(page):
    """Language and text of the code blocks of a page."""
    return re.findall(r"^```(sh|python)\n(.*?)^```", (TUTORIALS / page).read_text(), re.DOTALL | re.MULTILINE)


def name_of(script):
    """The file that a reader saves a script as; None for commands."""
    found = re.match(r"#!/bin/bash\n# (\w+\.sh): ", script)
    return found and found[1]


def as_one_script(page):
    """All commands of a page; what is to be saved is saved where it stands, with fewer tasks."""
    for language, text in blocks(page):
        if language == "python":
            yield f"{sys.executable} - <<'END'\n{text}END\n"
        elif name := name_of(text):
            fewer = text.replace("=1-4", "=1-2").replace("TASK_ID/4", "TASK_ID/2")
            yield f"cat > {name} <<'END'\n{fewer}END\n"
        else:
            yield text


def carried_out(commands, folder):
    """The commands, with programs of docs/clusters.md that need no cluster; the first failure ends them."""
    (folder / "bin").mkdir()
    for command, text in COMMANDS.items():
        (folder / "bin" / command).write_text(text)
        (folder / "bin" / command).chmod(0o755)
    path = f"{folder / 'bin'}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    (folder / "here").mkdir()
    return subprocess.run(
        ["bash", "-c", "set -e\n" + "\n".join(commands)],
        cwd=folder / "here",
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_the_way_to_a_cluster_and_back_ends_in_the_verdict_of_one_machine(tmp_path):
    """`cmp` on the page fails where the table of trials is another than that of one machine."""
    ended = carried_out(as_one_script("cluster.md"), tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert re.findall(r"^\d+$", ended.stdout, flags=re.MULTILINE) == ["82", "0", "0"]
    trained = re.findall(r"trials \((\d+) trained, (\d+) reused from the store\)", ended.stdout)
    assert trained == [("0", "80"), ("80", "0"), ("0", "80"), ("0", "80")]
    assert (tmp_path / "here/run/arrays").read_text().count("array") == 1
    home, alone = (
        (tmp_path / "here" / folder / "my_claim/trials.csv").read_bytes()
        for folder in ("home/theorycheck-out", "alone")
    )
    assert home == alone


def test_its_scripts_are_those_of_the_page_on_clusters():
    scripts = {name: text for _, text in blocks("cluster.md") if (name := name_of(text))}
    assert scripts.keys() == {"shards.sh", "rounds.sh"}
    for name, text in scripts.items():
        assert text == SCRIPTS[name].replace("16", "4")


def without_a_card(commands):
    """The card's runs by the CPU: of the synthetic tokens with another seed, as they draw other numbers."""
    for text in commands:
        if "benchmarks/gpu.py" in text:
            continue  # tests/test_gpu.py
        text = text.replace("--device cuda --jobs 1", "--store card.sqlite")
        text = text.replace("--claim sample_complexity", "--claim sample_complexity --profile smoke")
        text = re.sub(r"^theorycheck .+", r"\g<0> || test $? = 3", text, flags=re.MULTILINE)
        yield text.replace("--device cuda", "--seed 1")


@pytest.mark.slow
@pytest.mark.skipif(torch.cuda.is_available(), reason="doctor says otherwise where there is a card")
def test_the_way_to_a_card_is_one_that_the_cpu_can_go(tmp_path):
    before = f"cp {TUTORIALS.parents[1]}/examples/step_size.py ."
    ended = carried_out([before, *without_a_card(as_one_script("gpu.md"))], tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert re.search(r"^absent +CUDA ", ended.stdout, flags=re.MULTILINE)
    assert "56 trials, largest relative difference 0.0\n" in ended.stdout
    assert re.search(r"sample_complexity beside cpu.csv\n  table +at +ours +theirs +ratio", ended.stdout)
    cpu, card = re.findall(r"^(?:cpu|card) \{'(.+)': \d+\}$", ended.stdout, flags=re.MULTILINE)
    assert cpu == card == machine()


def test_the_table_of_what_a_card_can_train_is_that_of_the_code(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    for claim in bounds.claims().values():
        measured = response(claim.response)
        if claim.source.paper.key == "li2023shallow":
            measured.check_device("cuda")
        else:
            with pytest.raises(DesignError, match="this experiment runs on the CPU"):
                measured.check_device("cuda")
