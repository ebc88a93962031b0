"""The semantic solution is the better one from N* = Theta(d) samples on."""

from sympy import oo

from theorycheck.bounds.cui2024phase import NOTATION, PAPER, SETTING, VARIATIONS, N, N_star, d
from theorycheck.claim import Claim, Design, Search, Source
from theorycheck.statements import Theta

claim = Claim(
    name="semantic_samples",
    title="Samples from which on the semantic solution has the lower training loss, against the dimension",
    source=Source(paper=PAPER, place="result 4.2: the solutions change places at n/d = alpha_c(omega)"),
    provenance="stated",
    quantity=N_star,
    law=Theta(d, (d, oo)),
    response="semantic_wins",
    design=Design(
        factor=d,
        levels=(16, 24, 36, 54, 81, 121),
        search=Search(N, (4, 6, 9, 13, 20, 30, 40, 54, 72, 96, 128, 170, 230, 310, 420)),
        replicates=20,
        budget=1700,
        held={**SETTING, "ratio": N / d},
    ),
    refuted_by="the exponent differs from 1 by more than 0.25, with 95 % confidence",
    notation=NOTATION,
    variations=VARIATIONS,
)
