"""Huang, Liang, Yang (ICML 2025): letters, source, and the experiment."""

from sympy import symbols

from theorycheck.claim import Paper

PAPER = Paper(
    key="huang2025regular",
    short="Huang et al. 2025",
    reference=(
        "Ruiquan Huang, Yingbin Liang, Jing Yang: How Transformers Learn Regular Language Recognition: A"
        " Theoretical Study on Training Dynamics and Implicit Bias. ICML 2025, PMLR 267"
    ),
)

t, L, eta, loss, u, g = symbols("t L eta loss u g", positive=True)

# Pilots: the loss leaves log 2 by t = 20 and has fallen to a tenth of it by t = 250, where the phases meet.
SETTING = {L: 4, eta: 1, "start": 0.05}
VARIATIONS = {
    "sequences of up to 5 letters": {L: 5},
    "step size 2": {eta: 2},
    "start at 0.2": {"start": 0.2},
}
