"""Theta(n^(1/2)) people are asked until two have the same of n birthdays; asked by a shell script."""

from sympy import oo, sqrt, symbols

from theorycheck import Claim, Design, Paper, Source, Theta, command

n, K = symbols("n K", positive=True)
FLAJOLET = Paper(
    key="flajolet2009analytic",
    short="Flajolet and Sedgewick 2009",
    reference=(
        "Philippe Flajolet, Robert Sedgewick: Analytic Combinatorics, Cambridge University Press 2009,"
        " section II.3"
    ),
)
claim = Claim(
    name="birthdays",
    title="People until two share a birthday, against the days of the year",
    source=Source(paper=FLAJOLET, place="section II.3"),
    provenance="recalled",
    quantity=K,
    law=Theta(sqrt(n), (n, oo)),
    response=command("sh birthdays.sh {n} {seed} {out}", reads="{out}:people.mean", timeout=60),
    design=Design(factor=n, levels=(100, 200, 500, 1000, 2000, 5000, 10000), replicates=10, held={}),
    refuted_by="the exponent differs from 1/2 by more than 0.25, with 95 % confidence",
)
