"""What trials of one attention layer and its decoder measure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field, model_validator

from theorycheck.empirical.function_response import Measurement
from theorycheck.empirical.parameters import Parameters, Shape
from theorycheck.empirical.response import Experiment
from theorycheck.empirical.tian2023scan import REVISION
from theorycheck.empirical.trial import Trial

if TYPE_CHECKING:
    from theorycheck.empirical.tian2023scan.training import Trained

Measurements = Iterable[tuple[int, Measurement]]


class Setting(Parameters):
    """Classes of endless sequences, one for each next token, and the two step sizes."""

    M: Shape[int] = Field(ge=3, description="tokens of the vocabulary")
    K: Shape[int] = Field(ge=2, description="classes of sequences, each with a last and a next token")
    distinct: Shape[int] = Field(ge=2, description="tokens that occur in one class alone, of each class")
    common: Shape[int] = Field(ge=1, description="tokens that occur in all classes")
    shared: float = Field(ge=0, lt=1, description="probability of the common tokens together")
    eta_Y: float = Field(gt=0, description="step size of the decoder")
    eta_Z: float = Field(ge=0, description="step size of the attention logits")
    s: Shape[int] = Field(ge=1, description="updates by each class, of batches of one")

    @model_validator(mode="after")
    def _tokens_suffice(self) -> Setting:
        if (needed := self.K * self.distinct + self.common) > self.M:
            raise ValueError(f"K distinct + common = {needed} must not exceed M = {self.M}")
        return self

    def work(self, measurement: Measurement) -> float:
        """Numbers of the decoder that are updated."""
        return float(self.s * self.K * self.M**2)


layer = Experiment(Setting, revision=REVISION, words={"untested": "sequences of finite length"})


def _measured(trials: Sequence[Trial], of: Callable[[Trained], np.ndarray]) -> Measurements:
    """The mean over classes, of each trial."""
    from theorycheck.empirical.tian2023scan.training import train

    settings, seeds = [Setting(**t.parameters) for t in trials], [t.own_seed for t in trials]
    for i, trained in enumerate(train(settings, seeds)):
        yield i, {"outcome": "success", "mean": float(of(trained).mean())}


@layer.response("logit of the next token less the mean of the others, mean over classes", value="mean")
def decoder_margin(trials: Sequence[Trial]) -> Measurements:
    """As `Trained.margins`."""
    return _measured(trials, lambda trained: trained.margins)


@layer.response(
    "growth of the attention logit of the most frequent distinct token, mean over classes", value="mean"
)
def attention_growth(trials: Sequence[Trial]) -> Measurements:
    """As `Trained.growth`."""
    return _measured(trials, lambda trained: trained.growth)


@layer.response(
    "log r(t)/r(0), of the relative gain of the most over the least frequent distinct token, in units of"
    " 2 (z(t) - z(0)), mean over classes",
    value="mean",
)
def relative_gain_exponent(trials: Sequence[Trial]) -> Measurements:
    """As `Trained.gain_exponents`."""
    return _measured(trials, lambda trained: trained.gain_exponents)
