"""The distance of attention from its max-margin direction falls as O(1/log t) in t steps of descent.

The letter of the design is log t itself, so that the law is a power of it.
"""

from sympy import oo

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
from theorycheck.statements import BigO

claim = Claim(
    name="max_margin_rate",
    title="How fast attention comes near its max-margin direction",
    source=Source(paper=PAPER, place="rate of convergence, as remembered"),
    provenance="recalled",
    quantity=distance,
    law=BigO(1 / log_t, (log_t, oo)),
    response="max_margin_distance",
    design=Design(factor=log_t, levels=LEVELS, replicates=40, held=SETTING),
    refuted_by="the distance falls more slowly than (log t)^-0.75, with 95 % confidence",
    notation=NOTATION,
    variations=VARIATIONS,
)
