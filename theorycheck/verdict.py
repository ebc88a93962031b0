"""The vocabulary of results: estimates, checks, and the verdict on a claim."""

import json
import math
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from theorycheck import __version__
from theorycheck.judgement import Decision, Estimate, Interval, Judgement


@dataclass(frozen=True)
class Prediction:
    """What a statement says of one variable: its name, its letter for readers, and its exponent.

    Where no scaling law is stated, the exponent is the other number that is claimed (a limit, a bound), or
    None. A note says what a reader should know of how the exponent was derived. The margin is how much worse
    than claimed an exponent may be, and the allowed exponents follow from it; both are None where no scaling
    law is stated.
    """

    variable: str
    letter: str
    exponent: float | None
    note: str = ""
    margin: float | None = None
    allowed: Interval | None = None
    base: str = ""

    @property
    def power_of(self) -> str:
        """What the exponent is in."""
        return self.base or self.letter


@dataclass(frozen=True)
class Assumption:
    """A condition of the theorem, whence it is, and at how many levels it holds, of how many."""

    condition: str
    provenance: str
    holds_at: int
    of: int


@dataclass(frozen=True)
class PlannedDesign:
    """A claim's design under a profile, as it is fixed before the first trial.

    Attributes:
        profile, seed, device: of the run.
        factor, levels: what is varied, and its values.
        crossed: what is varied beside it, with its values.
        searched, samples: what a threshold is sought of, None where nothing is, and its values.
        placement: how trials are placed, for readers.
        response: name and meaning of what is measured.
        held: the other values, expressions as text.
        name: of the design among those of its claim; None for the default.
        outside_regime: whether levels are tried at which a condition fails.
        note: what a reader must know of it.
        conditions: of the theorem.
    """

    profile: str
    factor: str
    levels: list[float]
    crossed: dict[str, list[Any]]
    searched: str | None
    samples: list[float]
    placement: str
    seed: int
    device: str
    response: str
    held: dict[str, Any]
    name: str | None
    outside_regime: bool
    note: str
    conditions: list[Assumption]

    def document(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class TriedDesign(PlannedDesign):
    """A planned design whose trials are made.

    Attributes:
        as_drawn: smallest and largest ratio of each parameter to the value asked, of those drawn at random.
        words: what the response calls things, by the name of a letter, "measured" or "untested".
    """

    as_drawn: dict[str, tuple[float, float]]
    words: dict[str, str]


@dataclass(frozen=True)
class TableDesign:
    """What a table that others made holds.

    Attributes:
        table, rows: its path and its length.
        levels: of each variable.
        samples: the values of what is searched; None in a table of measurements.
        seeds: how many there are; None where none is told.
        margin: how much worse than claimed an exponent may be.
    """

    table: str
    rows: int
    levels: dict[str, list[float]]
    samples: list[int] | None
    seeds: int | None
    margin: float

    def document(self) -> dict[str, Any]:
        """As JSON values, but for what the table does not tell."""
        return {name: value for name, value in asdict(self).items() if value is not None}


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
        design: of the trials, or what the table holds.
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
    design: TriedDesign | TableDesign
    trials: dict[str, int]
    plan_hash: str
    seconds: float
    artifacts: tuple[str, ...] = ()
    unwritten: tuple[str, ...] = ()
    estimated: str = "exponent"
    sensitivity: tuple[Variation, ...] = ()

    @property
    def tried(self) -> TriedDesign:
        """The design, of a verdict on trials; one on a table has none."""
        assert isinstance(self.design, TriedDesign)
        return self.design

    @property
    def derived(self) -> bool:
        """Whether exponents were derived from a bound, as of scaling laws, which have a margin."""
        return self.predictions[0].margin is not None

    def named(self, estimate: Estimate) -> str:
        """What an estimate is of, with its letter where exponents in several are estimated."""
        letters = {p.variable: p.letter for p in self.predictions}
        several = len(letters) > 1 and self.derived
        return estimate.name or self.estimated + f" in {letters[estimate.factor]}" * several

    def numbers(self, estimate: Estimate) -> tuple[str, str]:
        """An estimate and its interval: exponents with the decimals that the interval asks for, else three
        digits.
        """
        digits = estimate.interval.digits if self.derived else ".3g"
        return f"{estimate.value:{digits}}", f"{estimate.interval:{digits}}"

    def text(self, estimate: Estimate) -> str:
        """An estimate with its interval, as in `-0.80 [-0.88, -0.73]`."""
        return " ".join(self.numbers(estimate))

    def told(self, estimates: Sequence[Estimate]) -> str:
        """Estimates with their intervals, or that there are none."""
        return "; ".join(map(self.text, estimates)) or "no estimate"

    def allowed(self, prediction: Prediction) -> Interval | None:
        """The numbers that are allowed of what is estimated; None where the relation bounds none."""
        bounded = re.match(r"([<>])=?(?: (-?[\d.]+))?(?:,|$)", self.relation)
        if prediction.allowed is not None or not bounded:
            return prediction.allowed
        end = float(bounded[2]) if bounded[2] else prediction.exponent or 0.0
        return Interval(end, math.inf, 1.0) if bounded[1] == ">" else Interval(-math.inf, end, 1.0)

    @property
    def compared(self) -> tuple[tuple[Estimate | None, Prediction], ...]:
        """Each estimate that the verdict rests on beside what is claimed of it; None where there is none."""
        found = [e if math.isfinite(e.value) else None for e in self.judgement.estimates]
        estimates, predictions = found or [None], self.predictions
        repeated = predictions * len(estimates) if self.derived and len(predictions) == 1 else predictions
        return tuple(zip(estimates, repeated, strict=False))

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
            levels, (prediction,) = self.tried.levels, self.predictions
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
            "design": self.design.document(),
            "trials": self.trials,
            "plan_hash": self.plan_hash,
            "seconds": round(self.seconds, 3),
            "artifacts": list(self.artifacts),
        }
        if self.unwritten:
            found["unwritten"] = list(self.unwritten)
        if self.sensitivity:
            found["sensitivity"] = [asdict(variation) for variation in self.sensitivity]
        return {name: _finite(value) for name, value in found.items()}

    def _exponent(self, position: int, prediction: Prediction) -> dict[str, Any]:
        estimates = self.judgement.estimates
        estimate = estimates[position] if estimates else None
        interval = estimate.interval if estimate else Interval(-math.inf, math.inf)
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


def result_document(verdicts: Sequence[Verdict]) -> str:
    """The JSON document that `--json` prints and result.json holds."""
    claims = [verdict.document() for verdict in verdicts]
    return json.dumps({"theorycheck": __version__, "claims": claims}, indent=2)


def exit_status(verdicts: Sequence[Verdict]) -> int:
    """0 when every claim is SUPPORTED, 1 when some is REFUTED, else 3."""
    decisions = {verdict.judgement.decision for verdict in verdicts}
    return 1 if "REFUTED" in decisions else 3 if "INCONCLUSIVE" in decisions else 0
