"""What trials of attention that selects tokens measure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from theorycheck.empirical.function_response import Measurement
from theorycheck.empirical.parameters import Data, Mark, Parameters, Shape
from theorycheck.empirical.response import Experiment
from theorycheck.empirical.tarzanagh2023maxmargin import REVISION
from theorycheck.empirical.trial import Trial


class Setting(Parameters):
    """Inputs and training of one trial; trials that differ in the optimizer alone share their inputs."""

    log_t: Shape[Data[float]] = Field(ge=0, le=16, description="logarithm of the number of steps")
    n: Shape[Data[int]] = Field(ge=1, description="inputs")
    T: Shape[Data[int]] = Field(ge=2, description="tokens of an input")
    d: Shape[Data[int]] = Field(ge=2, description="dimension of a token")
    scores: Shape[Data[Literal["random", "equal"]]] = Field(description="of the tokens that are not the best")
    optimizer: Shape[Literal["plain", "normalized"]] = Field(description="gradient descent")
    eta: Shape[float] = Field(gt=0, description="step size of plain gradient descent")
    eta_normalized: Shape[float] = Field(0.1, gt=0, description="length of a step of the normalized one")

    @model_validator(mode="after")
    def _separable(self) -> Setting:
        if self.n * (self.T - 1) >= self.d**2:
            raise ValueError(
                f"{self.n * (self.T - 1)} tokens are to be separated by d^2 = {self.d**2} weights, which may"
                " be impossible; choose n (T - 1) < d^2"
            )
        return self

    @property
    def trials_at_once(self) -> int:
        """As many as a design makes: a step of 64 sets takes hardly longer than one of 8."""
        return 64


selection = Experiment(Setting, revision=REVISION, words={"untested": "keys and queries trained apart"})


@selection.response(
    "distance of the direction of attention weights after t steps from that of the max-margin solution",
    value="distance",
)
def max_margin_distance(trials: Sequence[Trial]) -> Iterable[tuple[int, Measurement]]:
    """Of trials that share their shape."""
    from theorycheck.empirical.tarzanagh2023maxmargin.descent import descended, direction
    from theorycheck.empirical.tarzanagh2023maxmargin.inputs import draw, max_margin

    s, names = Setting(**trials[0].parameters), Setting.marked(Mark.DATA)
    seeds = [int(trial.shared_key(names), 16) for trial in trials]
    sets = [draw(np.random.default_rng(seed), s.n, s.T, s.d, s.scores) for seed in seeds]
    normalized = s.optimizer == "normalized"
    W = descended(sets, round(np.exp(s.log_t)), s.eta_normalized if normalized else s.eta, normalized)
    limits = direction(np.array([max_margin(inputs) for inputs in sets]))
    for i, away in enumerate(np.linalg.norm(direction(W) - limits, axis=-1)):
        yield i, {"outcome": "success", "distance": float(away)}
