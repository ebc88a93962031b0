"""What `theorycheck verify` and `theorycheck show` print."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from theorycheck.claim import Claim
from theorycheck.verdict import Verdict


def summary(verdict: Verdict, claim: Claim) -> str:
    """The verdict with everything it rests on, for a terminal."""
    judgement, trials = verdict.judgement, verdict.trials
    low, high = judgement.span
    blocks = {
        "claim": [f"{verdict.statement}   exponent {claim.exponent:g} derived from the bound"],
        "assuming": _assumptions(verdict),
        "design": [
            *_design(verdict, claim),
            f"{trials['total']} trials ({trials['trained']} trained, {trials['reused']} reused from the store)",
        ],
        "fit": list(_fits(verdict)) or ["no estimate"],
        "checks": columns([(check.status, check.name, check.detail) for check in judgement.checks]),
    }
    conclusion = f"{judgement.decision} over {low:g} <= {claim.text(verdict.variable)} <= {high:g}: {judgement.reason}"
    report = [f"  report    {path}" for path in verdict.artifacts if Path(path).name == "report.md"]
    heading = f"{verdict.name}   {verdict.source} ({verdict.provenance})"
    return "\n".join([heading, *_indent(blocks), f"  {conclusion}", *report])


def description(claim: Claim, meaning: str) -> str:
    """A claim as `theorycheck show` prints it: statement, source, assumptions, experiment."""
    design = claim.design
    held = [f"{claim.text(name)} = {value}" for name, value in claim.held.items()]
    blocks = {
        "claim": [f"{claim.statement}   exponent {claim.exponent:g} derived from the bound"],
        "source": [f"{claim.source.place} of {claim.source.paper.reference}", f"provenance: {claim.provenance}"],
        "assuming": [f"{claim.text(c.relation)} ({c.provenance})" for c in claim.conditions],
        "measures": [meaning],
        "design": [
            f"{claim.text(design.factor)}: {', '.join(f'{x:g}' for x in design.levels)}",
            f"N: {', '.join(map(str, design.samples))}",
            f"{design.replicates} replicates a cell",
            *held,
        ],
        "margin": [f"exponents up to {claim.margin:g} worse than claimed are allowed"],
        "refuted": [f"if {claim.refuted_by}"],
    }
    return "\n".join([f"{claim.name}   {claim.title}", *_indent(blocks)])


def _assumptions(verdict: Verdict) -> list[str]:
    rows = []
    for c in verdict.design["conditions"]:
        mark = "ok" if c["holds_at"] == c["of"] else "outside of the regime elsewhere: left out"
        rows.append((c["condition"], f"at {c['holds_at']} of {c['of']} levels", mark))
    return columns(rows)


def _design(verdict: Verdict, claim: Claim) -> Iterator[str]:
    levels, samples = verdict.design["levels"], verdict.design["samples"]
    decades = np.log10(levels[-1] / levels[0])
    factor = f"{claim.text(verdict.variable)}: {len(levels)} levels, {levels[0]:g} to {levels[-1]:g}"
    sizes = f"N: {len(samples)} sizes, {samples[0]} to {samples[-1]}"
    yield f"{factor} ({decades:.1f} decades); {sizes}; {verdict.design['replicates']} replicates a cell"
    drawn = verdict.design["as_drawn"].items()
    if drawn:
        ratios = ", ".join(f"{claim.text(name)} {low:.3f} to {high:.3f}" for name, (low, high) in drawn)
        yield f"as drawn, times the value asked: {ratios} over the levels"


def _fits(verdict: Verdict) -> Iterator[str]:
    estimates = [verdict.judgement.estimate, *verdict.judgement.beside]
    for e in filter(None, estimates):
        yield f"exponent {e.value:5.2f}   {100 * e.interval.confidence:g} % interval {e.interval}   {e.method}"


def columns(rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines of a table, every column as wide as its widest entry."""
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["   ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _indent(blocks: dict[str, list[str]]) -> Iterator[str]:
    for name, lines in blocks.items():
        for i, line in enumerate(lines):
            yield f"  {name if i == 0 else '':9} {line}"
