"""Section 4: removing label-irrelevant or noisy tokens improves generalization; removing random ones does
not.
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

loss = symbols("loss", positive=True)
NONE = {"removed": 0}
IRRELEVANT, NOISY, RANDOM = ({"removal": kind, "removed": 40} for kind in ("irrelevant", "noisy", "random"))

DESIGN = Design(
    factor="removed",
    levels=(0, 10, 20, 30, 40),
    crossed={"removal": ("irrelevant", "noisy", "random"), N: (8, 16, 32, 64, 128)},
    replicates=20,
    held={**SETTING, alpha_relevant: 0.1, "noisy": 0.4, "tau_noisy": 2.0},
)

claim = Claim(
    name="token_sparsification",
    title="Test loss after the removal of label-irrelevant, noisy or random tokens",
    source=Source(paper=PAPER, place="Section 4"),
    provenance="stated",
    quantity=loss,
    law=Ordering(
        pairs=((IRRELEVANT, NONE), (NOISY, NONE), (IRRELEVANT, RANDOM), (NOISY, RANDOM)),
        beside=((RANDOM, NONE),),
    ),
    response="test_loss",
    design=DESIGN,
    designs={"feature_learning": feature_learning(DESIGN)},
    refuted_by="removing label-irrelevant or noisy tokens raises the test loss, with 95 % confidence",
    notation=NOTATION,
    variations=MODEL_VARIATIONS,
)
