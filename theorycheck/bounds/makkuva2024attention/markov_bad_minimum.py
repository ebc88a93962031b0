"""With tied weights and p + q > 1 the flow is trapped: it predicts as if states were independent."""

from sympy import Gt

from theorycheck.bounds.makkuva2024attention import FROM, NOTATION, PAPER, TIME, entropy, loss, p, q
from theorycheck.claim import Claim, Condition, Design, Source
from theorycheck.statements import Predicts

claim = Claim(
    name="markov_bad_minimum",
    title="Loss in which the reduced transformer is trapped, on chains that switch often",
    source=Source(paper=PAPER, place="bad minimum with weight tying, reduced to e and w"),
    provenance="stated",
    quantity=loss,
    law=Predicts(entropy(p / (p + q)), tolerance=0.01),
    conditions=(Condition(relation=Gt(p + q, 1)),),
    response="markov_flow_loss",
    design=Design(
        factor=p,
        levels=(0.5, 0.65, 0.8, 0.9),
        crossed={q: (0.7, 0.8, 0.9)},
        replicates=10,
        held=FROM,
    ),
    refuted_by="at some p and q the loss is off H(p/(p + q)) by more than 1 %, with 95 % confidence",
    notation=NOTATION,
    variations={"twice the time": {"time": 2 * TIME}, "smaller weights": {"lowest": 0.01, "highest": 0.1}},
)
