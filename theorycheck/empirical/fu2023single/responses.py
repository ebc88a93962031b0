"""What trials of random-feature layers measure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from pydantic import Field

from theorycheck.empirical.fu2023single import REVISION
from theorycheck.empirical.function_response import Measurement
from theorycheck.empirical.parameters import Data, Mark, Parameters, Shape
from theorycheck.empirical.response import Experiment
from theorycheck.empirical.trial import Trial


class Setting(Parameters):
    """A function of a query and its keys that does not depend on their order, and a layer that learns it."""

    layer: Shape[Literal["attention", "mlp"]] = Field(description="whose last weights are trained")
    target: Data[Literal["query", "keys"]] = Field(
        description="mean over keys of <x_0, x_i>^p <b, x_i>, or of <b, x_i>^p"
    )
    p: Data[int] = Field(ge=0, description="power in the target")
    keys: Data[Shape[int]] = Field(ge=1, description="number of keys")
    d: Data[Shape[int]] = Field(ge=1, description="size of the query, and of a key; both have norm 1")
    heads: Shape[int] = Field(ge=1, description="heads; the MLP has d + 1 neurons for each")
    n: Data[Shape[int]] = Field(ge=4, description="samples, of which a fifth chooses the ridge")
    test_size: Data[int] = Field(ge=1, description="fresh samples")

    def work(self, measurement: Measurement) -> float:
        """Features of all samples, and their kernel."""
        samples = self.n + self.test_size
        return float(samples * self.heads * self.keys * self.d**2 + samples * self.n * self.heads * self.d)


features = Experiment(Setting, revision=REVISION, words={"untested": "softmax attention"})


@features.response(
    "mean squared error on test_size fresh samples, in units of the target's variance", value="error"
)
def random_feature_error(trials: Sequence[Trial]) -> Iterable[tuple[int, Measurement]]:
    """As `regression.error`; both layers are given the same samples."""
    from theorycheck.empirical.fu2023single.regression import error

    for i, trial in enumerate(trials):
        data = int(trial.shared_key(Setting.marked(Mark.DATA))[:8], 16)
        found = error(Setting(**trial.parameters), data, trial.own_seed)
        yield i, {"outcome": "success", "error": found}
