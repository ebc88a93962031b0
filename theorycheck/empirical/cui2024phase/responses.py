"""What trials of the positional and the semantic solution measure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from theorycheck.empirical.cui2024phase.training import descend, draw
from theorycheck.empirical.function_response import Measurement
from theorycheck.empirical.parameters import Parameters, Shape
from theorycheck.empirical.response import Experiment
from theorycheck.empirical.trial import Trial

Measurements = Iterable[tuple[int, Measurement]]


class Setting(Parameters):
    """Tokens of dimension d.

    Attributes:
        alpha: n / d, for n samples of two tokens.
        N: n as well, where it is searched.
        omega: weight of positions in the target.
        steps: of gradient descent.
    """

    d: Shape[int]
    alpha: float
    omega: float
    steps: Shape[int]
    N: int | None = None

    def work(self, measurement: Measurement) -> float:
        """Products of a training."""
        return self.steps * self.d**2 * self.alpha


phases = Experiment(Setting, revision=2, words={"untested": "other noise, longer sequences, higher ranks"})


def _trained(trials: Sequence[Trial]) -> Measurements:
    for i, trial in enumerate(trials):
        s = Setting(**trial.parameters)
        problem = draw(np.random.default_rng(trial.own_seed), s.d, round(s.alpha * s.d), s.omega)
        Q, losses = descend(problem, s.steps)
        yield (
            i,
            {
                "outcome": "success" if losses[1] < losses[0] else "failure",
                "positional": float(abs(Q[:, 0].sum()) / s.d),
                "semantic": float(abs(problem.direction @ Q[:, 1]) / s.d),
                "advantage": float(losses[0] - losses[1]) / s.d,
            },
        )


@phases.response("success is a lower training loss from the semantic start than from the positional one")
def semantic_wins(trials: Sequence[Trial]) -> Measurements:
    """Which of the two informed starts ends lower."""
    return _trained(trials)


@phases.response("|sum of Q| / d after training from the positional start", value="positional")
def positional_overlap(trials: Sequence[Trial]) -> Measurements:
    """m, how far the student attends by position."""
    return ((i, {**found, "outcome": "success"}) for i, found in _trained(trials))


@phases.response("|Q* . Q| / d after training from the semantic start", value="semantic")
def semantic_overlap(trials: Sequence[Trial]) -> Measurements:
    """theta, how far the student attends by meaning."""
    return ((i, {**found, "outcome": "success"}) for i, found in _trained(trials))
