"""With frozen queries and keys, H heads memorise H (n - 1) + 1 examples, and not one more."""

from sympy import Ge

from theorycheck.bounds.mahdavi2024memorization import NOTATION, PAPER, H, capacity, d, d_h, n
from theorycheck.claim import Claim, Condition, Design, Source
from theorycheck.statements import Predicts

claim = Claim(
    name="frozen_memorisation",
    title="Examples that attention with frozen queries and keys memorises",
    source=Source(paper=PAPER, place="count of dimensions for a shared context, derived"),
    provenance="stated",
    quantity=capacity,
    law=Predicts(H * (n - 1) + 1, tolerance=0.5, absolute=True),
    conditions=(Condition(relation=Ge(d, n)),),
    response="memorised_examples",
    design=Design(
        factor=H,
        levels=(1, 2, 4, 8, 16),
        crossed={n: (2, 4, 8, 16)},
        replicates=20,
        held={d: 16, d_h: 4},
    ),
    refuted_by="at some H and n the count is off by more than half an example, with 95 % confidence",
    notation=NOTATION,
    variations={"queries and keys of dimension 2": {d_h: 2}, "tokens of dimension 32": {d: 32}},
)
