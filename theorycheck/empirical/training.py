"""The training of any torch.nn.Module as a response. Loads torch when the first batch runs."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from numbers import Real
from typing import TYPE_CHECKING, Any

from theorycheck.code import summary_of
from theorycheck.design import RESERVED, Point
from theorycheck.empirical.marks import several
from theorycheck.empirical.returned import Outcome
from theorycheck.errors import ClaimError, DesignError

if TYPE_CHECKING:
    import torch
    from torch import Tensor
    from torch.nn import Module, Parameter
    from torch.optim import Optimizer

REVISION = 1  # raise it whenever a training would give another result, beyond rounding
Measure = Callable[["Module", "Tensor", "Tensor"], Any]
_OWN_NAMES = {"t", "steps_taken"}  # in what a trial measures
STEPS = "steps"  # what `value` says where the steps taken are what is measured


@dataclass(frozen=True)
class Training:
    """Trains a module on each trial's own data, many trials at once, and measures what became of it.

    Trials whose modules and data have equal shapes train together, their parameters stacked
    (torch.func.functional_call, vmap); their numbers of samples may differ where mini-batches divide them.
    The result of a trial does not depend on its company, to the last bit on equal machines. What cannot be
    stacked trains one at a time, and the verdict says why: modules with dropout, batch statistics or other
    state that a forward pass changes, and optimizers that mix the elements of a parameter.

    Attributes:
        model: f(point), makes a module; its initial values come from torch's generator, which is seeded.
        data: f(point, generator), draws the trial's data from a torch.Generator: inputs and targets, samples
            first, for training; or two such pairs, for training and test.
        loss: f(outputs, targets), mean loss of a mini-batch, a scalar, as in torch.nn.functional.
        optimizer: f(parameters, point), such as `lambda p, point: torch.optim.SGD(p, lr=point["eta"])`.
        steps: most steps of a trial, or f(point).
        success: f(model, inputs, targets), whether the trained module succeeds on the test data (on the
            training data where there are no others), where a threshold is searched; called without gradients,
            the module as by `eval()`, as are value and watch.
        value: f(model, inputs, targets), what is measured there, a number, or a mapping of numbers with a
            "value"; or "steps", those taken until `stop`.
        stop: the mean training loss over an epoch at or below which a trial is done. Without it all steps are
            taken; with it, a trial that does not get there is no evidence, and its steps are a lower bound.
        batch: samples of a mini-batch, or f(point); by default all. Each epoch is a new permutation.
        schedule: f(optimizer, point), a learning-rate schedule of torch.optim.lr_scheduler, one step a step.
        clip: largest norm of a trial's gradient (torch.nn.utils.clip_grad_norm_).
        watch: functions as `value`, by name, whose values are recorded along the training, at steps of about
            equal ratios; "value" among them is what a Limit is about. Instead of success and value.
        at_once: how many trials are trained together, at most.
        alike: letters in whose values trials that train together agree; by default all of them.
        device: where it trains; `--device` says it.
        revision: of this engine.

    Raises:
        ClaimError: it says not what is measured, or twice.
    """

    model: Callable[[Point], Module]
    data: Callable[[Point, torch.Generator], Any]
    loss: Callable[[Tensor, Tensor], Tensor]
    optimizer: Callable[[Iterable[Parameter], Point], Optimizer]
    steps: int | Callable[[Point], int]
    success: Measure | None = None
    value: Measure | str | None = None
    stop: float | None = None
    batch: int | Callable[[Point], int] | None = None
    schedule: Callable[[Optimizer, Point], Any] | None = None
    clip: float | None = None
    watch: Mapping[str, Measure] = field(default_factory=dict)
    at_once: int = 32
    alike: tuple[str, ...] | None = None
    device: str = "cpu"
    revision: int = field(default=REVISION, init=False)
    takes_many = True
    __name__ = "training"

    def __post_init__(self) -> None:
        self._check_kinds()
        given = [name for name in ("success", "value", "watch") if getattr(self, name)]
        if len(given) != 1:
            raise ClaimError(
                f"a Training measures one of success, value and watch, but {' and '.join(given) or 'none'} is"
                " given"
            )
        if isinstance(self.value, str) and (self.value != STEPS or self.stop is None):
            raise ClaimError(
                f"value={self.value!r} of a Training: write a function, or 'steps' beside stop=LOSS"
            )
        if self.watch and "value" not in self.watch:
            raise ClaimError("watch of a Training names no 'value', which is what a Limit is about")
        check_names("watch", self.watch)

    def _check_kinds(self) -> None:
        """Raise ClaimError where an argument is of another kind than it says."""
        measures = {f"watch[{name!r}]": measure for name, measure in self.watch.items()}
        needed = {name: getattr(self, name) for name in ("model", "data", "loss", "optimizer")} | measures
        maybe = {name: getattr(self, name) for name in ("success", "value", "schedule")}
        called = needed | {n: f for n, f in maybe.items() if f is not None and not isinstance(f, str)}
        for name, function in called.items():
            if not callable(function) or hasattr(function, "parameters"):
                raise ClaimError(f"{name} of a Training is {function!r:.100}; write a function")
        if self.alike is not None:
            object.__setattr__(self, "alike", several("alike", self.alike))
        if not _is_count(self.at_once):
            raise ClaimError(f"at_once of a Training is {self.at_once!r}; write a whole number from 1")
        for name in ("stop", "clip"):
            number = getattr(self, name)
            if number is not None and not (_is_number(number) and number >= 0):
                raise ClaimError(f"{name} of a Training is {number!r}; write a number from 0")

    @property
    def meaning(self) -> str:
        """What is measured, for readers: the first line of the function's documentation."""
        if self.value == STEPS:
            return f"steps until the mean training loss over an epoch is at most {self.stop:g}"
        measured: Any = self.success or self.value or self.watch["value"]
        return summary_of(measured) or f"{getattr(measured, '__name__', 'value')} of a trained module"

    def on(self, device: str) -> Training:
        """The same on another device."""
        return replace(self, device=device)

    def check(self, parameters: Point, where: str) -> None:
        """Raise DesignError where the numbers of steps and of samples of a mini-batch are none."""
        for name in ("steps", "batch"):
            number = self.number(name, parameters)
            if not (_is_count(number) or (name == "batch" and number is None)):
                raise DesignError(
                    f"{name} of the training is {number!r} at {where}; give a whole number from 1"
                )

    def number(self, name: str, point: Point) -> Any:
        """The value of `steps` or `batch` at a design point."""
        told = getattr(self, name)
        number = told(point) if callable(told) else told
        return int(number) if _is_number(number) and number == int(number) else number

    def __call__(self, points: Sequence[Point], seeds: Sequence[int]) -> list[Outcome]:
        """Carry out trials that agree in the letters of `alike`."""
        from theorycheck.empirical import training_loop

        with warnings.catch_warnings():  # a slower path of vmap, which is still faster than none
            warnings.filterwarnings("ignore", message="There is a performance drop")
            found = dict(training_loop.train(self, points, seeds))
        return [found[i] for i in range(len(points))]


def check_names(where: str, names: Collection[str]) -> None:
    """Raise ClaimError where what is measured has a name that it must not have."""
    if taken := sorted((_OWN_NAMES | RESERVED) - {"value"} & set(names)):
        raise ClaimError(
            f"{where} of a Training names {taken[0]!r}, which the table of trials needs; rename it"
        )


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def _is_count(value: Any) -> bool:
    return _is_number(value) and value == int(value) >= 1
