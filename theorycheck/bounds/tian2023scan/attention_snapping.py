"""Theorem 4, second phase: after the phase transition attention grows as log^2 of t alone."""

from sympy import Gt, log, symbols

from theorycheck.bounds.tian2023scan import NOTATION, PAPER, SETTING, VARIATIONS, M, eta_Y, s
from theorycheck.claim import Claim, Condition, Design, Source
from theorycheck.statements import Predicts

growth, C = symbols("Delta C", positive=True)

claim = Claim(
    name="attention_snapping",
    title="Growth of the attention on a distinct token, after the phase transition",
    source=Source(paper=PAPER, place="Theorem 4, t > K log M / eta_Y"),
    provenance="stated",
    quantity=growth,
    law=Predicts(C * log(M * eta_Y * s) ** 2, tolerance=0.05, prefactor=C),
    conditions=(Condition(relation=Gt(s, log(M) / eta_Y)),),
    response="attention_growth",
    design=Design(factor=s, levels=(256, 1024, 4096), replicates=32, held=SETTING),
    refuted_by="no multiple of log(M eta_Y s)^2 is within 5 % at every s, with 95 % confidence",
    notation=NOTATION,
    variations=VARIATIONS,
)
