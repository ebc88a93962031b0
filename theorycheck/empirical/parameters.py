"""What determines a trial of an experiment: the base of its setting, whose fields tell what they decide."""

from collections.abc import Mapping
from enum import Enum
from functools import cache
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict

TRIALS_AT_ONCE = 8  # that a worker is given, where nothing speaks for more or fewer
T = TypeVar("T")


class Mark(Enum):
    """What a parameter decides."""

    SHAPE = "trials of one batch share it"
    DATA = "trials that share all of these share their random data"


Shape = Annotated[T, Mark.SHAPE]
Data = Annotated[T, Mark.DATA]


class Parameters(BaseModel):
    """The values that, with a seed, determine the result of a trial; an experiment's setting adds the fields.

    Example:
        >>> class Walk(Parameters):
        ...     steps: Shape[Data[int]]
        ...     rate: float
        >>> Walk.marked(Mark.SHAPE), Walk(steps=3, rate=0.1).shape
        (('steps',), (3,))
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    @cache
    def marked(cls, mark: Mark) -> tuple[str, ...]:
        """The names of the fields with a mark."""
        return tuple(name for name, field in cls.model_fields.items() if mark in field.metadata)

    @property
    def shape(self) -> tuple[Any, ...]:
        """The values that trials of one batch share."""
        return tuple(getattr(self, name) for name in self.marked(Mark.SHAPE))

    @property
    def trials_at_once(self) -> int:
        """How many trials of this shape a batch should have."""
        return TRIALS_AT_ONCE

    def shape_on(self, device: str) -> tuple[Any, ...]:
        """What trials of one batch share on a device; by default on every one the same."""
        return self.shape

    def trials_at_once_on(self, device: str) -> int:
        """How many trials of this shape a batch should have on a device; by default as many on every one."""
        return self.trials_at_once

    def work(self, measurement: Mapping[str, Any]) -> float:
        """What a trial with this measurement took, in any unit that is the same on every machine."""
        return 1.0
