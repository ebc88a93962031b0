"""Theorem 1: SGD needs T = Theta(1 / (eta alpha_*)) iterations."""

from sympy import ceiling

from theorycheck.bounds.shallow_vit import (
    LEVELS,
    MODEL_VARIATIONS,
    NOTATION,
    PAPER,
    REGIME,
    SETTING,
    N,
    T,
    alpha_relevant,
    eta,
    feature_learning,
)
from theorycheck.claim import Claim, Design, Source
from theorycheck.statements import Theta

DESIGN = Design(
    factor=alpha_relevant,
    levels=LEVELS,
    crossed={eta: (0.05, 0.1, 0.2, 0.4)},
    replicates=8,
    # N = 64: more than N* at every level, so that the model generalizes when it has fitted.
    held={**SETTING, N: 64, T: ceiling(100 / (eta * alpha_relevant))},
)

claim = Claim(
    name="training_iterations",
    title=(
        "SGD iterations until the training loss is zero, against step size and fraction of label-relevant"
        " tokens"
    ),
    source=Source(paper=PAPER, place="Theorem 1"),
    provenance="stated",
    quantity=T,
    law=Theta(1 / (eta * alpha_relevant), (alpha_relevant, 0), (eta, 0)),
    conditions=REGIME,
    response="training_iterations",
    design=DESIGN,
    designs={"feature_learning": feature_learning(DESIGN, crossed={eta: (0.2, 0.4, 0.8, 1.6)})},
    refuted_by="the exponent in alpha_* or in eta differs from -1 by more than 0.25, with 95 % confidence",
    notation=NOTATION,
    variations=MODEL_VARIATIONS,
)
