"""Zhang, Frei, Bartlett (JMLR 2024): letters, source, and the experiment."""

from sympy import symbols

from theorycheck.claim import Paper

PAPER = Paper(
    key="zhang2024trained",
    short="Zhang et al. 2024",
    reference=(
        "Ruiqi Zhang, Spencer Frei, Peter L. Bartlett: Trained Transformers Learn Linear Models In-Context."
        " JMLR 25, 2024, arXiv:2306.09927"
    ),
)

n, d, kappa, T, B, eta, risk = symbols("n d kappa T B eta risk", positive=True)

# At eta = 0.05 one pilot of three diverged where d = 8: gradients of fresh prompts have heavy tails.
SETTING = {T: 2000, B: 128, eta: 0.02, "test_size": 50_000}
