"""What attention lacks to 1 at the end of training falls with the output scale: docs/regimes.md.

No statement of the paper, but of its regime: with output weights of size 1/sqrt(m) the trained function fits
before W_K and W_Q move (lazy training: Chizat, Oyallon and Bach, NeurIPS 2019), with smaller ones features
are learned (Yang and Hu, ICML 2021).
"""

from sympy import ceiling, symbols

from theorycheck.bounds.shallow_vit import (
    MODEL_VARIATIONS,
    NOTATION,
    PAPER,
    REGIME,
    SETTING,
    N,
    T,
    alpha_relevant,
    eta,
)
from theorycheck.claim import Claim, Design, Source
from theorycheck.statements import Direction

gap, output_scale = symbols("gap output_scale", positive=True)

claim = Claim(
    name="attention_gap_by_scale",
    title="What attention on label-relevant tokens lacks to 1 after training, against the output scale",
    source=Source(paper=PAPER, place="the regime of Proposition 2"),
    provenance="recalled",
    quantity=gap,
    law=Direction(output_scale, grows=True),
    conditions=REGIME,
    response="attention_gap",
    design=Design(
        factor=output_scale,
        levels=(0.05, 0.1, 0.2, 0.5, 1),
        replicates=10,
        held={
            **SETTING,
            N: 64,
            alpha_relevant: 0.2,
            T: ceiling(40 / (eta * alpha_relevant * output_scale)),
        },
    ),
    refuted_by="attention ends nearer to 1 at a larger output scale, with 95 % confidence",
    notation={**NOTATION, output_scale: "s"},
    variations=MODEL_VARIATIONS,
)
