"""The table of theorems says what stored runs found, and no more."""

import importlib.util
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from theorycheck.bounds import claims
from theorycheck.cli import app
from theorycheck.errors import TableError
from theorycheck.plan import make_plan
from theorycheck.reports.records import records
from theorycheck.reports.stored import read
from theorycheck.reports.theorems import COLUMNS, as_html, as_markdown, document

DOCS = Path(__file__).parents[1] / "docs"
STORED = sorted((DOCS / "claims").glob("*/*.json"))
QUICK = ("--profile", "smoke", "--report", "md", "--jobs", 1, "--quiet")


@pytest.fixture(scope="module")
def writer():
    specification = importlib.util.spec_from_file_location("write_theorems", DOCS / "write_theorems.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture
def cli(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, [str(a) for a in arguments])


def entry(name="sample_complexity", **changed):
    """A result as a run of today would write it; its numbers are of nothing."""
    exponent = {"variable": "alpha_relevant", "predicted": -2.0, "relation": "O", "margin": 0.25}
    found = {"estimate": -0.8412, "ci_low": -0.92, "ci_high": -0.75, "confidence": 0.95}
    design = {"profile": "standard", "seed": 0, "device": "cpu", "name": None, "held": {}}
    known = claims()[name].statement if name in claims() else "x < 1"
    return {
        **{"name": name, "verdict": "SUPPORTED", "statement": known, "provenance": "stated"},
        **{"exponents": [{**exponent, **found}], "checks": [], "design": design},
        **{"trials": {"total": 840, "trained": 840, "reused": 0, "censored": 0}, "plan_hash": "0" * 64},
        **{"seconds": 90.0, "artifacts": ["/home/somebody/report.md"], "unwritten": ["no /home/somebody"]},
        **changed,
    }


def stored(folder, *entries):
    path = folder / "result.json"
    path.write_text(json.dumps({"theorycheck": "0.1.0", "claims": list(entries)}))
    return path


def table(folder, *entries):
    return records(read([stored(folder, *entries)]), claims())


@pytest.mark.parametrize("kind", ["md", "html", "json", "yaml"])
def test_the_table_in_the_docs_is_what_the_stored_runs_give(writer, kind):
    name = f"theorems.{kind}"
    again = "run `python docs/write_theorems.py`"
    assert writer.pages()[name] == (DOCS / name).read_text(encoding="utf-8"), again


def test_the_tables_of_both_regimes_are_what_the_stored_runs_give(writer):
    made = writer.regime_tables.pages(DOCS, writer.STORED)
    assert "claims/index.md" in made
    for name, text in made.items():
        assert text == (DOCS / name).read_text(encoding="utf-8"), "run `python docs/write_theorems.py`"


def test_every_claim_is_in_the_table_with_a_verdict_on_todays_statement_or_none():
    rows = json.loads((DOCS / "theorems.json").read_text(encoding="utf-8"))["theorems"]
    assert {row["claim"] for row in rows} == set(claims())
    page = (DOCS / "theorems.md").read_text(encoding="utf-8")
    for row in rows:
        assert row["statement"] == claims()[row["claim"]].statement
        assert not row["outdated"], f"{row['claim']} states something else today; verify it again"
        assert (row["verdict"] is None) == (row["evidence"] is None)
    assert page.count("| **not judged** |") == sum(row["verdict"] is None for row in rows)
    assert "outdated" not in page


@pytest.mark.parametrize("path", STORED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_stored_run_is_one_of_the_standard_profile_and_of_no_machine(writer, path):
    text = path.read_text(encoding="utf-8")
    kept = json.loads(text)
    (claim,) = kept["claims"]
    assert path.name == writer.name_of(claim)
    design = claim["design"]
    known = claims()[claim["name"]].of_design(design["name"])
    planned = make_plan(known, "standard", design["seed"])
    assert claim["plan_hash"] == planned.hash, "its design is another today; verify the claim again"
    assert text == writer.portable(kept)
    assert not re.search(r"(?<![\w.])/(?:home|root|tmp|work|Users|var|mnt)/", text)


def test_a_run_is_stored_without_paths_of_its_machine(writer, tmp_path, monkeypatch):
    monkeypatch.setattr(writer, "STORED", {0: tmp_path / "results"})
    stored(tmp_path, entry())
    path = writer.add(tmp_path)
    assert path.name == "sample_complexity.json"
    assert "somebody" not in path.read_text()
    (kept,) = read([path])
    (run,) = read([tmp_path / "result.json"])
    assert (kept.run, kept.evidence) == (run.run, run.evidence)
    stored(tmp_path, entry(design={**entry()["design"], "name": "authors"}))
    assert writer.add(tmp_path).name == "sample_complexity-authors.json"


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"design": {**entry()["design"], "seed": 9000}}, "seed 9000"),
        ({"design": {**entry()["design"], "profile": "quick"}}, "profile quick"),
        ({"name": "my_own"}, "my_own is no claim of the package"),
    ],
)
def test_a_run_that_is_none_of_the_standard_profile_is_not_stored(writer, tmp_path, changed, told):
    stored(tmp_path, entry(**changed))
    with pytest.raises(ValueError, match=told):
        writer.add(tmp_path)


def test_a_run_is_a_row_of_its_figures(tmp_path):
    (row,) = table(tmp_path, entry())
    shown = as_markdown([row], {"sample_complexity": "page.md"}, "").splitlines()
    (line,) = [line for line in shown if line.startswith("| Li")]
    cells = [cell.strip() for cell in line.strip("|").split(" | ")]
    assert len(cells) == len(COLUMNS)
    assert cells[1].startswith(r"[sample\_complexity](page.md): N\* = O(alpha")
    assert cells[2:] == ["stated", "exponent -2 (O)", "-0.84 [-0.92, -0.75]", "**SUPPORTED**", "840", "1.5"]


def test_a_run_of_another_statement_is_outdated_and_has_no_verdict(tmp_path):
    (row,) = table(tmp_path, entry(statement="N* = O(alpha_*^-9) as alpha_* -> 0"))
    assert row.verdict == "outdated (SUPPORTED)"
    assert row.statement == claims()["sample_complexity"].statement
    (found,) = document([row], {})["theorems"]
    assert (found["verdict"], found["outdated"]) == (None, True)
    assert found["judged_statement"] == "N* = O(alpha_*^-9) as alpha_* -> 0"


def test_a_claim_without_a_run_is_not_judged(tmp_path):
    known = {name: claims()[name] for name in ("token_noise", "sample_complexity")}
    found = list(read([stored(tmp_path, entry())]))
    assert [(r.name, r.verdict) for r in records(found, known)] == [("sample_complexity", "SUPPORTED")]
    unjudged, judged = records(found, known, all_known=True)
    assert (unjudged.name, unjudged.verdict, unjudged.estimated) == ("token_noise", "not judged", "")
    assert unjudged.predicted == "slope > 0"
    assert judged.verdict == "SUPPORTED"


def test_the_evidence_is_that_of_what_was_found_alone(tmp_path):
    def evidence(**changed):
        (found,) = read([stored(tmp_path, entry(**changed))])
        return found.evidence

    reused = {"total": 840, "trained": 0, "reused": 840, "censored": 0}
    assert evidence() == evidence(seconds=1.0, artifacts=[], trials=reused)
    (exponent,) = entry()["exponents"]
    others = (
        {"verdict": "REFUTED"},
        {"exponents": [{**exponent, "estimate": -0.84}]},
        {"plan_hash": "1" * 64},
        {"trials": {**reused, "total": 839}},
    )
    assert len({evidence(), *(evidence(**changed) for changed in others)}) == 5


def test_minutes_say_where_trials_came_from_a_store(tmp_path):
    (row,) = table(tmp_path, entry(trials={"total": 840, "trained": 0, "reused": 840, "censored": 0}))
    assert "| 1.5\\* |" in as_markdown([row], {}, "")


@pytest.mark.parametrize(
    ("design", "options"),
    [
        ({}, ""),
        ({"profile": "quick", "seed": 3}, " --profile quick --seed 3"),
        ({"name": "authors"}, " --design authors"),
        ({"held": {"data": "folder:0123456789abcdef"}}, " --data folder:PATH"),
    ],
)
def test_the_command_repeats_the_run(tmp_path, design, options):
    (row,) = table(tmp_path, entry(design={**entry()["design"], **design}))
    assert row.command == f"theorycheck verify --claim sample_complexity{options}"


class Page(HTMLParser):
    """What a page loads, its rows, and what its filters offer."""

    def __init__(self, text):
        super().__init__()
        self.loads, self.rows, self.offered = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        if tag != "a":
            self.loads += [found[name] for name in ("src", "href", "action") if name in found]
        if "data-text" in found:
            self.rows.append(found)

    def handle_data(self, text):
        if self.lasttag == "option":
            self.offered.append(text.strip())


def test_the_page_needs_no_network_and_its_filters_offer_what_there_is(tmp_path):
    refuted = entry("token_noise", verdict="REFUTED")
    page = Page(as_html(table(tmp_path, entry(), refuted), {}, ""))
    assert page.loads == ["data:,"]
    assert {row["data-verdict"] for row in page.rows} == {"SUPPORTED", "REFUTED"}
    assert {row[f"data-{name}"] for row in page.rows for name in ("paper", "verdict")} < set(page.offered)
    assert ["token_noise" in row["data-text"] for row in page.rows] == [False, True]


def test_texts_of_others_stay_texts(tmp_path):
    hostile = entry(
        "theirs", statement="x < 1 <script>alert(1)</script>\n| a | b \x1b[31m", verdict="REFUTED"
    )
    (row,) = table(tmp_path, hostile)
    page = as_html([row], {}, "")
    assert page.count("<script>") == 1  # the page's own
    assert "\x1b" not in page
    shown = as_markdown([row], {}, "")
    assert "\x1b" not in shown
    assert len([line for line in shown.splitlines() if line.startswith("|")]) == 3
    assert not re.search(r"(?<!\\)<script", shown)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "cannot be read as JSON"),
        ("[]", "has no list of claims"),
        (json.dumps({"claims": [{**entry(), "verdict": "PROVED"}]}), "verdict: Input should be"),
        (json.dumps({"claims": [{"name": "a"}]}), "verdict: Field required"),
    ],
)
def test_a_file_that_is_no_result_is_refused(tmp_path, text, told):
    path = tmp_path / "result.json"
    path.write_text(text)
    with pytest.raises(TableError, match=told):
        list(read([path]))


def test_a_run_of_ones_own_is_tabulated_in_every_format(cli, tiny, tmp_path):
    assert "cannot be read" in cli("table", tmp_path / "none.json").stderr
    cli("verify", "--claim", tiny, *QUICK)
    (run,) = json.loads((tmp_path / "theorycheck-out/tiny/result.json").read_text())["claims"]
    made = cli("table", "--format", "json", "--claim", tiny)
    assert made.exit_code == 0
    (row,) = json.loads(made.stdout)["theorems"]
    assert (row["claim"], row["verdict"], row["estimates"]) == ("tiny", run["verdict"], run["exponents"])
    assert row["evidence"]["plan"] == run["plan_hash"]
    assert row["paper"]["key"] == "li2023shallow"
    assert row["paper"]["arxiv"] == "2302.06015"
    assert yaml.safe_load(cli("table", "--format", "yaml", "--claim", tiny).stdout) == json.loads(made.stdout)
    assert f"**{run['verdict']}**" in cli("table").stdout  # its paper is not known without the file
    assert run["statement"] in cli("table", "--format", "html").stdout.replace("&gt;", ">")
    everything = json.loads(cli("table", "--all", "--format", "json").stdout)["theorems"]
    assert {found["claim"] for found in everything} == {"tiny", *claims()}
