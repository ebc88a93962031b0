"""Verdicts to paste elsewhere."""

import re
from xml.etree import ElementTree

import pytest
from test_report_texts import CLAIM
from verified import verify

from theorycheck import bounds
from theorycheck.reports.brief import brief, told
from theorycheck.reports.colour import coloured
from theorycheck.reports.snippets import FORMATS


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("snippets")
    (folder / "odd.py").write_text(CLAIM)
    claim = bounds.find(str(folder / "odd.py"))
    return verify(claim, "full", store=folder / "s.sqlite", out=folder / "out"), claim


def test_the_sentence_of_a_paper(found):
    verdict, claim = found
    (estimate,) = verdict.judgement.estimates
    low, high = (f"{end:.2f}" for end in (estimate.interval.low, estimate.interval.high))
    assert FORMATS["sentence"](verdict, claim) == (
        f"The exponent of T in L was {estimate.value:.2f} (95 % CI {low} to {high};"
        f" {verdict.trials['total']} trials; 4 <= L <= 16), consistent with O(L^2)."
    )


def test_the_badge_is_a_picture_that_needs_nothing_else(found):
    text = FORMATS["badge"](*found)
    root = ElementTree.fromstring(text)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    shown = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert shown == ["odd", "SUPPORTED"]
    assert not re.search(r"href|url\((?!#)|@import", text)


def test_the_table_has_a_row_of_formulas(found):
    text = FORMATS["latex-table"](*found)
    assert r"$T = O\left(L^{2}\right) \quad (L \to \infty)$" in text
    assert r"$4 \leq L \leq 16$" in text
    assert text.count(r"\\") == 2
    assert "SUPPORTED" in text


def test_the_references_are_balanced(found):
    text = FORMATS["bibtex"](*found)
    assert re.findall(r"@misc\{(\w+),", text) == ["k", "odd_theorycheck"]
    assert text.count("{") == text.count("}")
    assert r"consistent with $O\left(L^{2}\right)$" in text


def test_the_checks_line_says_where_the_others_are(found):
    verdict, claim = found
    assert "are ok; --verbose shows all" in told(verdict, claim, verbose=False)
    whole = told(verdict, claim, verbose=True)
    assert "are ok; all are below" in whole
    assert "--verbose" not in whole
    assert all(check.detail in whole for check in verdict.judgement.checks)


def test_verdicts_are_coloured_and_say_the_same(found):
    verdict, _ = found
    text = brief(verdict, "")
    shown = coloured(f"{text}\nfalsely SUPPORTED")
    assert shown.plain == f"{text}\nfalsely SUPPORTED"
    coloured_words = {shown.plain[span.start : span.end].strip() for span in shown.spans}
    assert {"SUPPORTED"} <= coloured_words <= {"SUPPORTED", "warnings"}
    assert sum(shown.plain[span.start : span.end] == "SUPPORTED" for span in shown.spans) == 1
