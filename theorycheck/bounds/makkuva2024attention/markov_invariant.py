"""The reduced flow keeps e^2 - w^2 - sign(w) log|w|, whatever the chain."""

from sympy import Abs, log, sign

from theorycheck.bounds.makkuva2024attention import NOTATION, PAPER, TIME, E, e0, w0
from theorycheck.claim import Claim, Design, Source
from theorycheck.statements import Predicts

claim = Claim(
    name="markov_invariant",
    title="What gradient flow of the reduced transformer keeps",
    source=Source(paper=PAPER, place="invariant of the reduced flow, derived"),
    provenance="stated",
    quantity=E,
    law=Predicts(e0**2 - w0**2 - sign(w0) * log(Abs(w0)), tolerance=0.01, absolute=True),
    response="markov_flow_invariant",
    design=Design(
        factor=e0,
        levels=(0.4, 0.7, 1),
        crossed={w0: (-0.5, -0.2, 0.2, 0.6)},
        replicates=10,
        held={"time": TIME},
        note="The switching probabilities p and q of every trial are drawn from [0.1, 0.9].",
    ),
    refuted_by="from some start the end of the flow has another value, by 0.01, with 95 % confidence",
    notation=NOTATION,
    variations={"a tenth of the time": {"time": TIME / 10}},
)
