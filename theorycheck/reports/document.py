"""What a report says, as blocks that every format renders: Markdown, LaTeX, HTML, and by way of LaTeX PDF."""

import json
import platform
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version

from theorycheck import __version__
from theorycheck.claim import Claim
from theorycheck.judgement import Regression
from theorycheck.reports.against import against, decades
from theorycheck.reports.blocks import (
    Badge,
    Block,
    Card,
    Code,
    Definitions,
    Formula,
    Heading,
    Line,
    Listing,
    Math,
    Paragraph,
    Picture,
    Strong,
    Table,
    harmless,
)
from theorycheck.reports.mathematics import letters, typeset
from theorycheck.verdict import Verdict


@dataclass(frozen=True)
class Part:
    """One claim of a report.

    Attributes:
        verdict, claim: what it is about.
        pictures: its figures; a sentence where one could not be drawn.
        gauge: the estimate in what the claim allows, likewise.
    """

    verdict: Verdict
    claim: Claim
    pictures: Sequence[Picture | Paragraph]
    gauge: Picture | Paragraph


def document(parts: Sequence[Part], overview: Picture | Paragraph | None = None) -> list[Block]:
    """The report of one claim, or of several with a table and a figure of all verdicts first.

    It depends on the plans and their trials alone, not on when or in how many steps they were run. The texts
    of claims are neutral in it, and their formulas are typeset.
    """
    if len(parts) == 1:
        (part,) = parts
        blocks = [Heading(part.claim.title, 1), *_claim(part)]
    else:
        blocks = [Heading(f"{len(parts)} claims", 1), *_summary(parts), *([overview] if overview else [])]
        for part in parts:
            blocks += [Heading(part.claim.title, 2), *_claim(part)]
    return [harmless(block) for block in (*blocks, *_bibliography(parts))]


def _summary(parts: Sequence[Part]) -> Iterator[Block]:
    rows = [
        (
            Code(verdict.name),
            verdict.estimated,
            "; ".join("-" if p.exponent is None else f"{p.exponent:.3g}" for p in verdict.predictions),
            verdict.told(verdict.judgement.estimates),
            Badge(verdict.judgement.decision),
            str(verdict.trials["total"]),
        )
        for verdict in (part.verdict for part in parts)
    ]
    names = ("claim", "of", "claimed", "estimate and 95 % interval", "verdict", "trials")
    yield typeset(harmless(Table(names, rows, {5})), {})


def _claim(part: Part) -> Iterator[Block]:
    known = letters(part.claim)
    for section in (_card, _statement, _estimates, _checks, _assumptions, _design, _reproduction):
        for block in section(part):
            yield typeset(harmless(block), known)


def _card(part: Part) -> Iterator[Block]:
    """The summary: verdict, statement, estimate in what is allowed, range, trials, what was not tested."""
    verdict, claim, judgement = part.verdict, part.claim, part.verdict.judgement
    trials = verdict.trials
    censored = f", of which {trials['censored']} are no evidence" if trials["censored"] else ""
    yield Card(
        judgement.decision,
        (
            Paragraph((Badge(judgement.decision), " over ", verdict.range)),
            Formula(claim.statement_latex),
            part.gauge,
            Definitions([
                *_numbers(verdict),
                ("range", f"{verdict.range}{decades(verdict)}"),
                ("trials", f"{trials['total']}{censored}"),
                ("What was not tested", _untested(verdict)),
            ]),
        ),
    )  # fmt: skip


def _numbers(verdict: Verdict) -> Iterator[tuple[Line, Line]]:
    """Every estimate against what is allowed of it."""
    for estimate, prediction in verdict.compared:
        held = f" {against(verdict, prediction)}".rstrip()
        if estimate is None:
            yield verdict.estimated, f"no estimate{held}"
        else:
            value, interval = verdict.numbers(estimate)
            yield verdict.named(estimate), (Strong(value), f" {interval}{held}")


def _untested(verdict: Verdict) -> str:
    untested = verdict.tried.words.get("untested")
    return (
        "Values of the varied quantities outside of this range; other held values than those listed, but for"
        f" those varied under the option sensitivity; {f'{untested}; ' if untested else ''}and any exponent"
        " in the limit itself: a verdict is about a range, and is no proof."
    )


def _statement(part: Part) -> Iterator[Block]:
    verdict, claim = part.verdict, part.claim
    yield Paragraph(verdict.judgement.reason)
    if verdict.headline:
        yield Paragraph(verdict.headline)
    derived = ""
    if verdict.derived:
        exponents = ", ".join(f"{p.exponent:g} in {p.power_of}" for p in verdict.predictions)
        notes = "".join(f" ({note})" for note in dict.fromkeys(p.note for p in verdict.predictions if p.note))
        derived = (
            f" Derived from the bound: exponent {exponents}{notes}; margin {verdict.predictions[0].margin:g}."
        )
    source = f"{claim.source} ({claim.provenance}).{derived} It would be refuted if {claim.refuted_by}."
    yield Paragraph(("Claim ", Code(claim.name), f": {source}"))
    yield from part.pictures[:1]


def _estimates(part: Part) -> Iterator[Block]:
    verdict, judgement = part.verdict, part.verdict.judgement
    yield Heading("Estimates", 3)
    rows = [
        (verdict.named(estimate), *verdict.numbers(estimate), f"{estimate.method} ({role})")
        for role, estimates in (("decides", judgement.estimates), ("beside", judgement.beside))
        for estimate in estimates
    ]
    yield Table(("estimate of", "value", "95 % interval", "method"), rows, {1})
    residuals = bool(judgement.regression)  # the last figure
    yield from part.pictures[1 : len(part.pictures) - residuals]
    if judgement.regression:
        yield from _regression(judgement.regression, part.claim)
        yield from part.pictures[max(1, len(part.pictures) - 1) :]
    if verdict.sensitivity:
        yield Heading("Under other reasonable choices", 3)
        varied = [(v.name, v.decision, verdict.told(v.estimates)) for v in verdict.sensitivity]
        yield Table(("choice", "verdict", f"{verdict.estimated} and 95 % interval"), varied)


def _regression(regression: Regression, claim: Claim) -> Iterator[Block]:
    yield Heading("The log-log regression", 3)
    yield Paragraph(
        "Each level's value on the level, by ordinary least squares: what a reader would do with the figure."
        " No verdict rests on it: levels whose value lies outside of what was tried have to be left out."
    )
    yield from _coefficients(regression.table, claim)
    rows = [
        (
            ", ".join(f"{x:g}" for x in row.point), f"{row.log_value:.3f}", f"{row.fitted:.3f}",
            f"{row.residual:.2f}", f"{row.leverage:.2f}", f"{row.cooks_distance:.2f}",
        )
        for row in regression.rows
    ]  # fmt: skip
    columns = ("level", "log value", "fitted", "studentised residual", "leverage", "Cook's distance")
    yield Table(columns, rows, range(6))


def _coefficients(text: str, claim: Claim) -> Iterator[Block]:
    """The regression table, which is text: its first line, and a row a coefficient."""
    fit, _, head, *lines = (line for line in text.splitlines())
    rows = [re.split(r"\s{2,}", line.strip()) for line in lines if re.search(r"\d", line)]
    names = re.split(r"\s{2,}", head.strip())
    if any(len(row) != len(names) + 1 for row in rows):
        yield Listing(text)
        return
    named = {f"log {name}": Math(rf"\log {claim.latex(name)}") for name in claim.design.varied}
    yield Paragraph(f"{fit}.")
    yield Table(
        ("", *names), [(named.get(first, first), *row) for first, *row in rows], range(1, len(names) + 1)
    )


def _checks(part: Part) -> Iterator[Block]:
    yield Heading("Checks", 3)
    yield Definitions([
        (check.name if check.status == "ok" else f"{check.name} ({check.status})", check.detail)
        for check in part.verdict.judgement.checks
    ])  # fmt: skip


def _assumptions(part: Part) -> Iterator[Block]:
    pairs = zip(part.claim.conditions, part.verdict.tried.conditions, strict=True)
    if rows := [
        (
            Math(part.claim.latex(condition.relation)),
            found.provenance,
            f"{found.holds_at} of {found.of} levels",
        )
        for condition, found in pairs
    ]:
        yield Heading("Assumptions", 3)
        yield Table(("condition of the theorem", "provenance", "holds at"), rows)


def _design(part: Part) -> Iterator[Block]:
    trials, claim, design = part.verdict.trials, part.claim, part.verdict.tried
    yield Heading("Design", 3)
    yield Paragraph(f"Response {design.response}.")
    changing = claim.design.changing.items()
    rows: list[tuple[Line, str]] = [(_letter(claim, name), _list(values)) for name, values in changing]
    rows += [
        ((_letter(claim, name), " as drawn"), f"{low:.3f} to {high:.3f} times the value asked")
        for name, (low, high) in design.as_drawn.items()
    ]
    yield Table(("quantity", "values"), rows)
    if held := [(_letter(claim, name), f" = {value}") for name, value in design.held.items()]:
        between = (piece for pair in held for piece in (*pair, ", "))
        yield Paragraph(("Held: ", *list(between)[:-1], "."))
    placed = f"{design.placement}; seed {design.seed}, profile {design.profile}; {trials['total']} trials, "
    yield Paragraph((placed[0].upper() + placed[1:], f"of which {trials['censored']} are no evidence."))
    if design.note:
        yield Paragraph(design.note)


def _letter(claim: Claim, name: str) -> Math | Code:
    """A letter of the theorem as a formula, another name as code."""
    known = len(name) == 1 or any(symbol.name == name for symbol in claim.notation)
    return Math(claim.latex(name)) if known else Code(name)


def _list(values: Sequence[object]) -> str:
    return ", ".join(f"{v:.4g}" if isinstance(v, float) else str(v) for v in values)


def _command(verdict: Verdict, claim: Claim) -> str:
    """The command that verifies a claim as it was verified; the call, where it was built in Python."""
    design, sensitivity = verdict.tried, bool(verdict.sensitivity or claim.variation)
    if claim.found_as is None:
        named = f", design={json.dumps(design.name)}" if design.name else ""
        named += f', device="{design.device}"' if design.device != "cpu" else ""
        named += ", sensitivity=True" * sensitivity
        return f'theorycheck.verify(claim, "{design.profile}", seed={design.seed}{named})'
    options = f" --profile {design.profile} --seed {design.seed}"
    options += f" --device {design.device}" if design.device != "cpu" else ""
    return claim.command("verify", options + " --sensitivity" * sensitivity)


def _reproduction(part: Part) -> Iterator[Block]:
    verdict, claim = part.verdict, part.claim
    yield Heading("How to reproduce", 3)
    if claim.found_as is None:
        yield Paragraph(
            "The claim was built in Python and stands in no file that a command could name. Where it is:"
        )
    yield Listing(_command(verdict, claim))
    if claim.variation:
        yield Paragraph(f"This report is on its variation {claim.variation}.")
    packages = ", ".join(f"{name} {version(name)}" for name in ("torch", "numpy", "statsmodels", "sympy"))
    machine = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    yield Paragraph(f"theorycheck {__version__}, {packages}, {machine}, device {verdict.tried.device}.")
    recorded = ", recorded before training. Every trial is in trials.csv, the verdict in result.json."
    yield Paragraph(("Plan ", Code(verdict.plan_hash), recorded))


def _bibliography(parts: Sequence[Part]) -> Iterator[Block]:
    papers = {part.claim.source.paper.key: part.claim.source.paper for part in parts}
    yield Heading("Source", 3)
    yield Definitions([(paper.key, f"{paper.reference}.") for paper in papers.values()])
