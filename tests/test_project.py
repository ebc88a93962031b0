"""The project itself: architecture, README, benchmark."""

import importlib.util
import json
import re
import shlex
import shutil
import statistics
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from conftest import mostly_slow
from test_cli import run

from theorycheck import bounds

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
EXAMPLES = re.findall(r"^\.venv/bin/theorycheck (.+?)(?:\s+#.*)?$", README, flags=re.MULTILINE)
QUICK = [example for example in EXAMPLES if example.split()[0] not in ("verify", "plan")]


def test_the_four_parts_stand_side_by_side_at_the_top():
    for part in ("bounds", "empirical", "reports"):
        assert (ROOT / part).resolve() == ROOT / "theorycheck" / part


def test_no_file_is_long():
    lengths = {path: len(path.read_text().splitlines()) for path in (ROOT / "theorycheck").rglob("*.py")}
    assert max(lengths.values()) <= 300


@pytest.mark.slow
def test_the_source_distribution_holds_what_its_tests_need(tmp_path):
    code = "import sys; from setuptools import build_meta; print(build_meta.build_sdist(sys.argv[1]))"
    hidden = shutil.ignore_patterns(
        ".git", ".venv", ".*_cache", "*.egg-info", "build", "dist", "theorycheck-out"
    )
    shutil.copytree(ROOT, tmp_path / "tree", symlinks=True, ignore=hidden)
    command = [sys.executable, "-c", code, tmp_path]
    name = subprocess.run(
        command, cwd=tmp_path / "tree", capture_output=True, text=True, check=True
    ).stdout.split()[-1]
    with tarfile.open(tmp_path / name) as archive:
        packed = {member.name.partition("/")[2]: member for member in archive.getmembers()}
    for link in ("bounds", "empirical", "reports"):
        assert packed[link].linkname == f"theorycheck/{link}"
    tops = (
        "Makefile",
        "constraints.txt",
        "claims-baseline.json",
        "mkdocs.yml",
        "setup.py",
        "MANIFEST.in",
        ".ci/stranger",
    )
    folders = ("theorycheck", "tests", "examples", "docs", "benchmarks")
    found = (path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file())
    needed = {str(path.relative_to(ROOT)) for path in found if "__pycache__" not in path.parts}
    assert needed | set(tops) <= set(packed)


@pytest.mark.parametrize("example", mostly_slow(QUICK, EXAMPLES))
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


@pytest.mark.slow
def test_the_engine_benchmark_runs():
    """It has its documented shape; its figures are for a quiet machine to judge.

    In a process of its own, because JAX, where it is installed, bears no forks after it.
    """
    code = """
import json, engine
engine.TOGETHER = (1,)
rows = engine.measure(rounds=1, shorten=16)
setting = engine.Setting(**engine.COMMON, **engine.SIZES["default"])
most = engine.multiply_adds(setting, active=1.0, mixed=1.0)
least = engine.multiply_adds(setting, active=0.0, mixed=0.0)
print(json.dumps([rows, most, engine.operations("default"), least]))
"""
    command, folder = [sys.executable, "-c", code], ROOT / "benchmarks"
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    rows, most, needed, least = json.loads(ran.stdout)
    assert [row["name"] for row in rows] == ["small", "default", "large"]
    for row in rows:
        assert set(row["steps_per_cpu_second"]) >= {"eager", "vmap", "jax", "ours"}
        assert {"ratio_eager", "ratio_jax"} <= set(row)
        assert row["ratio_eager"] > 1
    assert most == pytest.approx(17.2e6, rel=0.05)  # by hand: 64 x 10 queries of 26 thousand, and the weights
    assert least == pytest.approx(8.3e6, rel=0.05)  # the same of 12 thousand, forward only
    assert least < needed < most


@pytest.mark.slow
def test_the_verdict_benchmark_runs(tiny, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    finer = tiny.read_text().replace("(0.15, 0.2, 0.3)", "(0.1, 0.15, 0.2, 0.3, 0.4)")
    tiny.write_text(finer.replace("(2, 4, 12, 32, 64)", "(2, 4, 6, 8, 12, 16, 24, 32, 48)"))
    result = benchmark("verdict").measure(bounds.load(tiny), replicates=2, seeds=(1, 2))
    assert set(result["cpu_seconds"]) >= {"grid", "ours"}
    assert [one["seed"] for one in result["seeds"]] == [1, 2]
    for key, of_a_seed in (("ci_width", "width_of_ours"), ("straight_ci_width", "straight_width_of_ours")):
        assert result[key]["ours"] == statistics.median(one[of_a_seed] for one in result["seeds"])
    assert result["ratio"] == result["cpu_seconds"]["grid"] / result["cpu_seconds"]["ours"]
    profile, of_a_trial = result["profile"], result["profile"]["seconds_of_a_trial"]
    for part in ("training", "testing"):
        assert 0 < of_a_trial[f"{part}_at_peak"] < of_a_trial[part]
    assert profile["fewest_trials"] == 600  # five levels, 120 trials each
    assert profile["ratio_of_fewest"] == result["ratio"] * result["trials"]["ours"] / profile["fewest_trials"]
    assert profile["ratio_at_peak"] > result["ratio"]


@pytest.mark.slow
def test_the_growth_benchmark_runs():
    command = [sys.executable, ROOT / "benchmarks/growth.py", "--one", '{"trials": 2, "m": 16}']
    one = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert set(one) == {"cpu_seconds", "wall_seconds", "peak_mib"}
    assert min(one.values()) > 0


@pytest.mark.slow
def test_the_training_benchmark_runs_and_many_at_once_are_faster():
    command = [sys.executable, ROOT / "benchmarks/training.py", "--json", "--quick"]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    ways = {"loop", "training 1", "training 8", "training 32"}
    assert [ways ^ speeds.keys() for speeds in found.values()] == [set()] * 4 + [{"engine"}]
    small = found["MLP, 64 neurons, batches of 16, SGD"]
    assert small["training 32"] > 2 * small["loop"]  # 8 to 12 times on a quiet machine


def test_the_script_that_compares_results_finds_what_differs(tmp_path):
    claim = {"name": "a", "statement": "s", "exponents": [], "checks": [], "plan_hash": "h"}
    folders = (("before", "SUPPORTED", 3), ("same", "SUPPORTED", 0), ("other", "REFUTED", 3))
    for folder, verdict, trained in folders:
        (tmp_path / folder / "a").mkdir(parents=True)
        trials = {"total": 3, "trained": trained, "reused": 3 - trained, "censored": 0}
        document = {"claims": [{**claim, "verdict": verdict, "trials": trials}]}
        (tmp_path / folder / "a/result.json").write_text(json.dumps(document))
    said = {"same": (0, "0 differences"), "other": (1, "a, verdict: SUPPORTED"), "none": (1, "")}
    for folder, (status, text) in said.items():
        script = ROOT / "benchmarks/same_results.py"
        command = [sys.executable, script, tmp_path / "before", tmp_path / folder]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (result.returncode, text in result.stdout) == (status, True), result.stderr


def benchmark(name):
    specification = importlib.util.spec_from_file_location(
        f"benchmark_{name}", ROOT / f"benchmarks/{name}.py"
    )
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module
