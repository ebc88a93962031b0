"""The marker and the fixture of the pytest plugin, in projects of their own."""

import pytest
from projects import claim_file, module_of, run

pytest_plugins = "pytester"
QUIET = "def test_it():\n    pass"


@pytest.mark.parametrize(
    ("marker", "words"),
    [
        (
            '("claims/walk.py", profile="quik")',
            "takes smoke, quick, standard or full, got 'quik'; did you mean quick?",
        ),
        ('("claims/walk.py", profil="quick")', "has no keyword profil; did you mean profile?"),
        (
            '("claims/walk.py", zzz=1)',
            "has no keyword zzz; it has profile, design, seed, jobs, device, store",
        ),
        ('("claims/walk.py", seed=1.5)', "takes a whole number from 0 on, got 1.5"),
        ('("claims/walk.py", seed=True)', "takes a whole number from 0 on, got True"),
        ('("claims/walk.py", jobs=0)', "takes a whole number from 1 on, got 0"),
        ('("claims/walk.py", sensitivity="yes")', "takes True or False, got 'yes'"),
        ('("claims/walk.py", store=5)', "takes the path of a file, got 5"),
        ('("claims/walk.py", design=5)', "takes the name of one of the claim's designs, got 5"),
        ('("claims/walk.py", design="fra")', "walk has no design 'fra'; it has far"),
        ('("claims/walk.py", device="gpu")', "takes cpu or cuda, got 'gpu'"),
        ("(5)", "takes a claim, its name, or the path of its file, got int 5"),
        ("()", "takes the name of one claim"),
        ("", "takes the name of one claim"),
        ('("a", "b")', "takes the name of one claim"),
        ('(Path("claims/walk"))', "takes the path of a claim file, which ends in .py, got claims/walk"),
        ('("claims/wolk.py")', "claims/wolk.py cannot be read"),
        ('("claims/\\x1b[31m\\nwalk.py")', r"claims/\x1b[31m"),
        ('("claims/walk.py")\n@pytest.mark.claim("b")', "test_it has the marker @pytest.mark.claim twice"),
    ],
)
def test_misuse_of_the_marker_is_answered_by_what_is_right(pytester, marker, words):
    claim_file(pytester)
    module_of(pytester, f"from pathlib import Path\n\n@pytest.mark.claim{marker}\n{QUIET}")
    status, output = run(pytester)
    assert (status, words in output) == (1, True), output
    assert "\x1b" not in output


def test_the_fixture_needs_the_marker(pytester):
    module_of(pytester, "def test_it(verdict):\n    pass")
    assert "needs the marker" in run(pytester)[1]


@pytest.mark.parametrize(
    "marker",
    [
        '"claims/walk.py"',
        "Path('claims') / 'walk.py'",
        "Path(__file__).parents[1] / 'claims/walk.py'",
        "bounds.load(Path(__file__).parents[1] / 'claims/walk.py')",
        "Path('claims/walk.py'), store='own.sqlite', seed=np.int64(3), design='far', profile='smoke'",
    ],
)
def test_a_claim_is_named_by_its_path_from_the_root_or_given_as_it_is(pytester, monkeypatch, marker):
    claim_file(pytester)
    module_of(
        pytester,
        "import numpy as np\nfrom pathlib import Path\nfrom theorycheck import bounds\n\n"
        f"@pytest.mark.claim({marker})\ndef test_it(verdict):\n    assert verdict.decision == 'SUPPORTED'",
        "sub/test_it.py",
    )
    monkeypatch.chdir(pytester.path / "sub")
    status, output = run(pytester)
    assert (status, "1 passed" in output) == (0, True), output
    assert not list((pytester.path / "sub").rglob("*.sqlite"))  # stores are relative to the root as well


def test_markers_of_modules_classes_and_parameters(pytester):
    claim_file(pytester)
    claim_file(pytester, "run")
    module_of(
        pytester,
        'pytestmark = pytest.mark.claim("claims/walk.py")\n\ndef test_module(verdict):\n    assert'
        ' verdict.verdict.name == "walk"\n\n@pytest.mark.claim("claims/run.py")\nclass TestIt:\n    def'
        ' test_class(self, verdict):\n        assert verdict.verdict.name == "run"\n   '
        ' @pytest.mark.claim("claims/walk.py", design="far")\n    def test_innermost(self, verdict):\n       '
        ' assert verdict.design == "far"\n\n@pytest.mark.parametrize("name", ["a[x::y]", pytest.param("b",'
        ' marks=pytest.mark.claim("claims/run.py"))])\ndef test_parameters(name, verdict):\n    assert'
        ' verdict.verdict.name == ("run" if name == "b" else "walk")',
    )
    status, output = run(pytester)
    assert (status, "5 passed" in output) == (0, True), output
