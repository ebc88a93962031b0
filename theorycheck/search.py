"""A search: the letter whose threshold a design looks for, and the values among which it does."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, field_validator
from sympy import Symbol

from theorycheck.fields import Frozen, Name, numbers

FEWEST_VALUES = 3  # below, at and above a threshold
LARGEST_SAMPLE = 2**53  # beyond it a float no longer distinguishes neighbouring integers


class Search(Frozen):
    """What is searched: `Search(N, (4, 8, 16, 32))` looks for the N at which half of the trials succeed.

    Attributes:
        letter: whose threshold is sought, by its name; a column of the table of trials.
        values: that may be tried, at least three, in increasing order.
    """

    letter: Name
    values: Annotated[tuple[int | float, ...], BeforeValidator(numbers)]

    def __init__(self, letter: Symbol | str, values: Any) -> None:
        BaseModel.__init__(self, letter=letter, values=values)  # by position as well

    @field_validator("values")
    @classmethod
    def _can_be_searched(cls, values: tuple[int | float, ...]) -> tuple[int | float, ...]:
        if len(values) < FEWEST_VALUES or min(values) <= 0:
            raise ValueError(
                f"a threshold needs at least {FEWEST_VALUES} different sample sizes N, all positive, got"
                f" {values}"
            )
        if max(values) > LARGEST_SAMPLE:
            raise ValueError(f"samples must be at most 2^53, got {max(values):.3g}; name smaller ones")
        return tuple(sorted(values))
