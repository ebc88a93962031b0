"""Ahn, Cheng, Daneshmand, Sra (NeurIPS 2023): source; all else is that of Zhang et al. 2024."""

from theorycheck.claim import Paper

PAPER = Paper(
    key="ahn2023transformers",
    short="Ahn et al. 2023",
    reference=(
        "Kwangjun Ahn, Xiang Cheng, Hadi Daneshmand, Suvrit Sra: Transformers Learn to Implement"
        " Preconditioned Gradient Descent for In-Context Learning. NeurIPS 2023, arXiv:2306.00297"
    ),
)
