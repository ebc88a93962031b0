"""Proposition 2 on real images: attention on the object's tokens rises during training.

Proposition 2 speaks of one layer, and of a limit. Of several layers, with what is added past them, a rollout
cannot come near 1, so that what is tested is its direction: it is higher after more steps of training.
"""

from sympy import symbols

from theorycheck.bounds.images import (
    MODEL_VARIATIONS,
    NOTATION,
    PAPER,
    SETTING,
    N,
    T,
    alpha_relevant,
    photographs,
)
from theorycheck.claim import Claim, Design, Source
from theorycheck.statements import Direction

A = symbols("A", positive=True)

DESIGN = Design(
    factor=T,
    levels=(1, 25, 50, 100, 150, 200),
    replicates=20,
    held={**SETTING, alpha_relevant: 1 / 4, N: 64},
)

claim = Claim(
    name="image_attention_concentration",
    title="Attention rollout on the tokens of the object, against the steps of training",
    source=Source(paper=PAPER, place="Proposition 2, on images"),
    provenance="stated",
    quantity=A,
    law=Direction(T, grows=True),
    response="image_attention",
    design=DESIGN,
    designs={"photographs": photographs(DESIGN, {N: 512})},
    refuted_by="the attention on the object falls with the steps, with 95 % confidence",
    notation={**NOTATION, A: "A"},
    variations={name: held for name, held in MODEL_VARIATIONS.items() if name != "twice the steps"},
)
