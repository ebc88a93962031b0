"""The verdict first: what `theorycheck verify` prints of a claim."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from theorycheck.reports.against import against, decades
from theorycheck.reports.terminal import grounds, indented
from theorycheck.text import one_line
from theorycheck.verdict import TableDesign, Verdict

if TYPE_CHECKING:
    from theorycheck.claim import Claim

REGIME = "regime"  # the check that says which way the variables of a table are taken to go


def told(verdict: Verdict, claim: Claim | None, verbose: bool) -> str:
    """What `theorycheck verify` prints of a claim, and `fit` of one or of a bound."""
    if not verbose:
        return brief(verdict, "--verbose shows all")
    return f"{brief(verdict, 'all are below')}\n\n{grounds(verdict, claim)}"


def brief(verdict: Verdict, all_checks: str) -> str:
    """The verdict first, the number it rests on and what that is held against, and what needs attention.

    Args:
        verdict: of a claim.
        all_checks: where the reader finds those that are not printed here.
    """
    judgement = verdict.judgement
    assumed = [check.detail for check in judgement.checks if check.name == REGIME]
    doubted = [
        f"{check.name}{' (failed)' * (check.status == 'failed')}: {check.detail}"
        for check in judgement.checks
        if check.status != "ok" and check.name != REGIME
    ]
    fine = sum(check.status == "ok" for check in judgement.checks)
    reports = [Path(path) for path in verdict.artifacts if Path(path).stem == "report"]
    first = next((path for path in reports if path.suffix == ".html"), *reports[:1]) if reports else None
    others = ", ".join(path.suffix for path in reports if path != first)
    blocks = {
        "claim": [
            f"{verdict.statement}   {verdict.source} ({verdict.provenance})",
            *dict.fromkeys(p.note for p in verdict.predictions if p.note),
        ],
        "assuming": assumed,
        "estimate": list(_held_against(verdict)),
        "because": [judgement.reason, *filter(None, [verdict.headline])],
        "range": [verdict.range + decades(verdict)],
        "trials": [_origin(verdict)],
        "report": [f"{first}" + f" (and {others})" * bool(others)] * bool(first) + [*verdict.unwritten],
        "warnings": doubted,
        "checks": [f"{fine} of {len(judgement.checks)} are ok; {all_checks}"],
    }
    return "\n".join(map(one_line, [f"{judgement.decision}   {verdict.name}", *indented(blocks)]))


def _origin(verdict: Verdict) -> str:
    """Where the trials are from."""
    trials, design = verdict.trials, verdict.design
    if isinstance(design, TableDesign):
        return f"{trials['total']} trials in {design.rows} rows of {design.table}; nothing was trained"
    made = f"{trials['trained']} trained, {trials['reused']} reused from the store"
    return f"{trials['total']} trials ({made}), {verdict.seconds:.0f} s"


def _held_against(verdict: Verdict) -> Iterator[str]:
    for estimate, prediction in verdict.compared:
        found = f"no estimate of the {verdict.estimated}"
        if estimate is not None:
            found = f"{verdict.named(estimate)} {verdict.text(estimate)}"
        yield f"{found} {against(verdict, prediction)}".rstrip()
