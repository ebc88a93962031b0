"""Proposition 2: attention on label-relevant tokens goes to 1 - eta^C, C > 0, at a rate of O(1/t); it becomes
sparse.

The theorem leaves C open, so the number that is tested is what "sparse" says: at least 0.9 of the attention.
"""

from sympy import symbols

from theorycheck.bounds.shallow_vit import (
    AUTHORS_ATTENTION,
    MODEL_VARIATIONS,
    NOTATION,
    PAPER,
    REGIME,
    SETTING,
    N,
    alpha_relevant,
    feature_learning,
)
from theorycheck.claim import Claim, Design, Source
from theorycheck.statements import Limit

A = symbols("A", positive=True)

DESIGN = Design(
    factor=alpha_relevant,
    levels=(0.1, 0.2, 0.3),
    replicates=20,
    held={**SETTING, N: 128},
)

claim = Claim(
    name="attention_concentration",
    title="Attention on label-relevant tokens during training",
    source=Source(paper=PAPER, place="Proposition 2"),
    provenance="stated",
    quantity=A,
    law=Limit(1, tolerance=0.1, rate=1, start=20, falls=("attended",)),
    conditions=REGIME,
    response="attention_concentration",
    design=DESIGN,
    designs={"authors": AUTHORS_ATTENTION, "feature_learning": feature_learning(DESIGN)},
    refuted_by=(
        "the last attention is below 0.9, or its gap to 1 falls more slowly than t^-0.75, with 95 %"
        " confidence"
    ),
    notation={**NOTATION, A: "A"},
    variations=MODEL_VARIATIONS,
)
