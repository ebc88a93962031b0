"""Section 4 on real images: removing background that tells the label in training alone lowers the test error.

As remembered, the paper has birds and airplanes on plants, 90 % against 10 %. Not known, and chosen here:
which background goes with the other label, and that tokens are removed in tests as well.
"""

from sympy import symbols

from theorycheck.bounds.images import MODEL_VARIATIONS, NOTATION, PAPER, SETTING, N, alpha_relevant
from theorycheck.claim import Claim, Design, Source
from theorycheck.statements import Ordering

error = symbols("error", positive=True)

claim = Claim(
    name="image_spurious_correlation",
    title="Test error on images after the removal of background that tells the label in training alone",
    source=Source(paper=PAPER, place="Section 4, on images"),
    provenance="stated",
    quantity=error,
    law=Ordering(
        pairs=(({"removed": 18}, {"removed": 0}), ({"removed": 15}, {"removed": 0})),
        beside=(({"removed": 6}, {"removed": 0}), ({"removed": 12}, {"removed": 0})),
    ),
    response="image_test_error",
    design=Design(
        factor="removed",
        levels=(0, 6, 12, 15, 18),
        replicates=20,
        held={**SETTING, alpha_relevant: 1 / 6, N: 128, "spurious": 0.9, "removal": "background"},
    ),
    refuted_by="removing the spurious background raises the test error, with 95 % confidence",
    notation=NOTATION,
    variations=MODEL_VARIATIONS,
)
