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
        levels=(24, 38, 60, 95, 151, 240),
        search=Search(N, (14, 20, 28, 38, 50, 66, 86, 112, 145, 190, 250, 330, 430, 560)),
        replicates=20,
        budget=1200,
        held={**SETTING, "alpha": N / d},
    ),
    refuted_by="the exponent differs from 1 by more than 0.25, with 95 % confidence",
    notation=NOTATION,
    variations=VARIATIONS,
)
