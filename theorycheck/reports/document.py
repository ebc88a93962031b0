"""What a report says, as blocks that every format renders: Markdown, LaTeX, HTML, and by way of LaTeX PDF."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version

from theorycheck import __version__
from theorycheck.claim import Claim
from theorycheck.judgement import Check, Estimate
from theorycheck.reports.blocks import (
    Block,
    Code,
    Definitions,
    Formula,
    Heading,
    Line,
    Listing,
    Math,
    PageBreak,
    Paragraph,
    Picture,
    Strong,
    Table,
    harmless,
)
from theorycheck.source import Paper
from theorycheck.verdict import Verdict


@dataclass(frozen=True)
class Part:
    """One claim of a report."""

    verdict: Verdict
    claim: Claim
    pictures: Sequence[Picture | Paragraph]  # a sentence where a figure could not be drawn


def document(parts: Sequence[Part]) -> list[Block]:
    """The report of one claim, or of several with a table of all verdicts first.

    It depends on the plans and their trials alone, not on when or in how many steps they were run. The texts
    of claims are neutral in it.
    """
    if len(parts) == 1:
        (part,) = parts
        blocks = [Heading(part.claim.title, 1), *_claim(part)]
    else:
        blocks = [Heading(f"{len(parts)} claims", 1), *_summary(parts)]
        for part in parts:
            blocks += [PageBreak(), Heading(part.claim.title, 2), *_claim(part)]
    return [harmless(block) for block in (*blocks, *_bibliography(parts))]


def _summary(parts: Sequence[Part]) -> Iterator[Block]:
    rows = [
        (
            (Code(p.verdict.name),),
            (p.verdict.estimated,),
            (
                "; ".join(
                    f"{x.exponent:.3g}" if x.exponent is not None else "-" for x in p.verdict.predictions
                ),
            ),
            ("; ".join(map(p.verdict.text, p.verdict.judgement.estimates)) or "no estimate",),
            (Strong(p.verdict.judgement.decision),),
            (str(p.verdict.trials["total"]),),
        )
        for p in parts
    ]
    names = ("claim", "of", "claimed", "estimate and 95 % interval", "verdict", "trials")
    yield Table(names, tuple(rows), frozenset({5}))


def _claim(part: Part) -> Iterator[Block]:
    yield from _first_page(part)
    yield PageBreak()
    yield from _estimates(part)
    yield from _checks(part)
    yield from _assumptions(part)
    yield from _design(part)
    yield from _limits(part)
    yield from _reproduction(part)


def _first_page(part: Part) -> Iterator[Block]:
    verdict, claim, judgement = part.verdict, part.claim, part.verdict.judgement
    yield Paragraph((Strong(judgement.decision), " over ", Code(verdict.range), f". {judgement.reason}"))
    if verdict.headline:
        yield Paragraph((verdict.headline,))
    yield Formula(claim.statement_latex)
    derived = ""
    if verdict.derived:
        exponents = ", ".join(f"{p.exponent:g} in {p.letter}" for p in verdict.predictions)
        notes = "".join(f" ({note})" for note in dict.fromkeys(p.note for p in verdict.predictions if p.note))
        derived = (
            f" Derived from the bound: exponent {exponents}{notes}; margin {verdict.predictions[0].margin:g}."
        )
    source = f"{claim.source} ({claim.provenance}).{derived} It would be refuted if {claim.refuted_by}."
    yield Paragraph(("Claim ", Code(claim.name), f": {source}"))
    if part.pictures:
        yield part.pictures[0]


def _estimates(part: Part) -> Iterator[Block]:
    verdict, judgement = part.verdict, part.verdict.judgement
    yield Heading("Estimates", 3)
    letters = {p.variable: p.letter for p in verdict.predictions}
    rows = [(_estimate(verdict, e, letters), "decides") for e in judgement.estimates]
    rows += [(_estimate(verdict, e, letters), "beside") for e in judgement.beside]
    names = ("estimate of", "value", "95 % interval", "method")
    yield Table(names, tuple((*cells[:3], (*cells[3], f" ({role})")) for cells, role in rows), frozenset({1}))
    yield from part.pictures[1:]
    if judgement.regression:
        yield Heading("The log-log regression", 3)
        yield Paragraph(
            (
                (
                    "Each level's value on the level, by ordinary least squares: what a reader would do with"
                    " the figure. No verdict rests on it: levels whose value lies outside of what was tried"
                    " have to be left out."
                ),
            )
        )
        yield Listing(judgement.regression.table)
        rows_of_levels = tuple(
            (
                (", ".join(f"{x:g}" for x in row.point),), (f"{row.log_value:.3f}",), (f"{row.fitted:.3f}",),
                (f"{row.residual:.2f}",), (f"{row.leverage:.2f}",), (f"{row.cooks_distance:.2f}",),
            )
            for row in judgement.regression.rows
        )  # fmt: skip
        columns = ("level", "log value", "fitted", "studentised residual", "leverage", "Cook's distance")
        yield Table(columns, rows_of_levels, frozenset(range(6)))
    if verdict.sensitivity:
        yield Heading("Under other reasonable choices", 3)
        varied = tuple(
            ((v.name,), (v.decision,), ("; ".join(map(verdict.text, v.estimates)) or "no estimate",))
            for v in verdict.sensitivity
        )
        yield Table(("choice", "verdict", f"{verdict.estimated} and 95 % interval"), varied)


def _estimate(verdict: Verdict, estimate: Estimate, letters: dict[str, str]) -> tuple[Line, Line, Line, Line]:
    several = len(letters) > 1 and verdict.derived
    named = estimate.name or verdict.estimated + (f" in {letters[estimate.factor]}" if several else "")
    digits = verdict.digits or estimate.interval.digits
    return (named,), (f"{estimate.value:{digits}}",), (f"{estimate.interval:{digits}}",), (estimate.method,)


def _checks(part: Part) -> Iterator[Block]:
    checks = part.verdict.judgement.checks
    yield Heading("Checks", 3)
    yield Definitions(tuple((_term(check), (check.detail,)) for check in checks))


def _term(check: Check) -> str:
    return check.name if check.status == "ok" else f"{check.name} ({check.status})"


def _assumptions(part: Part) -> Iterator[Block]:
    conditions = part.verdict.design["conditions"]
    if not conditions:
        return
    yield Heading("Assumptions", 3)
    relations = [c.relation for c in part.claim.conditions]
    rows = tuple(
        ((Math(part.claim.latex(relation)),), (c["provenance"],), (f"{c['holds_at']} of {c['of']} levels",))
        for relation, c in zip(relations, conditions, strict=True)
    )
    yield Table(("condition of the theorem", "provenance", "holds at"), rows)


def _design(part: Part) -> Iterator[Block]:
    verdict, claim, design = part.verdict, part.claim, part.verdict.design
    yield Heading("Design", 3)
    yield Paragraph((f"Response {design['response']}.",))
    rows: list[tuple[Line, Line]] = [(_letter(claim, design["factor"]), (_list(design["levels"]),))]
    rows += [(_letter(claim, name), (_list(values),)) for name, values in design["crossed"].items()]
    if design["samples"]:
        rows.append((_letter(claim, design["searched"]), (_list(design["samples"]),)))
    rows += [(_letter(claim, name), (f"{value}",)) for name, value in design["held"].items()]
    rows += [
        ((*_letter(claim, name), " as drawn"), (f"{low:.3f} to {high:.3f} times the value asked",))
        for name, (low, high) in design["as_drawn"].items()
    ]
    yield Table(("quantity", "values"), tuple(rows))
    trials = verdict.trials
    placed = (
        f"{design['placement']}; seed {design['seed']}, profile {design['profile']}; {trials['total']}"
        " trials, "
    )
    yield Paragraph((placed[0].upper() + placed[1:], f"of which {trials['censored']} are no evidence."))
    if design["note"]:
        yield Paragraph((design["note"],))


def _letter(claim: Claim, name: str) -> Line:
    """A letter of the theorem as a formula, another name as code."""
    known = len(name) == 1 or any(symbol.name == name for symbol in claim.notation)
    return (Math(claim.latex(name)),) if known else (Code(name),)


def _list(values: Sequence[object]) -> str:
    return ", ".join(f"{v:.4g}" if isinstance(v, float) else str(v) for v in values)


def _limits(part: Part) -> Iterator[Block]:
    untested = part.verdict.design["words"].get("untested")
    yield Heading("What was not tested", 3)
    yield Paragraph(
        (
            (
                "Values of the varied quantities outside of the range above; other held values than those"
                " listed, but for those varied under the option sensitivity; "
            ),
            f"{untested}; " if untested else "",
            "and any exponent in the limit itself: a verdict is about a range, and is no proof.",
        )
    )


def _command(verdict: Verdict, claim: Claim) -> str:
    """The command that verifies a claim as it was verified; the call, where it was built in Python."""
    design, sensitivity = verdict.design, bool(verdict.sensitivity or claim.variation)
    if claim.found_as is None:
        named = f", design={json.dumps(design['name'])}" if design["name"] else ""
        named += f', device="{design["device"]}"' if design["device"] != "cpu" else ""
        named += ", sensitivity=True" * sensitivity
        return f'theorycheck.verify(claim, "{design["profile"]}", seed={design["seed"]}{named})'
    options = f" --profile {design['profile']} --seed {design['seed']}"
    options += f" --device {design['device']}" if design["device"] != "cpu" else ""
    return claim.command("verify", options + " --sensitivity" * sensitivity)


def _reproduction(part: Part) -> Iterator[Block]:
    verdict, design = part.verdict, part.verdict.design
    yield Heading("How to reproduce", 3)
    if part.claim.found_as is None:
        yield Paragraph(
            ("The claim was built in Python and stands in no file that a command could name. Where it is:",)
        )
    yield Listing(_command(verdict, part.claim))
    if part.claim.variation:
        yield Paragraph((f"This report is on its variation {part.claim.variation}.",))
    packages = ", ".join(f"{name} {version(name)}" for name in ("torch", "numpy", "statsmodels", "sympy"))
    machine = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    yield Paragraph((f"theorycheck {__version__}, {packages}, {machine}, device {design['device']}.",))
    yield Paragraph(
        (
            "Plan ",
            Code(verdict.plan_hash),
            ", recorded before training. Every trial is in trials.csv, the verdict in result.json.",
        )
    )


def _bibliography(parts: Sequence[Part]) -> Iterator[Block]:
    papers: dict[str, Paper] = {part.claim.source.paper.key: part.claim.source.paper for part in parts}
    yield Heading("Source", 3)
    yield Definitions(tuple((paper.key, (f"{paper.reference}.",)) for paper in papers.values()))
