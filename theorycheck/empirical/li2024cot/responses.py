"""What trials of votes among context examples measure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pydantic import Field, model_validator

from theorycheck.empirical.function_response import Measurement
from theorycheck.empirical.li2024cot import REVISION
from theorycheck.empirical.parameters import Parameters, Shape
from theorycheck.empirical.response import Experiment
from theorycheck.empirical.trial import Trial


class Setting(Parameters):
    """Context examples that take noisy steps from pattern to pattern, in the letters of the theorem."""

    alpha: float = Field(gt=0, le=1, description="share of examples that begin with the query's pattern")
    tau: float = Field(
        gt=0, le=1, description="primacy of a step: probability of the right next pattern, less the next best"
    )
    rho: float = Field(gt=0, le=1, description="probability of an example's most probable trajectory")
    K: Shape[int] = Field(ge=1, description="steps")
    patterns: Shape[int] = Field(ge=3, description="of every step")
    l_ts: float = Field(ge=1, description="context examples")

    @property
    def right(self) -> float:
        """Probability of the right next pattern: rho^(1/K)."""
        return float(self.rho ** (1 / self.K))

    @property
    def trials_at_once(self) -> int:
        """Many, as a trial takes less than its way to a worker."""
        return 500

    @model_validator(mode="after")
    def _is_a_distribution(self) -> Setting:
        rest = 1 - 2 * self.right + self.tau
        if self.right < self.tau or rest < -1e-12:
            raise ValueError(
                f"the right step has the probability rho^(1/K) = {self.right:.3g}, the next best"
                f" {self.tau:.3g} less; both must be at least 0, and at most 1 together"
            )
        if rest / (self.patterns - 2) > self.right - self.tau + 1e-12:
            raise ValueError(
                f"{self.patterns - 2} other patterns would be likelier than the next best; name more patterns"
            )
        return self


votes = Experiment(Setting, revision=REVISION, words={"l_ts": "context examples", "untested": "training"})


@votes.response("success is that the most frequent next pattern is the right one at each of the K steps")
def chain_of_votes(trials: Sequence[Trial]) -> Iterable[tuple[int, Measurement]]:
    """As `vote.succeeds`."""
    from theorycheck.empirical.li2024cot.vote import succeeds

    for i, trial in enumerate(trials):
        right = succeeds(Setting(**trial.parameters), trial.own_seed)
        yield i, {"outcome": "success" if right else "failure"}
