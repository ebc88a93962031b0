"""Fu, Guo, Bai and Mei (NeurIPS 2023): letters, source, and the regression that its claim makes."""

from sympy import symbols

from theorycheck.source import Paper

PAPER = Paper(
    key="fu2023single",
    short="Fu et al. 2023",
    reference=(
        "Hengyu Fu, Tianyu Guo, Yu Bai, Song Mei: What can a Single Attention Layer Learn? A Study Through "
        "the Random Features Lens. NeurIPS 2023, arXiv:2307.11353"
    ),
)
error = symbols("error", positive=True)

# Chosen, as the values of the authors' experiments were not at hand.
SETTING = {"target": "query", "p": 1, "d": 6, "heads": 400, "n": 300, "test_size": 500}
VARIATIONS = {
    "150 samples": {"n": 150},
    "600 samples": {"n": 600},
    "100 heads": {"heads": 100},
    "10 dimensions": {"d": 10},
}
