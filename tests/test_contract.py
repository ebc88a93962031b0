"""What every kind of statement keeps, found by walking its classes; and a kind that stands elsewhere."""

import importlib
import inspect
import json
import pkgutil
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from scipy import stats
from sympy import symbols
from typer.testing import CliRunner

from theorycheck import bounds, calibration, statements
from theorycheck.claim import Claim, Design
from theorycheck.cli import app
from theorycheck.drawing import Shown
from theorycheck.errors import ClaimError
from theorycheck.executors.local import ThisProcess
from theorycheck.judgement import Interval
from theorycheck.notation import latex, plain_text
from theorycheck.placement.rules import Adaptive
from theorycheck.plan import make_plan
from theorycheck.reports.report import available
from theorycheck.session import Session, write
from theorycheck.source import Paper, Source
from theorycheck.statements import Scaling, Statement, worlds
from theorycheck.statements.base import Truth, judged
from theorycheck.statistics import tests
from theorycheck.statistics.loglog import level_means

PAGE = Path(__file__).parents[1] / "docs/claim-files.md"
DRAWS = 3
RIGHT = {True: "SUPPORTED", False: "REFUTED", None: "INCONCLUSIVE"}


def concrete(kind):
    """The kinds of statement below one, in the package, that can be stated."""
    if kind.__module__.startswith("theorycheck.") and not inspect.isabstract(kind):
        yield kind
    for below in kind.__subclasses__():
        yield from concrete(below)


for module in pkgutil.iter_modules(statements.__path__, f"{statements.__name__}."):
    importlib.import_module(module.name)
KINDS = sorted(set(concrete(Statement)), key=lambda kind: kind.__name__)


@cache
def plan_of(kind):
    """The first claim that states it, planned; of scaling laws any, restated where none does."""
    alike = Scaling if issubclass(kind, Scaling) else kind
    known = sorted(bounds.claims().values(), key=lambda claim: claim.source.paper.key != "li2023shallow")
    claim = next(claim for claim in known if isinstance(claim.law, alike))
    if type(claim.law) is not kind:
        claim = claim.model_copy(update={"law": kind(claim.law.expression, *claim.law.regime)})
    plan = make_plan(claim, "standard")
    placed = isinstance(plan.placement, Adaptive)
    return make_plan(claim, "quick") if placed else plan  # to place trials takes ten times the judge's time


@cache
def judgements(kind, position):
    """What is judged of some draws of a planted world, and the last draw."""
    plan = plan_of(kind)
    world, law = plan.claim.law.planted(plan)[position], plan.claim.law
    draws = [world.draw(np.random.default_rng((31, position, i))) for i in range(DRAWS)]
    return [law.judge(draw, plan.claim.topic) for draw in draws], draws[-1]


def test_the_kinds_are_found():
    assert {"BigO", "Omega", "Theta", "Direction", "Limit"} < {kind.__name__ for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_a_statement_says_itself(kind):
    claim = plan_of(kind).claim
    formula = claim.statement_latex
    assert claim.text(claim.quantity) in claim.statement
    assert claim.latex(claim.quantity) in formula
    assert formula.count("{") == formula.count("}") > 0
    assert claim.law.estimated
    assert claim.law.relation


@pytest.mark.parametrize("kind", KINDS)
def test_a_statement_is_judged_right_in_its_own_worlds(kind):
    """Most draws are, and none wrongly where it holds or fails; at the edge nothing is to be concluded."""
    plan = plan_of(kind)
    truths = plan.claim.law.planted(plan)
    first = {truth.holds: position for position, truth in reversed([*enumerate(truths)])}
    assert set(first) == set(RIGHT)
    for position, truth in ((position, truths[position]) for position in first.values()):
        found = Counter(judgement.decision for judgement in judgements(kind, position)[0])
        assert found[RIGHT[truth.holds]] > DRAWS / 2, truth.name
        if truth.holds is not None:
            assert not found[RIGHT[not truth.holds]], truth.name


@pytest.mark.parametrize("kind", KINDS)
def test_a_statement_is_drawn_and_reasoned(kind):
    found, evidence = judgements(kind, 0)
    claim = plan_of(kind).claim
    drawings = list(claim.law.draw(Shown(found[-1], claim, evidence, plan_of(kind).measured.words)))
    assert drawings
    for drawing in drawings:
        figure = drawing.draw()
        assert isinstance(figure, Figure)
        assert any(axes.has_data() for axes in figure.axes)
        assert drawing.title
        assert drawing.caption
    assert found[-1].reason
    assert found[-1].checks
    assert found[-1].estimates


@pytest.mark.parametrize("kind", KINDS)
def test_a_statement_is_calibrated_and_documented(kind):
    plan = plan_of(kind)
    row = plan.claim.law.calibrated_as(plan.measured.value is not None)
    assert any(found["kind"] == row and found["asked"] for found in calibration.conditions())
    assert "on planted truths" in calibration.error_rates(row).detail
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("|")]
    assert any(f"`{kind.__name__}" in line for line in rows)


y, x = symbols("y x", positive=True)


@dataclass(frozen=True)
class MedianAbove(Statement):
    """The median of the quantity is above a bound."""

    bound: float
    relation = ">"
    estimated = "median"

    def statement(self, quantity, notation):
        return f"the median of {plain_text(quantity, notation)} is above {self.bound:g}"

    def latex(self, quantity, notation):
        return rf"\operatorname{{median}} {latex(quantity, notation)} > {self.bound:g}"

    def judge(self, evidence, topic):
        """The sign test (Conover, Practical Nonparametric Statistics, 1999, 3.4)."""
        values = np.sort(evidence["value"].to_numpy(float))
        above, n = int((values > self.bound).sum()), len(values)
        p_values = tuple(stats.binomtest(above, n, alternative=side).pvalue for side in ("greater", "less"))
        k = int(stats.binom.ppf(0.025, n, 0.5))
        interval = Interval(values[k - 1], values[n - k], 0.95)
        tested = tests.decided(float(np.median(values)), interval, p_values, "sign test")
        reason = f"{above} of {n} values are above {self.bound:g}."
        return judged(tested, reason, topic, (), level_means(evidence, [topic.factor]))

    def planted(self, plan):
        return tuple(
            Truth(
                f"median of {times:g} bounds",
                holds,
                times * self.bound,
                lambda rng, times=times: worlds.law(plan, lambda *_: np.log(times * self.bound), rng),
            )
            for times, holds in ((1, None), (1.5, True), (0.7, False))
        )


def size(point, seed):
    """A value whose median is 2."""
    return 2 * float(np.exp(0.3 * np.random.default_rng(seed).normal()))


def toy(bound):
    return Claim(
        name="median",
        title="A median",
        source=Source(paper=Paper(key="x", short="X", reference="X"), place="1"),
        provenance="stated",
        quantity=y,
        law=MedianAbove(bound),
        response=size,
        design=Design(factor=x, levels=(1, 2, 3, 4, 5), replicates=8, held={}),
        refuted_by="the median is below the bound",
    )


@pytest.mark.parametrize(("bound", "decision"), [(1.0, "SUPPORTED"), (2.0, "INCONCLUSIVE"), (4.0, "REFUTED")])
def test_a_kind_from_outside_is_verified_and_reported_in_every_format(bound, decision, tmp_path):
    finding = Session(tmp_path / "s.sqlite", ThisProcess()).examine(toy(bound))
    assert finding.decision == decision
    assert 2.0 in finding.estimates[0].interval
    formats = available(None) if bound == 1 else ("md",)  # a PDF takes a second
    assert bound != 1 or {"md", "html", "tex"} <= set(formats)
    verdict = write(finding, tmp_path, formats).verdict
    assert not verdict.unwritten
    for name in formats:
        assert (tmp_path / f"report.{name}").stat().st_size > 500
    said = (tmp_path / "report.md").read_text()
    assert f"\\operatorname{{median}} y > {bound:g}" in said
    assert f"**{decision}**" in said
    assert "no planted truths were judged for the estimate of a medianabove" in said
    assert (tmp_path / "levels.png").exists()
    (told,) = json.loads((tmp_path / "result.json").read_text())["claims"]
    assert told["exponents"][0]["estimate"] == finding.estimates[0].value


def test_the_design_must_vary_the_letters_of_a_kind_from_outside():
    class OfZ(MedianAbove):
        letters = ("z",)

    with pytest.raises(ClaimError, match="the design must vary the law's variable z, but varies x"):
        OfZ(1.0).check(toy(1.0).design)


def test_a_kind_from_outside_is_shown_and_forecast(tmp_path, monkeypatch):
    """By the commands, from a file that imports it."""
    monkeypatch.setattr("theorycheck.forecast.REPLICATIONS", 20)
    path = tmp_path / "median.py"
    path.write_text("from test_contract import toy\n\nclaim = toy(1.0)\n")
    shown = CliRunner().invoke(app, ["show", str(path)])
    assert "the median of y is above 1" in shown.stdout
    assert shown.exit_code == 0
    planned = CliRunner().invoke(app, ["plan", "--claim", str(path), "--jobs", "1"])
    assert planned.exit_code == 0, planned.output
    edge, holds, fails = (line for line in planned.stdout.splitlines() if " bounds " in line)
    assert holds.split()[-6:] == ["100", "%", "0", "%", "0", "%"]
    assert fails.split()[-6:] == ["0", "%", "100", "%", "0", "%"]
    assert int(edge.split()[-2]) >= 80
