"""Linear attention regresses linearly in context: the risk is d (d + 1) / (n + d + 1) for n examples."""

import numpy as np
from sympy import symbols

from theorycheck import Claim, Design, Paper, Source
from theorycheck.statements import Predicts

n, d, risk_letter = symbols("n d risk", positive=True)
ZHANG = Paper(
    key="zhang2024trained",
    short="Zhang et al. 2024",
    reference=(
        "R. Zhang, S. Frei, P. Bartlett: Trained Transformers Learn Linear Models In-Context. JMLR 2024"
    ),
)


def risk(point, seed):
    """Mean squared error of the best linear attention over 2,000 random prompts, without label noise."""
    rng, n, d = np.random.default_rng(seed), int(point["n"]), point["d"]
    w, query = rng.standard_normal((2, 2000, d))
    X = rng.standard_normal((2000, n, d))
    y = np.einsum("pnd,pd->pn", X, w)
    predicted = np.einsum("pn,pnd,pd->p", y, X, query) / (n + d + 1)  # the minimiser among linear attentions
    return float(np.mean((predicted - (w * query).sum(1)) ** 2))


claim = Claim(
    name="in_context_learning",
    title="Risk of linear attention in context, against the length of the prompt",
    source=Source(paper=ZHANG, place="theorem 4.1, identity covariance"),
    provenance="recalled",
    quantity=risk_letter,
    law=Predicts(d * (d + 1) / (n + d + 1), tolerance=0.1),
    response=risk,
    design=Design(factor=n, levels=(10, 40, 160, 640), crossed={d: (2, 4, 8)}, replicates=20, held={}),
    refuted_by="the risk is off the formula by more than 10 % at some n and d, with 95 % confidence",
)
