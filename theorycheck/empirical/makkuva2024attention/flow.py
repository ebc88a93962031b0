"""Gradient flow of the loss in the two parameters e (embedding) and w (weight) of the reduced transformer."""

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from theorycheck.empirical.makkuva2024attention.chain import best_bias, loss

Array = NDArray[np.float64]
STEP = 1e-4  # of central differences: an error of about 1e-8, far below that of the integration's purpose


def slope(e: float, w: float) -> float:
    """How far the logit of a 1 rises with the state:  (1 + 2 w |w|) e^2."""
    return (1 + 2 * w * abs(w)) * e**2


def population_loss(e: float, w: float, p: float, q: float) -> float:
    """The loss at the best bias, in nats."""
    found = slope(e, w)
    return loss(found, best_bias(found, p, q), p, q)


def gradient(e: float, w: float, p: float, q: float) -> Array:
    """Of `population_loss` by e and w, by central differences, so that no formula of it is taken on trust.

    The bias is that of the middle: as it is the best, its own change changes the loss in second order only.
    """
    bias = best_bias(slope(e, w), p, q)

    def at(e: float, w: float) -> float:
        return loss(slope(e, w), bias, p, q)

    by_e = at(e + STEP, w) - at(e - STEP, w)
    by_w = at(e, w + STEP) - at(e, w - STEP)
    return np.array([by_e, by_w]) / (2 * STEP)


def end(e: float, w: float, p: float, q: float, time: float, decay: float = 0.0) -> tuple[float, float]:
    """Where gradient flow goes from (e, w) in some time, with weight decay: the last e and w."""

    def velocity(_: float, at: Array) -> Array:
        return -gradient(at[0], at[1], p, q) - decay * at

    reached = solve_ivp(velocity, (0, time), (e, w), rtol=1e-7, atol=1e-9).y[:, -1]
    return float(reached[0]), float(reached[1])
