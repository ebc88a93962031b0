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

SAMPLES = (6, 8, 12, 16, 24, 32, 48, 64, 96, 128)
# In units of the pattern norm. Up to 1 nothing decides: N* changes by a tenth at most.
DESIGN = Design(
    factor=delta,
    levels=(0, 1, 2, 3, 4),
    search=Search(N, SAMPLES),
    replicates=40,
    held={**SETTING, alpha_relevant: 0.1},
)
SMALL = DESIGN.another(
    "Errors of at most the pattern norm.",
    levels=(0, 0.2, 0.4, 0.6, 0.8, 1.0),
    search=Search(N, (6, 8, 12, 16, 24, 32, 48)),
)
# Fewer samples suffice there: at a smaller alpha_* N* lies among those tried.
LEARNING = feature_learning(DESIGN, {alpha_relevant: 0.06}, search=Search(N, (2, 4, *SAMPLES)), replicates=20)

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
    designs={"small": SMALL, "feature_learning": LEARNING},
    refuted_by="N* falls as delta grows, with 95 % confidence",
    notation=NOTATION,
    variations=VARIATIONS,
)
