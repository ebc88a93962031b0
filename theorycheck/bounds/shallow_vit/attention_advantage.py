"""Theorem 1 against Proposition 1: without attention, N* grows faster as alpha_* -> 0, in the bounds by
alpha_*^-2.
"""

from sympy import ceiling

from theorycheck.bounds.shallow_vit import (
    LEVELS,
    NOTATION,
    PAPER,
    REGIME,
    SAMPLES_UP_TO_256,
    SETTING,
    VARIATIONS,
    N,
    N_star,
    T,
    alpha_relevant,
    eta,
    feature_learning,
)
from theorycheck.claim import Claim, Design, Search, Source
from theorycheck.statements import BigO, Contrast

DESIGN = Design(
    factor=alpha_relevant,
    levels=LEVELS,
    crossed={"attention": (False, True)},
    search=Search(N, (*SAMPLES_UP_TO_256, 320, 384, 512)),
    replicates=20,
    held={**SETTING, T: ceiling(20 / (eta * alpha_relevant**2))},
)

claim = Claim(
    name="attention_advantage",
    title="How much faster the number of samples needed grows without attention",
    source=Source(paper=PAPER, place="Proposition 1"),
    provenance="stated",
    quantity=N_star,
    law=Contrast(
        alpha_relevant,
        "attention",
        first=(False, BigO(alpha_relevant**-4, (alpha_relevant, 0))),
        second=(True, BigO(alpha_relevant**-2, (alpha_relevant, 0))),
    ),
    conditions=REGIME,
    response="zero_generalization_error",
    design=DESIGN,
    designs={"feature_learning": feature_learning(DESIGN)},
    refuted_by="N* grows no faster without attention than with it, with 95 % confidence",
    notation=NOTATION,
    variations=VARIATIONS,
)
