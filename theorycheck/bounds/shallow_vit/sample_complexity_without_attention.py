"""Proposition 1: without the attention layer, N >= Omega(alpha_*^-4) samples suffice, alpha_*^-2 times as
many.

That "N >= Omega(g) suffices" is an upper bound on the number of samples needed: N* = O(g).
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
from theorycheck.statements import BigO

DESIGN = Design(
    factor=alpha_relevant,
    levels=LEVELS,
    search=Search(N, (*SAMPLES_UP_TO_256, 320, 384, 512)),
    replicates=20,
    # A mean token carries the signal alpha_*^2 once: fitting takes of the order of 1/(eta alpha_*^2)
    # iterations.
    held={**SETTING, "attention": False, T: ceiling(20 / (eta * alpha_relevant**2))},
)

claim = Claim(
    name="sample_complexity_without_attention",
    title="Samples needed when attention is replaced by uniform averaging over the tokens",
    source=Source(paper=PAPER, place="Proposition 1"),
    provenance="stated",
    quantity=N_star,
    law=BigO(alpha_relevant**-4, (alpha_relevant, 0)),
    conditions=REGIME,
    response="zero_generalization_error",
    design=DESIGN,
    designs={"feature_learning": feature_learning(DESIGN)},
    rivals=(-2, -3, -5),
    refuted_by="N* grows faster than alpha_*^-4.25 as alpha_* -> 0, with 95 % confidence",
    notation=NOTATION,
    variations=VARIATIONS,
)
