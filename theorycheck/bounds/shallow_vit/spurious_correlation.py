"""Section 4: removing tokens whose pattern tells the label in training but not in tests improves test
accuracy.
"""

from sympy import symbols

from theorycheck.bounds.shallow_vit import (
    MODEL_VARIATIONS,
    NOTATION,
    PAPER,
    SETTING,
    N,
    alpha_relevant,
    feature_learning,
)
from theorycheck.claim import Claim, Design, Source
from theorycheck.statements import Ordering

error = symbols("error", positive=True)

DESIGN = Design(
    factor="removed",
    levels=(0, 5, 10, 12, 14, 15, 16, 18, 20),
    replicates=20,
    held={
        **SETTING,
        alpha_relevant: 0.1,
        N: 128,
        "alpha_spurious": 0.2,
        "removal": "spurious",
    },
)

claim = Claim(
    name="spurious_correlation",
    title="Test error after the removal of spuriously correlated tokens from the training set",
    source=Source(paper=PAPER, place="Section 4"),
    provenance="stated",
    quantity=error,
    law=Ordering(
        pairs=(({"removed": 20}, {"removed": 0}), ({"removed": 15}, {"removed": 0})),
        beside=(({"removed": 5}, {"removed": 0}), ({"removed": 10}, {"removed": 0})),
    ),
    response="test_error",
    design=DESIGN,
    designs={"feature_learning": feature_learning(DESIGN)},
    refuted_by="removing the spurious tokens raises the test error, with 95 % confidence",
    notation=NOTATION,
    variations=MODEL_VARIATIONS,
)
