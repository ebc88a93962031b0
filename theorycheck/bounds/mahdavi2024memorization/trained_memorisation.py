"""Trained attention memorises Omega(H) examples: the heads that T examples need are O(T)."""

from sympy import oo

from theorycheck.bounds.mahdavi2024memorization import NOTATION, PAPER, H, H_star, T, d, d_h, n
from theorycheck.claim import Claim, Design, Search, Source
from theorycheck.statements import BigO

claim = Claim(
    name="trained_memorisation",
    title="Heads that trained attention needs to memorise random examples, against their number",
    source=Source(paper=PAPER, place="the abstract's Omega(H n), for trained weights"),
    provenance="stated",
    quantity=H_star,
    law=BigO(T, (T, oo)),
    response="memorises",
    design=Design(
        factor=T,
        levels=(18, 27, 40, 60, 90, 135),
        search=Search(H, (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32)),
        replicates=20,
        budget=960,
        held={n: 4, d: 4, d_h: 2, "eta": 0.1, "steps": 600, "error": 0.01},
        note="Capacity Omega(H) is H* = O(T), for the least number of heads that memorise T examples.",
    ),
    refuted_by="the number of heads grows faster than T^1.25, with 95 % confidence",
    notation=NOTATION,
    variations={
        "twice the steps": {"steps": 1200},
        "an error of 0.001": {"error": 0.001},
        "8 context tokens of dimension 8": {n: 8, d: 8},
    },
)
