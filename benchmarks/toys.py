"""Claims about no model, in whose designs the calibration study plants what variants of a kind judge."""

from sympy import exp, log, oo, symbols

from theorycheck.claim import Claim, Design, Paper, Search, Source
from theorycheck.statements import BigO, Predicts, Ratio

C, N, d, n, y = symbols("C N d n y", positive=True)
NOWHERE = Source(paper=Paper(key="toy", short="Toy", reference="None"), place="-")
LEVELS = (1, 2, 4, 8, 16)
SIZES = (4, 8, 16, 32)
SAMPLES = (2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)


def nothing(point, seed):
    """What is planted and never measured"""
    return seed


def toy(name, law, **design):
    return Claim(
        name=name,
        title="A toy",
        source=NOWHERE,
        provenance="stated",
        quantity=y,
        law=law,
        response=nothing,
        design=Design(**{"factor": n, "levels": LEVELS, "replicates": 10, "held": {}, **design}),
        refuted_by="it is not so",
    )


CLAIMS = {
    claim.name: claim
    for claim in (
        toy("formula", Predicts(3 * n)),
        toy("prefactor", Predicts(C * n, prefactor=C)),
        toy("logarithm", BigO(1 / log(1 + n), (n, oo), in_terms_of=log(1 + n))),
        toy("exponential", BigO(exp(-n / 4), (n, oo), in_terms_of=exp(n / 4))),
        toy(
            "groups",
            Ratio(n, "group", 1, 2, at_most=0.5),
            levels=LEVELS[:4],
            crossed={"group": (1, 2)},
            search=Search(N, SAMPLES[2:]),
        ),
        toy("thresholds", Predicts(3 * n, tolerance=0.2), search=Search(N, SAMPLES), replicates=20),
        toy("limit", Predicts(3 * n, limit=(d, oo)), crossed={d: SIZES}),
        toy(
            "limit_of_thresholds",
            Predicts(3 * n, tolerance=0.2, limit=(d, oo)),
            levels=LEVELS[1:4],
            crossed={d: SIZES},
            search=Search(N, SAMPLES),
            replicates=40,
        ),
    )
}
