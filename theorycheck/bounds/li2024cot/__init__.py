"""Li, Lu, Chen, Cui and Wang (ICLR 2025): letters, source, and the votes that its claim is about."""

from sympy import symbols

from theorycheck.source import Paper

PAPER = Paper(
    key="li2024cot",
    short="Li et al. 2024",
    reference=(
        "Hongkang Li, Songtao Lu, Pin-Yu Chen, Xiaodong Cui, Meng Wang: Training Nonlinear Transformers for "
        "Chain-of-Thought Inference: A Theoretical Generalization Analysis. ICLR 2025, arXiv:2410.02167"
    ),
)
alpha, tau, rho, l_star = symbols("alpha tau rho l_star", positive=True)
NOTATION = {alpha: r"{\alpha'}", tau: r"{\tau^f}", rho: r"{\rho^f}", l_star: r"l_{ts}^*"}
