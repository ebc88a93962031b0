"""The spectral norm of an n x n matrix of independent standard normal entries is Theta(n^(1/2))."""

import numpy as np
from sympy import oo, sqrt, symbols

from theorycheck import Claim, Design, Paper, Source, Theta, batched

n, s = symbols("n s", positive=True)
VERSHYNIN = Paper(
    key="vershynin2018high",
    short="Vershynin 2018",
    reference="Roman Vershynin: High-Dimensional Probability, Cambridge University Press 2018, theorem 4.4.5",
)


@batched(32, alike=["n"])
def norms(points, seeds):
    """Spectral norms of 32 matrices in one call of LAPACK"""
    n = int(points[0]["n"])
    matrices = [np.random.default_rng(seed).standard_normal((n, n)) for seed in seeds]
    return list(np.linalg.norm(np.stack(matrices), 2, axis=(1, 2)))


claim = Claim(
    name="spectral_norm",
    title="Spectral norm of a Gaussian matrix against its size",
    source=Source(paper=VERSHYNIN, place="theorem 4.4.5"),
    provenance="recalled",
    quantity=s,
    law=Theta(sqrt(n), (n, oo)),
    response=norms,
    design=Design(factor=n, levels=(8, 12, 20, 32, 50, 80, 128), replicates=32, held={}),
    refuted_by="the exponent differs from 1/2 by more than 0.25, with 95 % confidence",
)
