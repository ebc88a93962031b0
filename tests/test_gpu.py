"""The benchmark of a card, and what holds only where there is one."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from scipy.stats import binom
from test_project import benchmark

SCRIPT = Path(__file__).parents[1] / "benchmarks/gpu.py"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="PyTorch finds no CUDA card")
def test_500_trials_succeed_as_often_on_a_card_and_the_same_bits_in_any_company():
    gpu = benchmark("gpu")
    found = gpu.agreement("cuda", 500, gpu.setting(quick=False, N=14))
    assert 50 < found["cpu"] < 450
    assert found["p"] > 0.01
    assert found["p_with_twice_the_noise"] < 1e-6
    assert gpu.same_bits("cuda", gpu.setting(quick=False, N=256))


def test_mcnemar_looks_at_the_pairs_that_differ():
    gpu = benchmark("gpu")
    first, second = [True] * 50 + [False] * 9 + [True], [True] * 50 + [True] * 9 + [False]
    assert gpu.mcnemar(first, second) == pytest.approx(2 * binom.cdf(1, 10, 0.5))
    assert gpu.mcnemar(first, first) == 1


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_without_a_card_the_benchmark_says_so(options, monkeypatch, capsys):
    gpu = benchmark("gpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(sys, "argv", ["gpu.py", *options])
    gpu.main()
    said = capsys.readouterr().out
    assert "finds no CUDA card" in said
    assert "egabytes" in said
    assert not options or json.loads(said)["device"] is None


def test_its_parts_run_on_the_cpu():
    gpu = benchmark("gpu")
    parameters = gpu.setting(quick=True, N=12, T=60, test_size=20)
    found = gpu.agreement("cpu", 6, parameters)
    assert found["trials"] == 6
    assert 0 <= found["card"] <= 6
    assert gpu.memory("cpu", 3, parameters)["trials"] == 3
    assert gpu.speed("cpu", 4, 2, parameters) > 0
    assert gpu.speed_of_a_core(parameters) > 0
    assert gpu.same_bits("cpu", {**parameters, "N": 40}, others=3)
    assert gpu.counted(gpu.setting(quick=False, N=64))["million_multiply_adds"] == pytest.approx(32, rel=0.05)


@pytest.mark.slow
def test_it_runs_to_its_end_and_prints_its_table():
    command = [sys.executable, SCRIPT, "--device", "cpu", "--quick", "--jobs", "1"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    rows = [line for line in ran.stdout.splitlines() if line.startswith("|")]
    assert len(rows) == 3 + 2 + 3 + 4
    assert "Same bits alone and in any company: yes" in ran.stdout
