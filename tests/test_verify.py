"""From a claim file to a verdict on disk, by real training."""

import json
import math

import pandas as pd
import pytest
from verified import DOCUMENTED_KEYS, verify

from theorycheck import bounds
from theorycheck.empirical.store import Store
from theorycheck.errors import StoreError
from theorycheck.observation import count, tabulate
from theorycheck.plan import make_plan
from theorycheck.verdict import exit_status

FIGURES = ("estimate", "success_map", "log_log", "residuals")


@pytest.fixture
def run(tiny, tmp_path):
    def verify_tiny(profile="full", **options):
        return verify(str(tiny), profile, store=tmp_path / "store.sqlite", out=tmp_path / "out", **options)

    return verify_tiny


def files(folder):
    return {path.name: path.read_bytes() for path in (folder / "out" / "tiny").iterdir()}


def test_a_verdict_from_real_training(run, tmp_path):
    verdict = run()
    assert verdict.trials == {"total": 60, "trained": 60, "reused": 0, "censored": verdict.trials["censored"]}
    assert verdict.statement == "N* = O(alpha_*^-2) as alpha_* -> 0"
    assert {check.name for check in verdict.judgement.checks} >= {
        "range",
        "censoring",
        "power law",
        "agreement",
    }
    assert set(files(tmp_path)) == {
        *("report.md", "trials.csv", "result.json"),
        *(f"{name}.{kind}" for name in FIGURES for kind in ("png", "pdf")),
    }
    trials = pd.read_csv(tmp_path / "out/tiny/trials.csv")
    assert len(trials) == 60
    assert set(trials["outcome"]) <= {"success", "failure", "unfitted"}
    assert ((trials["test_loss"] <= 0.01) == (trials["outcome"] == "success"))[
        trials["outcome"] != "unfitted"
    ].all()
    rates = (trials["outcome"] == "success").groupby(trials["N"]).mean()
    assert rates[32] > rates[2]  # more samples help


def test_a_second_run_trains_nothing_and_gives_the_identical_result(run, tmp_path):
    first = run()
    before = files(tmp_path)
    second = run(jobs=2)
    after = files(tmp_path)
    assert (second.trials["trained"], second.trials["reused"]) == (0, 60)
    assert second.judgement == first.judgement
    assert {name for name in before if before[name] != after[name]} == {
        "result.json"
    }  # it counts reused trials
    old, new = (json.loads(f["result.json"])["claims"][0] for f in (before, after))
    assert {key for key in old if old[key] != new[key]} == {"trials", "seconds"}


@pytest.mark.slow
def test_another_seed_is_another_experiment(run, tmp_path):
    assert run(seed=0).plan_hash != run(seed=1).plan_hash
    with Store(tmp_path / "store.sqlite") as store:
        assert [r["trained"] for r in store.runs()] == [60, 60]


def test_the_plan_is_recorded_before_the_first_training(tiny, run, tmp_path, monkeypatch):
    def fail(*_args):
        raise RuntimeError("no training today")

    monkeypatch.setattr("theorycheck.empirical.sweep.run", fail)
    with pytest.raises(RuntimeError):
        run()
    with Store(tmp_path / "store.sqlite") as store:
        (recorded,) = store.runs()
    assert recorded["plan"] == make_plan(bounds.load(tiny), "full").hash
    assert recorded["finished"] is None


def test_the_json_document_has_the_documented_keys(run):
    document = run(profile="smoke").document()
    assert list(document) == DOCUMENTED_KEYS
    (exponent,) = document["exponents"]
    assert list(exponent) == [
        *("variable", "predicted", "relation", "margin", "estimate", "ci_low", "ci_high", "confidence")
    ]
    assert (exponent["variable"], exponent["predicted"], exponent["relation"]) == (
        "alpha_relevant",
        -2.0,
        "O",
    )
    assert all(set(check) == {"name", "status", "detail"} for check in document["checks"])
    assert set(document["trials"]) == {"total", "trained", "reused", "censored"}
    json.dumps(document, allow_nan=False)


def test_points_outside_of_the_regime_do_not_enter_the_verdict(tiny):
    tiny.write_text(tiny.read_text().replace("held={**SETTING,", "held={**SETTING, alpha_confusion: 0.03,"))
    plan = make_plan(bounds.load(tiny), "full")
    assert {cell.level for cell in plan.cells} == {0.15, 0.2, 0.3}
    nothing = count(tabulate(plan, [], {}), plan)
    assert {cell.level for cell, _ in plan.next_trials(nothing)} == {0.2, 0.3}


def test_unwritable_reports_lose_no_trials(run, tmp_path):
    (tmp_path / "out").write_text("a file where the folder should be")
    with pytest.raises(StoreError, match=r"the report cannot be written to .* the trials are stored"):
        run(profile="smoke")
    (tmp_path / "out").unlink()
    assert run(profile="smoke").trials["trained"] == 0


@pytest.mark.parametrize(
    ("decisions", "status"),
    [(["SUPPORTED"], 0), (["SUPPORTED", "REFUTED", "INCONCLUSIVE"], 1), (["INCONCLUSIVE", "SUPPORTED"], 3)],
)
def test_exit_status(run, decisions, status):
    from dataclasses import replace

    verdict = run(profile="smoke")
    verdicts = [replace(verdict, judgement=replace(verdict.judgement, decision=d)) for d in decisions]
    assert exit_status(verdicts) == status


def test_unbounded_intervals_are_null_in_json(run):
    from dataclasses import replace

    from theorycheck.judgement import Estimate, Interval

    verdict = run(profile="smoke")
    unbounded = Estimate("alpha_relevant", -1.0, Interval(-math.inf, math.inf, 0.95), "")
    exponent = replace(verdict, judgement=replace(verdict.judgement, estimates=(unbounded,))).document()[
        "exponents"
    ][0]
    assert (exponent["ci_low"], exponent["ci_high"]) == (None, None)
