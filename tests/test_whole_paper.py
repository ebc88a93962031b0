"""Every claim of the paper by real training, as small as it goes; and what goes with several claims."""

import json

import pandas as pd
import pytest
from conftest import mostly_slow
from verified import verify

from theorycheck import bounds
from theorycheck.claim import Search
from theorycheck.empirical.store import Store
from theorycheck.observation import count, tabulate
from theorycheck.placement.rules import Adaptive
from theorycheck.plan import make_plan

CLAIMS = bounds.claims()
QUICK = ("attention_concentration", "sample_complexity_without_attention", "spurious_correlation")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("paper")


@pytest.mark.parametrize("name", mostly_slow(QUICK, CLAIMS))
def test_every_claim_gets_a_verdict_from_real_training(name, folder):
    verdict = verify(name, "smoke", store=folder / "store.sqlite", out=folder / "out", seed=7)
    assert verdict.trials["total"] > 0
    written = {path.name for path in (folder / "out" / name).iterdir()}
    assert {"report.md", "trials.csv", "result.json"} < written
    report = (folder / "out" / name / "report.md").read_text()
    pictures = {line.split("(")[1].rstrip(")") for line in report.splitlines() if line.startswith("![")}
    assert pictures
    assert pictures < written
    assert CLAIMS[name].statement_latex in report
    assert f"**{verdict.judgement.decision}** over" in report
    assert verdict.judgement.reason
    assert len(pd.read_csv(folder / "out" / name / "trials.csv")) >= verdict.trials["total"]
    (row,) = json.loads((folder / "out" / name / "result.json").read_text())["claims"]
    assert row["verdict"] == verdict.judgement.decision
    assert len(row["exponents"]) == len(verdict.predictions)


def test_both_arms_of_a_contrast_share_their_data_and_are_placed_apart():
    plan = make_plan(CLAIMS["attention_advantage"])
    assert [arm.group for arm in plan.arms] == [{"attention": False}, {"attention": True}]
    assert all(isinstance(arm.placement, Adaptive) for arm in plan.arms)
    first = [
        next(c for c in plan.cells if c.place == (0.03, 64) and c.group == arm.group) for arm in plan.arms
    ]
    names = (
        "L",
        "d",
        "M",
        "alpha_relevant",
        "alpha_confusion",
        "tau",
        "noise",
        "fractions",
        "N",
        "test_size",
    )
    keys = [plan.trial(cell, 0) for cell in first]
    assert keys[0].shared_key(names) == keys[1].shared_key(names)
    assert keys[0].key != keys[1].key


@pytest.mark.parametrize("name", CLAIMS)
def test_profiles_try_more_and_more(name):
    def size(profile):
        plan = make_plan(CLAIMS[name], profile)
        if isinstance(plan.placement, Adaptive):
            return sum(arm.placement.budget for arm in plan.arms)
        return len(plan.next_trials(count(tabulate(plan, [], {}), plan)))

    assert 0 < size("smoke") < size("quick") < size("standard")


@pytest.mark.slow
def test_the_authors_design_is_run_outside_of_the_regime_and_says_so(tmp_path, monkeypatch):
    claim = CLAIMS["sample_complexity"]
    design = claim.designs["authors"]
    smaller = design.model_copy(
        update={
            "held": {**design.held, "m": 20, "test_size": 50, "T": 60},
            "levels": design.levels[-1:] + design.levels[:5:2],
            "search": Search("N", design.search.values[:4]),
        }
    )
    small = claim.model_copy(update={"designs": {"authors": smaller}})
    verdict = verify(small, "smoke", design="authors", store=tmp_path / "s.sqlite", out=tmp_path / "out")
    (check,) = [check for check in verdict.judgement.checks if check.name == "assumptions"]
    assert check.status == "warning"
    assert "fails at" in check.detail
    assert "vanishes at alpha_*^-2 = 16" in verdict.design.note
    assert (tmp_path / "out/sample_complexity-authors/published.png").exists()
    plan = make_plan(claim.of_design("authors"), "full")
    assert len(next(iter(plan.arms)).placement.cells) == 11 * 21


def test_an_unknown_design_is_answered_with_the_known_ones():
    with pytest.raises(bounds.ClaimError, match="no design 'author'; it has authors"):
        CLAIMS["sample_complexity"].of_design("author")


@pytest.mark.slow
def test_sensitivity_repeats_the_claim_under_its_variations(tiny, tmp_path):
    claim = bounds.load(tiny)
    variations = {"looser": {"tolerance": 0.1}, "batches of 4": {"B": 4}}
    claim = claim.model_copy(update={"variations": variations})
    options = {"store": tmp_path / "s.sqlite", "out": tmp_path / "out"}
    verdict = verify(claim, "full", sensitivity=True, **options)
    assert [v.name for v in verdict.sensitivity] == list(variations)
    assert verdict.headline
    report = (tmp_path / "out/tiny/report.md").read_text()
    assert "| batches of 4 |" in report
    assert verdict.headline.split(":")[0] in report
    with Store(options["store"]) as store:
        assert len(store.runs()) == 3
    with pytest.raises(bounds.ClaimError, match="names no variations"):
        verify(str(tiny), sensitivity=True, **options)


@pytest.mark.parametrize("name", CLAIMS)
def test_every_variation_is_a_possible_design_and_another_one(name):
    claim = CLAIMS[name]
    hashes = {make_plan(claim.varied(variation), "quick").hash for variation in claim.variations}
    assert len(hashes | {make_plan(claim, "quick").hash}) == len(claim.variations) + 1
    assert len(claim.variations) >= (3 if claim.source.paper.key == "li2023shallow" else 1)
