"""What a function of a claim file says of itself: how many trials a call takes, and which files it reads."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from theorycheck.errors import ClaimError
from theorycheck.local_modules import folder_of_caller

Many = TypeVar("Many", bound=Callable[[Sequence[Mapping[str, Any]], Sequence[int]], Sequence[Any]])
F = TypeVar("F", bound=Callable[..., Any])


def batched(at_once: int, alike: Sequence[str] = ()) -> Callable[[Many], Many]:
    """Mark a function f(points, seeds) -> list as a response that carries out many trials in one call.

    It returns for each trial what a function f(point, seed) would, in their order. What a trial gives must
    not depend on the others of its call, which differ from run to run.

    Args:
        at_once: how many trials it wants at most.
        alike: letters in whose values all trials of a call agree, such as those that are array sizes.

    Raises:
        ClaimError: it wants no whole number of trials.

    Example:
        >>> @batched(64, alike=["n"])
        ... def ends(points, seeds):
        ...     return [point["n"] + seed % 2 for point, seed in zip(points, seeds)]
        >>> ends.at_once
        64
    """
    if not isinstance(at_once, int) or isinstance(at_once, bool) or at_once < 1:
        raise ClaimError(f"batched({at_once!r}) wants no number of trials; write @batched(64), say")
    letters = several("alike", alike)

    def marked(function: Many) -> Many:
        vars(function).update(takes_many=True, at_once=at_once, alike=letters)
        return function

    return marked


def several(name: str, values: Sequence[object]) -> tuple[str, ...]:
    """What an argument lists, as texts; one text is a slip.

    Raises:
        ClaimError: it is one.
    """
    if isinstance(values, str | Path):
        raise ClaimError(f"{name}={str(values)!r} is one text; write {name}=[{str(values)!r}]")
    return tuple(map(str, values))


def depends_on(*files: str | Path) -> Callable[[F], F]:
    """Name data files that a function reads, so that its trials are made anew when they change.

    Args:
        files: of the function; relative to the file that calls this.

    Raises:
        ClaimError: one of them is missing.
    """
    beside = folder_of_caller()
    inputs = tuple(Path(beside, file) for file in files)
    if missing := [path for path in inputs if not path.is_file()]:
        raise ClaimError(f"the input {missing[0]} is missing; name a file that is there")

    def marked(function: F) -> F:
        vars(function).update(inputs=inputs)
        return function

    return marked
