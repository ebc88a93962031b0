"""What trials of memorisation measure. Loads no torch: the first batch that trains imports it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from theorycheck.empirical.function_response import Measurement
from theorycheck.empirical.parameters import Parameters, Shape
from theorycheck.empirical.response import Experiment
from theorycheck.empirical.trial import Trial

Measurements = Iterable[tuple[int, Measurement]]


class Setting(Parameters):
    """A layer of H heads, and its n context tokens of dimension d; queries and keys have dimension d_h."""

    H: Shape[int]
    n: Shape[int]
    d: Shape[int]
    d_h: Shape[int]


class TrainedSetting(Setting):
    """And T examples, on which all weights are trained by Adam.

    Attributes:
        eta: step size at the start; it falls to 0 as half a cosine.
        steps: of training on all examples.
        error: mean squared error up to which the examples, of variance 1, count as memorised.
    """

    T: Shape[int]
    eta: Shape[float]
    steps: Shape[int]
    error: float

    @property
    def trials_at_once(self) -> int:
        """As many as make a step's cost that of its products, and not that of its calls."""
        return 24

    def work(self, measurement: Measurement) -> float:
        """Products of a training."""
        return float(self.steps * self.T * self.H * (self.d * self.d_h + self.n * (self.d_h + self.d)))


frozen = Experiment(Setting, revision=1, words={"untested": "contexts that differ between examples"})
trained = Experiment(
    TrainedSetting,
    revision=1,
    words={"H": "attention heads", "untested": "other optimisers, and longer training"},
)


@frozen.response(
    "largest number of examples that the values fit exactly, with random queries and keys",
    value="memorised",
    measured="examples memorised",
)
def memorised_examples(trials: Sequence[Trial]) -> Measurements:
    """The capacity of a random layer for random examples, by `frozen.capacity`."""
    from theorycheck.empirical.mahdavi2024memorization.frozen import capacity

    for i, trial in enumerate(trials):
        s = Setting(**trial.parameters)
        found = capacity(np.random.default_rng(trial.own_seed), s.H, s.n, s.d, s.d_h)
        yield i, {"outcome": "success", "memorised": found}


@trained.response("success is a mean squared error of at most `error` on T random examples, after training")
def memorises(trials: Sequence[Trial]) -> Measurements:
    """Whether all weights can be trained to memorise T examples, by `training.errors`."""
    from theorycheck.empirical.mahdavi2024memorization.training import errors

    settings = [TrainedSetting(**trial.parameters) for trial in trials]
    left = errors(settings[0], [trial.own_seed for trial in trials])
    for i, (s, error) in enumerate(zip(settings, left, strict=True)):
        yield i, {"outcome": "success" if error <= s.error else "failure", "training_error": error}
