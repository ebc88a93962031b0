"""Commands as responses: filled in without a shell, read, timed; what goes wrong is the trial's outcome."""

import os
import shutil
import sys
import time
from pathlib import Path

import pytest

from theorycheck import command
from theorycheck.code import name_of
from theorycheck.empirical.response import response
from theorycheck.errors import ClaimError, DesignError
from theorycheck.fingerprint import fingerprint

POINT = {"n": 4.0, "alpha": 0.1}
WRITES = "import json, sys; json.dump({'test': {'loss': [3, float(sys.argv[1])]}}, open(sys.argv[2], 'w'))"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def script(text: str, name: str = "main.py") -> Path:
    path = Path(name)
    path.write_text(text)
    return path


def kept() -> list[Path]:
    place = Path(".theorycheck/trials")
    return [*place.iterdir()] if place.exists() else []


def test_a_value_is_read_from_json_and_nothing_is_left():
    script(WRITES)
    found = command("python main.py {alpha} {out}", "{out}:test.loss.-1", folder=".")
    outcome = found(POINT, 1)
    assert (outcome.outcome, outcome.more) == ("success", {"value": 0.1})
    assert kept() == []
    assert found.meaning == "test.loss.-1, by main.py"
    assert name_of(found) == "main.py"


@pytest.mark.parametrize(
    ("reads", "text", "value"),
    [
        ("{out}:loss", "epoch,loss\n1,0.5\n2,0.25\n", 0.25),
        ("{out}.tsv:loss", "epoch\tloss\n1\t7e-3\n", 0.007),
        ("{out}.json:a.b", '{"a.b": 2, "a": {"b": 3}}', 2),
        ("{out}.csv:x", "x\n-1\n", -1),
        ("made-{n}.json:0", "[5]", 5),
        (r"output:loss = ([-+.\de]+)", "loss = 3\nloss = 4e-1\n", 0.4),
        ("{out}.json:a.b.c", '{"a.b": {"c": 3}}', 3),
        ("{out}:loss", "\ufeffloss;n\n0.5;2\n;\n \n", 0.5),
        ("{out}:loss", "n, loss\n2, 0.5\n", 0.5),
        ("{out}.json:a", '\ufeff{"a": 7}', 7),
    ],
)
def test_formats(reads, text, value):
    script(f"import sys\nfor place in sys.argv[1:]: open(place, 'w').write({text!r})\nprint({text!r})")
    found = command("python main.py {out} {out}.tsv {out}.json {out}.csv made-4.json", reads, folder=".")
    assert found({"n": 4.0}, 0).more == {"value": value}


@pytest.mark.parametrize(
    ("bound", "outcome"), [("<= 0.1", "success"), ("> 0.1", "failure"), ("< 0.2", "success")]
)
def test_success_is_a_condition_on_the_value(bound, outcome):
    script(WRITES)
    assert (
        command("python main.py {alpha} {out}", "{out}:test.loss.1", success=bound, folder=".")(
            POINT, 0
        ).outcome
        == outcome
    )


def test_true_false_and_lists_over_t_are_what_a_function_may_return():
    script("import sys; open(sys.argv[1], 'w').write(sys.argv[2])")
    for text, outcome, more in (
        ("[true]", "success", {}),
        ("[false]", "failure", {}),
        ('[{"t": [1, 2], "value": [3, 4]}]', "success", {"t": [1, 2], "value": [3, 4]}),
    ):
        text = text.replace("{", "{{").replace("}", "}}")
        found = command(["python", "main.py", "{out}", text], "{out}:0", folder=".")(POINT, 0)
        assert (found.outcome, found.more) == (outcome, more)


def test_no_shell_and_one_word_a_placeholder():
    script("import sys, json; json.dump(sys.argv[1:], open('seen.json', 'w'))")
    text = "; touch hacked $(touch hacked)"
    found = command("python main.py --x={n} '{text}' {alpha:.3f} {seed}", "seen.json:3", folder=".")
    assert (
        found({**POINT, "text": text}, 4294967295).more["failed"].startswith("its result 3 is '4294967295'")
    )
    (folder,) = [path for path in kept() if path.is_dir()]
    assert (
        folder / "seen.json"
    ).read_text() == '["--x=4", "; touch hacked $(touch hacked)", "0.100", "4294967295"]'


GIVES = "import sys; open(sys.argv[2], 'w').write({!r})".format
LACKS = "its result has no test.loss: in the place of test there is a"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "import sys; print('bad\\x1b[31m luck'); sys.exit(3)",
            r"it ended with exit status 3; it said: bad\x1b[31m luck",
        ),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "it ended by SIGSEGV"),
        ("import time; print('begun', flush=True); time.sleep(60)", "longer than 1 s; it said: begun"),
        ("", "its result out cannot be read: No such file or directory"),
        (GIVES('{"a": 1}'), LACKS),
        (GIVES('{"test": {"loss": NaN}}'), "its result test.loss is nan, which is no number"),
        (GIVES('{"test": {"loss": "x"}}'), "its result test.loss is 'x', which is no number"),
        (GIVES('{"test"'), "its result is no JSON"),
        (GIVES("a,b\n1,2"), "its result has no row with the column test.loss, but a, b"),
        (GIVES("\x80"), "its result has no row with the column"),
        (GIVES(f"test.loss\n{'1' * 200_000}"), "its result is no CSV: field larger than field limit"),
        (GIVES('{"test": {"loss": 1' + "0" * 400 + "}}"), ", which is no number"),
        ("import os; os.kill(os.getpid(), 40)", "it ended by signal 40"),
        (
            "import os, shutil, sys; os.chdir('/'); shutil.rmtree(os.path.dirname(sys.argv[2])); 1/0",
            "it ended with exit status 1",
        ),
    ],
)
def test_what_goes_wrong_is_the_outcome_of_the_trial(text, says):
    script(text)
    begun = time.monotonic()
    for failed, outcome in (("no evidence", "unfitted"), ("failure", "failure")):
        found = command(
            "python main.py {alpha} {out}",
            "{out}:test.loss",
            success="<= 1",
            timeout=1 if "sleep" in text else 60,
            failed=failed,
            folder=".",
        )
        measured = found(POINT, 0)
        assert measured.outcome == outcome
        assert says in measured.more["failed"]
        assert measured.more["failed"].isprintable()
        assert str(Path.cwd() / ".theorycheck/trials/main.py-") in measured.more["failed"]
    assert len(kept()) == (2 if "rmtree" in text else 4)  # the log, and the folder where it is still there
    assert time.monotonic() - begun < 30


def test_what_a_command_leaves_running_is_ended():
    script(
        "import json, os, sys, time\n"
        "if os.fork() == 0:\n    time.sleep(5)\n"
        "else:\n    json.dump([1], open(sys.argv[1], 'w'))"
    )
    begun = time.monotonic()
    assert command("python main.py {out}", "{out}:0", folder=".")(POINT, 0).more == {"value": 1}
    assert time.monotonic() - begun < 4


@pytest.mark.parametrize(
    ("arguments", "changed", "message"),
    [
        (("", "{out}:x"), {}, "the command is empty"),
        (("no_such_program {n}", "{out}:x"), {}, "there is no program no_such_program"),
        (("./main.c", "{out}:x"), {}, "there is no program ./main.c"),
        (("ls", "out"), {}, "reads = 'out' names no value"),
        (("ls", "output:x = .*"), {}, "has no group"),
        (("ls", "output:("), {}, "holds no regular expression"),
        (("ls {n", "{out}:x"), {}, "write {{ and }} for braces"),
        (("ls {0}", "{out}:x"), {}, r"holds {0} in '{0}'"),
        (("ls {n.real}", "{out}:x"), {}, r"holds {n.real}"),
        (("ls", "{out}:x"), {"success": "small"}, "success = 'small' is no condition"),
        (("ls", "{out}:x"), {"success": "<= x"}, "success = '<= x' is no condition"),
        (("ls", "{out}:x"), {"failed": "failure"}, "'failure' beside success"),
        (("ls", "{out}:x"), {"timeout": 0}, "timeout = 0 of a command"),
        (("ls", "{out}:x"), {"inputs": ["none.csv"]}, "none.csv of a command is missing"),
        (("ls", "{out}:x"), {"inputs": "none.csv"}, "is one text; write inputs=['none.csv']"),
        (("ls", "{out}:x"), {"environment": "MODE"}, "write environment=['MODE']"),
        (("ls", "{out}:x"), {"timeout": "10"}, "timeout = '10' of a command: write a number of seconds"),
        (("ls", "{out}:x"), {"tolerance": -1}, "tolerance = -1 of a command: write a number"),
        (("ls", "{out}:x"), {"success": 0.5}, "success = 0.5 is no condition"),
        (("ls", "{out}:x"), {"success": "<= nan"}, "success = '<= nan' is no condition"),
        (("ls", None), {}, "reads = None names no value"),
        (("ls 'x", "{out}:x"), {}, "cannot be split into words: No closing quotation"),
        (("ls {alpha:{n}}", "{out}:x"), {}, "{n} stands within braces"),
    ],
)  # fmt: skip
def test_what_is_no_command_is_refused(arguments, changed, message):
    with pytest.raises(ClaimError) as error:
        command(*arguments, folder=".", **changed)
    assert message in str(error.value)


def test_a_letter_that_the_design_lacks_is_named():
    found = response(command("ls {M} {n} {seed}", "{out}:x"), measures=True)
    with pytest.raises(
        DesignError, match=r"asks for \{M\}, which the design neither varies nor holds; it has n, alpha"
    ):
        found.check(POINT, "n = 4")
    found.check({"M": 1, "n": 2}, "n = 2")
    with pytest.raises(DesignError, match=r"the design has a letter seed, but .* rename the letter"):
        found.check({"M": 1, "n": 2, "seed": 3}, "n = 2")
    whole = response(command("ls {alpha:d}", "{out}:x"), measures=True)
    with pytest.raises(DesignError, match=r"cannot be filled in at alpha = 0\.1: Unknown format code 'd'"):
        whole.check(POINT, "alpha = 0.1")


def test_the_key_follows_words_files_variables_and_the_modules_of_a_script(monkeypatch):
    script("import helper", "main.py"), script("A = 1", "helper.py"), script("1", "table.csv")
    Path("data").mkdir(), script("x", "data/a.txt")

    def key(words="python main.py {n} --table=table.csv", reads="{out}:x", **changed):
        told = {"inputs": ["data"], "environment": ["MODE"], "folder": ".", **changed}
        return fingerprint(command(words, reads, **told)).digest

    first, seen = key(), set()
    assert key() == first
    for change in (
        lambda: key("python main.py {n} --table=table.csv -v"),
        lambda: key(reads="{out}:y"),
        lambda: key(success="<= 1"),
        lambda: key(timeout=3.0),
        lambda: (script("A = 2", "helper.py"), key())[1],
        lambda: (script("2", "table.csv"), key())[1],
        lambda: (script("y", "data/a.txt"), key())[1],
        lambda: (script("import helper, os", "main.py"), key())[1],
        lambda: (monkeypatch.setenv("MODE", "fast"), key())[1],
    ):
        seen.add(change())
    assert len(seen | {first}) == 10
    now = key()
    elsewhere = Path("elsewhere")
    shutil.copytree(".", elsewhere, ignore=shutil.ignore_patterns("elsewhere"))
    assert key(folder=elsewhere) == now
    monkeypatch.setenv("OTHER", "1")
    assert key() == now


def test_files_that_are_edited_during_a_run_are_named():
    path = script(WRITES)
    found = response(command("python main.py {alpha} {out}", "{out}:x", folder="."), measures=True)
    assert found.identity
    assert found.changed() == []
    path.write_text("pass")
    assert found.changed() == [path.absolute()]


def test_python_is_the_interpreter_that_runs_theorycheck():
    assert command("python -c pass", "{out}:x").words[0] == sys.executable


@pytest.mark.skipif(
    os.name == "nt" or os.getuid() == 0, reason="a folder that cannot be written, as root can"
)
def test_a_folder_that_cannot_be_written_is_passed_over(folder):
    script(WRITES)
    folder.chmod(0o500)
    try:
        assert (
            command("python main.py {alpha} {out}", "{out}:test.loss.1", folder=".")(POINT, 0).outcome
            == "success"
        )
    finally:
        folder.chmod(0o700)


def test_files_of_equal_names_and_behind_links_are_told_apart():
    for name in ("a", "b", "real"):
        Path(name).mkdir()
    script("1", "a/data.txt"), script("2", "b/data.txt")
    script("import helper", "real/main.py"), script("A = 1", "real/helper.py")
    Path("main.py").symlink_to("real/main.py")
    made = lambda: command("python main.py", "{out}:x", inputs=["a/data.txt", "b/data.txt"], folder=".")  # noqa: E731
    seen = [fingerprint(made()).digest]
    for path, text in (("a/data.txt", "3"), ("b/data.txt", "3"), ("real/helper.py", "A = 2")):
        script(text, path)
        seen.append(fingerprint(made()).digest)
    assert len(set(seen)) == 4


def test_what_a_script_writes_is_not_what_it_printed():
    script("print('loss = 5'); open('log', 'w').write('loss = 9')")
    assert command("python main.py", r"output:loss = (\S+)", folder=".")(POINT, 0).more == {"value": 5}


def test_a_document_may_be_lists_over_t():
    script("import json, sys; json.dump({'t': [1, 2], 'value': [3, 4]}, open(sys.argv[1], 'w'))")
    assert command("python main.py {out}", "{out}:.", folder=".")(POINT, 0).more == {
        "t": [1, 2],
        "value": [3, 4],
    }
