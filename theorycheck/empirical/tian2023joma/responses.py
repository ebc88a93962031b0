"""What trials of jointly trained attention and linear layer measure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from pydantic import Field

from theorycheck.empirical.function_response import Measurement
from theorycheck.empirical.parameters import Parameters, Shape
from theorycheck.empirical.response import Experiment
from theorycheck.empirical.tian2023joma import REVISION
from theorycheck.empirical.trial import Trial


class Setting(Parameters):
    """Classes of endless sequences that are told apart by their contextual tokens."""

    attention: Shape[Literal["softmax", "exponential"]] = Field(
        description="softmax over the tokens, or their exponentials without a normaliser"
    )
    tokens: Literal["gaussian", "random"] = Field(
        description="frequencies of the distinct tokens: a Gaussian bump that moves with the class, or random"
    )
    distinct: Shape[int] = Field(ge=2, description="tokens whose frequencies the class decides")
    common: Shape[int] = Field(ge=0, description="tokens whose frequencies are random in both kinds")
    K: Shape[int] = Field(ge=2, description="classes")
    T: float = Field(gt=0, description="temperature of the attention")
    eta: float = Field(gt=0, description="step size of gradient descent on the cross entropy")
    scale: float = Field(0.01, gt=0, description="standard deviation of all weights at the start")
    t: Shape[int] = Field(ge=1, description="steps")

    def work(self, measurement: Measurement) -> float:
        """Weights that are updated."""
        return float(self.t * self.K * (self.distinct + self.common))


joint = Experiment(Setting, revision=REVISION, words={"untested": "hidden layers that are not linear"})


@joint.response(
    "correlation over tokens of the attention logits with what the weights of the linear layer say of them",
    value="correlation",
)
def joint_invariant(trials: Sequence[Trial]) -> Iterable[tuple[int, Measurement]]:
    """As `training.correlation`."""
    from theorycheck.empirical.tian2023joma.training import correlation

    for i, trial in enumerate(trials):
        found = correlation(Setting(**trial.parameters), trial.own_seed)
        yield i, {"outcome": "success", "correlation": found}
