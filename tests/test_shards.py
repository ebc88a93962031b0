"""Shards: their trials, merged, are those of one machine, and so is the verdict."""

import random
import re
import signal
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import sympy
from conftest import mostly_slow
from scipy.stats import norm
from test_cli import run as run_cli
from test_fingerprint import claim_file
from test_stopping import GOOD, started
from test_sweep import children, stored, wait_until

from theorycheck import BigO, Claim, Design, Paper, Search, Source, Theta, bounds
from theorycheck.cli.next_steps import next_steps
from theorycheck.cli.next_steps import stored as told
from theorycheck.empirical.merge import merge
from theorycheck.empirical.store import Store
from theorycheck.empirical.trial import Repeat
from theorycheck.errors import ClaimError, DesignError
from theorycheck.executors.local import ThisProcess
from theorycheck.placement.rules import simulate
from theorycheck.plan import make_plan
from theorycheck.rounds import most_rounds, rounds
from theorycheck.session import Session
from theorycheck.shards import Shard, left, train

x, n, T = sympy.symbols("x n T", positive=True)
HERE = ThisProcess()


def steps(point, seed):
    """About x^2 steps."""
    return point["x"] ** 2 * random.Random(seed).uniform(0.5, 2)


def enough(point, seed):
    """Whether n is enough for x."""
    return point["n"] > 4 * point["x"] * random.Random(seed).lognormvariate(0, 0.5)


def claim(**said):
    source = Source(paper=Paper(key="x", short="X", reference="X"), place="1")
    return Claim(title="A claim", source=source, provenance="recalled", refuted_by="another exponent", **said)


FIXED = claim(
    name="fixed",
    quantity=T,
    law=Theta(x**2, (x, sympy.oo)),
    response=steps,
    design=Design(factor=x, levels=(2, 4, 8, 16), replicates=25, held={}),
)
ADAPTIVE = claim(
    name="adaptive",
    quantity=n,
    law=BigO(x, (x, sympy.oo)),
    response=enough,
    design=Design(
        factor=x,
        levels=(1, 2, 4, 8, 16, 32),
        replicates=4,
        held={},
        search=Search(n, [2**k for k in range(10)]),
    ),
)


class Nowhere:
    """Makes no trial."""

    def submit(self, function, /, *args, **kwargs):
        raise AssertionError("a trial is made")


def by_shards(plan, folder):
    """Train as many machines would, more of them each round; how many rounds, and the merged store."""
    merged, made = folder / "merged.sqlite", 0
    while left(plan, [merged]):
        made += 1
        shards = [(Shard(i + 1, made + 1), folder / f"shard{i}.sqlite") for i in range(made + 1)]
        for shard, path in shards:
            train(plan, shard, path, merged, HERE)
        merge(merged, [path for _, path in shards])
    return made, merged


@pytest.mark.parametrize("asked", [(FIXED, "standard"), (ADAPTIVE, "smoke")], ids=["fixed", "adaptive"])
def test_merged_shards_give_what_one_machine_gives(tmp_path, asked):
    plan = make_plan(*asked)
    alone = Session(tmp_path / "alone.sqlite", HERE).carry_out(plan)
    made, merged = by_shards(plan, tmp_path)
    assert made == (1 if asked[0] is FIXED else most_rounds(plan))
    together = Session(merged, Nowhere()).carry_out(plan)
    assert together.trials.equals(alone.trials)
    assert together.verdict.judgement == alone.verdict.judgement
    assert together.estimates == alone.estimates
    assert together.verdict.trials == {**alone.verdict.trials, "trained": 0, "reused": len(alone.trials)}
    assert [c.status for c in together.verdict.judgement.checks if c.name == "repeated trials"] == ["ok"]


def test_one_shard_of_one_trains_all_rounds_at_once(tmp_path):
    plan = make_plan(ADAPTIVE, "smoke")
    done = train(plan, Shard(), tmp_path / "s.sqlite", None, HERE)
    assert (done.missing.total(), done.trained, done.last.number) == (0, 42, most_rounds(plan))


@pytest.mark.parametrize("of", [1, 2, 7, 400])
def test_shards_are_disjoint_and_together_complete(of):
    (everything,) = rounds(make_plan(FIXED), lambda keys: {})
    shares = [everything.of(Shard(number, of).has) for number in range(1, of + 1)]
    assert sum(map(len, shares)) == len(everything) == 102  # of 100 trials two are made twice
    assert {t.key for share in shares for t in share.trials} == {t.key for t in everything.trials}
    for share in shares:  # on unequal machines a trial made twice may differ, and tell nothing
        assert {t.key for t in share.again} <= {t.key for t in share.trials}
    assert of > 7 or max(map(len, shares)) < 2 * len(everything) / of


@pytest.mark.parametrize(
    "text", ["17/16", "0/4", "3of16", "3/4.5", "", "1/0", "-1/4", "1/16\n", "\u0663/4", "3"]
)
def test_what_is_no_shard_is_refused(tmp_path, text):
    with pytest.raises(DesignError, match=r"from 1/16 to 16/16 where they are 16; got '"):
        Shard.parse(text)
    result = run_cli("train", "--claim", "token_noise", f"--shard={text}", cwd=tmp_path)
    assert result.exit_code == 2
    assert list(tmp_path.iterdir()) == []


def test_a_shard_is_read_as_it_is_written():
    assert [Shard.parse(text) for text in ("1/1", "16/16")] == [Shard(1, 1), Shard(16, 16)]
    assert str(Shard(3, 16)) == "3/16"


def test_a_round_waits_for_the_shards_that_are_missing_and_names_them(tmp_path):
    plan, merged = make_plan(ADAPTIVE, "smoke"), tmp_path / "merged.sqlite"
    first = [train(plan, Shard(i, 3), tmp_path / f"{i}.sqlite", None, HERE) for i in (1, 2, 3)]
    assert [done.last.number for done in first] == [1, 1, 1]
    merge(merged, [tmp_path / "1.sqlite", tmp_path / "2.sqlite"])
    again = train(plan, Shard(1, 3), tmp_path / "1.sqlite", merged, Nowhere())
    assert (again.trained, again.missing) == (0, Counter({3: first[2].share}))
    assert left(plan, [merged]) == first[2].share
    merge(merged, [tmp_path / "3.sqlite"])
    later = train(plan, Shard(1, 3), tmp_path / "1.sqlite", merged, HERE)
    assert later.last.number == 2
    assert (later.trained, later.reused) == (later.share, first[0].share)


def test_what_is_damaged_is_trained_again_by_its_own_shard(tmp_path):
    plan, path = make_plan(FIXED), tmp_path / "1.sqlite"
    train(plan, Shard(1, 2), path, None, HERE)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "UPDATE trials SET measurement = '{}' WHERE key IN (SELECT key FROM trials LIMIT 2)"
        )
    again = train(plan, Shard(1, 2), path, None, HERE)
    assert (again.trained, set(again.missing)) == (2, {2})


def test_a_shard_records_its_run_without_a_verdict(tmp_path):
    plan = make_plan(FIXED)
    done = train(plan, Shard(2, 3), tmp_path / "s.sqlite", None, HERE)
    with Store(tmp_path / "s.sqlite", read_only=True) as store:
        (run,) = store.runs()
    assert (run["plan"], run["trained"], run["reused"]) == (plan.hash, done.trained, 0)
    assert run["finished"]
    assert run["verdict"] is None


def test_the_store_of_earlier_rounds_is_only_read(tmp_path):
    plan, known = make_plan(FIXED), tmp_path / "known.sqlite"
    train(plan, Shard(), known, None, HERE)
    before = known.read_bytes()
    train(plan, Shard(1, 2), tmp_path / "1.sqlite", known, Nowhere())
    assert known.read_bytes() == before
    assert train(plan, Shard(1, 2), tmp_path / "1.sqlite", tmp_path / "none.sqlite", HERE).trained
    assert not (tmp_path / "none.sqlite").exists()


def nothing(point, seed):
    """Measures nothing."""


def test_a_response_that_measures_nothing_ends_after_the_first_round(tmp_path):
    plan = make_plan(FIXED.model_copy(update={"response": nothing}))
    with pytest.raises(ClaimError, match="no trial of fixed is evidence"):
        train(plan, Shard(), tmp_path / "s.sqlite", None, HERE)


@pytest.mark.parametrize("profile", mostly_slow(["smoke", "quick"], ["smoke", "quick", "standard"]))
@pytest.mark.parametrize("guesses", [0, 0.5])
@pytest.mark.parametrize("exponent", [1, -1, 0.3])
def test_a_run_takes_no_more_rounds_than_it_says(profile, guesses, exponent):
    placement, taken = make_plan(ADAPTIVE, profile).placement, []

    class Counting:
        cells = placement.cells

        def next_round(self, counts):
            taken.append(1)
            return placement.next_round(counts)

    rate = lambda x, n: guesses + (1 - guesses) * norm.cdf(1.5 * np.log(n / 22 / (x / 5.6) ** exponent))  # noqa: E731
    simulate(Counting(), rate, np.random.default_rng(0))
    assert 3 < len(taken) - 1 <= placement.rounds  # the last call says that there is no other


# The command


def test_the_command_says_what_comes_next(tmp_path):
    path = claim_file(tmp_path, "", GOOD)
    result = run_cli(
        *(
            "train",
            "--claim",
            path.name,
            "--jobs",
            1,
            "--quiet",
            "--shard",
            "1/2",
            "--store",
            "shard1.sqlite",
        ),
        cwd=tmp_path,
    )
    assert (result.exit_code, result.stderr) == (0, "")
    share, all_ = map(
        int, re.search(r"its (\d+) of (\d+) trials are stored in shard1", result.stdout).groups()
    )
    assert f"not seen in any store here: {all_ - share} trials of shard 2\n" in result.stdout
    merging, verify = (line.strip() for line in result.stdout.splitlines() if line.startswith("  "))
    assert merging == "theorycheck merge store.sqlite shard*.sqlite"
    assert verify == f"theorycheck verify --claim {path.name} --store store.sqlite"
    train(make_plan(bounds.find(str(path))), Shard(2, 2), tmp_path / "shard2.sqlite", None, HERE)
    merged = run_cli("merge", "store.sqlite", "shard1.sqlite", "shard2.sqlite", cwd=tmp_path)
    assert f"{all_} trials are new in store.sqlite" in merged.stdout
    counted = run_cli("train", "--claim", path.name, "--store", "store.sqlite", "--count", cwd=tmp_path)
    assert counted.stdout == "0\n"


def test_of_an_adaptive_claim_the_number_of_rounds_and_their_commands_are_told(tmp_path):
    plan = make_plan(ADAPTIVE.as_found("my claim.py"), "smoke", seed=3)
    own, shard = Path("a2b.sqlite"), Shard(2, 2)
    first, second = told(plan, shard, own, train(plan, shard, tmp_path / own, None, HERE))
    assert "round 1 of about 5 at most, shard 2/2: its " in first
    assert second.endswith("trials of shard 1")
    which = r"--claim my\ claim.py --profile smoke --seed 3"
    verify = f"theorycheck verify {which} --store store.sqlite"
    assert commands([plan], shard, own, None, complete=False) == [
        "theorycheck merge store.sqlite a*b.sqlite",
        f"theorycheck train {which} --shard 2/2 --store a2b.sqlite --known store.sqlite",
        f"theorycheck train {which} --store store.sqlite --count",
        verify,
    ]
    assert commands([plan], shard, own, Path("m"), complete=True) == [
        "theorycheck merge m a*b.sqlite",
        verify.replace("store.sqlite", "m"),
    ]
    assert commands([plan], Shard(), own, None, complete=True) == [
        verify.replace("store.sqlite", "a2b.sqlite")
    ]
    assert (
        commands([plan], shard, Path("s.sqlite"), None, True)[0]
        == "theorycheck merge store.sqlite s.sqlite ..."
    )


def commands(*arguments, **named):
    return [line.strip() for line in next_steps(*arguments, **named) if line.startswith("  ")]


def test_counting_writes_nothing_and_knows_variations(tmp_path):
    count = ("train", "--claim", "sample_complexity", "--profile", "smoke", "--count")
    alone, varied = (int(run_cli(*count, *more, cwd=tmp_path).stdout) for more in ((), ("--sensitivity",)))
    variations = len(bounds.find("sample_complexity").variations)
    assert varied == alone * (1 + variations)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_sigterm_keeps_what_was_finished_and_the_same_command_goes_on(tmp_path):
    mark = tmp_path / "stay"
    mark.touch()
    staying = f"""import os, re
    try:
        os.rename({str(mark)!r}, {str(mark) + "ing"!r})
    except OSError:
        {GOOD}
    re.match('(a+)+b', 'a' * 40)"""  # the first trial alone, and without an end
    path = claim_file(tmp_path, "", staying)
    process = started(path, "--shard", "1/2", "--store", "1.sqlite", "--jobs", "2", command="train")
    try:
        wait_until(lambda: stored(tmp_path / "1.sqlite") > 0 and children(process.pid), 180)
    finally:
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=180)
    assert process.returncode == 143
    done = int(re.search(r"interrupted by SIGTERM: (\d+) of .* run the same command again", errors)[1])
    assert done > 0
    again = train(make_plan(bounds.find(str(path))), Shard(1, 2), tmp_path / "1.sqlite", None, HERE)
    assert (again.reused, set(again.missing)) == (done, {2})
    assert again.trained > 0


def test_trials_made_twice_are_stored_by_the_shards():
    (everything,) = rounds(make_plan(FIXED), lambda keys: {})
    known = {t.key: {} for t in everything.trials}
    assert everything.lacking(lambda keys: known).again == everything.again
    assert not len(everything.lacking(lambda keys: known | {Repeat(t).key: {} for t in everything.again}))
