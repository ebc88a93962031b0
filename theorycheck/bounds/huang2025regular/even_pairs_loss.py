"""Attention and a linear layer learn even pairs; in the second phase of training the loss is O(1/t)."""

from sympy import oo

from theorycheck.bounds.huang2025regular import PAPER, SETTING, VARIATIONS, loss, t
from theorycheck.claim import Claim, Design, Source
from theorycheck.statements import BigO

claim = Claim(
    name="even_pairs_loss",
    title="Loss on even pairs in the second phase of training",
    source=Source(paper=PAPER, place="second phase of even pairs"),
    provenance="stated",
    quantity=loss,
    law=BigO(1 / t, (t, oo)),
    response="even_pairs_loss",
    design=Design(
        factor=t,
        levels=(400, 800, 1600, 3200, 6400, 12800),
        replicates=10,
        held=SETTING,
        note="The first phase, in which attention forms, ends near t = 250 at this step size.",
    ),
    rivals=(-0.5,),
    refuted_by="the loss falls more slowly than t^-0.75, with 95 % confidence",
    variations=VARIATIONS,
)
