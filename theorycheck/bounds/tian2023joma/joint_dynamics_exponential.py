"""Theorem 1, exponential attention: z is sum V^2 / (2 T) + C throughout training, and exactly so."""

from sympy import Integer

from theorycheck.bounds.tian2023joma import LEVELS, NOTATION, PAPER, SETTING, VARIATIONS, T, eta, rho, t
from theorycheck.claim import Claim, Design, Source
from theorycheck.statements import Predicts

claim = Claim(
    name="joint_dynamics_exponential",
    title="Attention logits against what the linear layer says of them, exponential attention",
    source=Source(paper=PAPER, place="Theorem 1, exponential attention"),
    provenance="recalled",
    quantity=rho,
    law=Predicts(Integer(1), tolerance=0.01),
    response="joint_invariant",
    # The law is one of gradient flow, so that the steps are smaller than the authors' 0.1.
    design=Design(
        factor=t,
        levels=LEVELS,
        replicates=20,
        held={**SETTING, "attention": "exponential", T: 1, eta: 0.05},
    ),
    refuted_by="the correlation differs from 1 by more than 0.01 at some t, with 95 % confidence",
    notation=NOTATION,
    variations={
        "temperature 1/2": {T: 0.5},
        "10 classes": VARIATIONS["10 classes"],
        "random tokens": {"tokens": "random"},
    },
)
