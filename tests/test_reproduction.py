"""What reports and messages tell a reader to run is run, as it stands."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import mostly_slow
from test_cli import STATUS, run

import theorycheck as tc
from theorycheck import bounds
from theorycheck.api import Result
from theorycheck.errors import ClaimError
from theorycheck.forecast import cannot_tell
from theorycheck.plan import hypothesis, make_plan
from theorycheck.session import Session
from theorycheck.text import shell_word

ODD = "my claims; $HOME 'x' \"y\" & (z)"

THRESHOLD = '''
import numpy as np
from sympy import symbols
from theorycheck import BigO, Claim, Design, Paper, Search, Source
b, k, N_star = symbols("b k N_star", positive=True)

def found(point, seed):
    """Whether the mean of k tosses is far from 1/2"""
    heads = np.random.default_rng(seed).binomial(point["k"], 0.5 + point["b"])
    return heads / point["k"] - 0.5 > 1 / np.sqrt(point["k"])

def design(replicates):
    return Design(factor=b, levels=(0.02, 0.05, 0.1, 0.2), search=Search(k, [2**i for i in range(1, 15)]),
                  replicates=replicates, held={})

claim = Claim(
    name="coin", title="Tosses that show a bias", quantity=N_star, law=BigO(b**-2, (b, 0)),
    provenance="recalled", source=Source(paper=Paper(key="x", short="X", reference="X"), place="1"),
    response=found, design=design(20), designs={"so few": design(2)}, variations={"more": {"unused": 1}},
    rivals=(-1.9,), refuted_by="it grows faster",
)
'''


def shell(command, folder):
    """The command run by a shell in a folder, as a reader would paste it."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path}
    return subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def printed(folder):
    """The command that every format of a report prints."""
    texts = {name: (folder / f"report.{name}").read_text(encoding="utf-8") for name in ("md", "tex", "html")}
    told = [
        re.search(r"How to reproduce\n\n(?:.*\n\n)?```\n(.*?)\n```", texts["md"])[1],
        re.search(r"How to reproduce.*?\\begin\{verbatim\}\n(.*?)\n\\end", texts["tex"], re.DOTALL)[1],
        re.search(r'How to reproduce</h3>\n(?:<p>.*\n)?<pre class="wide">(.*?)</pre>', texts["html"])[1],
    ]
    told[2] = told[2].replace("&amp;", "&").replace("&#x27;", "'").replace("&quot;", '"')
    assert len(set(told)) == 1
    return told[0]


def found(folder):
    (claim,) = json.loads((folder / "result.json").read_text())["claims"]
    return claim


def plan_of(folder):
    return found(folder)["plan_hash"]


def reproduce(folder, base):
    """Run what a report prints in the folder that it came from, and find the same plan."""
    before = plan_of(folder)
    (folder / "result.json").unlink()
    result = shell(printed(folder), base)
    assert result.returncode == STATUS[found(folder)["verdict"]], result.stderr
    assert plan_of(folder) == before
    return result


SENSITIVE = ("--seed", "7", "--sensitivity")


def coin(base, folder=ODD):
    path = base / folder / "coin.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text(THRESHOLD)
    return path.relative_to(base)


@pytest.mark.parametrize("options", mostly_slow([()], [(), ("--design", "so few"), SENSITIVE]), ids=" ".join)
def test_the_command_of_a_claim_file_asks_the_same(tmp_path, options):
    path = coin(tmp_path)
    result = run(
        "verify",
        "--claim",
        path,
        "--profile",
        "smoke",
        "--report",
        "md,tex,html",
        "--jobs",
        1,
        *options,
        cwd=tmp_path,
    )
    assert result.exit_code in (0, 1, 3), result.stderr
    (folder,) = (tmp_path / "theorycheck-out").iterdir()
    again = reproduce(folder, tmp_path)
    assert "(0 trained, " in again.stdout
    assert ("The verdict " in again.stdout) == ("--sensitivity" in options)


@pytest.mark.slow
def test_the_command_of_a_known_claim_with_another_design_asks_the_same(tmp_path):
    command = "theorycheck verify --claim sample_complexity --design authors --profile smoke --seed 0"
    result = shell(f"{command} --report md,tex,html --quiet", tmp_path)
    assert result.returncode in (0, 1, 3), result.stderr
    folder = tmp_path / "theorycheck-out/sample_complexity-authors"
    assert printed(folder) == command
    assert "(0 trained, " in reproduce(folder, tmp_path).stdout


@pytest.mark.slow
def test_a_device_and_a_report_that_is_written_again_are_told(tmp_path):
    path = coin(tmp_path)
    run("verify", "--claim", path, "--profile", "smoke", "--report", "md", cwd=tmp_path)
    result = run("report", 1, "--claim", path, "--report", "md,tex,html", cwd=tmp_path)
    assert result.exit_code in (0, 1, 3), result.stderr
    assert printed(tmp_path / "theorycheck-out/coin").startswith(
        "theorycheck verify --claim my\\ claims\\;\\ "
    )
    asked = Session(tmp_path / "s.sqlite").examine(str(tmp_path / path), "smoke")
    design = replace(asked.verdict.design, device="cuda")
    asked = replace(asked, verdict=replace(asked.verdict, design=design))
    Result(**vars(asked)).report("md", "tex", "html", out=tmp_path / "cuda")
    assert printed(tmp_path / "cuda/coin").endswith(" --profile smoke --seed 0 --device cuda")


@pytest.mark.slow
def test_a_claim_that_was_built_in_python_has_no_command(tmp_path):
    claim = bounds.load(tmp_path / coin(tmp_path)).model_copy(update={"margin": 0.3})
    folder = tc.verify(claim, "smoke", seed=3, design="so few", store=tmp_path / "s.sqlite").report(
        "md", "tex", "html", out=tmp_path / "out"
    )
    assert "built in Python and stands in no file" in (folder / "report.md").read_text()
    told = printed(folder)
    assert told == 'theorycheck.verify(claim, "smoke", seed=3, design="so few")'
    os.chdir(tmp_path)  # where the call's own store goes
    again = eval(told, {"theorycheck": tc, "claim": claim})
    assert again.verdict.plan_hash == plan_of(folder)


@pytest.mark.slow
def test_a_report_on_a_variation_says_so(tmp_path):
    path = coin(tmp_path)
    run("verify", "--claim", path, "--profile", "smoke", "--sensitivity", "--report", "md", cwd=tmp_path)
    result = run("report", 2, "--claim", path, "--report", "md,tex,html", cwd=tmp_path)
    assert result.exit_code in (0, 1, 3), result.stderr
    folder = tmp_path / "theorycheck-out/coin"
    assert "This report is on its variation more." in (folder / "report.md").read_text()
    assert printed(folder).endswith(" --sensitivity")


def hinted(message):
    """The last command between backticks."""
    return re.findall(r"`(theorycheck [^`]*)`", message)[-1]


@pytest.mark.slow
def test_the_hints_of_messages_run(tmp_path, monkeypatch):
    path = coin(tmp_path)
    monkeypatch.chdir(tmp_path)
    coarse = make_plan(bounds.find(str(path)).of_design("so few"), "smoke")
    hint = hinted(cannot_tell(coarse))
    assert hint.endswith("coin.py --design so\\ few --profile smoke")
    result = shell(f"{hint} --jobs 1", tmp_path)
    assert result.returncode == 0, result.stderr
    assert "other levels and k, and see" in cannot_tell(coarse)
    assert "levels inside k" in result.stdout
    assert "N:" not in result.stdout


@pytest.mark.slow
def test_the_hints_of_errors_run(tmp_path, monkeypatch):
    path = coin(tmp_path)
    text = THRESHOLD.replace("BigO(b**-2, (b, 0))", "Direction(b, grows=False)").replace(
        "from theorycheck import BigO",
        "from theorycheck.statements import Direction\nfrom theorycheck import BigO",
    )
    (tmp_path / path).write_text(text.replace("rivals=(-1.9,), ", ""))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ClaimError) as raised:
        hypothesis(bounds.find(str(path)))
    result = shell(f"{hinted(str(raised.value))} --profile smoke --report md", tmp_path)
    assert result.returncode in (0, 1, 3), result.stderr
    with pytest.raises(ClaimError, match=r"`theorycheck\.verify\(claim\)`"):
        hypothesis(bounds.find(str(path)).model_copy())


@pytest.mark.slow
def test_the_hint_of_a_store_lists_its_runs(tmp_path):
    path = coin(tmp_path)
    run(
        "verify",
        "--claim",
        path,
        "--profile",
        "smoke",
        "--report",
        "md",
        "--store",
        "a b.sqlite",
        cwd=tmp_path,
    )
    result = run("report", 9, "--store", "a b.sqlite", cwd=tmp_path)
    listed = shell(hinted(result.stderr), tmp_path)
    assert "coin" in listed.stdout


@pytest.mark.slow
def test_what_new_prints_and_writes_runs(tmp_path):
    (tmp_path / ODD).mkdir()
    told = run("new", f"{ODD}/walk.py", cwd=tmp_path).stdout
    written = (tmp_path / ODD / "walk.py").read_text()
    assert compile(written, "walk.py", "exec")
    from_its_folder = bounds.load(tmp_path / ODD / "walk.py").response.__globals__["__doc__"]
    for command, folder in ((told.split("now: ")[1], tmp_path), (from_its_folder, tmp_path / ODD)):
        (line,) = re.findall(r"theorycheck verify .*", command)
        result = shell(f"{line} --report md", folder)
        assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(
    "text", [ODD, "plain", "", "a\nb", "\x1b[31m", "日本", "tab\there", "a\\b'c", "\udcff.py", "~", "-x"]
)
def test_a_shell_word_is_one_word_that_shows_all_it_holds(text, tmp_path):
    word = shell_word(text)
    assert word.isprintable()
    result = subprocess.run(["bash", "-c", f"printf %s {word}"], capture_output=True, check=True)
    assert result.stdout == os.fsencode(text)
