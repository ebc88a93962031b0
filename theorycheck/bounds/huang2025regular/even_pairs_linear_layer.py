"""In the second phase of training on even pairs, the linear layer grows as log t."""

from sympy import Symbol, log

from theorycheck.bounds.huang2025regular import PAPER, SETTING, VARIATIONS, t, u
from theorycheck.claim import Claim, Design, Source
from theorycheck.statements import Predicts

C = Symbol("C", positive=True)

claim = Claim(
    name="even_pairs_linear_layer",
    title="Growth of the linear layer in the second phase of training on even pairs",
    source=Source(paper=PAPER, place="abstract: the linear layer grows logarithmically, as remembered"),
    provenance="recalled",
    quantity=u,
    law=Predicts(C * log(t), tolerance=0.05, prefactor=C),
    response="even_pairs_linear_norm",
    design=Design(factor=t, levels=(800, 1600, 3200, 6400, 12800), replicates=10, held=SETTING),
    refuted_by="at some t the norm of u differs by more than 5 % from the multiple of log t that fits best",
    variations=VARIATIONS,
)
