"""Section 5: one word among n moves random attention features by Omega(1) of their norm."""

from sympy import Pow, oo

from theorycheck.bounds.bombari2024word import PAPER, SEARCH, SEARCHES, S, d, n
from theorycheck.claim import Claim, Design, Source
from theorycheck.statements import Omega

claim = Claim(
    name="word_sensitivity_attention",
    title="How far one word can move random attention features, against the number of words",
    source=Source(paper=PAPER, place="word sensitivity of random attention features"),
    provenance="stated",
    quantity=S,
    law=Omega(Pow(n, 0, evaluate=False), (n, oo)),  # Omega(1): a law names its variable
    margin=0.1,  # as for random features; -1/2 is what these have
    rivals=(-0.5,),
    response="word_sensitivity",
    design=Design(
        factor=n,
        levels=(2, 4, 8, 16, 32, 64),
        replicates=20,
        # The theorem wants d / log(d)^4 at least of the order of n, and leaves the constant open.
        held={"features": "attention", d: 16 * n, **SEARCH},
        note="d = 16 n: the embeddings grow with the text, as the theorem asks for.",
    ),
    refuted_by="the sensitivity falls faster than n^-0.1, with 95 % confidence",
    variations={**SEARCHES, "half the size of an embedding": {d: 8 * n}},
)
