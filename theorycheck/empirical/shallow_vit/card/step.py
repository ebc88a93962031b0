"""Forward pass and SGD step of `vit` for padded mini-batches, with less to read and write.

Memory is what a card waits for. With U = W_O W_V, z what a query attended to and h = 1[U z > 0], one product
D = h (a U) is the derivative of a query's output by z, and that output is <D, z>: the hidden layer is written
once, and never rectified.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from theorycheck.empirical.shallow_vit.vit import Weights, chained, hinge_loss


class Forward(NamedTuple):
    """Outputs F, and what their derivative needs."""

    F: Float[Tensor, "t n"]
    attention: Float[Tensor, "tn s l"] | None
    attended: Float[Tensor, "t ns d"]
    active: Float[Tensor, "t ns m"]
    slope: Float[Tensor, "t ns d"]


def forward(
    W: Weights, a: Float[Tensor, "t m"], X: Float[Tensor, "t n l d"], queries: Float[Tensor, "t n s d"] | None
) -> Forward:
    """Compute the outputs of t models, each on its own n samples; arguments as of `vit.forward`."""
    t, n, l, d = X.shape
    U = torch.bmm(W.W_O, W.W_V)  # (t, m, d)
    attention, attended = None, X.view(t, -1, d)
    if queries is not None:
        tokens = X.view(t * n, l, d)
        mapped = torch.bmm(queries.view(t, -1, d), torch.bmm(W.W_Q.transpose(1, 2), W.W_K))  # (t, ns, d)
        scores = torch.bmm(mapped.view(t * n, -1, d), tokens.transpose(1, 2))  # (tn, s, l)
        attention = torch.softmax(scores, -1)
        attended = torch.bmm(attention, tokens).view(t, -1, d)  # (t, ns, d)
    active = torch.bmm(attended, U.transpose(1, 2)).gt_(0)  # (t, ns, m)
    slope = torch.bmm(active, U.mul_(a[:, :, None]))  # (t, ns, d)
    F = (slope * attended).sum(-1).view(t, n, -1).mean(-1)
    return Forward(F, attention, attended, active, slope)


def loss_and_step(
    W: Weights,
    a: Float[Tensor, "t m"],
    X: Float[Tensor, "t n l d"],
    y: Float[Tensor, "t n"],
    queries: Float[Tensor, "t n s d"] | None,
    share: Float[Tensor, "t n"],
    eta: Float[Tensor, "t 1"],
) -> tuple[Float[Tensor, " t"], Weights]:
    """Compute mean hinge loss and the SGD step, as `vit.loss_and_step` does.

    Args:
        W: weights of t models.
        a: output weights.
        X: tokens.
        y: labels.
        queries: query tokens; None without attention.
        share: of a sample in the mean: one over the mini-batch's size, 0 of samples that pad it.
        eta: step sizes; 0 of a trial that is at rest.

    Returns:
        Loss of shape (t,) and a step with the shapes of W.
    """
    t, n, l, d = X.shape
    f = forward(W, a, X, queries)
    loss = hinge_loss(f.F, y)
    s = f.attended.shape[1] // n
    g = torch.where(loss > 0, y, 0).mul_(share).mul_(eta / -s)  # (t, n)
    g = g[:, :, None].expand(t, n, s).reshape(t, n * s, 1)
    dU = torch.bmm(f.active.transpose(1, 2), g * f.attended).mul_(a[:, :, None])  # (t, m, d)
    mean = loss.mul_(share).sum(-1)
    if queries is None or f.attention is None:
        return mean, chained(W, dU)
    tokens = X.view(t * n, l, d)
    d_attended = f.slope.mul_(g).view(t * n, s, d)
    d_attention = torch.bmm(d_attended, tokens.transpose(1, 2))  # (tn, s, l)
    d_scores = torch.ops.aten._softmax_backward_data(d_attention, f.attention, -1, X.dtype)  # one pass
    d_mapped = torch.bmm(d_scores, tokens).view(t, n * s, d)  # (t, ns, d)
    dC = torch.bmm(queries.view(t, n * s, d).transpose(1, 2), d_mapped)  # (t, d, d)
    return mean, chained(W, dU, dC)
