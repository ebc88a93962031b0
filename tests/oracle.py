"""The oracle of the engine: the paper's formula and algorithm as anyone would first write them, one model at
a time.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor, nn

from theorycheck.empirical.shallow_vit.setting import Setting
from theorycheck.empirical.shallow_vit.training import Streams
from theorycheck.empirical.shallow_vit.vit import Weights


class ShallowViT(nn.Module):
    """F(X) = 1/|S| sum_s a^T Relu(W_O W_V X softmax(X^T W_K^T W_Q x_s)); every token is projected, as
    written.
    """

    def __init__(self, W: Weights, a: Tensor, attention: bool) -> None:
        super().__init__()
        self.W_O, self.W_V, self.W_K, self.W_Q = (nn.Parameter(w[0].clone()) for w in W)
        self.register_buffer("a", a[0].clone())
        self.attention = attention

    def forward(self, X: Tensor, tokens: Tensor | None) -> Tensor:
        """Outputs of samples X (n, l, d) at query tokens (n, s), at all tokens where tokens is None."""
        values = X @ self.W_V.T  # (n, l, d)
        x = X if tokens is None else X.gather(1, tokens[:, :, None].expand(-1, -1, X.shape[2]))  # (n, s, d)
        if self.attention:
            scores = (x @ self.W_Q.T) @ (X @ self.W_K.T).transpose(1, 2)  # (n, s, l)
            weights = scores.softmax(-1)
        else:
            weights = torch.full((*x.shape[:2], X.shape[1]), 1 / X.shape[1], dtype=X.dtype)
        hidden = torch.relu(weights @ values @ self.W_O.T)  # (n, s, m)
        return (hidden @ self.a).mean(-1)


def sgd(
    model: ShallowViT, X: Tensor, y: Tensor, setting: Setting, steps: Iterable[tuple[Tensor, Tensor | None]]
) -> ShallowViT:
    """Take one SGD step for each mini-batch (its samples, and their query tokens)."""
    optimizer = torch.optim.SGD(model.parameters(), lr=setting.eta)
    for samples, tokens in steps:
        optimizer.zero_grad()
        loss = torch.relu(1 - y[samples] * model(X[samples], tokens)).mean()
        loss.backward()
        optimizer.step()
    return model


def streams(i: int) -> Streams:
    """Streams of the i-th of some trials."""
    return Streams(*(np.random.default_rng([i, purpose]) for purpose in range(4)))
