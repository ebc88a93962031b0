"""What `theorycheck verify` and `theorycheck show` print."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, get_args

import numpy as np

from theorycheck.claim import Claim
from theorycheck.judgement import Decision
from theorycheck.reports.citation import bibtex
from theorycheck.reports.lines import columns
from theorycheck.text import one_line
from theorycheck.verdict import PlannedDesign, Prediction, TableDesign, TriedDesign, Verdict

DECISIONS = get_args(Decision)


def grounds(verdict: Verdict, claim: Claim | None = None) -> str:
    """Everything that a verdict rests on."""
    judgement, design = verdict.judgement, verdict.design
    if isinstance(design, TriedDesign):
        assumed, designed = _assumptions(design), _design(verdict, design, claim)
    else:
        assumed, designed = [], _table(verdict, design, claim)
    blocks = {
        "claim": _claimed(verdict.statement, verdict.predictions if verdict.derived else ()),
        "assuming": assumed,
        "design": list(designed),
        "fit": list(_fits(verdict)) or ["no estimate"],
        "checks": columns([(check.status, check.name, check.detail) for check in judgement.checks]),
        "varied": columns(
            [(v.name, v.decision, "; ".join(map(verdict.text, v.estimates))) for v in verdict.sensitivity]
        ),
    }
    lines = [
        f"{verdict.name}   {verdict.source} ({verdict.provenance})",
        *indented(blocks),
    ]
    return "\n".join(map(one_line, lines))


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
    varied = {name: list(map(str, values)) for name, values in design.changing.items()}
    varied[design.factor] = [f"{x:g}" for x in design.levels]
    replicates = (
        f"{design.replicates} replicates at each point, unless placed where success turns"
        " (docs/claim-files.md)"
    )
    blocks = {
        "claim": _claimed(claim.statement, derived),
        "source": [
            f"{claim.source.place} of {claim.source.paper.reference}",
            f"provenance: {claim.provenance}",
        ],
        "cite": [bibtex(claim.source.paper)],
        "assuming": [f"{claim.text(c.relation)} ({c.provenance})" for c in claim.conditions],
        "measures": [meaning],
        "design": [
            *(f"{claim.text(name)}: {', '.join(values)}" for name, values in varied.items()),
            replicates,
            *(f"{claim.text(name)} = {value}" for name, value in claim.held.items()),
        ],
        "designs": [f"{name}: {d.note}" for name, d in claim.designs.items()],
        "margin": [f"exponents up to {claim.margin:g} worse than claimed are allowed"] * bool(derived),
        "refuted": [f"if {claim.refuted_by}"],
    }
    return _titled(claim, blocks)


def outlook(
    claim: Claim,
    design: PlannedDesign,
    assumed: Any,
    chances: Sequence[Any],
    trials: int,
    seconds: float,
    jobs: int,
) -> str:
    """What `theorycheck plan` prints.

    Args:
        claim: the claim.
        design: of the plan.
        assumed: threshold and steepness of success; None where the statement plants its own worlds.
        chances: of each verdict under each planted law.
        trials: to expect, if the claim holds exactly.
        seconds: that training them would take.
        jobs: worker processes.
    """
    levels, samples, factor = design.levels, design.samples, claim.text(design.factor)
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
    placed = f"profile {design.profile}: {design.placement}"
    assuming = (
        f"{claim.text(claim.quantity)} = {assumed.threshold:.3g} at {factor} = {middle:.3g} (--threshold),"
        f" and a success curve of steepness {assumed.steepness:g} (--steepness)"
        if assumed
        else "the worlds that the statement plants (docs/calibration.md)"
    )
    duration = f"{seconds:.0f} seconds" if seconds < 120 else f"{seconds / 60:.0f} minutes"
    blocks = {
        "claim": [claim.statement + f"   margin {claim.margin:g}" * ("margin" in claim.law.fields)],
        "design": [*varied, placed],
        "assuming": [assuming],
        "chances": columns(rows),
        "cost": [f"{trials} trials, about {duration} with {jobs} jobs on this machine as busy as it is now"],
    }
    return _titled(claim, blocks)


def _titled(claim: Claim, blocks: dict[str, list[str]]) -> str:
    return "\n".join(map(one_line, [f"{claim.name}   {claim.title}", *indented(blocks)]))


def _assumptions(design: TriedDesign) -> list[str]:
    elsewhere = f"outside of the regime elsewhere: {'tried as well' if design.outside_regime else 'left out'}"
    return columns(
        (c.condition, f"at {c.holds_at} of {c.of} levels", "ok" if c.holds_at == c.of else elsewhere)
        for c in design.conditions
    )


def _table(verdict: Verdict, design: TableDesign, claim: Claim | None) -> Iterator[str]:
    searched, samples = claim.searched if claim else "N", design.samples
    for prediction in verdict.predictions:
        levels = design.levels[prediction.variable]
        yield f"{prediction.letter}: {len(levels)} levels, {levels[0]:g} to {levels[-1]:g}"
    if samples:
        yield (
            f"{searched}: {len(samples)} values, {samples[0]} to {samples[-1]}; {verdict.trials['total']}"
            " trials"
        )
    seeds = f" of {design.seeds} seeds" if design.seeds else ""
    yield f"{design.rows} rows{seeds} in {design.table}; nothing was trained"


def _claimed(statement: str, derived: Sequence[Prediction]) -> list[str]:
    """The statement, and for a scaling law the exponents that follow from it."""
    named = len(derived) > 1
    exponents = ", ".join(f"{p.exponent:g}" + f" in {p.power_of}" * (named or bool(p.base)) for p in derived)
    notes = dict.fromkeys(p.note for p in derived if p.note)
    margin = f", margin {derived[0].margin:g}" if derived and derived[0].margin is not None else ""
    return [
        f"{statement}   exponent {exponents} derived from the bound{margin}" if exponents else statement,
        *notes,
    ]


def _design(verdict: Verdict, design: TriedDesign, claim: Claim | None) -> Iterator[str]:
    levels, samples, letter = design.levels, design.samples, verdict.predictions[0].letter
    decades = f" ({np.log10(levels[-1] / levels[0]):.1f} decades)" if levels[0] > 0 else ""
    parts = [f"{letter}: {len(levels)} levels, {levels[0]:g} to {levels[-1]:g}{decades}"]
    text = claim.text if claim else str
    parts += [f"{text(name)}: {', '.join(map(str, values))}" for name, values in design.crossed.items()]
    if samples:
        parts.append(f"{text(design.searched)}: {len(samples)} values, {samples[0]} to {samples[-1]}")
    yield "; ".join(parts)
    yield design.placement
    if design.note:
        yield design.note
    drawn = design.as_drawn.items()
    if drawn and claim:
        ratios = ", ".join(f"{claim.text(name)} {low:.3f} to {high:.3f}" for name, (low, high) in drawn)
        yield f"as drawn, times the value asked: {ratios}"
    trials = verdict.trials
    yield f"{trials['total']} trials ({trials['trained']} trained, {trials['reused']} reused from the store)"


def _fits(verdict: Verdict) -> Iterator[str]:
    for e in (*verdict.judgement.estimates, *verdict.judgement.beside):
        confidence = f"{100 * e.interval.confidence:g} % interval"
        value, interval = verdict.numbers(e)
        yield f"{verdict.named(e)} {value.rjust(5 * verdict.derived)}   {confidence} {interval}   {e.method}"


def indented(blocks: dict[str, list[str]]) -> Iterator[str]:
    """Lines of named blocks, each behind its name."""
    for name, lines in blocks.items():
        for i, line in enumerate(lines):
            yield f"  {name if i == 0 else '':9} {line}"
