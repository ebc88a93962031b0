"""Claims by paper: listed, shown, chosen; and what a shell completes."""

import json
import os
import resource
import subprocess
import sys

import pytest
from conftest import mostly_slow
from typer.testing import CliRunner

from theorycheck import bounds
from theorycheck.bounds import chosen, claims, find, of_paper
from theorycheck.cli import app
from theorycheck.cli.app import claim_names
from theorycheck.errors import ClaimError

KEYS = {claim.source.paper.key for claim in claims().values()}
QUICK = ("--profile", "smoke", "--report", "md", "--jobs", 1, "--quiet")


@pytest.fixture
def cli(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, [str(a) for a in arguments])


def result(folder, name, **changed):
    """The result of a run that found nothing, as far as the list reads it."""
    design = {"profile": "standard", "seed": 0, "name": None}
    found = {
        **{"name": name, "verdict": "REFUTED", "statement": claims()[name].statement, "exponents": []},
        **{"provenance": "stated", "design": design, "trials": {}, "plan_hash": "", "seconds": 1.0},
        **changed,
    }
    path = folder / "theorycheck-out" / name / "result.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"theorycheck": "0.1.0", "claims": [found]}))
    return path


def test_the_list_is_grouped_by_paper(cli):
    groups = cli("list").stdout.split("\n\n")
    assert [group.split()[0] for group in groups] == list(
        dict.fromkeys(claim.source.paper.key for claim in claims().values())
    )
    for group in groups:
        key, listed = group.split()[0], group.strip("\n").splitlines()[1:]
        assert [line.split()[0] for line in listed[::2]] == [claim.name for claim in of_paper(key)]
        assert [line.strip() for line in listed[1::2]] == [claim.statement for claim in of_paper(key)]


def test_the_list_shows_the_last_verdict_of_a_run(cli, tmp_path):
    def told(name):
        (line,) = [line for line in cli("list").stdout.splitlines() if line.split()[:1] == [name]]
        return line

    assert told("token_noise").split()[1] == "-"
    result(tmp_path, "token_noise")
    quick = {"profile": "quick", "seed": 3, "name": None}
    result(tmp_path, "sample_complexity", design=quick)
    result(tmp_path, "model_width", statement="something else")
    assert "   REFUTED   " in told("token_noise")
    assert "REFUTED (quick, seed 3)" in told("sample_complexity")
    assert "outdated (REFUTED)" in told("model_width")
    result(tmp_path, "training_iterations").write_text("{")
    assert "unreadable" in told("training_iterations")


def test_a_claim_is_shown_with_its_citation(cli):
    shown = cli("show", "sample_complexity").stdout
    assert "@misc{li2023shallow, note = {{Hongkang Li" in shown
    assert "eprint = {2302.06015}" in shown


def test_a_paper_chooses_all_of_its_claims_once():
    for key in KEYS:
        assert {claim.source.paper.key for claim in of_paper(key)} == {key}
    assert sum(len(of_paper(key)) for key in KEYS) == len(claims())
    names = [claim.name for claim in chosen(["token_noise"], ["li2023shallow"])]
    assert names[0] == "token_noise"
    assert sorted(names) == sorted(claim.name for claim in of_paper("li2023shallow"))


def test_verify_takes_the_claims_of_a_paper(cli, monkeypatch, tiny):
    tiny.write_text(tiny.read_text().replace("paper=PAPER", 'paper=PAPER.model_copy(update={"key": "mine"})'))
    own = find(str(tiny))
    monkeypatch.setattr(bounds, "claims", lambda: {own.name: own})
    ended = cli("verify", "--paper", "mine", *QUICK)
    assert ended.stdout.split()[0] == "tiny"
    assert ended.exit_code in (0, 1, 3)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["verify", "--paper", "nobody1900"],
            "there is no paper 'nobody1900'; there are ahn2023transformers, ",
        ),
        (["verify", "--paper", "li2023shallow", "--all"], "--paper KEY"),
    ],
)
def test_a_paper_that_cannot_be_verified_is_told(cli, arguments, told):
    ended = cli(*arguments)
    assert ended.exit_code == 2
    assert told in " ".join(ended.stderr.replace("│", " ").split())


@pytest.mark.parametrize("name", claims())
def test_a_claim_that_is_found_alone_is_the_one_among_all(name):
    assert find(name) == claims()[name]
    assert find(name).found_as == name


@pytest.mark.parametrize("name", ["", "*", "__init__", "shallow_vit", "images/image_depth", "nothing"])
def test_no_other_name_finds_a_claim(name):
    with pytest.raises(ClaimError, match="there is no claim"):
        find(name)


def test_a_claim_is_found_without_those_of_other_papers(tmp_path):
    code = (
        "import sys\nfrom theorycheck.bounds import find\nfind('token_noise')\n"
        "print([name for name in sys.modules if name.startswith('theorycheck.bounds.')])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == str(
        ["theorycheck.bounds.shallow_vit", "theorycheck.bounds.shallow_vit.token_noise"]
    )


def test_a_shell_completes_names_and_files(cli, tmp_path):
    assert set(claims()) <= set(claim_names(""))
    (tmp_path / "image_mine.py").write_text("")
    assert claim_names("image_") == [
        *sorted(name for name in claims() if name.startswith("image_")),
        "image_mine.py",
    ]


@pytest.mark.parametrize("option", ["--show-completion", "--install-completion"])
def test_completion_ends_well(tmp_path, option):
    environment = {**os.environ, "HOME": str(tmp_path), "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    code = "from theorycheck.cli import main\nmain()"
    ran = subprocess.run(
        [sys.executable, "-c", code, option, "bash"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "complet" in ran.stdout


def cpu_seconds(*arguments):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], capture_output=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


# Times the seconds of `python -c pass`, of which a hundredth to a fiftieth of a second is usual.
MOST = {"--help": 20, "doctor": 30, "runs": 30}


@pytest.mark.parametrize("command", mostly_slow(["doctor"], list(MOST)))
def test_commands_answer_at_once(tmp_path, command, monkeypatch):
    """In turns, as the speed of a shared machine changes; CPU time, the best of four."""
    monkeypatch.chdir(tmp_path)
    turns = [(cpu_seconds("-c", "pass"), cpu_seconds("-m", "theorycheck", command)) for _ in range(4)]
    of_python, of_command = map(min, zip(*turns, strict=True))
    assert of_command < MOST[command] * of_python
