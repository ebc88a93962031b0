"""Theorem 3: the relative gain of a distinct token over another is r(t) = r(0) e^(2 (z(t) - z(0)))."""

from sympy import Integer, symbols

from theorycheck.bounds.tian2023scan import NOTATION, PAPER, SETTING, VARIATIONS, eta_Y, eta_Z, s
from theorycheck.claim import Claim, Design, Source
from theorycheck.statements import Predicts

exponent = symbols("gamma", positive=True)
DESIGN = Design(factor=s, levels=(4, 8, 16, 32, 64, 128, 256), replicates=10, held=SETTING)

claim = Claim(
    name="relative_gain",
    title="Relative gain of attention, r(t) = r(0) exp(2 gamma (z(t) - z(0))), against gamma = 1",
    source=Source(paper=PAPER, place="Theorem 3"),
    provenance="stated",
    quantity=exponent,
    law=Predicts(Integer(1), tolerance=0.05),
    response="relative_gain_exponent",
    design=DESIGN,
    designs={
        "equal_rates": DESIGN.another(
            "Attention learns as fast as the decoder, against the paper's assumption.", {eta_Z: eta_Y}
        )
    },
    refuted_by="gamma differs from 1 by more than 5 % at some s, with 95 % confidence",
    notation=NOTATION,
    variations={**VARIATIONS, "attention ten times as fast": {eta_Z: eta_Y / 10}},
)
