"""The pytest plugin, in projects of its own, as their users run it: what is collected, and what a verdict
means.
"""

import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from projects import claim_file, module_of, pins, run

from theorycheck.empirical.store import Store
from theorycheck.profiles import PROFILES
from theorycheck.pytest_plugin import options

pytest_plugins = "pytester"
ROOT = Path(__file__).parents[1]
QUIET = "def test_it():\n    pass"


def test_a_project_goes_red_when_its_exponent_is_broken_and_green_when_mended(pytester):
    claim_file(pytester)
    assert run(pytester, "--claims", "--claims-update")[0] == 0
    assert pins(pytester) == {("walk", None, "quick", 0): "SUPPORTED"}
    claim_file(pytester, slope=1.5)
    status, output = run(pytester, "--claims")
    assert status == 1
    assert "walk (quick, seed 0) is not what the baseline claims-baseline.json says" in output
    assert re.search(r"  x   baseline 1 \[.*\], now 1\.5 \[", output)
    assert "--claims-update" in output
    claim_file(pytester)
    assert run(pytester, "--claims")[0] == 0


def test_a_refuted_claim_fails_until_it_is_pinned(pytester):
    claim_file(pytester, slope=-1)
    status, output = run(pytester, "--claims")
    assert (status, "walk is REFUTED over 1 <= x <= 5" in output) == (1, True), output
    assert run(pytester, "--claims", "--claims-update")[0] == 0
    assert run(pytester, "--claims")[0] == 0


@pytest.mark.parametrize(
    ("choice", "status", "word"),
    [("xfail", 0, "xfailed"), ("fail", 1, "is INCONCLUSIVE over"), ("pass", 0, "passed")],
)
def test_what_an_inconclusive_claim_is(pytester, choice, status, word):
    claim_file(pytester, slope=0)
    found = run(pytester, "--claims", "--claims-inconclusive", choice)
    assert (found[0], word in found[1]) == (status, True), found[1]


def test_the_junit_report_carries_estimate_and_interval(pytester):
    claim_file(pytester)
    assert run(pytester, "--claims", "--junitxml", "report.xml")[0] == 0
    names = {p.get("name"): p.get("value") for p in ET.parse(pytester.path / "report.xml").iter("property")}
    assert names["verdict"] == "SUPPORTED"
    assert float(names["x estimate"]) == pytest.approx(1, abs=0.01)
    assert re.match(r"\[0\.9\d*, 1\.0\d*\]", names["x interval"])


def test_other_test_suites_do_not_pay_for_it():
    code = (
        "import sys, theorycheck.pytest_plugin; print({'sympy', 'pydantic', 'numpy', 'torch'} &"
        " set(sys.modules))"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "set()\n"
    )


@pytest.mark.slow
def test_a_projects_modules_may_be_named_like_parts_of_the_toolkit(pytester):
    claim_file(pytester)
    for name in ("bounds", "reports", "empirical"):
        (pytester.path / f"{name}.py").write_text("MINE = True\n")
    module_of(
        pytester,
        "from theorycheck.empirical.store import Store\n\n"
        '@pytest.mark.claim("claims/walk.py")\ndef test_walk(verdict):\n'
        "    import bounds, reports, empirical\n    assert bounds.MINE and reports.MINE and empirical.MINE\n"
        '    assert verdict.exponent("x").value == pytest.approx(1, abs=0.01)',
    )
    assert run(pytester, apart=True)[0] == 0
    assert run(pytester, "-p", "no:theorycheck", "-W", "ignore", "--collect-only", apart=True)[0] == 0


@pytest.mark.parametrize("arguments", [(), ("tests",), ("tests/test_it.py::test_it",)])
def test_the_folder_is_collected_wherever_the_tests_are(pytester, arguments):
    claim_file(pytester)
    module_of(pytester, QUIET, "tests/test_it.py")
    pytester.makeini("[pytest]\ntestpaths = tests")
    status, output = run(pytester, "--claims", *arguments)
    assert (status, "2 passed" in output) == (0, True), output


def test_from_a_subfolder_and_by_roundabout_paths_it_is_the_same_folder(pytester, monkeypatch):
    claim_file(pytester)
    module_of(pytester, QUIET, "tests/test_it.py")
    monkeypatch.chdir(pytester.path / "tests")
    assert "2 passed" in run(pytester, "--claims")[1]
    assert "2 passed" in run(pytester, "--claims", "--claims-folder", "tests/../claims/")[1]
    (pytester.path / "linked").symlink_to(pytester.path / "claims")
    assert "2 passed" in run(pytester, "--claims", "--claims-folder", "linked")[1]


def test_paths_within_the_folder_choose_among_its_claims(pytester):
    for name in ("walk", "run"):
        claim_file(pytester, name)
    for argument in ("claims/walk.py", "claims/walk.py::walk"):
        assert "1 passed" in run(pytester, "--claims", argument)[1]
    assert "1 passed, 1 deselected" in run(pytester, "--claims", "-k", "walk")[1]


def test_helpers_and_tests_beside_claims_are_no_claims(pytester):
    claim_file(pytester)
    for name in ("conftest.py", "__init__.py", "numbers_.py"):
        (pytester.path / "claims" / name).write_text("from math import pi\n")
    module_of(pytester, f"from theorycheck import Claim\n\n{QUIET}", "claims/test_it.py")
    assert "2 passed" in run(pytester, "--claims")[1]
    (pytester.path / "claims/slip.py").write_text("from theorycheck import Claim\nclam = Claim\n")
    status, output = run(pytester, "--claims")
    assert (status, "slip.py must define `claim = Claim(...)`" in output) == (1, True)


@pytest.mark.parametrize("argument", [(), ("claims/broken.py",)])
def test_a_broken_claim_file_is_told_in_a_line(pytester, argument):
    claim_file(pytester).with_name("broken.py").write_text("claim = 1 +\n")
    status, output = run(pytester, "--claims", *argument)
    assert (status, "broken.py, line 1: this is not Python" in output) == (1, True)


@pytest.mark.parametrize(
    ("options", "status", "words"),
    [
        (
            ("--claims-folder", "clams"),
            4,
            r"there is no folder \S+/clams \(relative to the rootdir \S+\); .* claims\?",
        ),
        (("--claims-folder", "empty"), 4, r"there is no claim file in \S+/empty \(relative to the rootdir"),
        (("--claims-folder", "empty", "--claims-named", "model_width"), 4, "there is no claim file in"),
        (("--claims-folder", "loop"), 4, r"there is no folder \S+/loop"),
        (("--claims-folder", "a" * 300), 4, r"there is no folder \S+/aaa"),
        (("--ignore", "claims"), 5, r"leave out the claim files in \S+/claims"),
        (("-o", "norecursedirs=claims"), 5, r"leave out the claim files in \S+/claims"),
        pytest.param(
            ("-n", "2", "-o", "norecursedirs=claims"),
            5,
            r"leave out the claim files in \S+/claims",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_run_that_asks_for_claims_and_finds_none_fails_and_says_where_it_looked(
    pytester, options, status, words
):
    claim_file(pytester)
    module_of(pytester, QUIET)
    (pytester.path / "empty").mkdir()
    (pytester.path / "loop").symlink_to("loop")
    found = run(pytester, "--claims", *options, apart="-n" in options)
    assert found[0] == status, found[1]
    assert re.search(f"^ERROR: .*{words}", found[1], re.M), found[1]


def test_without_a_folder_known_claims_are_enough(pytester):
    status, output = run(pytester, "--claims")
    assert (status, "there is no folder" in output) == (4, True)
    status, output = run(
        pytester, "--claims", "--claims-named", "model_width, coupon_collector", "--collect-only"
    )
    assert (status, "model_width" in output, "coupon_collector" in output) == (0, True, True), output
    status, output = run(pytester, "--claims", "--claims-named", "nonsense")
    assert (status, "there is no claim 'nonsense'" in output) == (1, True)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            ("--claims-profile", "quik"),
            "--claims-profile takes smoke, quick, standard or full, got 'quik'; did you mean",
        ),
        (("--claims-seed", "-1"), "--claims-seed takes a whole number from 0 on, got -1"),
        (("--claims-jobs", "0"), "--claims-jobs takes a whole number from 1 on, got 0"),
        (("--claims-named", "all"), "--claims-named says what --claims collects; add --claims"),
        (("--claims-folder=claims",), "--claims-folder says what --claims collects; add --claims"),
    ],
)
def test_wrong_options_are_usage_errors(pytester, options, words):
    module_of(pytester, QUIET)
    status, output = run(pytester, *options)
    assert (status, f"ERROR: {words}" in output) == (4, True), output


def test_the_profiles_are_those_of_the_plan():
    assert tuple(PROFILES) == options.PROFILES


@pytest.mark.slow
def test_interruption_ends_the_session(pytester):
    answered = "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)"
    pytester.makeconftest(answered)  # shells start what runs in the background with Ctrl-C ignored
    path = claim_file(pytester, "a")
    path.write_text(
        path.read_text().replace(
            "return math",
            "import os, signal, time\n"
            "    if not os.path.exists('once'):\n"
            "        open('once', 'w').close()\n"
            "        os.kill(os.getppid(), signal.SIGINT)\n"
            "        time.sleep(2)\n"
            "    return math",
        )
    )
    claim_file(pytester, "b")
    status, output = run(pytester, "--claims", "--claims-update", apart=True)
    assert (status, "stored in" in output, "passed" in output) == (2, True, False), output
    assert not (pytester.path / "claims-baseline.json").exists()


def test_a_store_that_cannot_be_opened_is_told_with_the_options_of_pytest(pytester):
    claim_file(pytester)
    status, output = run(pytester, "--claims", "--claims-store", "claims")
    assert (status, "--claims-store" in output) == (1, True), output


@pytest.mark.slow
def test_the_projects_own_claims_are_judged_again_from_stored_trials(tmp_path):
    """Trained once, by the profile quick; `make nightly` trains them anew."""
    store = tmp_path / "trials.sqlite"
    shutil.copy(ROOT / "tests/data/trials.sqlite", store)
    names = "sample_complexity,training_iterations,attention_concentration"
    status, output = _here(
        "--claims", "--claims-named", names, "--claims-store", store, "-k", names.replace(",", " or ")
    )
    assert status == 0, output
    # the xfailed one is INCONCLUSIVE, as the baseline expects
    assert re.search(r"2 passed, \d+ deselected, 1 xfailed", output), output
    with Store(store) as opened:
        assert sum(bool(one["trained"]) for one in opened.runs()) == 3  # the runs that trained them; no more


@pytest.mark.slow
def test_the_nightly_target_collects_all_that_the_baseline_pins():
    command = re.search(r"-m pytest (.*--claims .*)", (ROOT / "Makefile").read_text())[1]
    status, output = _here(*command.split(), "--collect-only")
    assert status == 0, output
    pinned = re.findall(r'"name": "(\w+)"', (ROOT / "claims-baseline.json").read_text())
    assert pinned
    assert set(pinned) <= set(re.findall(r"::(\w+)$", output, re.M))


def _here(*options):
    folder = () if "--claims-folder" in options else ("--claims-folder", "examples")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-o",
        "testpaths=examples",
        *folder,
        *options,
    ]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    return result.returncode, result.stdout + result.stderr
