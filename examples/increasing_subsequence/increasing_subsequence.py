"""A random permutation of n elements has a longest increasing subsequence of about 2 n^(1/2); by a C program.

Compile it first: cc -O2 -o longest longest.c
"""

from sympy import oo, sqrt, symbols

from theorycheck import Claim, Design, Paper, Source, Theta, command

n, ell = symbols("n ell", positive=True)
ROMIK = Paper(
    key="romik2015surprising",
    short="Romik 2015",
    reference=(
        "Dan Romik: The Surprising Mathematics of Longest Increasing Subsequences, Cambridge University Press"
        " 2015, theorem 1.1"
    ),
)
claim = Claim(
    name="increasing_subsequence",
    title="Longest increasing subsequence of a random permutation",
    source=Source(paper=ROMIK, place="theorem 1.1"),
    provenance="recalled",
    quantity=ell,
    law=Theta(sqrt(n), (n, oo)),
    response=command("./longest {n} {seed}", reads=r"output:longest = (\d+)", timeout=60),
    design=Design(factor=n, levels=(1000, 2000, 5000, 10000, 20000, 50000), replicates=10, held={}),
    refuted_by="the exponent differs from 1/2 by more than 0.25, with 95 % confidence",
)
