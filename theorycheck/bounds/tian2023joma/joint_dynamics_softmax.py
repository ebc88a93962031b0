"""Theorem 1, softmax attention: z is (sum V^2 - b |W|^2) / (2 T) + C throughout training."""

from sympy import Integer

from theorycheck.bounds.tian2023joma import LEVELS, NOTATION, PAPER, SETTING, VARIATIONS, rho, t
from theorycheck.claim import Claim, Design, Source
from theorycheck.statements import Predicts

DESIGN = Design(factor=t, levels=LEVELS, replicates=20, held=SETTING)

claim = Claim(
    name="joint_dynamics_softmax",
    title="Attention logits against what the linear layer says of them, softmax attention",
    source=Source(paper=PAPER, place="Theorem 1, linear case"),
    provenance="stated",
    quantity=rho,
    law=Predicts(Integer(1), tolerance=0.05),
    response="joint_invariant",
    design=DESIGN,
    designs={
        "random_tokens": DESIGN.another(
            "The frequencies of all tokens are random, so that classes are no neighbours of each other.",
            {"tokens": "random"},
        )
    },
    refuted_by="the correlation differs from 1 by more than 0.05 at some t, with 95 % confidence",
    notation=NOTATION,
    variations=VARIATIONS,
)
