"""Trained attention with H heads memorises Omega(H) examples."""

from sympy import oo

from theorycheck.bounds.mahdavi2024memorization import NOTATION, PAPER, H, capacity, d, d_h, n
from theorycheck.claim import Claim, Design, Source
from theorycheck.statements import Omega

claim = Claim(
    name="trained_memorisation",
    title="Examples that trained attention memorises, against the number of its heads",
    source=Source(paper=PAPER, place="the abstract's Omega(H n), for trained weights"),
    provenance="stated",
    quantity=capacity,
    law=Omega(H, (H, oo)),
    response="trained_capacity",
    design=Design(
        factor=H,
        levels=(1, 2, 3, 5, 9, 16),
        replicates=16,
        held={n: 4, d: 4, d_h: 2, "examples_a_head": 24, "eta": 0.1, "steps": 1200, "error": 0.01},
    ),
    refuted_by="the number of examples grows more slowly than H^0.75, with 95 % confidence",
    notation=NOTATION,
    variations={
        "half the steps": {"steps": 600},
        "an error of 0.001": {"error": 0.001},
        "8 context tokens of dimension 8": {n: 8, d: 8},
    },
)
