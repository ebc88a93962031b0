"""What was found on a claim: its trials judged, and put together with what they are about."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from theorycheck.calibration import error_rates
from theorycheck.claim import Claim
from theorycheck.judgement import Check, Decision, Estimate, Judgement
from theorycheck.observation import (
    Outcomes,
    as_drawn,
    report_failures,
    report_machines,
    report_no_evidence,
)
from theorycheck.plan import Plan
from theorycheck.statistics.tests import holm
from theorycheck.verdict import TriedDesign, Verdict


@dataclass(frozen=True)
class Finding:
    """What was found on a claim.

    Attributes:
        verdict: with everything it rests on.
        claim: as it was tested.
        trials: one row a trial.
        observed: what the judge saw of them.
    """

    verdict: Verdict
    claim: Claim
    trials: pd.DataFrame
    observed: pd.DataFrame

    @property
    def decision(self) -> Decision:
        """SUPPORTED, REFUTED or INCONCLUSIVE."""
        return self.verdict.judgement.decision

    @property
    def estimates(self) -> tuple[Estimate, ...]:
        """The estimates that the verdict rests on, one a variable."""
        return self.verdict.judgement.estimates


def conclude(
    plan: Plan, table: pd.DataFrame, trained: int, begun: float, repeated: Check | None = None
) -> Finding:
    """Judge a plan's trials.

    Args:
        plan: what was asked.
        table: the trials.
        trained: how many of them were made now.
        begun: when, by the monotonic clock.
        repeated: whether trials gave the same when they were made again.
    """
    outcomes, law = Outcomes(plan, table), plan.claim.law
    evidence = law.observe(outcomes)
    judgement = report_no_evidence(law.judge(evidence, plan.claim.topic), outcomes)
    judgement = report_failures(report_machines(judgement, outcomes), outcomes)
    if repeated is not None:
        judgement = judgement.unless_failed(repeated, "No verdict can rest on trials")
    judgement = judgement.with_check(error_rates(law.calibrated_as(plan.measured.value is not None)))
    if plan.claim.design.outside_regime:
        judgement = judgement.with_check(_outside(plan))
    verdict = describe(outcomes, judgement, trained, time.monotonic() - begun)
    return Finding(verdict, plan.claim, table, evidence)


def _outside(plan: Plan) -> Check:
    """Which conditions of the theorem fail in a design that tries such points as well."""
    parts = [
        f"{plan.claim.text(c.relation)} fails at {len(plan.levels) - plan.holding(c)} of {len(plan.levels)}"
        " levels"
        for c in plan.claim.conditions
        if plan.holding(c) < len(plan.levels)
    ]
    if not parts:
        return Check("assumptions", "ok", "the theorem's conditions hold at every level")
    return Check(
        "assumptions", "warning", f"{'; '.join(parts)}: this verdict is on the design, not on the theorem"
    )


def describe(outcomes: Outcomes, judgement: Judgement, trained: int, seconds: float) -> Verdict:
    """Put the judgement together with what it is about."""
    plan, table, claim = outcomes.plan, outcomes.table, outcomes.plan.claim
    unfitted = (table["outcome"] == "unfitted") & ~outcomes.no_evidence
    return Verdict(
        name=claim.name,
        statement=claim.statement,
        provenance=claim.provenance,
        source=str(claim.source),
        predictions=claim.law.predictions(claim.topic),
        relation=claim.law.relation,
        estimated=claim.law.estimated,
        judgement=judgement,
        design=TriedDesign(**vars(plan.design), as_drawn=as_drawn(outcomes), words=dict(plan.measured.words)),
        trials={
            "total": len(table),
            "trained": trained,
            "reused": len(table) - trained,
            "censored": int(unfitted.sum()),
        },
        plan_hash=plan.hash,
        seconds=seconds,
    )


def jointly(verdicts: Sequence[Verdict]) -> dict[str, float]:
    """P-values of the decided claims, adjusted for their number (Holm); from 0.05 on they hold on their own
    only.
    """
    judgements = {v.name: v.judgement for v in verdicts}
    decided = {
        name: j.p_supported if j.decision == "SUPPORTED" else j.p_refuted
        for name, j in judgements.items()
        if j.decision != "INCONCLUSIVE"
    }
    return holm(decided)
