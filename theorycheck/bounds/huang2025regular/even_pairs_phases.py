"""Training on even pairs has two phases: attention grows rapidly in the first, and is stable in the second.

Compared is by how much the weights of attention grow when the number of steps doubles.
"""

from theorycheck.bounds.huang2025regular import PAPER, SETTING, VARIATIONS, g, t
from theorycheck.claim import Claim, Design, Source
from theorycheck.statements import Ordering

FIRST, SECOND = (32, 64), (1600, 6400)

claim = Claim(
    name="even_pairs_phases",
    title="Growth of attention in the two phases of training on even pairs",
    source=Source(paper=PAPER, place="two phases of even pairs"),
    provenance="stated",
    quantity=g,
    law=Ordering(tuple(({t: late}, {t: early}) for early in FIRST for late in SECOND)),
    response="even_pairs_attention_growth",
    design=Design(factor=t, levels=(*FIRST, 400, *SECOND), replicates=10, held=SETTING),
    refuted_by="attention grows as much over a doubling of late steps as over one of early steps",
    variations=VARIATIONS,
)
