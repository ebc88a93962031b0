"""Makkuva et al. (2024) on transformers and binary Markov chains: letters and source.

The chain leaves state 0 with probability p, and state 1 with probability q. The reduced transformer with tied
weights has an embedding e and a weight w; the logit of a 1 rises by (1 + 2 w |w|) e^2 with the state.
"""

from sympy import Expr, log, symbols

from theorycheck.source import Paper

PAPER = Paper(
    key="makkuva2024attention",
    short="Makkuva et al. 2024",
    reference=(
        "Ashok Vardhan Makkuva, Marco Bondaschi, Adway Girish, Alliot Nagle, Martin Jaggi, Hyeji Kim,"
        " Michael Gastpar: Attention with Markov: A Framework for Principled Analysis of Transformers via"
        " Markov Chains. 2024"
    ),
)

p, q, e0 = symbols("p q e0", positive=True)
w0 = symbols("w0", real=True)
loss, E = symbols("loss E", real=True)
NOTATION = {e0: "e_0", w0: "w_0", loss: "L"}
TIME = 200  # of the flow; losses are then within 1e-13 of those that are predicted (pages of the claims)
FROM = {"time": TIME, "lowest": 0.1, "highest": 0.8}  # positive w, which the flow keeps positive


def entropy(x: Expr) -> Expr:
    """H(x) = -x log x - (1 - x) log(1 - x), in nats."""
    return -x * log(x) - (1 - x) * log(1 - x)
