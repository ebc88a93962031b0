"""At equal numbers of steps, normalized gradient descent on attention is nearer to the max-margin direction
than plain gradient descent.

Plain gradient descent has steps of size 1, ten times those with which the normalized one moves.
"""

from theorycheck.bounds.tarzanagh2023maxmargin import NOTATION, SETTING, distance, eta, log_t
from theorycheck.bounds.vasudeva2024implicit import PAPER
from theorycheck.claim import Claim, Design, Source
from theorycheck.statements import Ordering

LEVELS = (4, 5, 6, 7, 8)  # 55 to 2,981 steps; from 10,000 on gradients of the normalized one underflow

claim = Claim(
    name="normalized_descent",
    title="Normalized against plain gradient descent on attention",
    source=Source(paper=PAPER, place="abstract: normalized steps accelerate convergence"),
    provenance="stated",
    quantity=distance,
    law=Ordering(
        tuple(({"optimizer": "normalized", log_t: x}, {"optimizer": "plain", log_t: x}) for x in LEVELS)
    ),
    response="max_margin_distance",
    design=Design(
        factor=log_t,
        levels=LEVELS,
        crossed={"optimizer": ("normalized", "plain")},
        replicates=20,
        held={name: value for name, value in SETTING.items() if name != "optimizer"},
    ),
    refuted_by="at some number of steps plain gradient descent is nearer, with 95 % confidence",
    notation=NOTATION,
    variations={
        "plain steps of size 10": {eta: 10},
        "normalized steps of length 0.03": {"eta_normalized": 0.03},
        "equal scores of all but the best token": {"scores": "equal"},
    },
)
