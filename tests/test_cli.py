"""The command line as a user meets it: exit codes, messages, speed, and what is not imported."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import mostly_slow
from typer.testing import CliRunner

from theorycheck import __version__
from theorycheck.bounds import claims
from theorycheck.cli import app
from theorycheck.reports.terminal import together

STATUS = {"SUPPORTED": 0, "REFUTED": 1, "INCONCLUSIVE": 3}
QUICK = ("--profile", "smoke", "--report", "md", "--jobs", 1)


def run(*arguments, cwd):
    before = os.getcwd()
    os.chdir(cwd)
    try:
        return CliRunner().invoke(app, [str(a) for a in arguments])
    finally:
        os.chdir(before)


@pytest.fixture
def cli(tmp_path):
    return lambda *arguments: run(*arguments, cwd=tmp_path)


def test_version(cli):
    assert cli("--version").stdout == f"theorycheck {__version__}\n"


def test_list_names_every_claim_with_its_statement(cli):
    result = cli("list")
    assert result.exit_code == 0
    for claim in claims().values():
        assert claim.name in result.stdout
        assert claim.statement in result.stdout


@pytest.mark.parametrize("name", claims())
def test_show_prints_statement_assumptions_and_design(cli, name):
    shown = cli("show", name).stdout
    claim = claims()[name]
    assert claim.statement in shown
    assert all(claim.text(c.relation) in shown for c in claim.conditions)
    held = claim.design.held.keys() - claim.design.changing.keys()
    assert ("alpha_# = alpha_*/10" in shown) == ("alpha_confusion" in held)
    assert claim.refuted_by in shown


def test_verify_prints_the_verdict_and_its_grounds(cli, tiny, tmp_path):
    result = cli("verify", "--claim", tiny, "--jobs", 1, "--profile", "full", "--report", "md")
    (claim,) = json.loads((tmp_path / "theorycheck-out/tiny/result.json").read_text())["claims"]
    assert result.exit_code == STATUS[claim["verdict"]]
    first, *lines = result.stdout.splitlines()
    assert first == f"{claim['verdict']}   tiny"
    said = {line[2:11].strip(): line[12:] for line in lines if line[2:11].strip()}
    exponent = claim["exponents"][0]
    assert said["claim"] == f"{claim['statement']}   Li et al. 2023, Theorem 1 (stated)"
    assert said["estimate"].startswith(f"exponent {exponent['estimate']:.2f} [{exponent['ci_low']:.2f}, ")
    assert said["estimate"].endswith("(allowed: -2.25 and above; claimed: -2)")
    assert said["range"] == "0.15 <= alpha_* <= 0.3 (0.3 decades)"
    assert said["trials"].startswith("60 trials (60 trained, 0 reused from the store), ")
    assert Path(said["report"]) == Path("theorycheck-out/tiny/report.md")
    assert (tmp_path / said["report"]).exists()
    doubted = [f"{c['name']}: {c['detail']}" for c in claim["checks"] if c["status"] == "warning"]
    assert all(line in result.stdout for line in doubted)
    assert "calibration" not in result.stdout
    options = ("--jobs", 1, "--profile", "full", "--report", "md", "--verbose")
    again = cli("verify", "--claim", tiny, *options)
    assert "60 trials (0 trained, 60 reused from the store)" in again.stdout
    assert all(check["detail"] in again.stdout for check in claim["checks"])
    for word in ("tiny   Li et al. 2023, Theorem 1 (stated)", "assuming", "design", "fit", "checks"):
        assert word in again.stdout
    assert again.exit_code == result.exit_code
    assert "train tiny" not in again.stderr


def test_json_prints_one_document_on_standard_output(cli, tiny):
    result = cli("verify", "--claim", tiny, *QUICK, "--json")
    document = json.loads(result.stdout)
    assert document["theorycheck"] == __version__
    assert [claim["name"] for claim in document["claims"]] == ["tiny"]
    assert "train tiny" in result.stderr


def test_quiet_prints_one_line_a_claim(cli, tiny):
    options = ("verify", "--claim", tiny, *QUICK)
    verdict = json.loads(cli(*options, "--json").stdout)["claims"][0]["verdict"]
    result = cli(*options, "--quiet")
    assert result.stdout == f"tiny {verdict}\n"
    assert result.stderr == ""


def test_several_claims_at_once(cli, tiny, tmp_path):
    other = tmp_path / "other.py"
    other.write_text(tiny.read_text().replace('name="tiny"', 'name="other"'))
    result = cli("verify", "--claim", tiny, "--claim", other, *QUICK, "--json")
    document = json.loads(result.stdout)
    assert [claim["name"] for claim in document["claims"]] == ["tiny", "other"]
    assert document["claims"][1]["trials"]["reused"] == 40  # the same trials, by whatever name


def test_decided_verdicts_are_also_tested_together():
    assert (
        together({"a": 0.01, "b": 0.06})
        == "several claims at once (Holm): decided on its own, but not jointly at 5 %: b (p = 0.06)"
    )
    assert "all 2 decided verdicts hold jointly" in together({"a": 0.01, "b": 0.02})


@pytest.mark.slow
def test_verdicts_on_several_claims_are_also_tested_together(cli, tiny, tmp_path):
    other = tmp_path / "other.py"
    other.write_text(tiny.read_text().replace('name="tiny"', 'name="other"'))
    options = ("--profile", "full", "--report", "md", "--jobs", 1)
    both = cli("verify", "--claim", tiny, "--claim", other, *options).stdout
    assert "several claims at once (Holm)" in both
    assert "several claims at once" not in cli("verify", "--claim", tiny, *options).stdout


def test_runs_are_listed(cli, tiny):
    assert "no runs yet" in cli("runs").stdout
    cli("verify", "--claim", tiny, *QUICK, "--quiet")
    listed = cli("runs").stdout
    assert "tiny" in listed
    assert "unfinished" not in listed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["verify"], "name the claims to verify by --claim NAME, or all of them by --all"),
        (["verify", "--all", "--claim", "sample_complexity"], "not both"),
        (["verify", "--claim", "sample_complexty"], "did you mean sample_complexity"),
        (["verify", "--claim", "missing.py"], "missing.py cannot be read"),
        (["verify", "--claim", "sample_complexity", "--jobs", "0"], "greater than or equal to 1"),
        (["verify", "--claim", "sample_complexity", "--profile", "huge"], "'huge' is not one of"),
        (["verify", "--claim", "sample_complexity", "--seed", "-1"], "greater than or equal to 0"),
        (["verify", "--claim", "sample_complexity", "--store", "."], "cannot be opened or written"),
        (["verify", "--claim", "sample_complexity", "--device", "cuda"], "PyTorch finds no CUDA device"),
        (["show", "nothing"], "there is no claim 'nothing'"),
        (["unknown"], "No such command 'unknown'"),
    ],
)
def test_wrong_usage_ends_with_status_2_and_a_message(cli, arguments, message):
    result = cli(*arguments)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.replace("│", " ").split())
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_a_malformed_claim_file_ends_with_status_2(cli, tiny):
    tiny.write_text(tiny.read_text().replace("levels=(0.15, 0.2, 0.3)", "levels=(0.15, 0.2, 1.4)"))
    result = cli("verify", "--claim", tiny)
    assert result.exit_code == 2
    assert "theorycheck: the design is impossible at alpha_* = 1.4" in result.stderr


def python(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "arguments",
    mostly_slow(
        [["list"]],
        [["--version"], ["--help"], ["list"], ["show", "sample_complexity"], ["runs", "--store", "nowhere"]],
    ),
)
def test_commands_that_train_nothing_load_no_torch(arguments):
    code = f"""
import sys
from theorycheck.cli import app
from theorycheck.reports.terminal import together
try:
    app({arguments})
except SystemExit as end:
    print(end.code, "torch" in sys.modules)
"""
    assert python(code).stdout.splitlines()[-1] == "0 False"


def test_judging_stored_trials_loads_no_torch(cli, tiny, tmp_path):
    cli("verify", "--claim", tiny, *QUICK, "--quiet")
    code = f"""
import sys
from pathlib import Path
from theorycheck.session import Session
v = Session(Path({str(tmp_path)!r}) / ".theorycheck/store.sqlite").examine({str(tiny)!r}, "smoke").verdict
print(v.trials["trained"], "torch" in sys.modules)
"""
    assert python(code).stdout == "0 False\n"


@pytest.mark.slow
@pytest.mark.parametrize(("arguments", "most"), [(["--version"], 0.6), (["list"], 4)])
def test_light_commands_take_little_more_than_their_imports(arguments, most):
    """In turns with the import of SymPy, as the speed of a shared machine changes; CPU time, the best of
    four.
    """
    turns = [
        (cpu_seconds("-c", "import sympy"), cpu_seconds("-m", "theorycheck", *arguments)) for _ in range(4)
    ]
    of_sympy, of_command = map(min, zip(*turns, strict=True))
    assert of_command < most * of_sympy


def cpu_seconds(*arguments):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def command(*arguments, prelude="", **options):
    """The command line in a process of its own, as a shell sees it; the prelude breaks something first."""
    code = f"import sys\n{prelude}\nfrom theorycheck.cli import main\nmain()"
    run = [sys.executable, "-c", code, *arguments]
    return subprocess.run(
        run, check=False, **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    )


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ("ValueError('two\\nlines')", "ValueError: two lines"),
        ("SystemExit(0)", "sys.exit(0) was called"),
        *(
            pytest.param(error, told, marks=pytest.mark.slow)
            for error, told in (
                ("MemoryError()", "MemoryError"),
                ("RecursionError('deep')", "RecursionError: deep"),
                ("KeyError('\\x1b[31m')", "KeyError: '\\x1b[31m'"),
                ("OSError(28, 'No space left on device')", "OSError: [Errno 28] No space left on device"),
                ("BrokenPipeError(32, 'Broken pipe')", "BrokenPipeError: [Errno 32] Broken pipe"),
                ("EOFError()", "EOFError"),
                ("SystemExit('bye')", "sys.exit('bye') was called"),
            )
        ),
    ],
)
def test_an_unexpected_error_ends_with_status_70_one_line_and_a_log(tmp_path, error, told):
    prelude = (
        f"import theorycheck.bounds, theorycheck.cli\ndef claims(): raise {error}\ntheorycheck.bounds.claims"
        " = claims"
    )
    ended = command("list", prelude=prelude, env={**os.environ, "TMPDIR": str(tmp_path)}, text=True)
    assert (ended.returncode, ended.stdout) == (70, "")
    (line,) = ended.stderr.splitlines()
    (log,) = tmp_path.iterdir()
    assert (
        line == f"theorycheck: an unexpected error ended `theorycheck list`, which is no verdict: {told}; "
        f"the traceback is in {log}; please report it"
    )
    assert "Traceback (most recent call last)" in log.read_text()


def test_where_no_log_can_be_written_the_line_says_where_the_error_was(tmp_path):
    prelude = (
        "import pathlib, tempfile, theorycheck.cli\n"
        "def refused(*a, **k): raise OSError(28, 'No space left on device')\n"
        "tempfile.NamedTemporaryFile = refused\n"
        "pathlib.Path.exists = lambda self: 1 / 0"
    )
    ended = command("runs", prelude=prelude, text=True)
    assert ended.returncode == 70
    assert "it was raised at <string>:5, and no log can be written (No space left on device)" in ended.stderr


def test_an_interrupt_anywhere_ends_with_status_130():
    prelude = "import theorycheck.cli\ndef interrupted(wanted): raise KeyboardInterrupt\n"
    prelude += (
        "theorycheck.cli.claims.typer.echo, kept = lambda *a, **k: kept(*a, **k) if k else interrupted(a),"
        " typer.echo"
    )
    ended = command("--version", prelude="import typer\n" + prelude, text=True)
    assert (ended.returncode, ended.stderr.count("\n")) == (130, 1)


@pytest.mark.parametrize(
    ("arguments", "encoding"),
    [
        pytest.param(["list"], "utf-8", marks=pytest.mark.slow),
        pytest.param(["--help"], "utf-8", marks=pytest.mark.slow),
        (["--version"], "ascii"),
    ],
)
def test_output_that_is_lost_gives_no_status_of_a_verdict(arguments, encoding):
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as closed:
        ended = command(*arguments, stdout=closed, env={**os.environ, "PYTHONIOENCODING": encoding})
    assert (ended.returncode, ended.stderr) == (
        141,
        b"",
    )  # as any command whose reader has left, such as `head`
    with open("/dev/full", "wb") as full:
        ended = command(*arguments, stdout=full)
    assert ended.returncode == 70
    assert (
        ended.stderr
        == b"theorycheck: standard output cannot be written (No space left on device), so no verdict was"
        b" told\n"
    )


@pytest.mark.parametrize("closing", mostly_slow(["1>&-"], ["1>&-", "2>&-", "0<&- 1>&- 2>&-", "2>/dev/full"]))
def test_closed_streams_change_nothing(tmp_path, closing):
    line = f'exec "$0" -m theorycheck runs --store {tmp_path}/none.sqlite {closing}'
    ended = subprocess.run(["bash", "-c", line, sys.executable], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    told = f"no runs yet: there is no store {tmp_path}/none.sqlite; `theorycheck verify` makes one\n"
    assert ended.stdout == ("" if "1>" in closing else told)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "encoding"),
    [(b"a\xff\xfe\x1b[31m", "utf-8"), ("\U0001f600\u03b1".encode(), "ascii")],
)
def test_arguments_of_any_bytes_are_named_in_a_message(tmp_path, name, encoding):
    table, claim = (tmp_path / os.fsdecode(name + end) for end in (b".csv", b".py"))
    table.write_text("x,value\n" + "".join(f"{x},{x * x}\n" for x in range(1, 9)))
    claim.write_text("claim = 1")
    folder, law = os.fsencode(tmp_path) + b"/" + name, [b"--law", b"x^2", b"--variable"]
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    for status, *arguments in (
        (2, name),
        (2, b"show", claim),
        (2, b"verify", b"--claim", b"model_width", b"--report", name),
        (2, b"new", name),
        (2, b"fit", folder, *law, b"x"),
        (2, b"fit", table, *law, name),
        (2, b"fit", table, b"--law", name, b"--variable", b"x"),
        (0, b"fit", table, *law, b"x"),
        (0, b"runs", b"--store", folder),
    ):
        ended = command(*arguments, env=environment, text=True, encoding="utf-8")
        assert ended.returncode == status, ended.stderr
        assert "Traceback" not in ended.stderr
        assert "\x1b[31m" not in ended.stderr


def test_a_new_claim_file_runs_wherever_it_is(tmp_path):
    folder = tmp_path / 'a"""\\N\udcff'
    folder.mkdir()
    path = folder / "walk.py"
    told = command("new", path, text=True)
    assert told.returncode == 0, told.stderr
    assert "verify --claim $'" in told.stdout  # quoted for the shell
    assert command("show", path).returncode == 0


def test_every_exit_status_is_documented():
    readme = (Path(__file__).parents[1] / "README.md").read_text()
    for status in ("70 on an unexpected error", "130 or 143 when interrupted", "2 on a usage or input error"):
        assert status in readme
