"""At n/d = 1.5 and omega = 0.3 the positional solution has overlap 0.256, as d -> oo."""

from sympy import oo

from theorycheck.bounds.cui2024phase import NOTATION, PAPER, SETTING, VARIATIONS, alpha, d, m
from theorycheck.claim import Claim, Design, Source
from theorycheck.statements import Predicts

claim = Claim(
    name="positional_attention",
    title="Overlap of the positional solution with the direction of positions",
    source=Source(paper=PAPER, place="order parameters, n/d = 1.5, omega = 0.3"),
    provenance="stated",
    quantity=m,
    law=Predicts(0.256, tolerance=0.05, limit=(d, oo)),
    response="positional_overlap",
    design=Design(factor=d, levels=(20, 40, 80, 160), replicates=100, held={**SETTING, alpha: 1.5}),
    refuted_by="the limit is off 0.256 by more than 5 %, with 95 % confidence",
    notation=NOTATION,
    variations=VARIATIONS,
)
