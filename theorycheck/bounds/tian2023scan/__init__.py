"""Tian, Wang, Chen and Du (NeurIPS 2023): letters, source, and the training that the claims share."""

from collections.abc import Sequence
from math import exp, log
from typing import Any

from sympy import Symbol, symbols

from theorycheck.source import Paper

PAPER = Paper(
    key="tian2023scan",
    short="Tian et al. 2023",
    reference=(
        "Yuandong Tian, Yiping Wang, Beidi Chen, Simon Du: Scan and Snap: Understanding Training Dynamics "
        "and Token Composition in 1-layer Transformer. NeurIPS 2023, arXiv:2305.16380"
    ),
)
s, M, K, eta_Y, eta_Z = symbols("s M K eta_Y eta_Z", positive=True)
NOTATION = {eta_Y: r"\eta_Y", eta_Z: r"\eta_Z"}

# M > 100 and eta_Y of order 1 are the theorem's. The share of common tokens makes features of two classes
# overlap by 0.013, less than 1/K^2: nearly orthogonal, as is assumed (recalled). The decoder learns faster
# than the attention: by a factor of 100, which is chosen.
SETTING: dict[Symbol | str, Any] = {
    M: 128,
    K: 8,
    "distinct": 10,
    "common": 8,
    "shared": 0.1,
    eta_Y: 0.5,
    eta_Z: eta_Y / 100,
}
VARIATIONS = {
    "common tokens three times as frequent": {"shared": 0.3},
    "4 classes": {K: 4},
    "attention ten times as fast": {eta_Z: eta_Y / 10},
}


def margins(rounds: Sequence[int], M: int, eta_Y: float) -> dict[float, float]:
    """M h*(s) by the number s of updates, with h*(s) = h*(s-1) + eta_Y / (M - 1 + exp(M h*(s-1)))."""
    h = [0.0]
    for _ in range(max(rounds)):
        h.append(h[-1] + eta_Y / (M - 1 + exp(M * h[-1])))
    return {float(at): round(M * h[at], 4) for at in rounds}


def end_of_scanning(M: int, eta_Y: float) -> float:
    """log(M) / eta_Y updates by each class: until then the decoder's margin grows linearly."""
    return log(M) / eta_Y
