"""What trials of the reduced flow measure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import log

import numpy as np

from theorycheck.empirical.function_response import Measurement
from theorycheck.empirical.parameters import Parameters
from theorycheck.empirical.response import Experiment
from theorycheck.empirical.trial import Trial

Measurements = Iterable[tuple[int, Measurement]]


class Started(Parameters):
    """A start (e0, w0), and the time of the flow; p and q are drawn, uniform on [0.1, 0.9].

    Attributes:
        decay: of weights.
    """

    e0: float
    w0: float
    time: float
    decay: float = 0.0


class Switching(Parameters):
    """A chain with switching probabilities, and the time of a flow; its start is drawn.

    Attributes:
        lowest, highest: between which w is drawn at the start; e is drawn between 0.3 and 1.
        decay: of weights.
    """

    p: float
    q: float
    time: float
    lowest: float
    highest: float
    decay: float = 0.0


UNTESTED = {"untested": "steps that are not small, and the transformer that the flow is a reduction of"}
started = Experiment(Started, revision=1, words=UNTESTED)
switching = Experiment(Switching, revision=1, words=UNTESTED)


@started.response("e^2 - w^2 - sign(w) log|w| at the end of the flow", value="invariant")
def markov_flow_invariant(trials: Sequence[Trial]) -> Measurements:
    """The quantity that the flow should keep, and how far the flow went."""
    from theorycheck.empirical.makkuva2024attention.flow import end

    for i, trial in enumerate(trials):
        s = Started(**trial.parameters)
        p, q = np.random.default_rng(trial.own_seed).uniform(0.1, 0.9, 2)
        e, w = end(s.e0, s.w0, float(p), float(q), s.time, s.decay)
        kept = e**2 - w**2 - np.sign(w) * log(abs(w))
        moved = float(np.hypot(e - s.e0, w - s.w0))
        yield i, {"outcome": "success", "invariant": float(kept), "moved": moved}


@switching.response("loss of the reduced transformer at the end of the flow, in nats", value="loss")
def markov_flow_loss(trials: Sequence[Trial]) -> Measurements:
    """The loss in which the flow ends from a random start."""
    from theorycheck.empirical.makkuva2024attention.flow import end, population_loss

    for i, trial in enumerate(trials):
        s, rng = Switching(**trial.parameters), np.random.default_rng(trial.own_seed)
        start = rng.uniform(0.3, 1), rng.uniform(s.lowest, s.highest)
        e, w = end(float(start[0]), float(start[1]), s.p, s.q, s.time, s.decay)
        yield i, {"outcome": "success", "loss": population_loss(e, w, s.p, s.q)}
