"""Theorem 1 against Proposition 1 on real images: without attention, N* grows faster as alpha_* -> 0."""

from theorycheck.bounds.images import (
    LEVELS,
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
from theorycheck.statements import BigO, Contrast

DESIGN = Design(
    factor=alpha_relevant,
    levels=LEVELS,
    crossed={"attention": (False, True)},
    search=Search(N, SAMPLES_UP_TO_230),
    replicates=20,
    budget=480,
    held=SETTING,
)

claim = Claim(
    name="image_attention_advantage",
    title="How much faster the number of images needed grows without attention",
    source=Source(paper=PAPER, place="Proposition 1, on images"),
    provenance="stated",
    quantity=N_star,
    law=Contrast(
        alpha_relevant,
        "attention",
        first=(False, BigO(alpha_relevant**-4, (alpha_relevant, 0))),
        second=(True, BigO(alpha_relevant**-2, (alpha_relevant, 0))),
    ),
    response="image_generalization",
    design=DESIGN,
    designs={"photographs": photographs(DESIGN)},
    refuted_by="N* grows no faster without attention than with it, with 95 % confidence",
    notation=NOTATION,
    variations=VARIATIONS,
)
