"""Theorem 1's condition alpha_# <= c alpha_*, c < 1/(2e): below that ratio, success does not fail for its
sake.
"""

from sympy import E, symbols

from theorycheck.bounds.shallow_vit import (
    MODEL_VARIATIONS,
    NOTATION,
    PAPER,
    SETTING,
    N,
    alpha_confusion,
    alpha_relevant,
    feature_learning,
)
from theorycheck.claim import Claim, Design, Search, Source
from theorycheck.statements import Transition

c = symbols("c", positive=True)

DESIGN = Design(
    factor=N,
    levels=(16, 24, 32, 48, 64),
    search=Search(alpha_confusion, (0.01, 0.02, 0.03, 0.05, 0.07, 0.09, 0.11, 0.13, 0.15, 0.17, 0.18)),
    replicates=20,
    held={**SETTING, alpha_relevant: 0.2},
)

claim = Claim(
    name="confusion_tokens",
    title="The ratio of confusion to label-relevant tokens at which learning fails",
    source=Source(paper=PAPER, place="Theorem 1"),
    provenance="stated",
    quantity=c,
    law=Transition(alpha_confusion / alpha_relevant, 1 / (2 * E)),
    response="trained_to_zero_generalization_error",
    design=DESIGN,
    designs={"feature_learning": feature_learning(DESIGN)},
    refuted_by="at some N half of the trials fail at a ratio below 1/(2e), with 95 % confidence",
    notation=NOTATION,
    variations=MODEL_VARIATIONS,
)
