"""A collector of n kinds of coupons draws n H_n = Theta(n log n) of them on average until all kinds are
there.
"""

import numpy as np
from sympy import log, oo, symbols

from theorycheck import Claim, Design, Paper, Source, Theta

n, T = symbols("n T", positive=True)
MOTWANI = Paper(
    key="motwani1995randomized",
    short="Motwani and Raghavan 1995",
    reference=(
        "Rajeev Motwani, Prabhakar Raghavan: Randomized Algorithms, Cambridge University Press 1995,"
        " section 3.6"
    ),
)


def draws(point, seed):
    """Draws until every kind is there: a sum of geometric waiting times, averaged over 20 collectors."""
    rng, n = np.random.default_rng(seed), int(point["n"])
    return float(rng.geometric(np.arange(1, n + 1) / n, size=(20, n)).sum(axis=1).mean())


claim = Claim(
    name="coupon_collector",
    title="Draws of a coupon collector against the number of kinds",
    source=Source(paper=MOTWANI, place="section 3.6"),
    provenance="recalled",
    quantity=T,
    # A logarithm does not change an exponent in the limit: 1 is derived. Over a finite range it shows, as 1 +
    # 1/log n, which is 1.1 at n = 20,000: within the margin there, but not at n = 20. So the levels are
    # large.
    law=Theta(n * log(n), (n, oo)),
    response=draws,
    design=Design(factor=n, levels=(200, 500, 1000, 2000, 5000, 20000), replicates=10, held={}),
    refuted_by="the exponent differs from 1 by more than 0.25, with 95 % confidence",
)
