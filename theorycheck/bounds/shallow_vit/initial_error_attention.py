"""Abstract and remarks on Theorem 1: the number of samples needed grows with the initial error delta of W_K
and W_Q.
"""

from theorycheck.bounds.shallow_vit import (
    NOTATION,
    PAPER,
    REGIME,
    SETTING,
    VARIATIONS,
    N,
    N_star,
    alpha_relevant,
    delta,
    feature_learning,
)
from theorycheck.claim import Claim, Design, Search, Source
from theorycheck.statements import Direction

DESIGN = Design(
    factor=delta,
    levels=(0, 0.2, 0.4, 0.6, 0.8, 1.0),
    search=Search(N, (6, 8, 12, 16, 24, 32, 48)),
    replicates=40,
    held={**SETTING, alpha_relevant: 0.1},
)

claim = Claim(
    name="initial_error_attention",
    title="Samples a shallow ViT needs, against the initial error of the key and query matrices",
    source=Source(paper=PAPER, place="abstract"),
    provenance="stated",
    quantity=N_star,
    law=Direction(delta),
    conditions=REGIME,
    response="zero_generalization_error",
    design=DESIGN,
    designs={"feature_learning": feature_learning(DESIGN)},
    refuted_by="N* falls as delta grows, with 95 % confidence",
    notation=NOTATION,
    variations=VARIATIONS,
)
