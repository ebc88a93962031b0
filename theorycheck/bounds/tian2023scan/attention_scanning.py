"""Theorem 4, first phase: while the decoder's margin grows linearly, attention grows as t^2."""

from sympy import Lt, log, symbols

from theorycheck.bounds.tian2023scan import NOTATION, PAPER, SETTING, VARIATIONS, M, eta_Y, eta_Z, s
from theorycheck.claim import Claim, Condition, Design, Source
from theorycheck.statements import Theta

growth = symbols("Delta", positive=True)

claim = Claim(
    name="attention_scanning",
    title="Growth of the attention on a distinct token, before the phase transition",
    source=Source(paper=PAPER, place="Theorem 4, t < K log M / eta_Y"),
    provenance="stated",
    quantity=growth,
    law=Theta(s**2, (s, 0)),
    conditions=(Condition(relation=Lt(s, log(M) / eta_Y)),),
    rivals=(1, 3),
    response="attention_growth",
    # A smaller step size of the decoder, so that the phase spans more than a decade of updates.
    design=Design(
        factor=s,
        levels=(4, 6, 10, 16, 25, 40),
        replicates=10,
        held={**SETTING, eta_Y: 0.05, eta_Z: 0.0005},
    ),
    refuted_by="the exponent of the growth differs from 2 by more than 0.25, with 95 % confidence",
    notation=NOTATION,
    variations={**VARIATIONS, "attention ten times as fast": {eta_Z: 0.005}},
)
