"""The solutions change places at n/d = alpha_c(omega): the published numbers, as d -> oo."""

from sympy import oo

from theorycheck.bounds.cui2024phase import NOTATION, PAPER, SETTING, VARIATIONS, alpha, alpha_c, d, omega
from theorycheck.claim import Claim, Design, Search, Source
from theorycheck.statements import Predicts

PUBLISHED = {0.2: 0.928, 0.3: 1.241, 0.4: 1.751}

claim = Claim(
    name="semantic_threshold",
    title="Samples a dimension from which on the semantic solution has the lower training loss",
    source=Source(paper=PAPER, place="result 4.2: the solutions change places at n/d = alpha_c(omega)"),
    provenance="stated",
    quantity=alpha_c,
    law=Predicts(PUBLISHED, tolerance=0.2, limit=(d, oo)),
    response="semantic_wins",
    design=Design(
        factor=omega,
        levels=tuple(PUBLISHED),
        crossed={d: (40, 80, 160)},
        search=Search(alpha, (0.6, 0.75, 0.9, 1.1, 1.3, 1.6, 1.9, 2.3, 2.8)),
        replicates=20,
        held={"steps": SETTING["steps"]},
    ),
    refuted_by="at some omega the limit is off the published number by more than 20 %, with 95 % confidence",
    notation=NOTATION,
    variations=VARIATIONS,
)
