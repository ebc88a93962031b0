"""`theorycheck doctor` says what is there, what is missing, and how to get it."""

import importlib.metadata
import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from theorycheck import __version__, doctor
from theorycheck.cli import app
from theorycheck.doctor import Finding, findings


def run(*arguments):
    return CliRunner().invoke(app, ["doctor", *map(str, arguments)])


def found(store, name):
    return next(one for one in findings(store) if one.name == name)


@pytest.fixture
def store(tmp_path):
    return tmp_path / "store.sqlite"


def test_all_that_is_needed_is_there(store):
    result = run("--store", store)
    assert result.exit_code == 0, result.stdout
    for name in ("theorycheck", "Python", "torch", "sympy", "C compiler", "CUDA", "PDF", "store"):
        assert name in result.stdout
    assert importlib.metadata.version("torch") in result.stdout
    assert not store.exists()


def test_json_is_one_document(store):
    document = json.loads(run("--store", store, "--json").stdout)
    assert (document["theorycheck"], document["ok"]) == (__version__, True)
    assert {one["status"] for one in document["findings"]} <= {"ok", "absent"}
    assert all(one["repair"] == "" for one in document["findings"] if one["status"] == "ok")


@pytest.mark.parametrize(
    ("requirement", "told", "repair"),
    [
        ("no-such-package>=2", "not installed", "pip install 'no-such-package>=2'"),
        ("sympy>=99", "needed is >=99", "pip install 'sympy>=99'"),
    ],
)
def test_a_requirement_that_is_missing_ends_with_status_2(store, monkeypatch, requirement, told, repair):
    monkeypatch.setattr(doctor, "requires", lambda name: [requirement])
    result = run("--store", store)
    assert result.exit_code == 2
    (line,) = [line for line in result.stdout.splitlines() if line.startswith("missing")]
    assert told in line
    assert repair in line


def test_an_extra_that_is_missing_is_no_fault(store, monkeypatch):
    wanted = ["sympy", 'no-such-package; extra == "pdf"', 'numpy; extra == "dask"']
    monkeypatch.setattr(doctor, "requires", lambda name: wanted)
    assert found(store, "[pdf]") == Finding(
        "[pdf]", "absent", "without no-such-package", "pip install 'theorycheck[pdf]'"
    )
    assert found(store, "[dask]").status == "ok"
    assert "[images]" not in {one.name for one in findings(store)}
    assert run("--store", store).exit_code == 0


def test_a_machine_without_programs(store, monkeypatch):
    monkeypatch.setattr(doctor.shutil, "which", lambda name: None)
    monkeypatch.setattr(doctor, "makers", list)
    by_name = {one.name: one for one in findings(store)}
    assert "gcc" in by_name["C compiler"].repair
    assert "theorycheck[pdf]" in by_name["PDF"].repair
    assert by_name["CUDA"].status == "absent"
    assert run("--store", store).exit_code == 0


def test_a_card_needs_a_pytorch_for_it(store, monkeypatch):
    monkeypatch.setattr(doctor, "_cards", lambda: ["A Card"])
    monkeypatch.setattr(doctor, "_built_with", lambda: "12.8")
    assert found(store, "CUDA") == Finding("CUDA", "ok", "PyTorch for CUDA 12.8; A Card")
    monkeypatch.setattr(doctor, "_built_with", lambda: None)
    assert "pytorch.org" in found(store, "CUDA").repair


def test_what_pytorch_was_built_with_is_read_without_loading_it():
    import torch

    assert doctor._built_with() == torch.version.cuda


def test_a_store_that_cannot_be_used_is_told(store, tmp_path):
    assert "is not there yet" in found(store, "store").found
    store.write_text("no store")
    assert found(store, "store").status == "missing"
    result = run("--store", store)
    assert result.exit_code == 2
    assert store.read_text() == "no store"
    assert found(tmp_path, "store").status == "missing"


def test_no_torch_is_loaded(tmp_path):
    code = (
        "import sys\nfrom theorycheck.cli import app\n"
        "try:\n    app(['doctor'])\nexcept SystemExit as end:\n"
        "    print(end.code, {'torch', 'sympy', 'matplotlib', 'pandas'} & set(sys.modules))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ran.stdout.splitlines()[-1] == "0 set()", ran.stderr
