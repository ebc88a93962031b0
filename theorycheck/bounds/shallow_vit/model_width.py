"""Theorem 1's condition m >= M^2 log N: the width needed grows no faster than that."""

from sympy import log, oo, symbols

from theorycheck.bounds.shallow_vit import (
    CONFUSION,
    MODEL_VARIATIONS,
    NOTATION,
    PAPER,
    SETTING,
    M,
    N,
    alpha_relevant,
    feature_learning,
    m,
)
from theorycheck.claim import Claim, Design, Search, Source
from theorycheck.statements import BigO

m_star = symbols("m_star", positive=True)

DESIGN = Design(
    factor=M,
    levels=(4, 6, 9, 13, 20, 30, 40),
    crossed={N: (64, 128, 256)},
    search=Search(m, (1, 2, 3, 4, 6, 8, 12, 16)),
    replicates=12,
    held={**SETTING, alpha_relevant: 0.2},
)

claim = Claim(
    name="model_width",
    title="Neurons a shallow ViT needs, against the number of patterns and of samples",
    source=Source(paper=PAPER, place="Theorem 1"),
    provenance="stated",
    quantity=m_star,
    law=BigO(M**2 * log(N), (M, oo), (N, oo)),
    conditions=(CONFUSION,),
    response="trained_to_zero_generalization_error",
    design=DESIGN,
    designs={"feature_learning": feature_learning(DESIGN)},
    refuted_by="m* grows faster than M^2.25 or N^0.25, with 95 % confidence",
    notation={**NOTATION, m_star: "m^*"},
    variations={name: held for name, held in MODEL_VARIATIONS.items() if name != "480 neurons"},
)
