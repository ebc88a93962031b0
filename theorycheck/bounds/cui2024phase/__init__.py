"""Cui, Behrens, Krzakala and Zdeborova (2024): letters, source, and the experiment that the claims share."""

from sympy import symbols

from theorycheck.source import Paper

PAPER = Paper(
    key="cui2024phase",
    short="Cui et al. 2024",
    reference=(
        "Hugo Cui, Freya Behrens, Florent Krzakala, Lenka Zdeborova: A Phase Transition between Positional"
        " and Semantic Learning in a Solvable Model of Dot-Product Attention. NeurIPS 2024, arXiv:2402.03902"
    ),
)

d, alpha, omega, N = symbols("d alpha omega N", positive=True)
m, theta, N_star, alpha_c = symbols("m theta N_star alpha_c", positive=True)
NOTATION = {alpha: "n/d", omega: r"\omega", theta: r"\theta", N_star: "N^*", alpha_c: r"\alpha_c"}
SETTING = {omega: 0.3, "steps": 500}
VARIATIONS = {"twice the steps": {"steps": 1000}}
