"""What `theorycheck verify` and `theorycheck show` print."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from theorycheck.claim import Claim
from theorycheck.text import one_line
from theorycheck.verdict import Prediction, Verdict

DECISIONS = ("SUPPORTED", "REFUTED", "INCONCLUSIVE")


def summary(verdict: Verdict, claim: Claim | None = None) -> str:
    """The verdict with everything it rests on, for a terminal; of a claim, or of a law fitted to a table."""
    judgement = verdict.judgement
    blocks = {
        "claim": _claimed(verdict.statement, verdict.predictions if verdict.derived else ()),
        **(
            {"assuming": _assumptions(verdict)}
            if claim and claim.conditions and "conditions" in verdict.design
            else {}
        ),
        "design": (
            list(_design(verdict, claim)) if "placement" in verdict.design else list(_table(verdict, claim))
        ),
        "fit": list(_fits(verdict)) or ["no estimate"],
        "checks": columns([(check.status, check.name, check.detail) for check in judgement.checks]),
    }
    if verdict.sensitivity:
        blocks["varied"] = columns(
            [(v.name, v.decision, "; ".join(map(verdict.text, v.estimates))) for v in verdict.sensitivity]
        )
    conclusion = f"{judgement.decision} over {verdict.range}: {judgement.reason}"
    report = [f"  report    {path}" for path in verdict.artifacts if Path(path).stem == "report"]
    report += [f"  report    {sentence}" for sentence in verdict.unwritten]
    heading = f"{verdict.name}   {verdict.source} ({verdict.provenance})"
    headline = [f"  {verdict.headline}"] if verdict.headline else []
    regime = [check for check in judgement.checks if check.name == "regime"]
    assumed = [
        check.detail if check.status == "ok" else f"{check.status}: {check.detail}" for check in regime
    ]
    lines = [*assumed, heading, *_indent(blocks), f"  {conclusion}", *headline, *report]
    return "\n".join(map(one_line, lines))


def wrapped(text: str, width: int) -> str:
    """Lines that are too long for a terminal go on below the place where their last column begins."""
    return "\n".join(part for line in text.split("\n") for part in _wrapped(line, width))


def _wrapped(line: str, width: int) -> list[str]:
    starts = [gap.end() for gap in re.finditer(r"^ +| {3,}", line) if gap.end() <= width / 2]
    hanging = " " * (max(starts, default=0) or 2)
    return textwrap.wrap(
        line, width, subsequent_indent=hanging, break_on_hyphens=False, drop_whitespace=True
    ) or [""]


def together(adjusted: Mapping[str, float]) -> str:
    """What holds when several claims are tested at once, from their adjusted p-values."""
    alone = [f"{name} (p = {p:.2g})" for name, p in adjusted.items() if p >= 0.05]
    if alone:
        return (
            f"several claims at once (Holm): decided on its own, but not jointly at 5 %: {', '.join(alone)}"
        )
    return f"several claims at once (Holm): all {len(adjusted)} decided verdicts hold jointly at 5 %"


def description(claim: Claim, meaning: str) -> str:
    """A claim as `theorycheck show` prints it: statement, source, assumptions, experiment."""
    design = claim.design
    derived = [replace(p, margin=None) for p in claim.law.predictions(claim.topic) if p.margin is not None]
    held = [f"{claim.text(name)} = {value}" for name, value in claim.held.items()]
    blocks = {
        "claim": _claimed(claim.statement, derived),
        "source": [
            f"{claim.source.place} of {claim.source.paper.reference}",
            f"provenance: {claim.provenance}",
        ],
        "assuming": [f"{claim.text(c.relation)} ({c.provenance})" for c in claim.conditions],
        "measures": [meaning],
        "design": [
            f"{claim.text(design.factor)}: {', '.join(f'{x:g}' for x in design.levels)}",
            *(
                f"{claim.text(name)}: {', '.join(map(str, values))}"
                for name, values in design.crossed.items()
            ),
            *([f"{claim.searched}: {', '.join(map(str, design.search.values))}"] if design.search else []),
            (
                f"{design.replicates} replicates at each point, unless placed where success turns"
                " (docs/claim-files.md)"
            ),
            *held,
        ],
        **({"designs": [f"{name}: {d.note}" for name, d in claim.designs.items()]} if claim.designs else {}),
        **(
            {"margin": [f"exponents up to {claim.margin:g} worse than claimed are allowed"]}
            if derived
            else {}
        ),
        "refuted": [f"if {claim.refuted_by}"],
    }
    return "\n".join(map(one_line, [f"{claim.name}   {claim.title}", *_indent(blocks)]))


def outlook(
    claim: Claim,
    design: Mapping[str, Any],
    assumed: Any,
    chances: Sequence[Any],
    trials: int,
    seconds: float,
    jobs: int,
) -> str:
    """What `theorycheck plan` prints.

    Args:
        claim: the claim.
        design: of the plan, as JSON values.
        assumed: threshold and steepness of success; None where the statement plants its own worlds.
        chances: of each verdict under each planted law.
        trials: to expect, if the claim holds exactly.
        seconds: that training them would take.
        jobs: worker processes.
    """
    levels, samples, factor = design["levels"], design["samples"], claim.text(claim.design.factor)
    middle = float(np.exp(np.log([x for x in levels if x > 0]).mean()))
    rows = [("planted law", "exponent", f"levels inside {claim.searched}", "width of interval", *DECISIONS)]
    for c in chances:
        width = f"{c.width:.2f}" if np.isfinite(c.width) else "unbounded"
        shares = (f"{100 * c.shares.get(d, 0):.0f} %" for d in DECISIONS)
        number = "" if c.exponent is None else f"{c.exponent:.3g}"
        inside = "" if c.measured is None else f"{c.measured} of {len(levels)}"
        rows.append((c.law, number, inside, width, *shares))
    varied = [f"{factor}: {len(levels)} levels, {levels[0]:g} to {levels[-1]:g}"]
    if samples:
        varied.append(f"{claim.searched}: {len(samples)} values, {samples[0]} to {samples[-1]}")
    placed = f"profile {design['profile']}: {design['placement']}"
    assuming = (
        f"{claim.text(claim.quantity)} = {assumed.threshold:.3g} at {factor} = {middle:.3g} (--threshold),"
        f" and a success curve of steepness {assumed.steepness:g} (--steepness)"
        if assumed
        else "the worlds that the statement plants (docs/calibration.md)"
    )
    blocks = {
        "claim": [claim.statement + f"   margin {claim.margin:g}" * ("margin" in claim.law.fields)],
        "design": [*varied, placed],
        "assuming": [assuming],
        "chances": columns(rows),
        "cost": [
            f"{trials} trials, about {_duration(seconds)} with {jobs} jobs on this machine as busy as it"
            " is now"
        ],
    }
    return "\n".join(map(one_line, [f"{claim.name}   {claim.title}", *_indent(blocks)]))


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < 120 else f"{seconds / 60:.0f} minutes"


def _assumptions(verdict: Verdict) -> list[str]:
    rows = []
    for c in verdict.design["conditions"]:
        elsewhere = "tried as well" if verdict.design["outside_regime"] else "left out"
        mark = "ok" if c["holds_at"] == c["of"] else f"outside of the regime elsewhere: {elsewhere}"
        rows.append((c["condition"], f"at {c['holds_at']} of {c['of']} levels", mark))
    return columns(rows)


def _table(verdict: Verdict, claim: Claim | None) -> Iterator[str]:
    design, searched = verdict.design, claim.searched if claim else "N"
    for prediction in verdict.predictions:
        levels = design["levels"][prediction.variable]
        yield f"{prediction.letter}: {len(levels)} levels, {levels[0]:g} to {levels[-1]:g}"
    if "samples" in design:
        samples = design["samples"]
        yield (
            f"{searched}: {len(samples)} values, {samples[0]} to {samples[-1]}; {verdict.trials['total']}"
            " trials"
        )
    seeds = f" of {design['seeds']} seeds" if "seeds" in design else ""
    yield f"{design['rows']} rows{seeds} in {design['table']}; nothing was trained"


def _claimed(statement: str, derived: Sequence[Prediction]) -> list[str]:
    """The statement, and for a scaling law the exponents that follow from it."""
    exponents = ", ".join(f"{p.exponent:g}" + f" in {p.letter}" * (len(derived) > 1) for p in derived)
    notes = dict.fromkeys(p.note for p in derived if p.note)
    margin = f", margin {derived[0].margin:g}" if derived and derived[0].margin is not None else ""
    return [
        f"{statement}   exponent {exponents} derived from the bound{margin}" if exponents else statement,
        *notes,
    ]


def _design(verdict: Verdict, claim: Claim | None) -> Iterator[str]:
    design, letter = verdict.design, verdict.predictions[0].letter
    levels, samples = design["levels"], design["samples"]
    decades = f" ({np.log10(levels[-1] / levels[0]):.1f} decades)" if levels[0] > 0 else ""
    parts = [f"{letter}: {len(levels)} levels, {levels[0]:g} to {levels[-1]:g}{decades}"]
    text = claim.text if claim else str
    parts += [f"{text(name)}: {', '.join(map(str, values))}" for name, values in design["crossed"].items()]
    if samples:
        parts.append(f"{text(design['searched'])}: {len(samples)} values, {samples[0]} to {samples[-1]}")
    yield "; ".join(parts)
    yield design["placement"]
    if design["note"]:
        yield design["note"]
    drawn = design["as_drawn"].items()
    if drawn and claim:
        ratios = ", ".join(f"{claim.text(name)} {low:.3f} to {high:.3f}" for name, (low, high) in drawn)
        yield f"as drawn, times the value asked: {ratios}"
    trials = verdict.trials
    yield f"{trials['total']} trials ({trials['trained']} trained, {trials['reused']} reused from the store)"


def _fits(verdict: Verdict) -> Iterator[str]:
    letters = {p.variable: f" in {p.letter}" * (len(verdict.predictions) > 1) for p in verdict.predictions}
    for e in (*verdict.judgement.estimates, *verdict.judgement.beside):
        confidence = f"{100 * e.interval.confidence:g} % interval"
        if verdict.derived:
            value = f"{e.value:{e.interval.digits}}".rjust(5)
            yield f"exponent{letters[e.factor]} {value}   {confidence} {e.interval}   {e.method}"
        else:
            yield f"{e.name or verdict.estimated} {e.value:.3g}   {confidence} {e.interval:.3g}   {e.method}"


def columns(rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines of a table, every column as wide as its widest entry."""
    rows = [[one_line(text) for text in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "   ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _indent(blocks: dict[str, list[str]]) -> Iterator[str]:
    for name, lines in blocks.items():
        for i, line in enumerate(lines):
            yield f"  {name if i == 0 else '':9} {line}"
