"""The findings of Li et al. (ICLR 2023) on real images: letters, and the experiment that the claims share.

The paper says that its findings carry over to CIFAR-10 images and to deeper ViTs. Not known of its
experiment, and chosen here: how an image is placed among background tokens, what that background is, the
sizes of the model, its training, and the accuracy that counts as success.
"""

from collections.abc import Mapping
from typing import Any

from sympy import Symbol, ceiling, symbols

from theorycheck.bounds.shallow_vit import NOTATION, PAPER, N, N_star, alpha_relevant
from theorycheck.claim import Design, Search

__all__ = [
    "LEVELS", "LEVELS_OF_PHOTOGRAPHS", "MARGIN", "MODEL_VARIATIONS", "NOTATION", "PAPER", "SAMPLES_UP_TO_230",
    "SETTING", "VARIATIONS", "N", "N_star", "T", "alpha_relevant", "photographs",
]  # fmt: skip

depth, D, eta, T, B = symbols("depth D eta T B", positive=True)
# K = 4 tokens of an object among L. With less background N* comes near 2, which is the least N; with more, a
# trial takes seconds.
LEVELS = tuple(4 / L for L in (8, 12, 18, 27, 40))
MARGIN = 0.5  # the paper says that its findings carry over, and no exponent: this still tells 2 from 3
SAMPLES_UP_TO_230 = (2, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 230)
STEPS = 100 + ceiling(24 / alpha_relevant)  # Theorem 1 takes Theta(1 / (eta alpha_*)) of them
SETTING = {
    "data": "digits:791fa8bbfb32e92c",
    "first": "0",
    "second": "3",
    "grid": 2,
    depth: 2,
    "heads": 2,
    D: 16,
    "attention": True,
    eta: 0.01,
    T: STEPS,
    B: 16,
    "test_size": 240,
    "accuracy": 0.85,
}
VARIATIONS = {
    "twice the steps": {T: 2 * STEPS},
    "accuracy of 80 %": {"accuracy": 0.8},
    "accuracy of 90 %": {"accuracy": 0.9},
    "batches of 32": {B: 32},
    "twice the width": {D: 32},
}
# Those that have a meaning whatever is measured.
MODEL_VARIATIONS = {
    **{name: VARIATIONS[name] for name in ("twice the steps", "batches of 32", "twice the width")},
    "4 blocks": {depth: 4},
}


PHOTOGRAPHS = {D: 32, eta: 0.001, B: 32, "test_size": 500, "accuracy": 0.7}
LEVELS_OF_PHOTOGRAPHS = tuple(16 / L for L in (32, 48, 64, 96, 128))
SAMPLES_UP_TO_1024 = (8, 16, 32, 64, 96, 128, 192, 256, 384, 512, 768, 1024)


def photographs(design: Design, held: Mapping[Symbol | str, Any] | None = None, **changed: Any) -> Design:
    """The design for images as large as those of CIFAR-10."""
    note = (
        "For --data with images of 32 x 32 pixels, as digits are too few: K = 16 tokens of 8 x 8 pixels."
        " Model, steps and accuracy are chosen, as the paper's are not known."
    )
    if design.search:
        changed = {
            "levels": LEVELS_OF_PHOTOGRAPHS,
            "search": Search(N, SAMPLES_UP_TO_1024),
            **changed,
        }
    return design.another(note, {**PHOTOGRAPHS, **(held or {})}, **changed)
