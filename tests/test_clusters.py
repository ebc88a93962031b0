"""The job scripts of docs/clusters.md, by a stand-in for Slurm that runs its tasks here."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from test_fingerprint import claim_file
from test_shards import HERE
from test_stopping import GOOD

from theorycheck import bounds
from theorycheck.empirical.store import Store
from theorycheck.plan import make_plan
from theorycheck.session import Session, collect

PAGE = (Path(__file__).parents[1] / "docs/clusters.md").read_text()
SCRIPTS = {
    re.search(r"^# (\w+\.sh)", block, flags=re.MULTILINE)[1]: block
    for block in re.findall(r"```sh\n(#!/bin/bash\n# \w+\.sh.*?)```", PAGE, flags=re.DOTALL)
}
COMMANDS = {
    "theorycheck": f"""#!{sys.executable}
from theorycheck.executors.local import ThisProcess, Workers
Workers.fitting = lambda *_: ThisProcess()  # as starting processes takes longest here
from theorycheck.cli import main
main()
""",
    "sbatch": """#!/bin/sh
test "$1" = --wait || exit 64
echo array >> arrays
for task in $(seq "$(sed -n 's/^#SBATCH --array=1-//p' "$2")"); do
    SLURM_ARRAY_TASK_ID=$task SLURM_CPUS_PER_TASK=1 bash "$2" || exit 1
done
""",
    "srun": """#!/bin/sh
for task in $(seq "${SLURM_NTASKS:-1}"); do "$@" & done
wait
""",
    "dask": f"""#!/bin/sh
exec {sys.executable} -m dask "$@"
""",
}
SEARCHED = "return point['N'] > 10 * point['x'] * (1 + seed % 97 / 97)"


def carried_out(folder, name, options, tasks, first="rounds.sh"):
    """A script, with fewer tasks than on the page."""
    (folder / "bin").mkdir()
    for command, text in COMMANDS.items():
        (folder / "bin" / command).write_text(text)
        (folder / "bin" / command).chmod(0o755)
    for script, text in SCRIPTS.items():
        here = text.replace("my_claim.py", f"{name} {options}").replace("=1-16", f"=1-{tasks}")
        (folder / script).write_text(here.replace("TASK_ID/16", f"TASK_ID/{tasks}"))
    path = {"PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}", "SLURM_NTASKS": str(tasks)}
    return subprocess.run(
        ["bash", first],
        cwd=folder,
        env={**os.environ, **path},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("body", "rounds", "tasks"),
    [(GOOD, 1, 2), (SEARCHED, 6, 2)],
    ids=["fixed", "adaptive"],
)
@pytest.mark.slow
def test_the_job_scripts_end_in_the_verdict_of_one_machine(tmp_path, body, rounds, tasks):
    path = claim_file(tmp_path, "", body)
    if body is SEARCHED:
        search = "search=Search('N', [2, 4, 8, 16, 32, 64, 128, 256]), held="
        path.write_text(path.read_text().replace("held=", search))
    ended = carried_out(tmp_path, path.name, "--profile smoke", tasks)
    plan = make_plan(bounds.find(str(path)), "smoke")
    alone = Session(tmp_path / "alone.sqlite", HERE).carry_out(plan)
    status = {"SUPPORTED": 0, "REFUTED": 1, "INCONCLUSIVE": 3}[alone.decision]
    assert ended.returncode == status, ended.stderr
    assert f"trials (0 trained, {len(alone.trials)} reused from the store)" in ended.stdout
    assert (tmp_path / "arrays").read_text().count("array") == rounds
    with Store(tmp_path / "store.sqlite", read_only=True) as store:
        assert collect(plan, store).equals(alone.trials)


@pytest.mark.slow
def test_a_task_that_fails_ends_the_loop_without_a_verdict(tmp_path):
    path = claim_file(tmp_path, "", "raise SystemExit(3)")
    ended = carried_out(tmp_path, path.name, "--profile smoke", 2)
    assert ended.returncode == 1
    assert "it called sys.exit(3), but has to return a value" in ended.stderr
    assert not (tmp_path / "store.sqlite").exists()


@pytest.mark.slow
def test_the_job_of_a_dask_cluster_ends_in_the_verdict_of_one_machine(tmp_path):
    path = claim_file(tmp_path, "import helper", GOOD)
    (tmp_path / "helper.py").write_text("")
    ended = carried_out(tmp_path, path.name, "--report md", 2, "dask.sh")
    assert ended.returncode == 0, ended.stderr
    alone = Session(tmp_path / "alone.sqlite", HERE).carry_out(plan := make_plan(bounds.find(str(path))))
    with Store(tmp_path / ".theorycheck/store.sqlite", read_only=True) as store:
        assert collect(plan, store).equals(alone.trials)


@pytest.mark.slow
@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a card")
def test_the_job_of_a_card_says_where_there_is_none(tmp_path):
    ended = carried_out(tmp_path, "my_claim.py", "", 1, "gpu.sh")
    assert "asked for the device cuda, but PyTorch finds no CUDA device" in ended.stderr


def test_the_page_has_these_scripts():
    assert set(SCRIPTS) == {"dask.sh", "gpu.sh", "rounds.sh", "shards.sh"}
