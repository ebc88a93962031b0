"""What a terminal shows fits it, and loses nothing."""

import re
from contextlib import nullcontext

from test_report_texts import CLAIM
from verified import verify

from theorycheck.progress import progress
from theorycheck.reports.lines import columns, wrapped

CHECKS = [
    ("ok", "censoring", "threshold inside the N range at 7 of 7 levels"),
    ("warning", "power law", "word " * 60),
]


def test_long_lines_go_on_below_their_last_column():
    table = "\n".join(f"  checks    {line}" for line in columns(CHECKS))
    shown = wrapped(table, 80).split("\n")
    assert max(map(len, shown)) <= 80
    begins = table.index("threshold")
    assert all(line.startswith(" " * begins + "word") for line in shown[2:])
    assert re.sub(r"\s+", " ", "\n".join(shown)) == re.sub(r"\s+", " ", table.rstrip())


def test_lines_that_fit_and_empty_ones_stay_as_they_are():
    text = "claim   statement\n\n  design    alpha: 3 levels"
    assert wrapped(text, 80) == text


def test_the_estimate_is_told_after_every_round_that_was_trained(tmp_path):
    (tmp_path / "odd.py").write_text(CLAIM)
    said = []

    class Heard:
        tell = staticmethod(said.append)

        def __call__(self, done, more):
            pass

    options = {"store": tmp_path / "s.sqlite", "out": tmp_path / "out"}
    for _ in range(2):  # of which the second trains nothing
        verdict = verify(str(tmp_path / "odd.py"), progress=lambda task: nullcontext(Heard()), **options)
    (estimate,) = verdict.judgement.estimates
    assert said == [f"exponent {estimate.text} after {verdict.trials['total']} trials"]


def test_nobody_is_told_where_there_is_no_terminal(monkeypatch, capsys):
    with progress("train") as bar:
        assert bar.tell is None
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")
    with progress("train") as bar:
        bar(0, 3)
        bar.tell("exponent -0.8 [-1.1, -0.5] after 56 trials")
        bar(3, 0)
    shown = capsys.readouterr().err
    assert "exponent -0.8 [-1.1, -0.5] after 56 trials" in shown
    assert "3/3" in shown
