"""What trials of softmax attention in context measure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from pydantic import Field

from theorycheck.empirical.cui2024superiority import REVISION
from theorycheck.empirical.function_response import Measurement
from theorycheck.empirical.parameters import Parameters
from theorycheck.empirical.response import Experiment
from theorycheck.empirical.trial import Trial

TOGETHER = 500  # prompts of a test that are drawn at once, as those of long ones need memory


class Setting(Parameters):
    """Prompts, heads and training of one trial."""

    D: int = Field(ge=1, description="examples of a prompt")
    d: int = Field(ge=1, description="dimension of a token")
    heads: int = Field(ge=1, description="of softmax attention, each with a temperature and a weight")
    B: int = Field(ge=1, description="fresh prompts of a step")
    T: int = Field(ge=0, description="steps")
    eta: float = Field(gt=0, description="step size of Adam, which falls to 0 linearly")
    start: float = Field(0.2, gt=0, description="size of temperatures and weights at the start")
    test_size: int = Field(ge=TOGETHER, description="fresh prompts of the test")


softmax_attention = Experiment(
    Setting, revision=REVISION, words={"untested": "noise in the labels, and keys that are not isotropic"}
)


@softmax_attention.response(
    "mean squared error of trained softmax attention over test_size fresh prompts", value="risk"
)
def softmax_in_context_risk(trials: Sequence[Trial]) -> Iterable[tuple[int, Measurement]]:
    """Train the heads and test them."""
    from theorycheck.empirical.cui2024superiority.heads import draw, risk, trained

    for i, trial in enumerate(trials):
        s, rng = Setting(**trial.parameters), np.random.default_rng(trial.own_seed)
        heads = trained(s, rng)
        tests = [risk(draw(rng, TOGETHER, s.D, s.d), *heads) for _ in range(s.test_size // TOGETHER)]
        yield i, {"outcome": "success", "risk": float(np.mean(tests))}
