"""Linear attention, trained by gradient descent, regresses in context with a risk of d (d + 1) / (n + d + 1).

The theorem gives the limit of gradient flow, Gamma^-1 with Gamma = (1 + (d + 1) / n) I for the covariance I.
Its risk follows. Here a layer is trained from a random start, on fresh prompts, with all its entries free.
"""

from theorycheck.bounds.zhang2024trained import PAPER, SETTING, B, T, d, n, risk
from theorycheck.claim import Claim, Design, Source
from theorycheck.statements import Predicts

claim = Claim(
    name="in_context_risk",
    title="Risk of trained linear attention in context, against examples and dimension",
    source=Source(paper=PAPER, place="Theorem 4.1, identity covariance"),
    provenance="stated",
    quantity=risk,
    law=Predicts(d * (d + 1) / (n + d + 1), tolerance=0.05),
    response="in_context_risk",
    design=Design(
        factor=n,
        levels=(10, 20, 40, 80, 160),
        crossed={d: (2, 3, 4)},
        replicates=8,
        held=SETTING,
        note="The start is the theorem's, with a random Theta; labels have no noise.",
    ),
    refuted_by="at some n and d the risk differs from the formula by more than 5 %, with 95 % confidence",
    variations={
        "twice the steps": {T: 2 * SETTING[T]},
        "twice the prompts of a step": {B: 2 * SETTING[B]},
        "ten times smaller start": {"start": 0.03},
    },
)
