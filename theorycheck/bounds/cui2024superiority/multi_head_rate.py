"""The risk in context of softmax attention is O(1/D) in the number D of examples, of one head and of two."""

from sympy import oo

from theorycheck.bounds.cui2024superiority import LEVELS, PAPER, SETTING, VARIATIONS, D, risk
from theorycheck.claim import Claim, Design, Source
from theorycheck.statements import BigO, ForEach

claim = Claim(
    name="multi_head_rate",
    title="Risk in context of one and two heads of attention, against the number of examples",
    source=Source(paper=PAPER, place="abstract: O(1/D) for both"),
    provenance="stated",
    quantity=risk,
    law=ForEach("heads", (1, 2), BigO(1 / D, (D, oo))),
    response="softmax_in_context_risk",
    design=Design(factor=D, levels=LEVELS, crossed={"heads": (1, 2)}, replicates=10, held=SETTING),
    refuted_by="with one head or with two the risk falls more slowly than D^-0.75, with 95 % confidence",
    variations=VARIATIONS,
)
