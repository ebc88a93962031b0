"""At n/d = 1.5 and omega = 0.3 the semantic solution has overlap 0.545, as d -> oo."""

from sympy import oo

from theorycheck.bounds.cui2024phase import NOTATION, PAPER, SETTING, VARIATIONS, alpha, d, theta
from theorycheck.claim import Claim, Design, Source
from theorycheck.statements import Predicts

claim = Claim(
    name="semantic_attention",
    title="Overlap of the semantic solution with the direction of the target",
    source=Source(paper=PAPER, place="order parameters, n/d = 1.5, omega = 0.3"),
    provenance="stated",
    quantity=theta,
    law=Predicts(0.545, tolerance=0.1, limit=(d, oo)),
    response="semantic_overlap",
    design=Design(factor=d, levels=(20, 40, 80, 160), replicates=150, held={**SETTING, alpha: 1.5}),
    refuted_by="the limit is off 0.545 by more than 10 %, with 95 % confidence",
    notation=NOTATION,
    variations=VARIATIONS,
)
