"""Li, Zhang, Zhang, Wang, Liu and Chen (ICLR 2025): letters, source, and the editing of its claim."""

from sympy import symbols

from theorycheck.source import Paper

PAPER = Paper(
    key="li2025taskvectors",
    short="Li et al. 2025",
    reference=(
        "Hongkang Li, Yihua Zhang, Shuai Zhang, Meng Wang, Sijia Liu, Pin-Yu Chen: When is Task Vector "
        "Provably Effective for Model Editing? A Generalization Analysis of Nonlinear Transformers. "
        "ICLR 2025, arXiv:2504.10957"
    ),
)
alpha, mu = symbols("alpha mu", positive=True)
NOTATION = {alpha: r"\alpha", mu: r"(1 - \lambda^*)"}
