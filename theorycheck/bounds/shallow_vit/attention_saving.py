"""With attention at most half of the samples are needed. Ours, no statement of the paper.

The paper bounds how N* grows without attention and with it (Theorem 1, Proposition 1), and names no constant.
We ask what the difference is worth in samples, at levels from 0.04 to 0.13.
"""

from sympy import ceiling

from theorycheck.bounds.shallow_vit import (
    MODEL_VARIATIONS,
    NOTATION,
    PAPER,
    REGIME,
    SETTING,
    N,
    N_star,
    T,
    alpha_relevant,
    eta,
)
from theorycheck.claim import Claim, Design, Search, Source
from theorycheck.statements import Ratio

claim = Claim(
    name="attention_saving",
    title="Share of the samples that is enough with attention",
    source=Source(paper=PAPER, place="beside Proposition 1, not stated there"),
    provenance="recalled",
    quantity=N_star,
    law=Ratio(alpha_relevant, "attention", first=True, second=False, at_most=0.5),
    conditions=REGIME,
    response="zero_generalization_error",
    design=Design(
        factor=alpha_relevant,
        levels=(0.04, 0.06, 0.09, 0.13),
        crossed={"attention": (False, True)},
        search=Search(N, (4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)),
        replicates=10,
        held={**SETTING, T: ceiling(20 / (eta * alpha_relevant**2))},
    ),
    refuted_by="more than half of the samples are needed with attention at some level, with 95 % confidence",
    notation=NOTATION,
    variations=MODEL_VARIATIONS,
)
