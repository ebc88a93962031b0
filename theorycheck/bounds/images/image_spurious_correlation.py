"""Section 4 on real images: removing background that tells the label in training alone lowers the test error.

As remembered, the paper has birds and airplanes on plants, 90 % against 10 %. Not known, and chosen here:
which background goes with the other label, and that tokens are removed in tests as well. Beside it stands
the same background where it tells nothing (50 %), as removing that may lower the error, too.
"""

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
TELLING = {removed: {"spurious": 0.9, "removed": removed} for removed in (0, 15, 18)}
SILENT = {removed: {"spurious": 0.5, "removed": removed} for removed in (0, 18)}

DESIGN = Design(
    factor="removed",
    levels=(0, 6, 12, 15, 18),
    crossed={"spurious": (0.5, 0.9)},
    replicates=20,
    held={**SETTING, alpha_relevant: 1 / 6, N: 128, "removal": "background"},
)

claim = Claim(
    name="image_spurious_correlation",
    title="Test error on images after the removal of background that tells the label in training alone",
    source=Source(paper=PAPER, place="Section 4, on images"),
    provenance="stated",
    quantity=error,
    law=Ordering(
        pairs=((TELLING[18], TELLING[0]), (TELLING[15], TELLING[0])),
        beside=((SILENT[18], SILENT[0]), (SILENT[0], TELLING[0])),
    ),
    response="image_test_error",
    design=DESIGN,
    designs={"photographs": photographs(DESIGN, {alpha_relevant: 16 / 36, N: 256})},
    refuted_by="removing the spurious background raises the test error, with 95 % confidence",
    notation=NOTATION,
    variations=MODEL_VARIATIONS,
)
