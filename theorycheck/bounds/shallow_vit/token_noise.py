"""Abstract and remarks on Theorem 1: the number of samples needed grows with the token noise level tau."""

from sympy import sqrt

from theorycheck.bounds.shallow_vit import (
    NOTATION,
    PAPER,
    REGIME,
    SETTING,
    VARIATIONS,
    N,
    N_star,
    alpha_relevant,
    feature_learning,
    tau,
)
from theorycheck.claim import Claim, Design, Search, Source
from theorycheck.statements import Direction

DESIGN = Design(
    factor=tau,
    levels=(0.05, 0.2, 0.4, 0.6, 0.8, 1.0),
    search=Search(N, (6, 8, 12, 16, 24, 32, 48, 64, 96)),
    replicates=40,
    held={**SETTING, alpha_relevant: 0.1},
)

claim = Claim(
    name="token_noise",
    title="Samples a shallow ViT needs, against the level of token noise",
    source=Source(paper=PAPER, place="abstract"),
    provenance="stated",
    quantity=N_star,
    law=Direction(tau, linear=1 / sqrt(N_star)),
    conditions=REGIME,
    response="zero_generalization_error",
    design=DESIGN,
    designs={"feature_learning": feature_learning(DESIGN)},
    refuted_by="N* falls as tau grows, with 95 % confidence",
    notation=NOTATION,
    variations=VARIATIONS,
)
