"""Section 4: one word among n moves random features by O(1 / sqrt(n)) of their norm."""

from sympy import oo, sqrt

from theorycheck.bounds.bombari2024word import PAPER, SEARCH, SEARCHES, S, d, k, n
from theorycheck.claim import Claim, Design, Source
from theorycheck.statements import BigO

claim = Claim(
    name="word_sensitivity_random_features",
    title="How far one word can move ReLU random features, against the number of words",
    source=Source(paper=PAPER, place="word sensitivity of random features"),
    provenance="stated",
    quantity=S,
    law=BigO(1 / sqrt(n), (n, oo)),
    margin=0.1,  # a tenth of a power: S is measured without the noise of a training
    rivals=(0, -1),
    response="word_sensitivity",
    design=Design(
        factor=n,
        levels=(4, 8, 16, 32, 64, 128, 256),
        replicates=20,
        held={"features": "random", d: 64, k: 256, **SEARCH},
    ),
    refuted_by="the sensitivity falls more slowly than n^-0.4, with 95 % confidence",
    variations={
        **SEARCHES,
        "fewer features than numbers of a word": {k: 32},
        "16 times as many": {k: 1024},
    },
)
