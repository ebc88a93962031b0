"""What trials of models edited by task vectors measure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from pydantic import Field, model_validator

from theorycheck.empirical.function_response import Measurement
from theorycheck.empirical.li2025taskvectors import REVISION
from theorycheck.empirical.parameters import Parameters, Shape
from theorycheck.empirical.response import Experiment
from theorycheck.empirical.trial import Trial


class Setting(Parameters):
    """Two binary tasks, each told by a pattern of its own, and the sum of their task vectors."""

    alpha: float = Field(ge=-1, le=1, description="inner product of the two tasks' patterns")
    by: Shape[Literal["theorem", "training"]] = Field(
        description="whose share of the second task vector is told that can be left out"
    )
    d: Shape[int] = Field(ge=3, description="size of a token")
    irrelevant: Shape[int] = Field(ge=1, description="patterns that tell nothing, orthogonal to all others")
    L: Shape[int] = Field(ge=2, description="tokens of a sample")
    relevant: Shape[int] = Field(ge=1, description="tokens of the label's sign")
    opposite: Shape[int] = Field(ge=0, description="tokens of the other sign")
    noise: float = Field(ge=0, description="norm of what is added to a token")
    m: Shape[int] = Field(ge=2, description="neurons")
    scale: float = Field(gt=0, description="standard deviation of the values at the start")
    N: Shape[int] = Field(ge=1, description="training samples of a task")
    eta: float = Field(gt=0, description="step size")
    T: Shape[int] = Field(ge=1, description="steps of full-batch gradient descent on the hinge loss")
    test_size: Shape[int] = Field(ge=1, description="fresh samples of a task")
    tolerance: float = Field(gt=0, description="largest mean hinge loss that counts as learned")

    @model_validator(mode="after")
    def _patterns_and_tokens_fit(self) -> Setting:
        if self.irrelevant + 2 > self.d:
            raise ValueError(f"{self.irrelevant + 2} patterns need as many dimensions, got d = {self.d}")
        if self.relevant + self.opposite > self.L:
            raise ValueError(f"relevant + opposite must not exceed L = {self.L}")
        return self

    def work(self, measurement: Measurement) -> float:
        """Numbers of two trainings."""
        numbers = 2 * self.T * self.N * self.L * self.d * (self.m + self.d + self.L)
        return float(numbers if self.by == "training" else 0)


editing = Experiment(Setting, revision=REVISION, words={"untested": "deep models"})


@editing.response(
    "largest share 1 - lambda of the second task vector that can be left out, so that the edited model has a"
    " hinge loss of at most the tolerance on both tasks; no evidence where a task's own model has more",
    value="left_out",
)
def share_left_out(trials: Sequence[Trial]) -> Iterable[tuple[int, Measurement]]:
    """By the theorem alpha, with beta = 0; by training as `editing.left_out`."""
    from theorycheck.empirical.li2025taskvectors.editing import left_out

    for i, trial in enumerate(trials):
        s = Setting(**trial.parameters)
        share = s.alpha if s.by == "theorem" else left_out(s, trial.own_seed)
        found = {} if share is None else {"left_out": share}
        yield i, {"outcome": "unfitted" if share is None else "success", "left_out": None, **found}
