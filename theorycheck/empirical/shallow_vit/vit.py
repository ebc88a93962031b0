"""The shallow ViT of the paper, for many trials at once on stacked tensors, with its gradient written out.

    F(X) = 1/|S| * sum_{s in S} a^T Relu( W_O W_V X softmax( X^T W_K^T W_Q x_s ) )

Axes: t trial, n sample, s query token, l token, d dimension, m neuron. Only products of weights act on
tokens, so the query map C = W_Q^T W_K and the output map U = W_O W_V are formed once a step, and no token is
ever projected. Every product over a batch is one `bmm`, whose result for a trial does not depend on the other
trials of the batch; `matmul` would switch to another routine for a batch of one.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from theorycheck.empirical.shallow_vit.setting import Setting


class Weights(NamedTuple):
    """Trained weights of t models: W_O (t, m, d), W_V, W_K and W_Q (t, d, d), the matrices of the paper."""

    W_O: Float[Tensor, "t m d"]
    W_V: Float[Tensor, "t d d"]
    W_K: Float[Tensor, "t d d"]
    W_Q: Float[Tensor, "t d d"]


def initial_weights(rng: np.random.Generator, setting: Setting) -> tuple[Weights, Float[Tensor, "1 m"]]:
    """Draw one model: weights, and output weights a in {+s/sqrt(m), -s/sqrt(m)}^m, s the output scale.

    W_V, W_K, W_Q map pattern mu_j to the basis vector p_j = q_j = r_j plus an error of norm exactly sigma
    (W_V) or delta (W_K, W_Q) in a uniformly random direction; the space orthogonal to the patterns is mapped
    isometrically. Bases are the standard one: W_O and the errors are isotropic, so a rotation of the bases
    changes nothing. W_K and W_Q are multiplied by their scale.

    Returns:
        Weights with t = 1, and a of shape (1, m).
    """
    W_O = setting.xi * rng.standard_normal((setting.m, setting.d))
    signs = rng.choice([-1.0, 1.0], size=setting.m) / np.sqrt(setting.m)
    near_identity = [
        _near_identity(rng, setting, error) for error in (setting.sigma, setting.delta, setting.delta)
    ]
    signs *= setting.output_scale
    near_identity[1:] = [setting.query_key_scale * W for W in near_identity[1:]]
    stacked = [torch.tensor(W, dtype=torch.float64)[None] for W in (W_O, *near_identity)]
    return Weights(*stacked), torch.tensor(signs, dtype=torch.float64)[None]


def _near_identity(rng: np.random.Generator, setting: Setting, error: float) -> np.ndarray:
    direction = rng.standard_normal((setting.d, setting.M))
    W = np.eye(setting.d)
    W[:, : setting.M] += error * direction / np.linalg.norm(direction, axis=0)
    return W


class Workspace:
    """Memory for large intermediate values, kept from step to step.

    Freshly allocated memory costs a page fault every 4 KiB, which took longer than the product it was to
    hold.
    """

    def __init__(self) -> None:
        self._memory: dict[str, Tensor] = {}

    def take(self, name: str, shape: tuple[int, ...], like: Tensor) -> Tensor:
        """An uninitialised tensor; its name's former tensor is overwritten."""
        size = math.prod(shape)
        memory = self._memory.get(name)
        if memory is None or memory.numel() < size:
            memory = self._memory[name] = like.new_empty(size)
        return memory[:size].view(shape)

    def bmm(
        self, name: str, left: Float[Tensor, "b i j"], right: Float[Tensor, "b j k"]
    ) -> Float[Tensor, "b i k"]:
        """Batched matrix product into the memory of a name."""
        out = self.take(name, (left.shape[0], left.shape[1], right.shape[2]), left)
        return torch.bmm(left, right, out=out)


class Forward(NamedTuple):
    """What a forward pass leaves for the backward pass; all but F lies in the workspace."""

    F: Float[Tensor, "t n"]
    attention: Float[Tensor, "tn s l"] | None
    attended: Float[Tensor, "t ns d"]
    hidden: Float[Tensor, "t ns m"]
    U: Float[Tensor, "t m d"]


def forward(
    W: Weights,
    a: Float[Tensor, "t m"],
    X: Float[Tensor, "t n l d"],
    queries: Float[Tensor, "t n s d"] | None,
    workspace: Workspace,
) -> Forward:
    """Compute the outputs F(X) of t models, each on its own n samples.

    Args:
        W: weights of t models.
        a: output weights, one row a model.
        X: tokens; without attention, the mean token of every sample as its only token (l = 1).
        queries: the sampled query tokens; None without attention, where every query sees the same mean token.
        workspace: memory for intermediate values.

    Returns:
        F of shape (t, n), with the intermediate values that the gradient needs.
    """
    t, n, l, d = X.shape
    U = torch.bmm(W.W_O, W.W_V)  # (t, m, d)
    if queries is None:
        attention, attended = None, X.view(t, n, d)
    else:
        C = torch.bmm(W.W_Q.transpose(1, 2), W.W_K)  # (t, d, d)
        tokens = X.view(t * n, l, d)
        mapped = workspace.bmm("mapped", queries.view(t, -1, d), C).view(t * n, -1, d)  # (tn, s, d)
        scores = workspace.bmm("scores", mapped, tokens.transpose(1, 2))  # (tn, s, l)
        attention = torch.softmax(scores, -1, out=workspace.take("attention", scores.shape, scores))
        attended = workspace.bmm("attended", attention, tokens).view(t, -1, d)  # (t, ns, d)
    hidden = workspace.bmm("hidden", attended, U.transpose(1, 2)).relu_()  # (t, ns, m)
    per_query = torch.bmm(a[:, None, :], hidden.transpose(1, 2))  # (t, 1, ns); 9 times faster than hidden @ a
    return Forward(per_query.view(t, n, -1).mean(-1), attention, attended, hidden, U)


def hinge_loss(F: Float[Tensor, "t n"], y: Float[Tensor, "t n"]) -> Float[Tensor, "t n"]:
    """Hinge loss max(0, 1 - y F) of every sample."""
    return (1 - y * F).relu_()


def loss_and_step(
    W: Weights,
    a: Float[Tensor, "t m"],
    X: Float[Tensor, "t n l d"],
    y: Float[Tensor, "t n"],
    queries: Float[Tensor, "t n s d"] | None,
    eta: Float[Tensor, "t 1"],
    workspace: Workspace,
) -> tuple[Float[Tensor, " t"], Weights]:
    """Compute mean hinge loss and the SGD step, eta times its gradient by all four weight matrices, for t
    models.

    The gradient is the chain rule through F by hand. With z an attended token, h = Relu(U z) and g the
    derivative of the loss by the output of one query, dh = g a 1[h > 0]: g and a are taken out of the
    products over neurons, so that nothing but the indicator is as large as h, and it replaces h in place.
    Everything is linear in g, which therefore carries eta. The softmax contributes A * (dA - <A, dA>), and
    <A, dA> over the tokens equals <dz, z>. Without attention W_K and W_Q do not enter F: their gradient is
    zero.

    Returns:
        Loss of shape (t,) and a step with the shapes of W.
    """
    t, n, l, d = X.shape
    f = forward(W, a, X, queries, workspace)
    loss = hinge_loss(f.F, y)
    s = f.attended.shape[1] // n
    g = torch.where(loss > 0, y, 0).mul_(eta / (-n * s))[:, :, None].expand(t, n, s).reshape(t, n * s, 1)
    active = f.hidden.sign_()  # (t, ns, m)
    scaled = torch.mul(g, f.attended, out=workspace.take("scaled", f.attended.shape, g))  # (t, ns, d)
    dU = torch.bmm(active.transpose(1, 2), scaled).mul_(a[:, :, None])  # (t, m, d)
    if queries is None or f.attention is None:
        return loss.mean(-1), chained(W, dU)
    tokens = X.view(t * n, l, d)
    d_attended = workspace.bmm("d_attended", active, f.U.mul_(a[:, :, None])).mul_(g)  # (t, ns, d)
    inner = torch.mul(d_attended, f.attended, out=scaled).sum(-1).view(t * n, s, 1)  # (tn, s, 1)
    d_scores = workspace.bmm("scores", d_attended.view(t * n, s, d), tokens.transpose(1, 2))  # (tn, s, l)
    d_scores.sub_(inner).mul_(f.attention)
    d_mapped = workspace.bmm("mapped", d_scores, tokens).view(t, n * s, d)  # (t, ns, d)
    dC = torch.bmm(queries.view(t, n * s, d).transpose(1, 2), d_mapped)  # (t, d, d)
    return loss.mean(-1), chained(W, dU, dC)


def chained(W: Weights, dU: Float[Tensor, "t m d"], dC: Float[Tensor, "t d d"] | None = None) -> Weights:
    """The derivatives by the weights, from those by U = W_O W_V and by C = W_Q^T W_K; zero without C."""
    dW_O = torch.bmm(dU, W.W_V.transpose(1, 2))  # (t, m, d)
    dW_V = torch.bmm(W.W_O.transpose(1, 2), dU)  # (t, d, d)
    if dC is None:
        return Weights(dW_O, dW_V, torch.zeros_like(W.W_K), torch.zeros_like(W.W_Q))
    return Weights(dW_O, dW_V, torch.bmm(W.W_Q, dC), torch.bmm(W.W_K, dC.transpose(1, 2)))
