"""Gradient descent with a small step size eta fits a network with one hidden layer in Theta(1/eta) steps."""

import torch
from sympy import symbols
from torch import nn

from theorycheck import Claim, Design, Paper, Source, Theta, Training

eta, T = symbols("eta T", positive=True)
BACH = Paper(
    key="bach2024learning",
    short="Bach 2024",
    reference="Francis Bach: Learning Theory from First Principles, MIT Press 2024, section 5.2",
)


def model(point):
    """A network with one hidden layer."""
    return nn.Sequential(nn.Linear(int(point["d"]), 16), nn.Tanh(), nn.Linear(16, 1))


def data(point, generator):
    """Inputs, and an exclusive or of two of their signs, which no linear model fits."""
    x = torch.randn(int(point["N"]), int(point["d"]), generator=generator)
    return x, torch.sign(x[:, :1] * x[:, 1:2])


claim = Claim(
    name="step_size",
    title="Steps of gradient descent against the step size",
    source=Source(paper=BACH, place="section 5.2"),
    provenance="recalled",
    quantity=T,
    law=Theta(1 / eta, (eta, 0)),
    response=Training(
        model=model,
        data=data,
        loss=lambda outputs, y: nn.functional.softplus(-outputs * y).mean(),
        optimizer=lambda parameters, point: torch.optim.SGD(parameters, lr=point["eta"]),
        steps=50_000,
        stop=0.3,
        value="steps",
    ),
    design=Design(
        factor=eta, levels=(0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1.0), replicates=8, held={"d": 4, "N": 32}
    ),
    refuted_by="the exponent differs from -1 by more than 0.25, with 95 % confidence",
)
