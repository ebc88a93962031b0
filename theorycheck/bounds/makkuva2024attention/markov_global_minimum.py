"""From the same starts with p + q < 1 the flow reaches the entropy rate, the least loss that there is."""

from sympy import Lt

from theorycheck.bounds.makkuva2024attention import FROM, NOTATION, PAPER, TIME, entropy, loss, p, q
from theorycheck.claim import Claim, Condition, Design, Source
from theorycheck.statements import Predicts

claim = Claim(
    name="markov_global_minimum",
    title="Loss that the reduced transformer reaches, on chains that switch seldom",
    source=Source(paper=PAPER, place="global minimum, reduced to e and w"),
    provenance="stated",
    quantity=loss,
    law=Predicts((q * entropy(p) + p * entropy(q)) / (p + q), tolerance=0.01),
    conditions=(Condition(relation=Lt(p + q, 1)),),
    response="markov_flow_loss",
    design=Design(
        factor=p,
        levels=(0.1, 0.2, 0.3),
        crossed={q: (0.1, 0.25, 0.4)},
        replicates=10,
        held=FROM,
    ),
    refuted_by="at some p and q the loss is off the entropy rate by more than 1 %, with 95 % confidence",
    notation=NOTATION,
    variations={"twice the time": {"time": 2 * TIME}, "smaller weights": {"lowest": 0.01, "highest": 0.1}},
)
