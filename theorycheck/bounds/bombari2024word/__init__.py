"""Bombari and Mondelli (ICML 2024): letters, source, and the search that its claims share."""

from sympy import symbols

from theorycheck.source import Paper

PAPER = Paper(
    key="bombari2024word",
    short="Bombari and Mondelli 2024",
    reference=(
        "Simone Bombari, Marco Mondelli: Towards Understanding the Word Sensitivity of Attention Layers: "
        "A Study via Random Features. ICML 2024, arXiv:2402.02969"
    ),
)
n, d, k, S = symbols("n d k S", positive=True)

# The authors' search takes 300 steps. These 100 longer ones, which shrink, find changes as large.
SEARCH = {"steps": 100, "step": 0.3}
SEARCHES = {
    "300 steps": {"steps": 300, "step": 0.1},
    "the best of 5 starts": {"starts": 5},
}
