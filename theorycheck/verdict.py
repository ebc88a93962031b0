"""The vocabulary of results: estimates, checks, and the verdict on a claim."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from theorycheck import __version__

Decision = Literal["SUPPORTED", "REFUTED", "INCONCLUSIVE"]
Status = Literal["ok", "warning", "failed"]


MOST_DECIMALS = 6  # of an estimate, however narrow its interval


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
        return f"{self:{self.digits}}"

    def __format__(self, spec: str) -> str:
        """The interval with its ends in a format, by default with the digits that its width asks for."""
        spec = spec or self.digits
        return f"[{self.low:{spec}}, {self.high:{spec}}]"

    @property
    def digits(self) -> str:
        """The format in which its ends differ by their last digit or more: two decimals, or as many as that
        takes.
        """
        if not 0 < self.width < 1:
            return ".2f"
        return f".{min(MOST_DECIMALS, max(2, -math.floor(math.log10(self.width))))}f"

    def around(self, value: float) -> str:
        """A value with this interval: `-0.80 [-0.88, -0.73]`, or `-0.052 [-0.054, -0.050]` where that is
        narrower.
        """
        return f"{value:{self.digits}} {self}"

    @property
    def width(self) -> float:
        """Distance of its ends."""
        return self.high - self.low


@dataclass(frozen=True)
class Estimate:
    """An estimated exponent in one factor, or another number, with its interval, and how it was obtained.

    A name says what it is where that is not what the verdict's other estimates are.
    """

    factor: str
    value: float
    interval: Interval
    method: str
    name: str = ""

    @property
    def text(self) -> str:
        """Value and interval."""
        return self.interval.around(self.value)


@dataclass(frozen=True)
class Check:
    """One question about the data or the fit.

    Its status is "ok", "warning" (read on), or "failed" (no verdict can rest on it).
    """

    name: str
    status: Status
    detail: str


@dataclass(frozen=True)
class LevelValue:
    """The quantity (a threshold N*, or a measured value) at one level of each factor, from the rows there
    alone.

    Attributes:
        point: value of each factor.
        value: N* (success rate 1/2) in samples, or the geometric mean of the measurements; a bound when
            censored.
        low, high: its 95 % interval; one-sided when censored.
        kind: "fitted"; "step" (no N fails and succeeds: the geometric mean of the two N beside the step);
            "above" or "below" (censored: it lies beyond the largest or smallest N, or value, that was seen).
    """

    point: tuple[float, ...]
    value: float
    low: float
    high: float
    kind: Literal["fitted", "step", "above", "below"]

    @property
    def measured(self) -> bool:
        """Whether the value lies within what was tried."""
        return self.kind in ("fitted", "step")


@dataclass(frozen=True)
class RegressionRow:
    """One level in the log-log regression of level values.

    Attributes:
        point: value of each factor.
        log_value, fitted: observed and fitted logarithm.
        residual: internally studentised.
        leverage: diagonal of the hat matrix.
        cooks_distance: how much the fit would move without this level (Cook, Technometrics 19 (1977) 15).
    """

    point: tuple[float, ...]
    log_value: float
    fitted: float
    residual: float
    leverage: float
    cooks_distance: float


@dataclass(frozen=True)
class Regression:
    """The ordinary least-squares regression of the log quantity on the log factors, over the measured levels.

    Attributes:
        estimates: the exponents with their intervals, one a factor.
        table: the regression table, as text.
        rows: one a level.
    """

    estimates: tuple[Estimate, ...]
    table: str
    rows: tuple[RegressionRow, ...]


@dataclass(frozen=True)
class Judgement:
    """What the data say about the exponents of a law.

    Attributes:
        decision: SUPPORTED, REFUTED or INCONCLUSIVE.
        reason: one or two sentences for a reader.
        checks: what was asked of data and fits.
        levels: the quantity at each combination of levels, in increasing order of the levels.
        estimates: the exponents that the decision rests on, one a variable; empty when the data bear no
            estimate.
        beside: other estimates of them, for comparison.
        regression: the log-log regression people know; None with too few measured levels.
        curve: points (level, fitted value, low, high) of the deciding fit, with its 95 % band; of one factor
            only.
        p_supported, p_refuted: of the hypotheses that the law does not hold, and that it does; see
            `judge.decide`.
    """

    decision: Decision
    reason: str
    checks: tuple[Check, ...]
    levels: tuple[LevelValue, ...]
    estimates: tuple[Estimate, ...] = ()
    beside: tuple[Estimate, ...] = ()
    regression: Regression | None = None
    curve: tuple[tuple[float, float, float, float], ...] = ()
    p_supported: float = 1.0
    p_refuted: float = 1.0

    def with_check(self, check: Check) -> Judgement:
        """The same with one more check."""
        return replace(self, checks=(*self.checks, check))

    def span(self, position: int = 0) -> tuple[float, float]:
        """Smallest and largest level of a factor where the quantity was measured, or of all when none was."""
        points = [level.point for level in self.levels if level.measured] or [
            level.point for level in self.levels
        ]
        values = [point[position] for point in points]
        return min(values), max(values)


@dataclass(frozen=True)
class Prediction:
    """What a statement says of one variable: its name, its letter for readers, and its exponent.

    Where no scaling law is stated, the exponent is the other number that is claimed (a limit, a bound), or
    None. A note says what a reader should know of how the exponent was derived. The margin is how much worse
    than claimed an exponent may be; None where no scaling law is stated.
    """

    variable: str
    letter: str
    exponent: float | None
    note: str = ""
    margin: float | None = None


@dataclass(frozen=True)
class Variation:
    """The verdict on a claim under another reasonable choice: its name, the decision, and the estimates."""

    name: str
    decision: Decision
    estimates: tuple[Estimate, ...]


@dataclass(frozen=True)
class Verdict:
    """The result of verifying one claim, or of fitting a law to a table.

    Attributes:
        name, statement, provenance, source: of the claim.
        predictions: of its law, one a variable.
        relation: of its law: O, Omega or Theta; or what another kind of statement says
            (`theorycheck.statements`).
        judgement: decision, reason, estimates and checks.
        design: levels, samples, held values, conditions, as JSON values.
        trials: counts "total", "trained", "reused", "censored" (unfitted, but for those that measured
            nothing).
        plan_hash: SHA-256 of what was decided before training, or of the table.
        seconds: wall time.
        artifacts: paths of the files written.
        unwritten: a sentence on each part of the report that could not be made, and why.
        estimated: what the estimates are of: exponents, unless no scaling law is stated.
        sensitivity: verdicts under other reasonable choices, where these were asked for.
    """

    name: str
    statement: str
    provenance: str
    source: str
    predictions: tuple[Prediction, ...]
    relation: str
    judgement: Judgement
    design: dict[str, Any]
    trials: dict[str, int]
    plan_hash: str
    seconds: float
    artifacts: tuple[str, ...] = ()
    unwritten: tuple[str, ...] = ()
    estimated: str = "exponent"
    sensitivity: tuple[Variation, ...] = ()

    @property
    def digits(self) -> str:
        """The format of its estimates: for exponents the decimals that their interval asks for, else three
        digits.
        """
        return "" if self.derived else ".3g"

    @property
    def derived(self) -> bool:
        """Whether exponents were derived from a bound, as of scaling laws, which have a margin."""
        return self.predictions[0].margin is not None

    def text(self, estimate: Estimate) -> str:
        """An estimate with its interval, as in `-0.80 [-0.88, -0.73]`."""
        return (
            estimate.text
            if not self.digits
            else f"{estimate.value:{self.digits}} {estimate.interval:{self.digits}}"
        )

    @property
    def headline(self) -> str:
        """What other reasonable choices do to the verdict; empty where none were looked at."""
        if not self.sensitivity:
            return ""
        other = [f"{v.name}: {v.decision}" for v in self.sensitivity if v.decision != self.judgement.decision]
        if other:
            return (
                f"The verdict changes under {len(other)} of {len(self.sensitivity)} variations:"
                f" {'; '.join(other)}."
            )
        return f"The verdict is the same under all {len(self.sensitivity)} variations."

    @property
    def range(self) -> str:
        """The measured range of every variable, as in `0.03 <= alpha_* <= 0.3`."""
        if not self.judgement.levels:
            levels, (prediction,) = self.design["levels"], self.predictions
            return f"{min(levels):g} <= {prediction.letter} <= {max(levels):g}"
        spans = [(p.letter, *self.judgement.span(i)) for i, p in enumerate(self.predictions)]
        return ", ".join(f"{low:g} <= {letter} <= {high:g}" for letter, low, high in spans)

    def document(self) -> dict[str, Any]:
        """The verdict as the JSON values of one entry of `claims` in `--json`; numbers that are not finite
        are null.
        """
        found = {
            "name": self.name,
            "verdict": self.judgement.decision,
            "statement": self.statement,
            "provenance": self.provenance,
            "exponents": [self._exponent(i, prediction) for i, prediction in enumerate(self.predictions)],
            "checks": [asdict(check) for check in self.judgement.checks],
            "design": self.design,
            "trials": self.trials,
            "plan_hash": self.plan_hash,
            "seconds": round(self.seconds, 3),
            "artifacts": list(self.artifacts),
            **({"unwritten": list(self.unwritten)} if self.unwritten else {}),
            **(
                {"sensitivity": [asdict(variation) for variation in self.sensitivity]}
                if self.sensitivity
                else {}
            ),
        }
        return {name: _finite(value) for name, value in found.items()}

    def _exponent(self, position: int, prediction: Prediction) -> dict[str, Any]:
        estimates = self.judgement.estimates
        estimate = estimates[position] if estimates else None
        interval = estimate.interval if estimate else Interval(-math.inf, math.inf, 0.95)
        return {
            "variable": prediction.variable,
            "predicted": prediction.exponent,
            "relation": self.relation,
            "margin": prediction.margin,
            "estimate": estimate.value if estimate else None,
            "ci_low": interval.low,
            "ci_high": interval.high,
            "confidence": interval.confidence,
        }


def _finite(value: Any) -> Any:
    """A JSON value without the numbers that JSON lacks."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {name: _finite(inner) for name, inner in value.items()}
    return [_finite(inner) for inner in value] if isinstance(value, list | tuple) else value


def result_document(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """The document that `--json` prints and result.json holds."""
    return {"theorycheck": __version__, "claims": [verdict.document() for verdict in verdicts]}


def exit_status(verdicts: Sequence[Verdict]) -> int:
    """0 when every claim is SUPPORTED, 1 when some is REFUTED, else 3."""
    decisions = {verdict.judgement.decision for verdict in verdicts}
    return 1 if "REFUTED" in decisions else 3 if "INCONCLUSIVE" in decisions else 0
