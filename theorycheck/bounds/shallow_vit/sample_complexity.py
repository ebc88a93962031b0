"""Theorem 1: with attention, N >= Omega(alpha_*^-2) samples suffice for zero generalization error.

That "N >= Omega(g) suffices" is an upper bound on the number of samples needed: N* = O(g).
"""

from theorycheck.bounds.shallow_vit import (
    AUTHORS,
    LEVELS,
    NOTATION,
    PAPER,
    REGIME,
    SAMPLES_UP_TO_256,
    SETTING,
    VARIATIONS,
    N,
    N_star,
    alpha_relevant,
    feature_learning,
)
from theorycheck.claim import Claim, Design, Search, Source
from theorycheck.statements import BigO

DESIGN = Design(
    factor=alpha_relevant,
    levels=LEVELS,
    search=Search(N, SAMPLES_UP_TO_256),
    replicates=20,
    held=SETTING,
)

claim = Claim(
    name="sample_complexity",
    title="Samples a shallow ViT needs, against the fraction of label-relevant tokens",
    source=Source(paper=PAPER, place="Theorem 1"),
    provenance="stated",
    quantity=N_star,
    law=BigO(alpha_relevant**-2, (alpha_relevant, 0)),
    conditions=REGIME,
    response="zero_generalization_error",
    design=DESIGN,
    rivals=(-1, -3, -4),
    refuted_by="N* grows faster than alpha_*^-2.25 as alpha_* -> 0, with 95 % confidence",
    notation=NOTATION,
    designs={"authors": AUTHORS, "feature_learning": feature_learning(DESIGN)},
    variations=VARIATIONS,
)
