"""The best over a grid, such as of learning rates, as a response: published results often are so."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from theorycheck.code import name_of, summary_of
from theorycheck.empirical.returned import Outcome, measurement
from theorycheck.errors import ClaimError
from theorycheck.fields import name_of as letter_of
from theorycheck.fingerprint import Function

MOST_CHOICES = 1000  # of a grid; with more it is taken for a mistake


@dataclass(frozen=True)
class BestOf:
    """A response that calls another at every choice of a grid, and returns the best; see `best_of`."""

    response: Function
    over: Mapping[str, tuple[Any, ...]]
    lowest: bool

    @property
    def __name__(self) -> str:
        """The name of what is called."""
        return f"best_of_{name_of(self.response)}"

    @property
    def meaning(self) -> str:
        """What is best, and over what, for reports."""
        grid = "; ".join(f"{name} = {', '.join(map(str, values))}" for name, values in self.over.items())
        what = summary_of(self.response) or name_of(self.response)
        return f"{what}, the {'lowest' if self.lowest else 'highest'} over {grid}"

    def __call__(self, point: Mapping[str, Any], seed: int) -> Outcome:
        """The best outcome, with the steps that all choices took together."""
        found = [(choice, self._called({**point, **choice}, seed)) for choice in self._choices()]
        steps = float(sum(result.get("steps_taken") or 1.0 for _, result in found))
        judged = [(choice, result) for choice, result in found if result["outcome"] != "unfitted"]
        if not judged:
            return Outcome("unfitted", {"steps_taken": steps})
        choice, best = min(judged, key=lambda both: self._rank(both[1]))
        more = {name: value for name, value in best.items() if name != "outcome"}
        chosen = {f"best_{name}": value for name, value in choice.items() if isinstance(value, int | float)}
        return Outcome(best["outcome"], {**more, **chosen, "steps_taken": steps})

    def _choices(self) -> Iterator[dict[str, Any]]:
        for values in product(*self.over.values()):
            yield dict(zip(self.over, values, strict=True))

    def _called(self, point: Mapping[str, Any], seed: int) -> Mapping[str, Any]:
        result = measurement(self.response(point, seed), name_of(self.response))
        if isinstance(result.get("value"), list):
            raise ClaimError(f"{name_of(self.response)} returned a list over t, of which none is the best")
        return result

    def _rank(self, result: Mapping[str, Any]) -> float:
        """Lower is better: the value, or failure after success where a threshold is searched."""
        if "value" not in result:
            return float(result["outcome"] != "success")
        value = float(result["value"])
        return math.inf if math.isnan(value) else value if self.lowest else -value


def best_of(response: Function, over: Mapping[Any, Sequence[Any]], lowest: bool = True) -> BestOf:
    """A response that is the best of another one over a grid.

    Every choice is tried with the trial's own seed, so that all see the same data, and its cost counts: the
    steps taken are those of all. Where a threshold is searched, a trial succeeds if it does by any choice.
    The best is chosen by the value that is reported, as in published results, which favours large grids.

    Args:
        response: a function f(point, seed) that returns a number, True or False, a mapping, or None.
        over: values by letter or name; all combinations are tried.
        lowest: whether the lowest value is the best, as of a loss.

    Raises:
        ClaimError: there is no grid, or the response takes many trials in a call.

    Example:
        >>> def loss(point, seed):
        ...     return (point["eta"] - 0.3) ** 2 + 0.1
        >>> best_of(loss, over={"eta": (0.1, 0.25, 1)})({}, 0).more["best_eta"]
        0.25
    """
    if not callable(response) or hasattr(response, "takes_many"):
        raise ClaimError(
            f"best_of takes a function f(point, seed), got {name_of(response)}; write one that calls it"
        )
    grid = {letter_of(name): values for name, values in dict(over).items()}
    for name, values in grid.items():
        if isinstance(values, str) or not isinstance(values, Sequence) or not values:
            raise ClaimError(f"best_of: {name} needs a list of values to try, got {values!r:.100}")
    if not grid or math.prod(map(len, grid.values())) > MOST_CHOICES:
        raise ClaimError(f"best_of tries 1 to {MOST_CHOICES} choices; name values, as over={{eta: (0.1, 1)}}")
    return BestOf(response, {name: tuple(values) for name, values in grid.items()}, lowest)
