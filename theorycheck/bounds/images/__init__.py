"""The findings of Li et al. (ICLR 2023) on real images: letters, and the experiment that the claims share.

The paper says that its findings carry over to CIFAR-10 images and to deeper ViTs. Not known of its
experiment, and chosen here: how an image is placed among background tokens, what that background is, the
sizes of the model, its training, and the accuracy that counts as success.
"""

from sympy import symbols

from theorycheck.bounds.shallow_vit import NOTATION, PAPER, N, N_star, alpha_relevant

__all__ = ["LEVELS", "NOTATION", "PAPER", "SAMPLES_UP_TO_230", "SETTING", "N", "N_star", "alpha_relevant"]

depth, D, eta, T, B = symbols("depth D eta T B", positive=True)
LEVELS = tuple(4 / L for L in (4, 6, 8, 12, 16, 24, 40))  # K = 4 tokens of an object among L
SAMPLES_UP_TO_230 = (2, 4, 6, 8, 12, 16, 20, 24, 32, 40, 48, 64, 80, 96, 120, 160, 200, 230)
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
    T: 200,
    B: 32,
    "test_size": 240,
    "accuracy": 0.9,
}
VARIATIONS = {
    "twice the steps": {T: 400},
    "accuracy of 80 %": {"accuracy": 0.8},
    "accuracy of 85 %": {"accuracy": 0.85},
    "batches of 16": {B: 16},
    "twice the width": {D: 32},
}
