"""Section 4 on images: removing background tokens lowers the test error, removing random ones does not."""

from sympy import symbols

from theorycheck.bounds.images import (
    MODEL_VARIATIONS,
    NOTATION,
    PAPER,
    SETTING,
    N,
    alpha_relevant,
    photographs,
)
from theorycheck.claim import Claim, Design, Source
from theorycheck.statements import Ordering

error = symbols("error", positive=True)
NONE = {"removed": 0}
BACKGROUND, RANDOM = ({"removal": kind, "removed": 18} for kind in ("background", "random"))

DESIGN = Design(
    factor="removed",
    levels=(0, 6, 12, 18),
    crossed={"removal": ("background", "random")},
    replicates=20,
    held={**SETTING, alpha_relevant: 1 / 6, N: 64},
)

claim = Claim(
    name="image_token_sparsification",
    title="Test error on images after the removal of background or random tokens",
    source=Source(paper=PAPER, place="Section 4, on images"),
    provenance="stated",
    quantity=error,
    law=Ordering(
        pairs=((BACKGROUND, NONE), (BACKGROUND, RANDOM)),
        beside=((RANDOM, NONE),),
    ),
    response="image_test_error",
    design=DESIGN,
    designs={"photographs": photographs(DESIGN, {alpha_relevant: 16 / 36, N: 256})},
    refuted_by="removing background tokens raises the test error, with 95 % confidence",
    notation=NOTATION,
    variations=MODEL_VARIATIONS,
)
