"""The shallow ViT as anybody would write it: a torch.nn.Module and its data, for `theorycheck.Training`."""

import numpy as np
import torch
from torch import nn

from theorycheck import Training
from theorycheck.empirical.shallow_vit.setting import Setting
from theorycheck.empirical.shallow_vit.tokens import draw_samples


class ShallowViT(nn.Module):
    """F(X) = mean over all tokens x of a^T Relu(W_O W_V X softmax(X^T W_K^T W_Q x)); tokens are rows here."""

    def __init__(self, d, M, m, sigma, delta):
        super().__init__()
        self.W_O = nn.Parameter(0.01 * torch.randn(m, d))
        self.W_V, self.W_K, self.W_Q = (self.near_identity(d, M, error) for error in (sigma, delta, delta))
        self.register_buffer("a", (torch.randint(0, 2, (m,)) * 2 - 1) / m**0.5)

    @staticmethod
    def near_identity(d, M, error):
        direction = torch.randn(d, M)
        W = torch.eye(d)
        W[:, :M] += error * direction / direction.norm(dim=0)
        return nn.Parameter(W)

    def forward(self, X):
        keys, queries, values = (X @ W.T for W in (self.W_K, self.W_Q, self.W_V))  # (n, l, d)
        attended = torch.softmax(queries @ keys.transpose(1, 2), -1) @ values
        return (torch.relu(attended @ self.W_O.T) @ self.a).mean(1)  # (n,)


def model(point):
    return ShallowViT(*(point[name] for name in ("d", "M", "m", "sigma", "delta")))


def data(point, generator):
    setting = Setting(**point)
    rng = np.random.default_rng(int(torch.randint(2**62, (), generator=generator)))
    drawn = (
        draw_samples(rng, setting, setting.N),
        draw_samples(rng, setting, setting.test_size, training=False),
    )
    return tuple((torch.from_numpy(samples.X), torch.from_numpy(samples.y)) for samples in drawn)


def hinge(outputs, y):
    return torch.relu(1 - outputs * y).mean()


def training(tolerance):
    """As the engine trains and tests, where all tokens are queries and B is N or more."""
    return Training(
        model=model,
        data=data,
        loss=hinge,
        optimizer=lambda parameters, point: torch.optim.SGD(parameters, lr=point["eta"]),
        steps=lambda point: point["T"],
        stop=0.0,
        success=lambda module, X, y: hinge(module(X), y) <= tolerance,
    )
