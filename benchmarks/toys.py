"""Claims about no model, in whose designs the calibration study plants what variants of a kind judge."""

from sympy import oo, symbols

from theorycheck.claim import Claim, Design, Paper, Search, Source
from theorycheck.statements import Predicts

C, d, n, m, y = symbols("C d n m y", positive=True)
NOWHERE = Source(paper=Paper(key="toy", short="Toy", reference="None"), place="-")
LEVELS = (1, 2, 4, 8, 16)
WIDTHS = tuple(round(4 * 1.2**i, 1) for i in range(24))


def nothing(point, seed):
    """What is planted and never measured"""
    return seed


def toy(name, law, search=None, crossed=None, replicates=10):
    return Claim(
        name=name,
        title="A toy",
        source=NOWHERE,
        provenance="stated",
        quantity=y,
        law=law,
        response=nothing,
        design=Design(
            factor=n, levels=LEVELS, crossed=crossed or {}, search=search, replicates=replicates, held={}
        ),
        refuted_by="it is not so",
    )


CLAIMS = {
    claim.name: claim
    for claim in (
        toy("formula", Predicts(3 * n)),
        toy("prefactor", Predicts(C * n, prefactor=C)),
        toy("limit", Predicts(3 * n, limit=(d, oo)), crossed={d: (4, 8, 16, 32)}),
        toy("threshold", Predicts(16 * n**0.5, tolerance=0.2), Search(m, WIDTHS), replicates=30),
    )
}
