"""Proposition 2: attention on label-relevant tokens goes to 1 - eta^C, C > 0, with a gap of O(1/t).

C is not given. What follows is tested: the attention ends away from 1 by a positive power of the step size;
what is missing to its limit falls at least as t^-1; it rises, and fewer tokens are attended.
"""

from sympy import ceiling, oo, symbols

from theorycheck.bounds.shallow_vit import (
    MODEL_VARIATIONS,
    NOTATION,
    OUTPUT_SCALE,
    PAPER,
    REGIME,
    SETTING,
    N,
    T,
    alpha_relevant,
    eta,
)
from theorycheck.claim import Claim, Design, Source
from theorycheck.statements import BigO, UnknownLimit

A, t = symbols("A t", positive=True)
C = symbols("C", real=True)  # its sign is what is claimed

DESIGN = Design(
    factor=eta,
    levels=(0.005, 0.0125, 0.03, 0.08, 0.2, 0.5),
    replicates=10,
    # N = 64: more than N* there, so that the model generalizes when it has fitted.
    held={**SETTING, N: 64, alpha_relevant: 0.2, T: ceiling(400 / (eta * alpha_relevant))},
)

claim = Claim(
    name="sparse_attention",
    title="Attention on label-relevant tokens during training, against the step size",
    source=Source(paper=PAPER, place="Proposition 2"),
    provenance="stated",
    quantity=A,
    law=UnknownLimit(1 - eta**C, C > 0, gap=BigO(1 / t, (t, oo)), start=20, falls=("attended",)),
    conditions=REGIME,
    response="attention_concentration",
    design=DESIGN,
    designs={
        "feature_learning": DESIGN.another(
            f"Output weights are +-{OUTPUT_SCALE}/sqrt(m) (docs/regimes.md).",
            {"output_scale": OUTPUT_SCALE},
            levels=(0.05, 0.125, 0.3, 0.8, 2, 5),
        ),
    },
    refuted_by=(
        "the attention does not end nearer to 1 at smaller step sizes, or what is missing to its limit falls"
        " more slowly than t^-0.75, or it falls, with 95 % confidence"
    ),
    notation={**NOTATION, A: "A"},
    variations=MODEL_VARIATIONS,
)
