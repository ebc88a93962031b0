"""Li, Wang, Liu, Chen (ICLR 2023): letters, source, and the experiment that its claims share."""

from sympy import ceiling, symbols

from theorycheck.claim import SAMPLES, Paper

PAPER = Paper(
    key="li2023shallow",
    short="Li et al. 2023",
    reference="Hongkang Li, Meng Wang, Sijia Liu, Pin-Yu Chen: A Theoretical Understanding of Shallow Vision "
    "Transformers: Learning, Generalization, and Sample Complexity. ICLR 2023, arXiv:2302.06015",
)

alpha_relevant, alpha_confusion, tau, sigma, delta, eta, L, d, M, m, S, B, T = symbols(
    "alpha_relevant alpha_confusion tau sigma delta eta L d M m S B T", positive=True
)
N = SAMPLES
N_star = symbols("N_star", positive=True)

NOTATION = {
    alpha_relevant: r"\alpha_*",
    alpha_confusion: r"\alpha_\#",
    tau: r"\tau",
    sigma: r"\sigma",
    delta: r"\delta",
    eta: r"\eta",
    S: "|S^n|",
    N_star: "N^*",
}

# Why these values: docs/design-of-the-experiment.md. alpha_* L is a whole number at every level, N even.
LEVELS = (0.03, 0.04, 0.06, 0.09, 0.13, 0.20, 0.30)
SAMPLES_UP_TO_256 = (2, 4, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64, 80, 96, 128, 160, 192, 256)
SETTING = {
    L: 100,
    d: 40,
    M: 10,
    alpha_confusion: alpha_relevant / 10,
    tau: 0.2,
    "noise": "sphere",
    "fractions": "random",
    sigma: 0.1,
    delta: 0.2,
    m: 240,
    S: 10,
    B: 64,
    eta: 0.5,
    T: ceiling(40 / (eta * alpha_relevant)),
    "test_size": 500,
    "tolerance": 0.01,
}
