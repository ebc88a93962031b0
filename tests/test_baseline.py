"""The baseline of the pytest plugin: what is pinned, compared, written, and noticed when it is gone."""

import errno
import json
import os
import re
from pathlib import Path

import pytest
from conftest import mostly_slow
from projects import BASELINE, claim_file, module_of, pins, run

pytest_plugins = "pytester"
QUICK = ("walk", None, "quick", 0)
EXPONENT = {"variable": "x", "estimate": 1.0, "ci_low": 0.9, "ci_high": 1.1}
NEW = {
    "name": "walk", "design": None, "verdict": "SUPPORTED", "profile": "quick", "seed": 0,
    "exponents": [EXPONENT],
}  # fmt: skip
MARKED = "@pytest.mark.claim({})\ndef test_{}():\n    pass\n"


def baseline(pytester, document):
    path = pytester.path / BASELINE
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


def new(*entries):
    return {"theorycheck-baseline": 2, "claims": list(entries)}


def marked(pytester, *arguments):
    module_of(pytester, "\n".join(MARKED.format(text, i) for i, text in enumerate(arguments)))


@pytest.mark.slow
def test_designs_profiles_and_seeds_of_one_claim_are_pinned_apart(pytester):
    claim_file(pytester)
    keys = ["design='far'", "seed=7", "profile='smoke'", "profile='standard', seed=7"]
    marked(pytester, *(f"'claims/walk.py', {key}" for key in keys))
    assert run(pytester, "--claims", "--claims-update")[0] == 0
    expected = {
        QUICK, ("walk", "far", "quick", 0), ("walk", None, "quick", 7), ("walk", None, "smoke", 0),
        ("walk", None, "standard", 7),
    }  # fmt: skip
    assert pins(pytester) == dict.fromkeys(expected, "SUPPORTED")
    status, output = run(pytester, "--claims")
    assert (status, "5 passed" in output, "theorycheck" in output) == (0, True, False), output


def test_each_is_compared_with_its_own(pytester):
    claim_file(pytester)
    marked(pytester, "'claims/walk.py', design='far'")
    other = {
        **NEW,
        "design": "far",
        "exponents": [{**EXPONENT, "estimate": 3.0, "ci_low": 2.9, "ci_high": 3.1}],
    }
    baseline(pytester, new(NEW, other))
    status, output = run(pytester, "--claims")
    assert (status, "1 passed" in output) == (1, True), output
    assert "walk (design far, quick, seed 0) is not what the baseline" in output
    assert "x   baseline 3 [2.9, 3.1], now 1 [" in output


@pytest.mark.parametrize(
    ("exponents", "line"),
    [
        ([EXPONENT], None),
        ([{**EXPONENT, "estimate": 1.09}], None),  # within the joint interval, which is 0.1 wide at least
        ([{**EXPONENT, "estimate": 1.2, "ci_low": None}], None),  # an interval without an end tells nothing
        ([{**EXPONENT, "estimate": 1.2}], "x   baseline 1.2 [0.9, 1.1], now 1 ["),
        ([{**EXPONENT, "variable": "z"}], "z   baseline 1 [0.9, 1.1], now there is none"),
        ([], "x   baseline has none, now 1 ["),
    ],
)
def test_what_is_a_change(pytester, exponents, line):
    claim_file(pytester)
    baseline(pytester, new({**NEW, "exponents": exponents}))
    status, output = run(pytester, "--claims")
    assert (status, line is None or line in output) == (int(line is not None), True), output


def test_a_verdict_that_changes_fails(pytester):
    claim_file(pytester)
    baseline(pytester, new({**NEW, "verdict": "REFUTED"}))
    status, output = run(pytester, "--claims")
    assert (status, "verdict   baseline REFUTED, now SUPPORTED" in output) == (1, True), output


def test_what_is_not_pinned_is_told(pytester):
    claim_file(pytester)
    baseline(pytester, new(NEW))
    status, output = run(pytester, "--claims", "--claims-seed", "5")
    assert status == 0
    assert re.search(r"not in \S+, so not compared: walk \(quick, seed 5\); --claims-update pins", output), (
        output
    )
    assert "1 of 1 pins are of other runs" in output


def test_two_claims_of_one_name_fail_and_are_not_pinned(pytester):
    claim_file(pytester)
    claim_file(pytester, slope=2, path="claims/copy.py")
    for options in ((), ("--claims-update",)):
        status, output = run(pytester, "--claims", *options)
        assert status == 1
        assert (
            "walk (quick, seed 0) has two results, by claims/copy.py::copy and by claims/walk.py::walk"
            in output
        )
        assert not (pytester.path / BASELINE).exists()


@pytest.mark.slow
def test_a_pin_whose_claim_is_gone_fails_a_whole_run_alone(pytester):
    for name in ("walk", "run"):
        claim_file(pytester, name)
    marked(pytester, "'claims/run.py', seed=0, design='far'")
    assert run(pytester, "--claims", "--claims-update")[0] == 0
    (pytester.path / "claims/walk.py").unlink()
    status, output = run(pytester, "--claims")
    assert status == 1
    assert re.search(
        r"^ERROR: theorycheck: pinned in \S+, but no test verifies walk \(quick, seed 0\);", output, re.M
    )
    for part in (("-k", "run"), ("claims/run.py",), ("claims",), ("--deselect", "test_mine.py"), ("--lf",)):
        status, output = run(pytester, "--claims", *part, "-p", "cacheprovider")
        assert (status, "ERROR" in output) == (0, False), output
    status, output = run(pytester, "--claims", "--claims-update")
    assert (status, "pins removed, which no test verifies any more: walk (quick, seed 0)" in output) == (
        0,
        True,
    )
    assert set(pins(pytester)) == {("run", None, "quick", 0), ("run", "far", "quick", 0)}
    (pytester.path / "test_mine.py").unlink()
    status, output = run(pytester, "--claims")
    assert (status, "no test verifies run (design far, quick, seed 0)" in output) == (1, True), output


@pytest.mark.parametrize(
    "body",
    [
        "@pytest.mark.skip\n" + MARKED.format("'claims/run.py'", "it"),
        'pytest.importorskip("no_such_module")\n' + MARKED.format("'claims/run.py'", "it"),
        MARKED.format("'claims/run.py'", "it") + "    assert False",
    ],
)
def test_a_pin_is_not_gone_when_its_test_is_skipped_or_another_fails(pytester, body):
    claim_file(pytester)
    claim_file(pytester, "run", path="run.py")
    baseline(pytester, new(NEW, {**NEW, "name": "run"}, {**NEW, "name": "lost"}))
    module_of(pytester, body.replace("claims/run.py", "run.py"))
    before = pins(pytester)
    assert "no test verifies" not in run(pytester, "--claims")[1]
    run(pytester, "--claims", "--claims-update")
    assert pins(pytester) == before


def test_pins_of_other_runs_are_noted_and_kept(pytester):
    claim_file(pytester)
    others = [{**NEW, "profile": "full"}, {**NEW, "seed": 1}, {**NEW, "name": "model_width"}]
    baseline(pytester, new(NEW, *others))
    module_of(pytester, "@pytest.mark.skip\ndef test_another_that_is_always_skipped():\n    pass")
    for options in ((), ("--claims-update",)):
        status, output = run(pytester, "--claims", *options)
        assert (status, "3 of 4 pins are of other runs, by --claims-named, profile or seed" in output) == (
            0,
            True,
        )
    assert len(pins(pytester)) == 4


@pytest.mark.slow
def test_an_update_of_a_part_or_of_a_run_that_fails_keeps_the_rest(pytester):
    for name in ("walk", "run"):
        claim_file(pytester, name)
    assert run(pytester, "--claims", "--claims-update")[0] == 0
    claim_file(pytester, slope=-1)
    assert run(pytester, "--claims", "--claims-update", "-k", "walk")[0] == 0
    assert {key[0]: verdict for key, verdict in pins(pytester).items()} == {
        "walk": "REFUTED",
        "run": "SUPPORTED",
    }
    claim_file(pytester)
    (pytester.path / "claims/run.py").write_text("claim = 1 / 0\n")
    status, output = run(pytester, "--claims", "--claims-update")
    assert (status, "those of the tests that gave no verdict are kept" in output) == (1, True), output
    assert {key[0]: verdict for key, verdict in pins(pytester).items()} == {
        "walk": "SUPPORTED",
        "run": "SUPPORTED",
    }


def test_an_update_that_verifies_no_claim_fails(pytester):
    module_of(pytester, "def test_it():\n    pass")
    status, output = run(pytester, "--claims-update")
    assert (status, "no claim was verified, so" in output) == (1, True), output
    assert not (pytester.path / BASELINE).exists()


@pytest.mark.parametrize("reverse", mostly_slow([True], [False, True]))
@pytest.mark.slow
def test_the_order_of_the_tests_does_not_matter(pytester, reverse):
    for name in ("a", "b", "c"):
        claim_file(pytester, name)
    marked(pytester, "'claims/b.py', seed=3", "'claims/a.py'")
    if reverse:
        pytester.makeconftest("def pytest_collection_modifyitems(items):\n    items.reverse()")
    assert run(pytester, "--claims", "--claims-update")[0] == 0
    entries = json.loads((pytester.path / BASELINE).read_text())["claims"]
    assert [(e["name"], e["seed"]) for e in entries] == [("a", 0), ("b", 0), ("b", 3), ("c", 0)]
    assert run(pytester, "--claims")[0] == 0


@pytest.fixture
def distributed(pytester):
    """Runs tests of two claims and of a pin without a claim, in two processes."""
    for name in ("walk", "run"):
        claim_file(pytester, name)
    marked(pytester, "'claims/run.py', design='far'")
    baseline(pytester, new(NEW, {**NEW, "name": "lost"}))
    return lambda *options: run(pytester, "--claims", *options, "-n", "2", "-p", "xdist", apart=True)


@pytest.mark.slow
def test_with_xdist_a_part_is_compared_as_without(distributed):
    status, output = distributed("-k", "run")
    assert (status, "lost" in output) == (0, False), output


@pytest.mark.slow
def test_with_xdist_pins_are_written_as_without(pytester, distributed):
    status, output = distributed("--claims-update")
    assert (status, "which no test verifies any more: lost (quick, seed 0)" in output) == (0, True), output
    assert set(pins(pytester)) == {QUICK, ("run", None, "quick", 0), ("run", "far", "quick", 0)}


FAULTS = {
    "{]": "is not JSON",
    "": "is not JSON",
    "[" * 100_000: "is not JSON",
    "[]": "is no baseline of theorycheck",
    "3": "is no baseline of theorycheck",
    '{"name": "a package", "version": "1.0.0"}': "is no baseline of theorycheck",
    json.dumps({"theorycheck-baseline": 3}): "has format 3, this version reads 2",
    json.dumps({"theorycheck-baseline": 2}): "lacks its list of claims",
    json.dumps(new(NEW, NEW)): "pins walk (quick, seed 0) twice",
    json.dumps({"walk": {"verdict": "SUPPORTED"}}): "is no baseline of theorycheck",
    json.dumps(new({k: v for k, v in NEW.items() if k != "exponents"})): "lacks the field exponents",
    json.dumps(new({k: v for k, v in NEW.items() if k != "seed"})): "entry 1 (walk), lacks the field seed",
    json.dumps(new({**NEW, "seed": "0"})): "entry 1 (walk), has a wrong seed",
    json.dumps(new({**NEW, "verdict": "TRUE"})): "entry 1 (walk), has a wrong verdict",
    json.dumps(
        new({**NEW, "exponents": [{"variable": "x"}]})
    ): "entry 1 (walk), lacks the field exponents.0.estimate",
    json.dumps(
        new({**NEW, "exponents": [{**EXPONENT, "ci_low": float("nan")}]})
    ): "has a wrong exponents.0.ci_low",
    json.dumps(
        new({**NEW, "name": "a\x1b[31m\nb", "seed": None})
    ): r"entry 1 (a\x1b[31m\nb), has a wrong seed",
}


@pytest.mark.parametrize("text", mostly_slow(list(FAULTS)[::5], FAULTS), ids=range(len(FAULTS)))
def test_what_is_no_baseline_is_told_where_claims_are_verified_and_left_as_it_is(pytester, text):
    words = FAULTS[text]
    claim_file(pytester)
    path = baseline(pytester, text)
    for options in (("--claims",), ("--claims-update",)):
        status, output = run(pytester, *options)
        assert (status, words in output, "\x1b" in output) == (4, True, False), output
    module_of(pytester, MARKED.format("'claims/walk.py'", "marked") + "\ndef test_other():\n    pass")
    status, output = run(pytester)
    assert (status, words in output, "1 passed, 1 error" in output) == (1, True, True), output
    assert run(pytester, "-k", "other")[0] == 0
    assert path.read_text() == text


def test_a_baseline_that_is_named_must_be_there_unless_it_is_written(pytester):
    claim_file(pytester)
    status, output = run(pytester, "--claims", "--claims-baseline", "pins.json")
    assert (status, re.search(r"there is no baseline \S+/pins.json", output) is not None) == (4, True)
    assert run(pytester, "--claims", "--claims-baseline", "deep/pins.json", "--claims-update")[0] == 0
    assert pins(pytester, "deep/pins.json") == {QUICK: "SUPPORTED"}


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_baseline(pytester, monkeypatch, step):
    claim_file(pytester, slope=2)
    path = baseline(pytester, new(NEW))
    before, files = path.read_bytes(), sorted(Path(pytester.path).iterdir())

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, step, full)
    status, output = run(
        pytester, "--claims", "--claims-update", "--claims-store", pytester.path / "claims/s.sqlite"
    )
    assert status == 1
    assert re.search(
        r"^ERROR: theorycheck: the baseline \S+ cannot be written: No space left on device", output, re.M
    )
    assert path.read_bytes() == before
    assert sorted(Path(pytester.path).iterdir()) == files


def test_a_baseline_keeps_its_mode_and_its_link(pytester):
    claim_file(pytester)
    path = baseline(pytester, new(NEW)).rename(pytester.path / "shared.json")
    path.chmod(0o640)
    (pytester.path / BASELINE).symlink_to(path)
    claim_file(pytester, slope=2)
    assert run(pytester, "--claims", "--claims-update")[0] == 0
    assert (pytester.path / BASELINE).is_symlink()
    assert json.loads(path.read_text())["claims"][0]["exponents"][0]["estimate"] == pytest.approx(2, abs=0.01)
    assert path.stat().st_mode & 0o777 == 0o640


def test_designs_with_odd_names_are_pinned(pytester):
    path = claim_file(pytester)
    name = "a b.c-d"
    path.write_text(path.read_text().replace('"far"', repr(name)))
    marked(pytester, f"'claims/walk.py', design={name!r}")
    assert run(pytester, "--claims-update", "--junitxml", "report.xml")[0] == 0
    assert set(pins(pytester)) == {("walk", name, "quick", 0)}
    path.write_text(path.read_text().replace("SLOPE", "1").replace('"slope": 1.0', '"slope": 2.0'))
    status, output = run(pytester)
    assert status == 1
    assert "walk (design a b.c-d, quick, seed 0) is not what the baseline" in output, output
