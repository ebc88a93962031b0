"""What trials with even pairs measure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from theorycheck.empirical.function_response import Measurement
from theorycheck.empirical.huang2025regular import REVISION
from theorycheck.empirical.parameters import Parameters, Shape
from theorycheck.empirical.response import Experiment
from theorycheck.empirical.trial import Trial

if TYPE_CHECKING:
    from theorycheck.empirical.huang2025regular.descent import Layers, LogisticLoss


class Setting(Parameters):
    """Language and training of one trial."""

    t: Shape[int] = Field(ge=1, description="steps of gradient descent on the loss of all sequences")
    L: Shape[int] = Field(ge=2, le=8, description="length of the longest sequence")
    eta: Shape[float] = Field(gt=0, description="step size")
    start: Shape[float] = Field(ge=0, description="standard deviation of all weights at the start")

    @property
    def trials_at_once(self) -> int:
        """As many as a design makes: a step of 16 starts takes hardly longer than one of 8."""
        return 32


languages = Experiment(Setting, revision=REVISION, words={"untested": "sequences longer than those trained"})


@languages.response("logistic loss of all sequences after t steps", value="loss")
def even_pairs_loss(trials: Sequence[Trial]) -> Iterable[tuple[int, Measurement]]:
    """Of trials that share their shape."""
    loss, _, after = _trained(trials)
    yield from _named("loss", loss.value(after))


@languages.response("norm of the weights of the linear layer after t steps", value="norm")
def even_pairs_linear_norm(trials: Sequence[Trial]) -> Iterable[tuple[int, Measurement]]:
    """Of trials that share their shape."""
    _, _, after = _trained(trials)
    yield from _named("norm", np.linalg.norm(after.u, axis=-1))


@languages.response(
    "relative growth of the norm of the weights of attention from t to 2 t steps", value="growth"
)
def even_pairs_attention_growth(trials: Sequence[Trial]) -> Iterable[tuple[int, Measurement]]:
    """Of trials that share their shape."""
    from theorycheck.empirical.huang2025regular.descent import descended

    loss, s, after = _trained(trials)
    at_t, at_2t = (np.linalg.norm(x.W, axis=(1, 2)) for x in (after, descended(loss, after, s.t, s.eta)))
    yield from _named("growth", at_2t / at_t - 1)


def _trained(trials: Sequence[Trial]) -> tuple[LogisticLoss, Setting, Layers]:
    from theorycheck.empirical.huang2025regular.descent import Layers, LogisticLoss, descended
    from theorycheck.empirical.huang2025regular.language import even_pairs

    s, loss = Setting(**trials[0].parameters), LogisticLoss(even_pairs(trials[0].parameters["L"]))
    draws = [
        np.random.default_rng(trial.own_seed).standard_normal((2 * s.L + 1, 2 * s.L)) for trial in trials
    ]
    first = s.start * np.array(draws)
    return loss, s, descended(loss, Layers(first[:, :-1], first[:, -1]), s.t, s.eta)


def _named(name: str, values: np.ndarray) -> Iterator[tuple[int, Measurement]]:
    return ((i, {"outcome": "success", name: float(value)}) for i, value in enumerate(values))
