"""The pytest plugin, in projects of its own, as their users run it."""

import json
import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from theorycheck.empirical.store import Store

WALK = Path(__file__).parents[1] / "theorycheck/reports/templates/claim.py.txt"
BODY = """
import pytest

from theorycheck.empirical.store import Store

@pytest.mark.claim("claims/walk.py")
def test_walk(verdict):
    assert verdict.exponent("L").value == pytest.approx(2, abs=0.2)
"""


@pytest.fixture
def project(tmp_path):
    """A project with one claim, and modules whose names are those of parts of the toolkit."""
    (tmp_path / "claims").mkdir()
    (tmp_path / "claims/walk.py").write_text(WALK.read_text().replace("NAME", "walk"))
    for name in ("bounds.py", "reports.py"):
        (tmp_path / name).write_text("MINE = True\n")
    (tmp_path / "empirical").mkdir()
    (tmp_path / "empirical/__init__.py").write_text("MINE = True\n")
    (tmp_path / "test_mine.py").write_text(BODY + "\ndef test_my_modules():\n    import bounds, reports, empirical\n"
                                           "    assert bounds.MINE and reports.MINE and empirical.MINE\n")  # fmt: skip
    return tmp_path


def run(project, *options):
    environment = {**os.environ, "PYTHONPATH": str(project), "OMP_NUM_THREADS": "1"}
    environment.pop("PYTEST_XDIST_WORKER", None)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    result = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
    return result.returncode, result.stdout + result.stderr


def change(project, old, new):
    path = project / "claims/walk.py"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_project_goes_red_when_its_exponent_is_broken_and_green_when_mended(project):
    assert run(project, "--claims", "--claims-update")[0] == 0
    assert set(json.loads((project / "claims-baseline.json").read_text())) == {"walk"}
    change(project, "np.abs(steps) >= L,", "np.abs(steps) >= 2 * L**0.5,")
    status, output = run(project, "--claims")
    assert status == 1
    assert "walk is not what the baseline claims-baseline.json says" in output
    assert "L   baseline 2.0" in output
    assert "now 1." in output
    assert "--claims-update" in output
    change(project, "np.abs(steps) >= 2 * L**0.5,", "np.abs(steps) >= L,")
    status, output = run(project, "--claims")
    assert status == 0, output


def test_a_change_inside_of_the_joint_interval_is_no_failure(project):
    assert run(project, "--claims", "--claims-update")[0] == 0
    status, output = run(project, "--claims", "--claims-seed", "5")
    assert status == 0, output


def test_a_refuted_claim_fails_until_it_is_pinned(project):
    change(project, "law=BigO(L**2, (L, oo))", "law=BigO(L, (L, oo))")
    status, output = run(project, "--claims")
    assert status == 1
    assert "walk is REFUTED over 4 <= L <= 40" in output
    assert "Traceback" not in output
    run(project, "--claims", "--claims-update")
    assert run(project, "--claims")[0] == 0


@pytest.mark.parametrize(
    ("choice", "status", "word"), [("xfail", 0, "xfailed"), ("fail", 1, "is INCONCLUSIVE over"), ("pass", 0, "passed")]
)
def test_what_an_inconclusive_claim_is(project, choice, status, word):
    change(project, "margin=0.25", "margin=0.01")
    found = run(project, "--claims-inconclusive", choice, "-k", "walk", "--claims-profile", "smoke")
    assert (found[0], word in found[1]) == (status, True), found[1]


def test_the_junit_report_carries_estimate_and_interval(project):
    assert run(project, "--claims", "--junitxml", "report.xml")[0] == 0
    names = {p.get("name"): p.get("value") for p in ET.parse(project / "report.xml").iter("property")}
    assert names["verdict"] == "SUPPORTED"
    assert float(names["L estimate"]) == pytest.approx(2, abs=0.2)
    assert names["L interval"].startswith("[1.")


def test_with_xdist_and_without_the_plugin(project):
    status, output = run(project, "--claims", "-n", "2", "--claims-update")
    assert (status, "3 passed" in output) == (0, True), output
    assert set(json.loads((project / "claims-baseline.json").read_text())) == {"walk"}
    status, output = run(project, "-p", "no:theorycheck", "-k", "my_modules")
    assert status == 0, output


def test_known_claims_are_collected_by_name(project):
    status, output = run(project, "--claims", "--claims-named", "attention_concentration", "--collect-only")
    assert status == 0, output
    assert "attention_concentration" in output
    assert "walk" in output
    status, output = run(project, "--claims", "--claims-named", "nonsense")
    assert "there is no claim 'nonsense'" in output
    assert "Traceback" not in output


def test_misuse_is_answered(project):
    (project / "test_mine.py").write_text("def test_it(verdict):\n    pass\n")
    assert "needs the marker" in run(project)[1]
    (project / "test_mine.py").write_text("import pytest\n@pytest.mark.claim()\ndef test_it():\n    pass\n")
    assert "takes the name of one claim" in run(project)[1]
    (project / "claims-baseline.json").write_text("{]")
    status, output = run(project)
    assert status == 4
    assert "cannot be read" in output
    assert "Traceback" not in output


def test_the_projects_own_claims_are_judged_again_from_stored_trials(tmp_path):
    """Trained once, by the profile quick; `make nightly` trains them anew."""
    root = Path(__file__).parents[1]
    store = tmp_path / "trials.sqlite"
    shutil.copy(root / "tests/data/trials.sqlite", store)
    names = "sample_complexity,training_iterations,attention_concentration"
    status, output = run(
        root, "--claims", "--claims-named", names, "--claims-store", str(store), f"--rootdir={root}", str(tmp_path)
    )
    assert status == 0, output
    assert "1 passed, 2 xfailed" in output  # INCONCLUSIVE, as the baseline expects
    with Store(store) as opened:
        assert sum(bool(one["trained"]) for one in opened.runs()) == 3  # the runs that trained them; no more
