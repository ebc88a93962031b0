"""The verdict first: what `theorycheck verify` prints of a claim."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from theorycheck.reports.against import against, decades
from theorycheck.reports.terminal import grounds, indented
from theorycheck.text import one_line
from theorycheck.verdict import Verdict

if TYPE_CHECKING:
    from theorycheck.claim import Claim


def told(verdict: Verdict, claim: Claim, verbose: bool) -> str:
    """What `theorycheck verify` prints of a claim."""
    return f"{brief(verdict)}\n\n{grounds(verdict, claim)}" if verbose else brief(verdict)


def brief(verdict: Verdict) -> str:
    """The verdict first, the number it rests on and what that is held against, and what needs attention."""
    judgement, trials = verdict.judgement, verdict.trials
    reused = f" ({trials['trained']} trained, {trials['reused']} reused from the store)"
    doubted = [
        f"{check.name}{' (failed)' * (check.status == 'failed')}: {check.detail}"
        for check in judgement.checks
        if check.status != "ok"
    ]
    fine = len(judgement.checks) - len(doubted)
    reports = [Path(path) for path in verdict.artifacts if Path(path).stem == "report"]
    first = next((path for path in reports if path.suffix == ".html"), *reports[:1]) if reports else None
    others = ", ".join(path.suffix for path in reports if path != first)
    blocks = {
        "claim": [
            f"{verdict.statement}   {verdict.source} ({verdict.provenance})",
            *dict.fromkeys(p.note for p in verdict.predictions if p.note),
        ],
        "estimate": list(_held_against(verdict)),
        "because": [judgement.reason, *filter(None, [verdict.headline])],
        "range": [verdict.range + decades(verdict)],
        "trials": [f"{trials['total']} trials{reused}, {verdict.seconds:.0f} s"],
        "report": [f"{first}" + f" (and {others})" * bool(others)] * bool(first) + [*verdict.unwritten],
        "warnings": doubted,
        "checks": [f"{fine} of {len(judgement.checks)} are ok; --verbose shows all"],
    }
    return "\n".join(map(one_line, [f"{judgement.decision}   {verdict.name}", *indented(blocks)]))


def _held_against(verdict: Verdict) -> Iterator[str]:
    for estimate, prediction in verdict.compared:
        found = f"no estimate of the {verdict.estimated}"
        if estimate is not None:
            found = f"{verdict.named(estimate)} {verdict.text(estimate)}"
        yield f"{found} {against(verdict, prediction)}".rstrip()
