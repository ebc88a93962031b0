"""Vasudeva, Deora, Thrampoulidis (2024): source; all else is that of Tarzanagh et al. 2023."""

from theorycheck.claim import Paper

PAPER = Paper(
    key="vasudeva2024implicit",
    short="Vasudeva et al. 2024",
    reference=(
        "Bhavya Vasudeva, Puneesh Deora, Christos Thrampoulidis: Implicit Bias and Fast Convergence Rates for"
        " Self-attention. 2024, arXiv:2402.05738"
    ),
)
