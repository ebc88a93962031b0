"""The paper's finding that Theorem 1 carries over to deeper ViTs: N* = O(alpha_*^-2) at each depth."""

from theorycheck.bounds.images import (
    LEVELS,
    LEVELS_OF_PHOTOGRAPHS,
    MARGIN,
    NOTATION,
    PAPER,
    SAMPLES_UP_TO_230,
    SETTING,
    VARIATIONS,
    N,
    N_star,
    alpha_relevant,
    photographs,
)
from theorycheck.claim import Claim, Design, Search, Source
from theorycheck.statements import BigO, ForEach

DESIGN = Design(
    factor=alpha_relevant,
    levels=LEVELS,
    crossed={"depth": (1, 2, 4, 6)},
    search=Search(N, SAMPLES_UP_TO_230),
    replicates=7,
    budget=250,  # so that all claims take less than 40 minutes
    held=SETTING,
)

claim = Claim(
    name="image_depth",
    title="Real images that ViTs of 1, 2, 4 and 6 blocks need, against the fraction of label-relevant tokens",
    source=Source(paper=PAPER, place="Theorem 1, on deeper models"),
    provenance="stated",
    quantity=N_star,
    law=ForEach("depth", (1, 2, 4, 6), BigO(alpha_relevant**-2, (alpha_relevant, 0))),
    response="image_generalization",
    design=DESIGN,
    designs={"photographs": photographs(DESIGN, levels=LEVELS_OF_PHOTOGRAPHS[:-1], budget=90)},
    margin=MARGIN,
    refuted_by="at some depth N* grows faster than alpha_*^-2.5 as alpha_* -> 0, with 95 % confidence",
    notation=NOTATION,
    variations=VARIATIONS,
)
