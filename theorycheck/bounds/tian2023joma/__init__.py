"""Tian, Wang, Zhang, Chen and Du (2023): letters, source, and the training that the claims share."""

from sympy import symbols

from theorycheck.source import Paper

PAPER = Paper(
    key="tian2023joma",
    short="Tian et al. 2023 (JoMA)",
    reference=(
        "Yuandong Tian, Yiping Wang, Zhenyu Zhang, Beidi Chen, Simon Du: JoMA: Demystifying Multilayer "
        "Transformers via JOint Dynamics of MLP and Attention. ICLR 2024, arXiv:2310.00535"
    ),
)
t, T, K, eta, rho = symbols("t T K eta rho", positive=True)
NOTATION = {rho: r"\rho(z, \hat z)", eta: r"\eta"}

# The sizes, temperature, step size and initial weights of the authors' published code.
LEVELS = (10, 30, 100, 300, 1000, 2000)
SETTING = {
    "attention": "softmax",
    "tokens": "gaussian",
    "distinct": 10,
    "common": 10,
    K: 20,
    T: 0.5,
    eta: 0.1,
}
VARIATIONS = {
    "temperature 1": {T: 1},
    "10 classes": {K: 10},
    "twice the step size": {eta: 0.2},
}
