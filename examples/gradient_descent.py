"""Gradient descent on a quadratic of condition number kappa takes Theta(kappa) iterations."""

import numpy as np
from sympy import oo, symbols

from theorycheck import Claim, Design, Paper, Source, Theta

kappa, T = symbols("kappa T", positive=True)
NESTEROV = Paper(
    key="nesterov2018lectures",
    short="Nesterov 2018",
    reference="Yurii Nesterov: Lectures on Convex Optimization, Springer 2018, theorem 2.1.15",
)


def iterations(point, seed):
    """Iterations until the distance to the minimum has shrunk by 10^4, from a random start."""
    rng = np.random.default_rng(seed)
    curvatures = np.geomspace(1 / point["kappa"], 1, point["d"])  # gradient descent is blind to rotations
    x = rng.standard_normal(point["d"])
    start, step, taken = np.linalg.norm(x), 2 / (curvatures[0] + curvatures[-1]), 0
    while np.linalg.norm(x) > 1e-4 * start:
        x -= step * curvatures * x
        taken += 1
    return taken


claim = Claim(
    name="gradient_descent",
    title="Iterations of gradient descent against the condition number",
    source=Source(paper=NESTEROV, place="theorem 2.1.15"),
    provenance="recalled",
    quantity=T,
    law=Theta(kappa, (kappa, oo)),
    response=iterations,
    design=Design(factor=kappa, levels=(10, 20, 50, 100, 200, 500, 1000), replicates=10, held={"d": 20}),
    refuted_by="the exponent differs from 1 by more than 0.25, with 95 % confidence",
)
