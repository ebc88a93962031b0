"""Success curves of the linear predictor, and the asymptotes between which they rise."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from scipy import special

Link = Literal["probit", "logit", "cloglog"]
LOG_ROOT_2_PI = np.log(2 * np.pi) / 2


class Curve(NamedTuple):
    """A success curve F of the linear predictor z.

    Attributes:
        values: F, 1 - F and F' at z, each accurate in both tails.
        quantile: z of F.
        ends: between which z is kept, so that nothing overflows.
    """

    values: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]
    quantile: Callable[[np.ndarray], np.ndarray]
    ends: tuple[float, float]


LINKS: Mapping[Link, Curve] = {
    "probit": Curve(
        lambda z: (special.ndtr(z), special.ndtr(-z), np.exp(-(z**2) / 2 - LOG_ROOT_2_PI)),
        special.ndtri,
        (-30, 30),
    ),
    "logit": Curve(
        lambda z: (special.expit(z), special.expit(-z), special.expit(z) * special.expit(-z)),
        special.logit,
        (-300, 300),
    ),
    "cloglog": Curve(
        lambda z: (-np.expm1(-np.exp(z)), np.exp(-np.exp(z)), np.exp(z - np.exp(z))),
        lambda p: np.log(-np.log1p(-p)),
        (-300, 6),
    ),
}


@dataclass(frozen=True)
class Asymptotes:
    """What success tends to at the two ends:  P(success) = guess + (1 - guess - lapse) F(z).

    Source: Wichmann and Hill, Perception and Psychophysics 63 (2001) 1293, equation 1.

    Attributes:
        guess: success rate to which it tends as N falls, such as 1/2 where two classes are distinguished by
            chance.
        lapse: failure rate to which it tends as N grows.
        estimated: whether the guess rate was estimated from the trials, so that its error is part of the
            covariance.
    """

    guess: float = 0.0
    lapse: float = 0.0
    estimated: bool = False

    @property
    def span(self) -> float:
        """Share of trials whose outcome depends on N."""
        return 1 - self.guess - self.lapse

    def inside(self, rate: np.ndarray) -> np.ndarray:
        """F where success has a rate."""
        return (rate - self.guess) / self.span


FULL = Asymptotes()  # from 0 to 1


def probit_information(z: np.ndarray, guess: float = 0.0) -> np.ndarray:
    """Fisher information of a trial about the linear predictor z: (dP/dz)^2 / (P (1 - P)).

    Here P = guess + (1 - guess) Phi(z). Source: McCullagh and Nelder, Generalized Linear Models, 1989,
    section 4.4.
    """
    if not guess:
        return np.exp(-(z**2) - special.log_ndtr(z) - special.log_ndtr(-z)) / (2 * np.pi)
    rate = guess + (1 - guess) * special.ndtr(z)
    return (1 - guess) * np.exp(-(z**2) - special.log_ndtr(-z)) / (2 * np.pi) / rate
