"""Theorem 2: Omega((alpha' tau rho)^-2) context examples suffice for every step of a chain of thought."""

from theorycheck.bounds.li2024cot import NOTATION, PAPER, alpha, l_star, rho, tau
from theorycheck.claim import Claim, Design, Search, Source
from theorycheck.statements import BigO

claim = Claim(
    name="chain_of_thought_examples",
    title="Noisy context examples that a chain of thought needs",
    source=Source(paper=PAPER, place="number of testing examples, l_ts"),
    provenance="stated",
    quantity=l_star,
    law=BigO((alpha * tau * rho) ** -2, (tau, 0), (alpha, 0), (rho, 0)),
    rivals=(-1, -3),
    response="chain_of_votes",
    design=Design(
        factor=tau,
        levels=(0.03, 0.05, 0.08, 0.12, 0.2, 0.3),
        crossed={alpha: (0.04, 0.13, 0.4), rho: (0.1, 0.16, 0.25)},
        search=Search("l_ts", tuple(4 * 2**i for i in range(17))),
        replicates=12,
        held={"K": 2, "patterns": 80},
        note=(
            "Chosen: two steps of 80 patterns. An error of a step leads to one other pattern with rho^(1/2) -"
            " tau, and to all others alike. The trained model is taken at its word: it votes."
        ),
    ),
    refuted_by="an exponent is below -2.25, with 95 % confidence",
    notation=NOTATION,
    variations={f"{patterns} patterns": {"patterns": patterns} for patterns in (60, 120, 160)},
)
