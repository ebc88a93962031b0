"""The vocabulary of results: estimates, checks, and the verdict on a claim."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from theorycheck import __version__

Decision = Literal["SUPPORTED", "REFUTED", "INCONCLUSIVE"]
Status = Literal["ok", "warning", "failed"]


@dataclass(frozen=True)
class Interval:
    """A confidence interval; an end without bound is infinite.

    Attributes:
        low, high: its ends.
        confidence: two-sided coverage, such as 0.95.
    """

    low: float
    high: float
    confidence: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high

    def __str__(self) -> str:
        return f"[{self.low:.2f}, {self.high:.2f}]"


@dataclass(frozen=True)
class Estimate:
    """An estimated exponent with its interval, and how it was obtained."""

    value: float
    interval: Interval
    method: str


@dataclass(frozen=True)
class Check:
    """One question about the data or the fit: "ok", "warning" (read on), or "failed" (no verdict can rest on it)."""

    name: str
    status: Status
    detail: str


@dataclass(frozen=True)
class LevelThreshold:
    """Threshold N* (success rate 1/2) of one level, estimated from that level alone.

    Attributes:
        level: value of the factor.
        value: N*, or the bound on it when censored, in samples.
        low, high: 95 % interval of N*; one-sided when censored.
        kind: "fitted"; "step" (no N fails and succeeds: the geometric mean of the two N beside the step); "above" or
            "below" (censored: N* lies beyond the largest or smallest N that was tried).
    """

    level: float
    value: float
    low: float
    high: float
    kind: Literal["fitted", "step", "above", "below"]

    @property
    def measured(self) -> bool:
        """Whether N* lies within the N that were tried."""
        return self.kind in ("fitted", "step")


@dataclass(frozen=True)
class Judgement:
    """What the data say about the exponent of a law.

    Attributes:
        decision: SUPPORTED, REFUTED or INCONCLUSIVE.
        reason: one or two sentences for a reader.
        checks: what was asked of data and fits.
        thresholds: one a level, in increasing order of the levels.
        estimate: the exponent that the decision rests on; None when the data bear no estimate.
        beside: other estimates of it, for comparison.
        curve: points (level, fitted threshold, low, high) of the deciding fit, with its 95 % band.
    """

    decision: Decision
    reason: str
    checks: tuple[Check, ...]
    thresholds: tuple[LevelThreshold, ...]
    estimate: Estimate | None = None
    beside: tuple[Estimate, ...] = ()
    curve: tuple[tuple[float, float, float, float], ...] = ()

    @property
    def span(self) -> tuple[float, float]:
        """The smallest and largest level whose threshold was measured, or of all levels when none was."""
        levels = [t.level for t in self.thresholds if t.measured] or [t.level for t in self.thresholds]
        return min(levels), max(levels)


@dataclass(frozen=True)
class Verdict:
    """The result of verifying one claim.

    Attributes:
        name, statement, provenance, source: of the claim.
        variable, predicted, relation: of its law.
        judgement: decision, reason, estimates and checks.
        design: levels, samples, held values, conditions, as JSON values.
        trials: counts "total", "trained", "reused", "censored" (unfitted).
        plan_hash: SHA-256 of what was decided before training.
        seconds: wall time.
        artifacts: paths of the files written.
    """

    name: str
    statement: str
    provenance: str
    source: str
    variable: str
    predicted: float
    relation: str
    judgement: Judgement
    design: dict[str, Any]
    trials: dict[str, int]
    plan_hash: str
    seconds: float
    artifacts: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """The verdict as the JSON values of one entry of `claims` in `--json`; unbounded interval ends are null."""
        return {
            "name": self.name,
            "verdict": self.judgement.decision,
            "statement": self.statement,
            "provenance": self.provenance,
            "exponents": [self._exponent()],
            "checks": [asdict(check) for check in self.judgement.checks],
            "design": self.design,
            "trials": self.trials,
            "plan_hash": self.plan_hash,
            "seconds": round(self.seconds, 3),
            "artifacts": list(self.artifacts),
        }

    def _exponent(self) -> dict[str, Any]:
        estimate = self.judgement.estimate
        interval = estimate.interval if estimate else Interval(-math.inf, math.inf, 0.95)
        return {
            "variable": self.variable,
            "predicted": self.predicted,
            "relation": self.relation,
            "estimate": estimate.value if estimate else None,
            "ci_low": interval.low if math.isfinite(interval.low) else None,
            "ci_high": interval.high if math.isfinite(interval.high) else None,
            "confidence": interval.confidence,
        }


def result_document(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """The document that `--json` prints and result.json holds."""
    return {"theorycheck": __version__, "claims": [verdict.document() for verdict in verdicts]}


def exit_status(verdicts: Sequence[Verdict]) -> int:
    """0 when every claim is SUPPORTED, 1 when some is REFUTED, else 3."""
    decisions = {verdict.judgement.decision for verdict in verdicts}
    return 1 if "REFUTED" in decisions else 3 if "INCONCLUSIVE" in decisions else 0
