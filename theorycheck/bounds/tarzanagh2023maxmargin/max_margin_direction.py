"""Gradient descent on attention goes to the direction of the max-margin solution for the best tokens.

The solution is  argmin |W|_F  with  (x_best - x_t)^T W z >= 1  for the other tokens t of every input.
"""

from theorycheck.bounds.tarzanagh2023maxmargin import (
    LEVELS,
    NOTATION,
    PAPER,
    SETTING,
    VARIATIONS,
    distance,
    log_t,
)
from theorycheck.claim import Claim, Design, Source
from theorycheck.statements import Direction

claim = Claim(
    name="max_margin_direction",
    title="Distance of attention from its max-margin direction, during training",
    source=Source(paper=PAPER, place="convergence of gradient descent to (Att-SVM)"),
    provenance="stated",
    quantity=distance,
    law=Direction(log_t, grows=False),
    response="max_margin_distance",
    design=Design(factor=log_t, levels=LEVELS, replicates=20, held=SETTING),
    refuted_by="the distance grows with the number of steps, with 95 % confidence",
    notation=NOTATION,
    variations=VARIATIONS,
)
