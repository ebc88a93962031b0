"""Two heads of softmax attention regress in context with a smaller risk than one, at every number D of
examples.
"""

from theorycheck.bounds.cui2024superiority import LEVELS, PAPER, SETTING, VARIATIONS, D, risk
from theorycheck.claim import Claim, Design, Source
from theorycheck.statements import Ordering

claim = Claim(
    name="multi_head_advantage",
    title="Risk in context of two heads of attention against one",
    source=Source(paper=PAPER, place="abstract: smaller constant of multi-head attention"),
    provenance="stated",
    quantity=risk,
    law=Ordering(tuple(({"heads": 2, D: x}, {"heads": 1, D: x}) for x in LEVELS)),
    response="softmax_in_context_risk",
    design=Design(factor=D, levels=LEVELS, crossed={"heads": (1, 2)}, replicates=10, held=SETTING),
    refuted_by="at some D one head has the smaller risk, with 95 % confidence",
    variations=VARIATIONS,
)
