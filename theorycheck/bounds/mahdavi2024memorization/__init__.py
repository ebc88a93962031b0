"""Mahdavi, Liao and Thrampoulidis (ICLR 2024): letters and source.

Of the paper the rate Omega(H min(n, d_h)) is stated. The exact count for frozen queries and keys was derived
for examples that share their context, which is the least that their examples can do.
"""

from sympy import symbols

from theorycheck.source import Paper

PAPER = Paper(
    key="mahdavi2024memorization",
    short="Mahdavi et al. 2024",
    reference=(
        "Sadegh Mahdavi, Renjie Liao, Christos Thrampoulidis: Memorization Capacity of Multi-Head Attention"
        " in Transformers. ICLR 2024, arXiv:2306.02010"
    ),
)

H, n, d, d_h, T = symbols("H n d d_h T", positive=True)
capacity, H_star = symbols("capacity H_star", positive=True)
NOTATION = {d_h: "d_h", H_star: "H^*", capacity: r"T^*"}
