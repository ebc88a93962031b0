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
    """And all weights are trained, by Adam.

    Attributes:
        examples_a_head: the most that are tried.
        eta: step size at the start; it falls to 0 as half a cosine.
        steps: of training on all examples.
        error: mean squared error up to which the examples, of variance 1, count as memorised.
    """

    examples_a_head: Shape[int]
    eta: Shape[float]
    steps: Shape[int]
    error: float

    @property
    def trials_at_once(self) -> int:
        """As many as make a step cost its products, and not its calls, and leave work for other processes."""
        return 8

    def work(self, measurement: Measurement) -> float:
        """Products of the trainings of one bisection, up to a factor."""
        return float(self.steps * self.H**2 * (self.d * self.d_h + self.n * (self.d_h + self.d)))


frozen = Experiment(Setting, revision=1, words={"untested": "contexts that differ between examples"})
trained = Experiment(
    TrainedSetting,
    revision=3,
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


@trained.response(
    "largest number of random examples on which training ends with a mean squared error of at most `error`",
    value="memorised",
    measured="examples memorised",
)
def trained_capacity(trials: Sequence[Trial]) -> Measurements:
    """What all weights can be trained to memorise, by `training.memorised`."""
    from theorycheck.empirical.mahdavi2024memorization.training import memorised

    (setting, *_) = [TrainedSetting(**trial.parameters) for trial in trials]
    for i, found in enumerate(memorised(setting, [trial.own_seed for trial in trials])):
        yield i, {"outcome": "success", "memorised": found}
