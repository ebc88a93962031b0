"""Li, Wang, Liu, Chen (ICLR 2023): letters, source, and the experiment that its claims share."""

from pathlib import Path
from typing import Any

from sympy import E, Ge, Gt, Rational, ceiling, log, symbols

from theorycheck.claim import SAMPLES, Condition, Design, Search
from theorycheck.source import Paper

PAPER = Paper(
    key="li2023shallow",
    short="Li et al. 2023",
    reference=(
        "Hongkang Li, Meng Wang, Sijia Liu, Pin-Yu Chen: A Theoretical Understanding of Shallow Vision "
        "Transformers: Learning, Generalization, and Sample Complexity. ICLR 2023, arXiv:2302.06015"
    ),
)

alpha_relevant, alpha_confusion, tau, sigma, delta, eta, L, d, M, m, S, B, T, output_scale = symbols(
    "alpha_relevant alpha_confusion tau sigma delta eta L d M m S B T output_scale", positive=True
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

CONFUSION = Condition(relation=Gt(alpha_relevant, 2 * E * alpha_confusion))
WIDTH = Condition(relation=Ge(m, M**2 * log(N) / 3))  # the theorem leaves the constant open
REGIME = (CONFUSION, WIDTH)

# Why these values: docs/design-of-the-experiment.md. alpha_* L is a whole number at every level, N even.
LEVELS = (0.03, 0.04, 0.06, 0.09, 0.13, 0.20, 0.30)
SAMPLES_UP_TO_256 = (2, 4, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64, 80, 96, 128, 160, 192, 256)
OUTPUT_SCALE = Rational(1, 10)  # of the output weights, in the feature-learning regime
EAGER = 4  # times the step size there; at 10 times the end begins to depend on it (docs/regimes.md)
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
    "attention": True,
}


def feature_learning(design: Design, held: dict[Any, Any] | None = None, **changed: Any) -> Design:
    """The design in the regime in which features are learned: docs/regimes.md.

    Output weights are smaller by OUTPUT_SCALE, and the step size larger by EAGER, so that a training takes
    two to three times the iterations, and not ten times as many. T is the cap of both.
    """
    scaled = {T: design.held["T"] / OUTPUT_SCALE, eta: EAGER * design.held["eta"]}
    note = (
        f"Output weights are +-{OUTPUT_SCALE}/sqrt(m): attention and values are learned, where weights of"
        " size 1/sqrt(m) leave them nearly as they began (docs/regimes.md)."
    )
    return design.another(note, {"output_scale": OUTPUT_SCALE, **scaled, **(held or {})}, **changed)


# Other reasonable choices for --sensitivity. 0.1 alpha_* L is no whole number, so exact fractions go without
# confusion.
VARIATIONS = {
    "test loss at most 0.1": {"tolerance": 0.1},
    "test loss at most 0.001": {"tolerance": 0.001},
    "test errors at most 1 %": {"criterion": "error"},
    "30 query tokens": {S: 30},
    "Gaussian noise": {"noise": "gaussian"},
    "exact fractions, no confusion tokens": {"fractions": "exact", alpha_confusion: 0},
    "batches of 16": {B: 16},
    "480 neurons": {m: 480},
}
# Those that have a meaning whatever is measured.
MODEL_VARIATIONS = {
    name: VARIATIONS[name] for name in ("30 query tokens", "Gaussian noise", "batches of 16", "480 neurons")
}

# The authors' success map: alpha_* and alpha_# add up to 1/2. Dimensions, noise and initial errors as
# remembered; L, B, eta, T and the number of fresh samples had to be chosen.
AUTHORS = Design(
    factor=alpha_relevant,
    levels=tuple(k**-0.5 for k in range(4, 15)),
    search=Search(N, (*(2, 4, 6, 8, 12, 16, 20, 24, 28, 32, 36), *range(40, 401, 40))),
    replicates=20,
    held={
        **SETTING,
        d: 10,
        M: 5,
        m: 1000,
        S: 50,
        alpha_confusion: Rational(1, 2) - alpha_relevant,
        "noise": "gaussian",
        tau: 0.01 * 10**0.5,
        "tolerance": 0.001,
        T: 3000,
    },
    outside_regime=True,
    note=(
        "alpha_* + alpha_# = 1/2, so that the majority alpha_* - alpha_# vanishes at alpha_*^-2 = 16: the"
        " vote gets harder faster than alpha_* falls, and the log-log exponent is steeper than the theorem's."
        " Chosen, as the paper's values are not known: L = 100, B = 64, eta = 0.5, T, test_size; the others"
        " are remembered. N below 40 were added, because with these choices most thresholds lie there."
    ),
    published=Path(__file__).with_name("li2023_vit_success.csv"),
)

# The authors' attention figure: sizes, noise and initial errors as remembered; the rest had to be chosen.
AUTHORS_ATTENTION = Design(
    factor=output_scale,
    levels=(0.05, 0.2, 1),
    replicates=10,
    held={
        **SETTING,
        alpha_relevant: 0.5,
        alpha_confusion: 0.05,
        **{d: 10, M: 5, m: 1000, S: 50, N: 200, B: 200, eta: 4},
        "noise": "gaussian",
        tau: 0.01 * 10**0.5,
        "query_key_scale": 0.7,
        T: ceiling(100 / (eta * output_scale)),
    },
    note=(
        "Chosen, as the paper's values are not known: L = 100, B = N, eta = 4, query_key_scale = 0.7, by"
        " which the attention starts where the published one does, and the output scale, which is varied; the"
        " others are remembered (docs/regimes.md)."
    ),
)
