"""Cui, Ren, He, Tang, Xing (2024): letters, source, and the experiment."""

from sympy import symbols

from theorycheck.claim import Paper

PAPER = Paper(
    key="cui2024superiority",
    short="Cui et al. 2024",
    reference=(
        "Yingqian Cui, Jie Ren, Pengfei He, Jiliang Tang, Yue Xing: Superiority of Multi-Head Attention in"
        " In-Context Linear Regression. 2024, arXiv:2401.17426"
    ),
)

D, d, B, T, eta, risk = symbols("D d B T eta risk", positive=True)

LEVELS = (20, 40, 80, 160, 320, 640)
SETTING = {d: 4, B: 64, T: 1000, eta: 0.03, "test_size": 8000}
VARIATIONS = {"6 dimensions": {d: 6}, "twice the steps": {T: 2000}, "smaller start": {"start": 0.05}}
