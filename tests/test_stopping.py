"""Responses that misbehave, signals, and edits while a run goes on: what is said, kept, and left alive."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from conftest import mostly_slow
from test_fingerprint import claim_file
from test_sweep import children, stored, wait_until
from verified import verify

from theorycheck import bounds
from theorycheck.empirical import sweep
from theorycheck.errors import ClaimError, Interrupted
from theorycheck.executors.local import Workers
from theorycheck.plan import make_plan

STORE = ".theorycheck/store.sqlite"
SIGNALS = {"SIGTERM": 143, "SIGHUP": 130, "SIGINT": 130, "SIGKILL": -9}  # and the exit statuses
GOOD = "return point['x'] ** 2 * (1 + seed % 97 / 1e4)"


def started(path: Path, *options: str, command: str = "verify", **more) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "theorycheck", command, "--claim", path.name, *options],
        cwd=path.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        **more,
    )


def ended(path: Path, *options: str) -> tuple[int, str, str]:
    process = started(path, "--report", "md", *options)
    output, errors = process.communicate(timeout=120)
    return process.returncode, output, errors


AWAY = {  # what ends a run, and what is said
    "import sys; sys.exit(0)": "grown failed at x = .*: it called sys.exit(0), but has to return a value",
    "raise SystemExit": "it called sys.exit()",
    "raise KeyboardInterrupt": "grown failed at x = .*: KeyboardInterrupt",
    "raise GeneratorExit('a\\nb')": "GeneratorExit: a b",
    "raise type('Odd', (BaseException,), {'__str__': lambda self: 1 / 0})": "x = .*: Odd",
    "raise type('Unsendable', (Exception,), {})(lambda: 0)": "Unsendable: <function",
    "import os; os._exit(0)": (
        "ended its worker process, as os._exit(0) does, but has to return a value: 0 of 8"
    ),
    "import os; os._exit(3)": "as os._exit(3) does",
    "import os; os.kill(os.getpid(), 9)": (
        "a worker process was killed by SIGKILL: 0 of 8 .* run the same command"
    ),
    "import os; os.closerange(3, 1000)": "worker process",
}
OFTEN = ("import sys; sys.exit(0)",)
STAYS = """import os, signal, sys, threading, time
    x = point['x']
    if os.environ.get('DONE') != '1':
        os.environ['DONE'] = '1'
        print('{')
        os.write(1, b'{')
        sys.stdout.close()
        os.close(1)
        os.chdir('/')
        os.fork()
        point.clear()
        sys.path.clear()
        signal.raise_signal(signal.SIGTERM)
        threading.Thread(target=time.sleep, args=(1000,)).start()
        sys.stderr.close()
    return x ** 2 * (1 + seed % 97 / 1e4)"""


@pytest.mark.parametrize("jobs", mostly_slow([1], [1, 2]))
@pytest.mark.parametrize("statement", mostly_slow(OFTEN, AWAY))
def test_a_response_that_goes_away_loses_nothing_that_was_finished(statement, jobs, tmp_path):
    """A first run stores half of the trials; the response misbehaves in the other half."""
    path = claim_file(
        tmp_path,
        "",
        f"import os\n    if os.path.exists({str(tmp_path / 'bad')!r}):\n        {statement}\n    {GOOD}",
    )
    options = {"store": tmp_path / "s.sqlite", "out": tmp_path / "out", "jobs": jobs}
    verify(str(path), "quick", **options)
    (tmp_path / "bad").touch()
    with pytest.raises(
        (ClaimError, Interrupted), match=AWAY[statement].replace("(", r"\(").replace(")", r"\)")
    ):
        verify(str(path), "standard", **options)
    (tmp_path / "bad").unlink()
    verdict = verify(str(path), "standard", **options)
    assert (verdict.trials["trained"], verdict.trials["reused"]) == (8, 8)


@pytest.mark.parametrize("jobs", mostly_slow([1], [1, 2]))
def test_what_a_response_does_to_its_process_stays_there(jobs, tmp_path):
    path = claim_file(tmp_path, "", STAYS)
    status, output, errors = ended(path, "--json", "--jobs", str(jobs))
    assert status == 0, errors
    assert json.loads(output)["claims"][0]["verdict"] == "SUPPORTED"


@pytest.mark.parametrize("jobs", mostly_slow([1], [1, 2]))
@pytest.mark.parametrize("name", mostly_slow(["SIGTERM", "SIGINT"], SIGNALS))
def test_a_signal_ends_the_run_and_its_workers_and_keeps_what_was_finished(name, jobs, tmp_path):
    """Also workers in the middle of a response that holds on to the interpreter."""
    body = f"import re\n    if point['x'] == 8: re.match('(a+)+b', 'a' * 40)\n    {GOOD}"
    path = claim_file(tmp_path, "", body)
    process = started(path, "--jobs", str(jobs))
    wait_until(lambda: stored(tmp_path / STORE) > 0 and children(process.pid))
    workers = children(process.pid)
    process.send_signal(getattr(signal, name))
    _, errors = process.communicate(timeout=60)
    assert process.returncode == SIGNALS[name], errors
    kept = stored(tmp_path / STORE)
    assert 0 < kept <= 8
    if name != "SIGKILL":
        cause = "interrupted" if name == "SIGINT" else f"interrupted by {name}"
        assert f"theorycheck: {cause}: {kept} of 16 missing trials were trained and are stored" in errors
        assert "run the same command again" in errors
    assert "Traceback" not in errors
    wait_until(lambda: not any(map(alive, workers)), 10)


def test_a_signal_ends_a_program_that_verifies_and_its_workers(tmp_path):
    """Though it catches all exceptions."""
    path = claim_file(
        tmp_path, "", f"import re\n    if point['x'] == 8: re.match('(a+)+b', 'a' * 40)\n    {GOOD}"
    )
    program = f"""
import theorycheck as tc
try:
    tc.verify({path.name!r})
except BaseException:
    pass
print("goes on")
"""
    process = subprocess.Popen(
        [sys.executable, "-c", program], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    )
    wait_until(lambda: stored(tmp_path / STORE) > 0 and children(process.pid))
    workers = children(process.pid)
    process.terminate()
    assert process.communicate(timeout=60) == ("", None)
    assert process.returncode == -signal.SIGTERM
    wait_until(lambda: not any(map(alive, workers)), 10)


SLEEPS = """
from sympy import oo, symbols
from theorycheck import Claim, Design, Paper, Source, Theta, command
x, y = symbols("x y", positive=True)
claim = Claim(
    name="sleeps", title="Sleeps", source=Source(paper=Paper(key="x", short="X", reference="X"), place="1"),
    provenance="recalled", quantity=y, law=Theta(x, (x, oo)), refuted_by="never",
    response=command(["sh", "-c", "echo $$ > pid; sleep 300; echo {x}"], r"output:(.+)"),
    design=Design(factor=x, levels=(1, 2, 4, 8), replicates=4, held={}),
)
"""


@pytest.mark.parametrize("times", [1, 100])
def test_ctrl_c_ends_a_command_that_runs_however_often_it_comes(tmp_path, times):
    path = tmp_path / "sleeps.py"
    path.write_text(SLEEPS)
    process = started(path, "--jobs", "1", start_new_session=True)
    running: list[int] = []

    def runs() -> bool:
        (found,) = [*tmp_path.glob(".theorycheck/trials/*/pid")] or [None]
        running[:] = [int(found.read_text())] if found and found.read_text().endswith("\n") else []
        return bool(running)

    wait_until(runs)
    for _ in range(times):  # until past its end
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.01)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130, errors
    assert "theorycheck: interrupted" in errors
    assert "Traceback" not in errors
    wait_until(lambda: not alive(running[0]), 10)  # its folder is gone


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_signal_that_is_ignored_stays_ignored(tmp_path):
    """As by nohup."""
    with Workers(1) as workers:
        assert workers.submit(os.getpid).result() != os.getpid()
    program = (
        "import os, signal; from theorycheck.stopping import stoppable\n"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "with stoppable(): os.kill(os.getpid(), signal.SIGHUP)\n"
        "print('goes on')"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout == "goes on\n"


@pytest.mark.parametrize("edited", mostly_slow(["helper.py"], ["growth.py", "helper.py"]))
def test_an_edit_while_the_run_goes_on_ends_it_and_keeps_what_is_stored(edited, tmp_path):
    path = claim_file(tmp_path, "", f"import helper; {GOOD}")
    (tmp_path / "helper.py").write_text("")

    def edit(done, more):
        if done:
            (tmp_path / edited).write_text((tmp_path / edited).read_text() + "\n")

    @contextmanager
    def progress(_):
        yield edit

    options = {"store": tmp_path / "s.sqlite", "out": tmp_path / "out"}
    message = rf"{edited} was edited while the run went on: 8 of 16 missing trials were trained"
    with pytest.raises(ClaimError, match=message):
        verify(str(path), progress=progress, **options)
    assert stored(tmp_path / "s.sqlite") == 8
    verdict = verify(str(path), **options)
    assert verdict.trials["trained"] == 16


def test_seeds_come_from_this_process_and_workers_return_positions(tmp_path):
    path = claim_file(tmp_path, "", "return 1.0 + seed")
    plan = make_plan(bounds.load(path))
    trials = [plan.trial(cell, i) for cell in plan.cells for i in range(12)]
    with Workers(2) as workers:
        results = [
            r
            for batch in sweep.train(sweep.batches(trials, plan.measured), workers, plan.measured)
            for r in batch
        ]
    assert {trial.key: m["value"] for trial, m in results} == {
        trial.key: 1.0 + trial.own_seed for trial in trials
    }
    assert len({trial.own_seed for trial in trials}) == len(trials)
    path.write_text(path.read_text() + "# an edit draws no other luck\n")
    edited = make_plan(bounds.load(path))
    assert {edited.trial(cell, 0).own_seed for cell in edited.cells} <= {trial.own_seed for trial in trials}
    assert edited.trial(edited.cells[0], 0).key not in {trial.key for trial in trials}


def test_what_a_claim_imports_from_beside_it_is_there_in_a_worker(tmp_path):
    """Whatever other modules of the same names this process has."""
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack/__init__.py").write_text("from .deep import Two\n")
    (tmp_path / "pack/deep.py").write_text("class Two:\n    value = 2.0\n")
    for name in ("helper", "lazy", "conftest"):
        (tmp_path / f"{name}.py").write_text(f"def value():\n    return {len(name)}.0\n")
    imports = "import helper, pack; from conftest import value"
    path = claim_file(
        tmp_path, imports, "import lazy; return helper.value() + lazy.value() + value() + pack.Two.value"
    )
    plan = make_plan(bounds.load(path))
    with Workers(1) as workers:
        ((_, measurement),) = next(sweep.train([[plan.trial(plan.cells[0], 0)]], workers, plan.measured))
    assert measurement["value"] == 6 + 4 + 8 + 2


def test_what_cannot_be_sent_to_a_worker_is_refused_before_any_trial(tmp_path):
    path = claim_file(
        tmp_path, "import threading; LOCK = threading.Lock()", f"LOCK.acquire(); LOCK.release(); {GOOD}"
    )
    with pytest.raises(ClaimError, match=r"grown cannot be sent to a worker process \(TypeError: .*lock"):
        verify(str(path), store=tmp_path / "s.sqlite", out=tmp_path / "out")
    assert stored(tmp_path / "s.sqlite") == 0


PURE = """
import sys
from importlib.abc import MetaPathFinder
class NoTorch(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] == "torch":
            raise RuntimeError("torch is imported")
sys.meta_path.insert(0, NoTorch())
"""


@pytest.mark.parametrize(
    "command",
    mostly_slow(
        ["verify --claim growth.py --jobs 2 --report md"],
        [
            "list",
            "show growth.py",
            "show sample_complexity",
            "verify --claim growth.py --jobs 1",
            "verify --claim growth.py --jobs 2 --report md",
            "report 1 --claim growth.py",
            "plan --claim search.py",
            "verify --claim search.py --profile smoke --report md",
            "fit table.csv --claim growth.py",
            "runs",
        ],
    ),
)
def test_a_claim_in_pure_python_needs_no_torch(command, pure):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(pure / "site"), *sys.path])}
    program = "from theorycheck import cli, forecast; forecast.REPLICATIONS = 4; cli.main()"
    found = subprocess.run(
        [sys.executable, "-c", program, *command.split()],
        cwd=pure,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert found.returncode in (0, 3), found.stderr
    assert "torch" not in found.stderr


@pytest.fixture(scope="module")
def pure(tmp_path_factory):
    """A folder in which importing torch fails in every process."""
    folder = tmp_path_factory.mktemp("pure")
    (folder / "site").mkdir()
    (folder / "site/sitecustomize.py").write_text(PURE)
    path = claim_file(folder, "", GOOD)
    found = claim_file(folder, "", "return point['N'] > 10 * point['x'] * (1 + seed % 97 / 97)", "search")
    found.write_text(
        found.read_text().replace("held=", "search=Search('N', [2, 4, 8, 16, 32, 64, 128, 256]), held=")
    )
    (folder / "table.csv").write_text("x,value\n1,1.0\n2,4.1\n4,15.9\n8,64.5\n16,250\n")
    verify(str(path), store=folder / STORE, out=folder / "out")
    return folder
