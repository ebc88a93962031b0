"""A claim that another package offers: the area of a square of side a is Theta(a^2)."""

import numpy as np
from sympy import oo, symbols

from theorycheck import Claim, Design, Paper, Source, Theta

a, A = symbols("a A", positive=True)


def area(point, seed):
    """Area by counting random points, in a square twice as wide."""
    points = np.random.default_rng(seed).uniform(-point["a"], point["a"], size=(500, 2))
    return 4 * point["a"] ** 2 * float((np.abs(points) <= point["a"] / 2).all(axis=1).mean())


claim = Claim(
    name="square",
    title="Area of a square",
    source=Source(paper=Paper(key="euclid", short="Euclid", reference="Euclid: Elements"), place="book II"),
    provenance="recalled",
    quantity=A,
    law=Theta(a**2, (a, oo)),
    response=area,
    design=Design(factor=a, levels=(1, 2, 3, 5, 8, 12), replicates=6, held={}),
    refuted_by="the exponent differs from 2 by more than 0.25, with 95 % confidence",
)
