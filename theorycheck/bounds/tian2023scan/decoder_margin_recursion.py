"""Theorem 2: the decoder's margin after s updates by each class is M h*(s), whatever the attention does."""

from sympy import symbols

from theorycheck.bounds.tian2023scan import NOTATION, PAPER, SETTING, VARIATIONS, M, eta_Y, margins, s
from theorycheck.claim import Claim, Design, Source
from theorycheck.statements import Predicts

LEVELS = (1, 4, 8, 16, 32, 128, 512)
m = symbols("m", positive=True)

claim = Claim(
    name="decoder_margin_recursion",
    title="The decoder's margin against the recursion of h*",
    source=Source(paper=PAPER, place="dynamics of the decoder, Y = (M - 1) h* zeta"),
    provenance="stated",
    quantity=m,
    law=Predicts(margins(LEVELS, SETTING[M], SETTING[eta_Y]), tolerance=0.02),
    response="decoder_margin",
    design=Design(factor=s, levels=LEVELS, replicates=10, held=SETTING),
    refuted_by="the margin differs from M h*(s) by more than 2 % at some s, with 95 % confidence",
    notation=NOTATION,
    variations=VARIATIONS,
)
