"""Which trials train together: modules, data and optimizers that are alike but for their values."""

from __future__ import annotations

import copy
import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import cloudpickle
import torch
from torch import optim
from torch.nn import Module
from torch.optim import lr_scheduler

from theorycheck.code import digest
from theorycheck.empirical.training import Training
from theorycheck.empirical.training_stack import Stack, few, made_optimizer, made_schedule, options_of
from theorycheck.errors import ClaimError
from theorycheck.text import one_line

if TYPE_CHECKING:
    from theorycheck.empirical.training_loop import Member

# Their step of an element depends on no other element, so that stacking changes none.
_ELEMENTWISE = (
    optim.SGD, optim.Adam, optim.AdamW, optim.NAdam, optim.RAdam, optim.Adamax, optim.RMSprop, optim.Adadelta,
    optim.Rprop,
)  # fmt: skip
# Step sizes that follow from the state of what makes them, and so are equal where that is.
_SAYS_ALL = (
    lr_scheduler.ConstantLR, lr_scheduler.CosineAnnealingLR, lr_scheduler.CosineAnnealingWarmRestarts,
    lr_scheduler.ExponentialLR, lr_scheduler.LinearLR, lr_scheduler.MultiStepLR, lr_scheduler.PolynomialLR,
    lr_scheduler.StepLR,
)  # fmt: skip


def shapes(training: Training, member: Member) -> Any:
    """What members share that train together: all but the values of parameters, buffers and data.

    How many samples they have may differ, where mini-batches divide all of them.
    """
    module = member.module
    named = [*module.named_parameters(), *module.named_buffers()]
    tensors = [(name, tuple(t.shape), t.dtype, t.requires_grad) for name, t in named]
    steps, batch = (training.number(name, member.point) for name in ("steps", "batch"))
    n = len(member.samples[1])
    many = n if not batch or n <= batch or n % batch else "mini-batches"
    given = [(many, tuple(t.shape[1:]), t.dtype) for t in member.samples]
    optimizer = made_optimizer(training, member)
    names = {id(p): name for name, p in module.named_parameters()}
    groups = [[names[id(p)] for p in group["params"]] for group in optimizer.param_groups]
    options = options_of(optimizer)
    scheduled = _scheduled(training, optimizer, member)
    rest = _rest(module) or member.position  # what cannot be compared is alike to nothing
    return repr((tensors, given, type(optimizer), options, groups, steps, batch, scheduled, rest))


def _scheduled(training: Training, optimizer: optim.Optimizer, member: Member) -> Any:
    """What the step sizes of a schedule depend on."""
    schedule = made_schedule(training, optimizer, member)
    if type(schedule) in _SAYS_ALL:
        return type(schedule), sorted(schedule.state_dict().items())
    return None if schedule is None else sorted(member.point.items())


def _rest(module: Module) -> str | None:
    """A digest of a module without its parameters and buffers; None where it cannot be pickled."""
    own = {id(t) for t in (*module.parameters(), *module.buffers())}

    class Pickler(cloudpickle.CloudPickler):  # type: ignore[misc]
        def persistent_id(self, value: Any) -> str | None:
            return "tensor" if id(value) in own else None

    packed = io.BytesIO()
    try:
        Pickler(packed).dump(module)
    except Exception:  # of whatever it holds
        return None
    return digest(packed.getvalue())


def why_not_stacked(training: Training, member: Member) -> str | None:
    """Why a module and its optimizer train one at a time; None where they can be stacked."""
    optimizer = made_optimizer(training, member)
    if type(optimizer) not in _ELEMENTWISE:
        return f"{type(optimizer).__name__} may mix the elements of a parameter, or those of its steps"
    member = replace(member, samples=few(training, member))
    module = copy.deepcopy(member.module)
    before = {name: buffer.clone() for name, buffer in module.named_buffers()}
    state = torch.get_rng_state()
    with torch.no_grad():
        module(member.samples[0])
    drawn = not torch.equal(state, torch.get_rng_state())
    torch.set_rng_state(state)
    if drawn:
        return "its forward pass draws random numbers"
    after = dict(module.named_buffers())
    if before.keys() != after.keys() or any(not torch.equal(t, after[name]) for name, t in before.items()):
        return "its forward pass changes its buffers, as batch normalization does"
    try:
        stack = Stack(training, [replace(member, module=module)])
        for _ in range(2):  # what the first pass leaves behind, the second may trip over
            stack.gradients(None)
    except ClaimError:
        raise
    except Exception as error:  # whatever vmap or the module make of it; alone it may do
        said = str(error).strip() or repr(error)
        return one_line(f"vmap cannot ({said.splitlines()[0]})", 200)
    return None
