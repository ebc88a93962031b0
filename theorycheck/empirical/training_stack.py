"""Steps of modules with equal shapes: all at once on stacked parameters, or of one alone."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import torch
from jaxtyping import Float, Int
from torch import Tensor, optim
from torch.func import functional_call, vmap
from torch.optim import lr_scheduler

from theorycheck.empirical.training import Training
from theorycheck.errors import ClaimError

if TYPE_CHECKING:
    from theorycheck.empirical.training_loop import Member

Samples = tuple[Tensor, Tensor]


def few(training: Training, member: Member) -> Samples:
    """As many samples as a mini-batch has: to look at what a module does, all of them may take long."""
    few = training.number("batch", member.point) or len(member.samples[1])
    x, y = member.samples
    return x[:few], y[:few]


def _used(training: Training, member: Member) -> set[str]:
    """The parameters that the loss depends on; an optimizer leaves the others alone."""
    module = copy.deepcopy(member.module)
    x, y = few(training, member)
    loss = training.loss(module(x), y)
    if not isinstance(loss, Tensor) or loss.dim():
        raise ClaimError("loss of the training must return a scalar tensor, such as a mean over the samples")
    named = {name: p for name, p in module.named_parameters() if p.requires_grad}
    gradients = torch.autograd.grad(loss, [*named.values()], allow_unused=True)
    return {name for name, gradient in zip(named, gradients, strict=True) if gradient is not None}


class Stack:
    """Modules with equal shapes, their parameters stacked: trial t first.

    A lone one is stacked twice, as kernels for one may round otherwise than those for several.
    """

    def __init__(self, training: Training, members: Sequence[Member]) -> None:
        self.training = training
        self.members = list(members)
        self.module = members[0].module
        rows = [members[i] for i in at_least_two(range(len(members)))]
        named = [dict(m.module.named_parameters()) for m in rows]
        stacked = {name: torch.stack([own[name].detach() for own in named]) for name in named[0]}
        used = _used(training, members[0])
        self.trained = {name: t.requires_grad_() for name, t in stacked.items() if name in used}
        buffers = [dict(m.module.named_buffers()) for m in rows]
        self.fixed = {name: t for name, t in stacked.items() if name not in self.trained}
        self.fixed |= {name: torch.stack([own[name] for own in buffers]) for name in buffers[0]}
        self._take_samples()
        self.optimizer = self._stacked_optimizer()
        self.schedule = made_schedule(training, self.optimizer, members[0])
        self._losses = vmap(self._loss, randomness="error")

    def _take_samples(self) -> None:
        """Lay the samples of all members end to end, and note where those of each begin."""
        rows = [self.members[i] for i in at_least_two(range(len(self.members)))]
        self.x, self.y = (torch.cat([m.samples[k] for m in rows]) for k in (0, 1))
        counts = torch.tensor([0, *(len(m.samples[1]) for m in rows[:-1])], device=self.x.device)
        self.first = counts.cumsum(0)

    def _stacked_optimizer(self) -> optim.Optimizer:
        """The first member's, over stacked parameters instead of its own."""
        own = made_optimizer(self.training, self.members[0])
        place = {id(p): name for name, p in self.module.named_parameters()}
        groups = [
            {
                **options,
                "foreach": not options.get(
                    "fused"
                ),  # a call for all parameters; torch does so on cards alone
                "params": [
                    self.trained[name] for p in group["params"] if (name := place[id(p)]) in self.trained
                ],
            }
            for group, options in zip(own.param_groups, options_of(own), strict=True)
        ]
        made: Any = type(own)
        return cast("optim.Optimizer", made([group for group in groups if group["params"]]))

    def _loss(
        self, trained: Mapping[str, Tensor], fixed: Mapping[str, Tensor], x: Tensor, y: Tensor
    ) -> Tensor:
        return self.training.loss(functional_call(self.module, ({**trained, **fixed},), (x,)), y)

    def gradients(self, order: Int[Tensor, "t b"] | None) -> tuple[dict[str, Tensor], Float[Tensor, " t"]]:
        """The gradients of every trial, and the losses, on a mini-batch; None takes all samples."""
        if order is None:
            x, y = (t.view(len(self.first), -1, *t.shape[1:]) for t in (self.x, self.y))
        else:
            rows = self.first[:, None] + order  # of a lone one, twice
            x, y = self.x[rows], self.y[rows]
        losses = self._losses(self.trained, self.fixed, x, y)
        # No loss depends on another trial's parameters: the sum has the gradients of all, at half of the cost
        # of torch.func.grad within vmap.
        gradients = torch.autograd.grad(losses.sum(), [*self.trained.values()])
        return dict(zip(self.trained, gradients, strict=True)), losses.detach()

    def step(self, order: Int[Tensor, "t b"] | None) -> Float[Tensor, " t"]:
        """Take one step of every trial; return the losses before it."""
        gradients, losses = self.gradients(order)
        if self.training.clip is not None:
            _clip(gradients, self.training.clip)
        for name, tensor in self.trained.items():
            tensor.grad = gradients[name]
        self.optimizer.step()
        if self.schedule:
            self.schedule.step()
        return losses[: len(self.members)]

    def write_back(self, i: int) -> None:
        """Give a member's module the values that it has here."""
        module = self.members[i].module
        with torch.no_grad():
            for name, parameter in module.named_parameters():
                if name in self.trained:
                    parameter.copy_(self.trained[name][i])

    def keep(self, staying: Sequence[int]) -> None:
        """Go on with some of the members."""
        if not staying:
            return
        self.members = [self.members[i] for i in staying]
        self._take_samples()
        rows = torch.tensor(at_least_two(staying), device=self.x.device)
        self.fixed = {name: tensor[rows] for name, tensor in self.fixed.items()}
        for tensor in self.trained.values():
            shape, state = tensor.shape, self.optimizer.state[tensor]
            for name, kept in state.items():
                if isinstance(kept, Tensor) and kept.shape == shape:
                    state[name] = kept[rows]
            tensor.grad = None
            tensor.data = tensor.data[rows]


class Alone:
    """One module, trained as anybody would."""

    def __init__(self, training: Training, member: Member) -> None:
        self.training = training
        self.member = member
        self.optimizer = made_optimizer(training, member)
        self.schedule = made_schedule(training, self.optimizer, member)

    def step(self, order: Int[Tensor, "1 b"] | None) -> Float[Tensor, " 1"]:
        """Take one step; return the loss before it."""
        module, clip = self.member.module, self.training.clip
        x, y = self.member.samples if order is None else (t[order[0]] for t in self.member.samples)

        def closure() -> Tensor:
            module.zero_grad()
            loss = self.training.loss(module(x), y)
            loss.backward()  # type: ignore[no-untyped-call]
            if clip is not None:
                torch.nn.utils.clip_grad_norm_(module.parameters(), clip)
            return loss

        loss: Any = self.optimizer.step(closure)  # type: ignore[arg-type]
        if self.schedule:
            self.schedule.step()
        return torch.as_tensor(loss).detach()[None]

    def write_back(self, i: int) -> None:
        """It has its values already."""

    def keep(self, staying: Sequence[int]) -> None:
        """It goes on alone."""


def at_least_two(rows: Sequence[int] | range) -> list[int]:
    """A lone row twice, as kernels for one may round otherwise than those for several."""
    return [*rows] * 2 if len(rows) == 1 else [*rows]


def made_optimizer(training: Training, member: Member) -> optim.Optimizer:
    """The optimizer of a member's own parameters; raises ClaimError where it is none."""
    optimizer = training.optimizer(member.module.parameters(), member.point)
    if not isinstance(optimizer, optim.Optimizer):
        raise ClaimError(
            f"optimizer of the training returned a {type(optimizer).__name__}; return one of torch.optim, as"
            " `lambda parameters, point: torch.optim.SGD(parameters, lr=0.1)` does"
        )
    return optimizer


def options_of(optimizer: optim.Optimizer) -> list[dict[str, Any]]:
    """Of each group of parameters, without these."""
    return [{k: v for k, v in group.items() if k != "params"} for group in optimizer.param_groups]


def made_schedule(training: Training, optimizer: optim.Optimizer, member: Member) -> Any:
    """The schedule of an optimizer, or None; raises ClaimError where it is none."""
    if training.schedule is None:
        return None
    schedule = training.schedule(optimizer, member.point)
    if not isinstance(schedule, lr_scheduler.LRScheduler):
        raise ClaimError(
            f"schedule of the training returned a {type(schedule).__name__}; return one of"
            " torch.optim.lr_scheduler"
        )
    if isinstance(schedule, lr_scheduler.ReduceLROnPlateau):
        raise ClaimError(
            "schedule of the training is a ReduceLROnPlateau, which needs a loss at every step; take one that"
            " depends on the step alone"
        )
    return schedule


def _clip(gradients: Mapping[str, Float[Tensor, "t ..."]], most: float) -> None:
    """Shrink each trial's gradient to a norm, as torch.nn.utils.clip_grad_norm_ does."""
    norms = torch.stack([g.flatten(1).norm(dim=1) if g.dim() > 1 else g.abs() for g in gradients.values()])
    factor = (most / (norms.norm(dim=0) + 1e-6)).clamp(max=1.0)
    for gradient in gradients.values():
        gradient.mul_(factor.view(-1, *[1] * (gradient.dim() - 1)))
