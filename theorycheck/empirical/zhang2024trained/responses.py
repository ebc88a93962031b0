"""What trials of linear attention in context measure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from pydantic import Field, model_validator

from theorycheck.empirical.function_response import Measurement
from theorycheck.empirical.parameters import Parameters
from theorycheck.empirical.response import Experiment
from theorycheck.empirical.trial import Trial
from theorycheck.empirical.zhang2024trained import REVISION


class Setting(Parameters):
    """Prompts, training and test of one trial."""

    n: int = Field(ge=1, description="examples of a prompt")
    d: int = Field(ge=1, description="dimension of a token")
    kappa: float = Field(
        1.0, ge=1, description="condition number of the covariance, whose largest value is 1"
    )
    B: int = Field(ge=0, description="fresh prompts of a step; 0: gradient descent on the risk itself")
    eta: float = Field(gt=0, description="step size; with fresh prompts it falls to 0 linearly")
    T: int = Field(ge=0, description="steps")
    start: float = Field(0.3, gt=0, description="size of the parameters at the start")
    test_size: int = Field(ge=2, description="fresh prompts of the test")

    @model_validator(mode="after")
    def _enough_examples(self) -> Setting:
        if self.n < self.d:
            raise ValueError(
                f"a prompt of n = {self.n} examples in d = {self.d} dimensions cannot be drawn by a Wishart"
                " matrix; choose n >= d"
            )
        return self


linear_attention = Experiment(
    Setting, revision=REVISION, words={"untested": "softmax attention, and several layers"}
)


@linear_attention.response(
    "mean squared error of trained linear attention over test_size fresh prompts; a training that diverges"
    " is no evidence",
    value="risk",
)
def in_context_risk(trials: Sequence[Trial]) -> Iterable[tuple[int, Measurement]]:
    """Train a layer and test it."""
    from theorycheck.empirical.zhang2024trained.prompts import draw, eigenvalues
    from theorycheck.empirical.zhang2024trained.training import trained

    for i, trial in enumerate(trials):
        s, rng = Setting(**trial.parameters), np.random.default_rng(trial.own_seed)
        layer = trained(s, rng)
        errors = layer.errors(draw(rng, s.test_size, s.n, eigenvalues(s.d, s.kappa)))
        risk = float(np.mean(errors**2))
        yield i, {"outcome": "success", "risk": risk} if np.isfinite(risk) else {"outcome": "unfitted"}
