"""Tarzanagh, Li, Thrampoulidis, Oymak (2023): letters, source, and the experiment."""

from sympy import symbols

from theorycheck.claim import Paper

PAPER = Paper(
    key="tarzanagh2023maxmargin",
    short="Tarzanagh et al. 2023",
    reference=(
        "Davoud Ataee Tarzanagh, Yingcong Li, Christos Thrampoulidis, Samet Oymak: Transformers as Support"
        " Vector Machines. 2023, arXiv:2308.16898"
    ),
)

log_t, n, T, d, eta, distance = symbols("log_t n T d eta distance", positive=True)
NOTATION = {log_t: r"\log t"}

LEVELS = (1, 2, 4, 6, 8, 10)  # 3 to 22,026 steps
SETTING = {n: 4, T: 4, d: 8, "scores": "random", "optimizer": "plain", eta: 1}
VARIATIONS = {
    "equal scores of all but the best token": {"scores": "equal"},
    "step size 0.1": {eta: 0.1},
    "8 inputs of 6 tokens": {n: 8, T: 6, d: 12},
}
