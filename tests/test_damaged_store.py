"""Damaged, forged, foreign, old and read-only stores: the same result as without damage, or a clear
StoreError.
"""

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing, suppress
from pathlib import Path

import pytest
import sympy
from conftest import mostly_slow
from test_cli import run as run_cli

from theorycheck import Claim, Design, Paper, Source, Theta
from theorycheck.empirical import rows
from theorycheck.empirical.store import Store
from theorycheck.empirical.store_file import FORMAT
from theorycheck.errors import ClaimError, StoreError, TheoryCheckError
from theorycheck.plan import make_plan
from theorycheck.session import Session, collect

L, T = sympy.symbols("L T", positive=True)


def steps(point, seed):
    """About L^2 steps."""
    return point["L"] ** 2 * random.Random(seed).uniform(0.5, 2)


CLAIM = Claim(
    name="small",
    title="A small claim in pure Python",
    quantity=T,
    law=Theta(L**2, (L, sympy.oo)),
    provenance="recalled",
    source=Source(paper=Paper(key="x", short="X", reference="X"), place="1"),
    response=steps,
    design=Design(factor=L, levels=(2, 4, 8, 16), replicates=15, held={}),
    refuted_by="another exponent",
)
PLAN = make_plan(CLAIM)
WRONG_MEASUREMENTS = (
    "{}",
    "null",
    "[1]",
    "1",
    "nonsense",
    "",
    '{"outcome": "x", "value": 3.0}',
    '{"outcome": "success", "value": NaN}',
    '{"outcome": "success", "value": null}',
    '{"outcome": "success", "value": "3"}',
    '{"outcome": "success", "value": [3]}',
    '{"outcome": "success"}',
    '{"value": 3.0}',
    '{"outcome": "failure", "value": 3.0}',
    '{"outcome": ["success"], "value": 3.0}',
    '{"outcome": "unfitted", "value": 3.0}',
    "[" * 100_000,
)
OFTEN = ("nonsense", '{"outcome": "success", "value": NaN}', '{"outcome": "success"}')


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A whole store, and what is found by it."""
    path = tmp_path_factory.mktemp("sound") / "store.sqlite"
    finding = Session(path).carry_out(PLAN)
    return path, finding


@pytest.fixture
def copied(sound, tmp_path):
    path = tmp_path / "store.sqlite"
    shutil.copy(sound[0], path)
    return path


def change(path, statement, *values):
    with closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(statement, values).rowcount


def look(path, query):
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        return connection.execute(query).fetchall()


def told(path):
    """The outcome, or the message that there is instead."""
    try:
        return outcome(path), ""
    except ClaimError as error:
        return None, str(error)


def outcome(path):
    """The trials that a run ends with, and how many it trained; None where the store is refused."""
    with suppress(StoreError):
        finding = Session(path).carry_out(PLAN)
        trained = finding.verdict.trials["trained"]
        with Store(path, read_only=True) as store:
            assert store.runs()[-1]["trained"] == trained
            assert store.plan_of(store.runs()[-1]["id"])["hash"] == PLAN.hash
        return finding.trials, trained
    return None


def flip_bits(content, rng, count):
    for _ in range(count):
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    return content


def damage(path, rng):
    """Damage a store in one of eight ways, by chance."""
    content = bytearray(path.read_bytes())
    kind = rng.randrange(8)
    if kind in (0, 1):
        flip_bits(content, rng, count=(1, 40)[kind])
    elif kind == 2:  # in the first page, where the schema is
        content[:4096] = flip_bits(content[:4096], rng, count=1)
    elif kind == 3:
        del content[rng.randrange(len(content)) :]
    elif kind == 4:
        start = rng.randrange(len(content))
        length = min(rng.choice((16, 4096)), len(content) - start)
        content[start : start + length] = rng.randbytes(length)
    elif kind == 5:
        content = bytearray(rng.randbytes(rng.randrange(1, 9000)))
    else:
        column = rng.choice(("measurement", "measurement", "specification", "key"))
        wrong = rng.choice(WRONG_MEASUREMENTS)
        query = (
            f"UPDATE OR IGNORE trials SET {column} = ? WHERE key IN (SELECT key FROM trials LIMIT 1 OFFSET ?)"
        )
        for _ in range(rng.randrange(1, 5)):
            change(path, query, wrong, rng.randrange(60))
        return kind
    path.write_bytes(content)
    return kind


@pytest.mark.parametrize("count", mostly_slow([12], [12, 200]))
def test_of_damaged_stores_each_ends_as_if_undamaged_or_is_refused(sound, tmp_path, count):
    rng, expected = random.Random(19), sound[1].trials
    ends = {"refused": 0, "fixed": 0, "untouched": 0}
    for i in range(count):
        path = tmp_path / f"{i}.sqlite"
        shutil.copy(sound[0], path)
        damage(path, rng)
        with (
            suppress(StoreError),
            Store(path, read_only=True) as store,
        ):  # as some are damaged, and none is trained
            assert collect(PLAN, store).equals(expected), i
        found = outcome(path)
        if found is None:
            ends["refused"] += 1
            continue
        table, trained = found
        assert table.equals(expected), i
        ends["fixed" if trained else "untouched"] += 1
        again, trained = outcome(path) or (None, None)
        assert again is None or again.equals(expected), i
        assert not trained, i  # what was fixed stays so
    assert min(ends.values()) > count / 10, ends


@pytest.mark.parametrize(
    "wrong", mostly_slow(OFTEN, WRONG_MEASUREMENTS), ids=lambda text: text[:40] or "empty"
)
def test_a_wrong_measurement_is_named_set_aside_and_trained_anew(sound, copied, caplog, wrong):
    path = copied
    key = sound[1].trials["key"].iloc[5]  # of the plan's own, not of what is made twice
    change(path, "UPDATE trials SET measurement = ? WHERE key = ?", wrong, key)
    table, trained = outcome(path)
    assert (trained, table.equals(sound[1].trials)) == (1, True)
    assert key[:12] in caplog.text
    ((origin, content),) = look(path, "SELECT origin, content FROM damaged")
    assert (origin, json.loads(content)[0], json.loads(content)[2]) == ("trials", key, wrong)
    assert outcome(path)[1] == 0


def test_a_mended_store_gives_the_identical_verdict(sound, copied):
    change(copied, "UPDATE trials SET measurement = replace(measurement, '1', '2')")
    finding = Session(copied).carry_out(PLAN)
    assert finding.verdict.trials["trained"] > 10
    assert finding.verdict.judgement == sound[1].verdict.judgement


def test_a_report_names_what_is_damaged_and_trains_nothing(copied, caplog):
    change(copied, "UPDATE trials SET measurement = '{}' WHERE key IN (SELECT key FROM trials LIMIT 2)")
    before = copied.read_bytes()
    with pytest.raises(StoreError, match=r"2 trials of small are not stored; verify the claim to train them"):
        Session(copied).replay(1, CLAIM)
    assert "damaged rows of the store's table trials" in caplog.text
    assert copied.read_bytes() == before


def test_damaged_plans_and_runs_are_set_aside_and_recorded_anew(copied):
    path = copied
    change(path, "UPDATE plans SET document = '{}'")
    with Store(path) as store:
        with pytest.raises(
            StoreError, match=r"the plan of run 1 in the store .* is damaged; verify its claim again"
        ):
            store.plan_of(1)
        assert [run["claim"] for run in store.runs()] == ["(its plan is damaged)"]
    assert outcome(path)[1] == 0
    with Store(path) as store:
        assert [run["claim"] for run in store.runs()] == ["small", "small"]
        assert store.plan_of(1)["hash"] == PLAN.hash
    change(path, "UPDATE runs SET verdict = 'REFUTED', trained = 'many' WHERE id = 1")
    with Store(path) as store:
        assert [run["id"] for run in store.runs()] == [2]
        with pytest.raises(StoreError, match="has no run 1"):
            store.plan_of(1)
    assert {"plans", "runs"} == {origin for (origin,) in look(path, "SELECT origin FROM damaged")}


def test_the_number_of_a_damaged_run_is_not_given_again(copied):
    change(copied, "UPDATE runs SET verdict = 'x'")
    with Store(copied) as store:
        assert store.runs() == []
        assert store.start_run(PLAN.hash, CLAIM.name, PLAN.document) == 2


# Stores whose checksums are right, as somebody made them on purpose: no code is run, and nothing ends in a
# traceback.


def forge(path, **values):
    """Change the rows of the runs' plans, or of all trials, and their checksums with them."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for table, columns in (("plans", ("hash", "claim", "document")), ("trials", ("measurement",))):
            for row in connection.execute(f"SELECT * FROM {table}").fetchall():
                names = [name for _, name, *_ in connection.execute(f"PRAGMA table_info({table})")]
                changed = {
                    **dict(zip(names, row, strict=True)),
                    **{k: v for k, v in values.items() if k in columns},
                }
                del changed["checksum"]
                complete = (*changed.values(), rows.checksum(tuple(changed.values())))
                connection.execute(f"DELETE FROM {table} WHERE {names[0]} = ?", row[:1])
                connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(complete))})", complete)


def test_a_store_chooses_no_code_that_is_run(copied, tmp_path):
    trap, mark = tmp_path / "trap\x1b[31m.py", tmp_path / "mark"
    trap.write_text(f"open({str(mark)!r}, 'w')")
    forge(copied, claim=str(trap))
    with pytest.raises(
        ClaimError, match=r"trap\\x1b\[31m\.py', which is no claim known by its name; .* --claim PATH"
    ):
        Session(copied).replay(1)
    result = run_cli("report", 1, "--store", copied, cwd=tmp_path)
    assert result.exit_code == 2
    assert "\x1b" not in result.stderr
    listed = run_cli("runs", "--store", copied, cwd=tmp_path)
    assert listed.exit_code == 0
    assert "\x1b" not in listed.stdout
    assert not mark.exists()
    assert Session(copied).replay(1, CLAIM).verdict.judgement  # where the user names it, it is judged


@pytest.mark.parametrize(
    "document",
    [
        "{}",
        "[]",
        '{"design": null}',
        '{"design": {"profile": "none", "seed": 0, "device": "cpu", "name": null}}',
        '{"design": {"profile": "smoke", "seed": "0", "device": "cpu", "name": null}}',
        '{"design": {"profile": "smoke", "seed": 0, "device": "tpu", "name": null}}',
        '{"design": {"profile": "smoke", "seed": 0, "device": "cpu", "name": ["x"]}}',
        '{"design": {"profile": "smoke", "seed": 0, "device": "cpu", "name": "other"}}',
    ],
)
def test_a_forged_plan_is_refused(copied, document):
    forge(copied, document=document)
    with pytest.raises(TheoryCheckError, match=r"is damaged; verify its claim again|has no design 'other'"):
        Session(copied).replay(1, CLAIM)


@pytest.mark.parametrize(
    "wrong", [*mostly_slow(OFTEN, WRONG_MEASUREMENTS), '{"outcome": "success", "value": 1, "realised_x": 1}']
)
def test_a_forged_measurement_ends_in_no_traceback(copied, wrong):
    forge(copied, measurement=wrong)
    with Store(copied, read_only=True) as store:
        for measured in store.find(key for (key,) in look(copied, "SELECT key FROM trials")).values():
            assert isinstance(measured["outcome"], str)
    found, message = told(copied)  # it has a checksum of its own, so that only the judge can miss its value
    assert found or "returns no numbers" in message or "returns value over t" in message


@pytest.mark.parametrize(
    ("named", "wrong"),
    [
        ("test_loss", '{"outcome": "success", "iterations": 3}'),
        ("test_loss", '{"outcome": "success", "test_loss": 0.1}'),
        ("attention_concentration", '{"outcome": "success", "iterations": 3, "relevant": [1], "t": [0, 1]}'),
        ("attention_concentration", '{"outcome": "success", "iterations": 3, "relevant": ["1"]}'),
        ("attention_concentration", '{"outcome": "success", "iterations": 3, "relevant": []}'),
        ("test_loss", '{"outcome": "success", "iterations": 3, "test_loss": 1, "realised_L": "x"}'),
    ],
)
def test_what_a_named_response_never_measures_is_no_measurement(named, wrong):
    specification = json.dumps({"response": named, "parameters": {"L": 2}})
    assert rows.measurement(specification, wrong) is None


def test_what_a_named_response_measures_is_a_measurement():
    specification = json.dumps({"response": "test_loss", "parameters": {"L": 2}})
    diverged = '{"outcome": "unfitted", "iterations": 3, "test_loss": NaN, "realised_L": 2}'
    assert rows.measurement(specification, diverged)["iterations"] == 3
    looks = '{"outcome": "success", "iterations": 3, "relevant": [1, 2.5], "t": [0, 1]}'
    assert rows.measurement(specification.replace("test_loss", "attention_concentration"), looks)["t"] == [
        0,
        1,
    ]


def test_triggers_in_a_store_are_refused(copied):
    change(copied, "CREATE TRIGGER t AFTER INSERT ON trials BEGIN UPDATE trials SET measurement = '{}'; END")
    with pytest.raises(StoreError, match=f"its tables are not those of format {FORMAT}"):
        Store(copied)


# Databases of other applications


def foreign(path, application=0, version=0, wal=False):
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA journal_mode = {'WAL' if wal else 'DELETE'}")
        connection.execute("CREATE TABLE moz_bookmarks (id INTEGER)")
        connection.execute("INSERT INTO moz_bookmarks VALUES (1)")
        connection.execute(f"PRAGMA application_id = {application}")
        connection.execute(f"PRAGMA user_version = {version}")
    return path


@pytest.mark.parametrize("wal", [False, True])
@pytest.mark.parametrize(("application", "version"), [(0, 0), (0, 1), (0, 2), (0, 77), (7, 0), (7, FORMAT)])
@pytest.mark.parametrize("read_only", [False, True])
def test_a_foreign_database_is_refused_untouched(tmp_path, application, version, wal, read_only):
    path = foreign(tmp_path / "places.sqlite", application, version, wal)
    before = path.read_bytes()
    with pytest.raises(
        StoreError, match=r"is a database of another application \('moz_bookmarks'\) and was left"
    ):
        Store(path, read_only=read_only)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("read_only", [False, True])
def test_what_waits_in_the_log_of_a_foreign_database_is_left_there(tmp_path, read_only):
    path = foreign(tmp_path / "places.sqlite", wal=True)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO moz_bookmarks VALUES (2)")
        connection.commit()
        shutil.copytree(tmp_path, killed := tmp_path / "killed")
    before = {name: (killed / name).read_bytes() for name in ("places.sqlite", "places.sqlite-wal")}
    assert before["places.sqlite-wal"]
    with pytest.raises(StoreError, match="is a database of another application"):
        Store(killed / "places.sqlite", read_only=read_only)
    assert before == {name: (killed / name).read_bytes() for name in before}


def test_a_table_like_ours_in_a_foreign_database_is_foreign(tmp_path):
    path = tmp_path / "mlflow.sqlite"
    change(path, "CREATE TABLE runs (id INTEGER PRIMARY KEY, name TEXT)")
    with pytest.raises(StoreError, match=r"another application \('runs'\)"):
        Store(path)


# Old stores


@pytest.mark.parametrize("read_only", [False, True])
def test_a_store_of_format_1_is_refused_and_stays_as_it_is(tmp_path, read_only):
    path = tmp_path / "store.sqlite"
    for table in ("trials", "plans", "runs"):
        change(path, f"CREATE TABLE {table} (key TEXT PRIMARY KEY)")
    change(path, "PRAGMA user_version = 1")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="has format 1, this version reads format 2; name another --store"):
        Store(path, read_only=read_only)
    assert path.read_bytes() == before


OPEN = (
    "import sys; from pathlib import Path; from theorycheck.empirical.store import Store; s ="
    " Store(Path(sys.argv[1]))"
)


def test_several_processes_may_open_a_store_first(sound, tmp_path):
    path = tmp_path / "store.sqlite"
    opening = [
        subprocess.Popen([sys.executable, "-c", OPEN, str(path)], stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    assert [process.communicate(timeout=60)[1] for process in opening] == ["", "", "", ""]
    table, trained = outcome(path)
    assert (trained, table.equals(sound[1].trials)) == (60, True)


def test_an_older_program_refuses_a_new_store(copied):
    """As format 1 checked it."""
    assert look(copied, "PRAGMA user_version") == [(2,)]


# Reading alone


def test_listing_and_reporting_leave_file_and_folder_as_they_are(copied):
    before = copied.read_bytes()
    with Store(copied, read_only=True) as store:
        assert len(store.runs()) == 1
    Session(copied).replay(1, CLAIM)
    assert copied.read_bytes() == before
    assert [file.name for file in copied.parent.iterdir()] == [copied.name]


def test_what_a_killed_run_left_in_the_log_is_listed(sound, tmp_path):
    shutil.copy(sound[0], tmp_path / "store.sqlite")
    with Store(tmp_path / "store.sqlite") as store:
        store.start_run(PLAN.hash, CLAIM.name, PLAN.document)
        shutil.copytree(tmp_path, tmp_path / "killed")
    with Store(tmp_path / "killed/store.sqlite", read_only=True) as store:
        assert len(store.runs()) == 2


@pytest.mark.parametrize("made", [False, True], ids=["missing", "empty"])
def test_listing_and_reporting_create_nothing(tmp_path, made):
    path = tmp_path / "folder" / "store.sqlite"
    if made:
        path.parent.mkdir()
        path.touch()
    listed = run_cli("runs", "--store", path, cwd=tmp_path)
    assert (listed.exit_code, "no runs yet" in listed.stdout) == (0, True)
    assert run_cli("report", 1, "--store", path, cwd=tmp_path).exit_code == 2
    assert [file.stat().st_size for file in tmp_path.rglob("*.sqlite*")] == [0] * made


@pytest.mark.parametrize("run", [0, -1, 2, 2**63, 10**30])
def test_a_run_that_is_not_there_is_named(copied, run):
    with pytest.raises(StoreError, match=f"has no run {run}; `theorycheck runs --store .*` lists them"):
        Session(copied).replay(run, CLAIM)


def test_a_pipe_is_no_store(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for read_only in (True, False):
        with pytest.raises(StoreError, match=r"cannot be opened or written \(it is no file\)"):
            Store(tmp_path / "pipe", read_only=read_only)


READ = """
import logging, os, sys, tempfile
from pathlib import Path
from theorycheck.empirical.response import responses
from theorycheck.empirical.store import Store
from theorycheck.errors import ClaimError, StoreError
responses()  # found while their files may be read
if os.geteuid() == 0: os.setgroups([]); os.setgid(65534); os.setuid(65534)
path = Path(sys.argv[1])
assert not os.access(path, os.W_OK) and not os.access(path.parent, os.W_OK)
with Store(path, read_only=True) as store:
    print(len(store.runs()), store.plan_of(1)["claim"])
try:
    with Store(path) as store:
        store.start_run("plan", "claim", "{}")
except StoreError as error:
    print(error)
"""


@pytest.mark.parametrize("state", ["closed", "killed", "in use"])
def test_a_store_in_a_read_only_folder_is_listed(sound, state):
    with tempfile.TemporaryDirectory() as place:  # pytest's folders are closed to others
        folder = Path(place) / "folder"
        folder.mkdir()
        path = folder / "store.sqlite"
        shutil.copy(sound[0], path)
        store = Store(path) if state in ("killed", "in use") else None
        if store:
            store.start_run(PLAN.hash, CLAIM.name, PLAN.document)
        if state == "killed":
            shutil.copytree(folder, folder := Path(place) / "killed", ignore=shutil.ignore_patterns("*-shm"))
        for file in folder.iterdir():
            file.chmod(0o444)
        folder.chmod(0o555)
        Path(place).chmod(0o755)
        done = subprocess.run(
            [sys.executable, "-c", READ, str(folder / "store.sqlite")],
            capture_output=True,
            text=True,
            check=False,
        )
        folder.chmod(0o755)
        if store:
            store.__exit__()
    assert done.stderr == ""
    listed, refused = done.stdout.splitlines()
    assert listed == f"{2 if store else 1} small"
    assert "cannot be opened or written" in refused
