"""What trials of random feature maps measure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from pydantic import Field

from theorycheck.empirical.bombari2024word import REVISION
from theorycheck.empirical.function_response import Measurement
from theorycheck.empirical.parameters import Parameters, Shape
from theorycheck.empirical.response import Experiment
from theorycheck.empirical.trial import Trial


class Setting(Parameters):
    """A text of n words, embeddings of norm sqrt(d), a random map of it, and the search for a change."""

    features: Shape[Literal["random", "attention"]] = Field(
        description="ReLU(V flat(X)), or softmax(X W X^T / sqrt(d)) X"
    )
    n: Shape[int] = Field(ge=1, description="words")
    d: Shape[int] = Field(ge=1, description="size of an embedding")
    k: Shape[int] = Field(1, ge=1, description="random features; attention has n d of them")
    steps: int = Field(ge=1, description="of the gradient ascent on the change of one word")
    step: float = Field(0.1, gt=0, description="its length, in units of sqrt(d), the largest change's norm")
    starts: int = Field(1, ge=1, description="random changes that the ascent starts at; the best counts")

    def work(self, measurement: Measurement) -> float:
        """Steps times numbers of the larger matrix that a step multiplies."""
        size = self.k * self.d if self.features == "random" else self.d**2 + 3 * self.n**2 * self.d
        return float(self.starts * self.steps * size)


maps = Experiment(Setting, revision=REVISION, words={"untested": "embeddings of natural language"})


@maps.response(
    "largest relative change of the feature map that gradient ascent on one word's embedding finds",
    value="sensitivity",
    measured="word sensitivity",
)
def word_sensitivity(trials: Sequence[Trial]) -> Iterable[tuple[int, Measurement]]:
    """As `sensitivity`."""
    from theorycheck.empirical.bombari2024word.search import sensitivity

    for i, trial in enumerate(trials):
        found = sensitivity(Setting(**trial.parameters), trial.own_seed)
        yield i, {"outcome": "success", "sensitivity": found}
