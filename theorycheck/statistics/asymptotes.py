"""Asymptotes of the success rate: guess rate (lower) and lapse rate (upper) by profile likelihood."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import optimize, stats

from theorycheck.statistics.binomial import BinomialFit, fit_binomial
from theorycheck.statistics.dispersion import dispersion
from theorycheck.statistics.links import FULL, Asymptotes
from theorycheck.statistics.polynomial import centred_basis, level_numbers
from theorycheck.statistics.seeds import over_seeds
from theorycheck.statistics.steepness import SAME, Steepness
from theorycheck.statistics.threshold import threshold_design

HIGHEST_LAPSE = 0.3  # a convention; beyond, a flat success curve is the better explanation
HIGHEST_GUESS = 0.75  # a convention: chance among two classes, one thrice as frequent
ASYMPTOTE_SIGNIFICANCE = 0.01  # of the tests that each rate is 0: docs/calibration.md, thresholds
# Where the best rate is sought first: a search without them ended in a false minimum in 10 % of data sets
# with a rate of 0.1 (docs/history.md, study 9).
GUESSES = (0.005, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.33, 0.4, 0.5, 0.6, 0.7)


@dataclass(frozen=True)
class Found:
    """What the trials say of their asymptotes.

    Attributes:
        asymptotes: with the rates that the data ask for.
        guess_p_value, lapse_p_value: of the hypotheses that either rate is 0; 1 where a guess rate was given.
    """

    asymptotes: Asymptotes = FULL
    guess_p_value: float = 1.0
    lapse_p_value: float = 1.0


def find_asymptotes(
    cells: pd.DataFrame, factors: Sequence[str], steepness: Steepness = SAME, guess: float | None = None
) -> Found:
    """The asymptotes that the trials ask for: each is 0 unless a test rejects that.

    Args:
        cells: as for `fit_threshold`.
        factors: the columns of the levels.
        steepness: of the steepness.
        guess: the guess rate where it is known; else it is estimated.
    """
    cells = over_seeds(cells, factors)
    if cells.empty:
        return Found(Asymptotes(guess or 0.0))

    def beside(guess: float) -> tuple[Asymptotes, float]:
        lapse, p_value = fit_lapse(cells, factors, steepness, guess)
        return Asymptotes(guess, lapse if p_value < ASYMPTOTE_SIGNIFICANCE else 0.0), p_value

    found, lapse_p = beside(guess or 0.0)
    if guess is not None:
        return Found(found, 1.0, lapse_p)
    rate, guess_p = fit_guess(cells, factors, steepness, found.lapse)
    if guess_p >= ASYMPTOTE_SIGNIFICANCE:
        return Found(found, guess_p, lapse_p)
    for _ in range(2):  # as each of the two rates is estimated beside the other
        found, lapse_p = beside(rate)
        rate, guess_p = fit_guess(cells, factors, steepness, found.lapse)
    return Found(replace(found, guess=rate, estimated=rate > 0), guess_p, lapse_p)


def fit_lapse(
    cells: pd.DataFrame, factors: Sequence[str], steepness: Steepness = SAME, guess: float = 0.0
) -> tuple[float, float]:
    """Estimate the lapse rate by profile likelihood, and test whether there are lapses at all.

    Beside one power law, and a guess rate; arguments as for `find_asymptotes`.

    Returns:
        The rate, and the p-value of no lapses; see `_profile`.
    """
    design = steepness.scaled(threshold_design(cells, centred_basis(cells, factors)), cells)
    return _profile(
        lambda lapse: fit_binomial(cells, design, asymptotes=Asymptotes(guess, lapse)),
        cells,
        min(HIGHEST_LAPSE, (1 - guess) / 2),
    )


def fit_guess(
    cells: pd.DataFrame, factors: Sequence[str], steepness: Steepness = SAME, lapse: float = 0.0
) -> tuple[float, float]:
    """Estimate the guess rate by profile likelihood, and test whether there is one.

    Beside a threshold of its own for every combination of levels, so that a curved law is not taken for
    guesses, and a lapse rate; other arguments as for `find_asymptotes`.

    Returns:
        The rate, and the p-value of no guesses; see `_profile`.
    """
    log_n, levels = np.log(cells["searched"].to_numpy(float))[:, None], level_numbers(cells, factors)
    design = steepness.scaled(log_n, cells)
    return _profile(
        lambda guess: fit_binomial(cells, design, asymptotes=Asymptotes(guess, lapse), groups=levels),
        cells,
        min(HIGHEST_GUESS, 0.95 - lapse),
        GUESSES,
    )


def _profile(
    fit: Callable[[float], BinomialFit | None],
    cells: pd.DataFrame,
    highest: float,
    tried: Sequence[float] = (),
) -> tuple[float, float]:
    """The rate of maximum likelihood, and the p-value of the rate 0.

    Where rates are `tried` first, the best is sought between the neighbours of the best of them, as the
    likelihood may have no maximum at large rates.

    Half a chi-square of one degree of freedom, as 0 is the end of the range (Self and Liang, J. Am. Stat.
    Assoc. 82 (1987) 605, case 5), scaled by the dispersion of the better fit.
    """

    def deviance(rate: float) -> float:
        result = fit(rate)
        return 1e9 if result is None else result.deviance  # the minimiser does not bear infinity

    without = fit(0.0)
    if without is None or deviance(0.005) >= without.deviance:
        return 0.0, 1.0
    grid = [0.0, *(rate for rate in tried if rate < highest), highest]
    place = min(range(len(grid)), key=lambda i: deviance(grid[i])) if tried else 0
    bounds = (grid[max(place - 1, 0)], grid[min(place + 1, len(grid) - 1)])
    best = optimize.minimize_scalar(deviance, bounds=bounds, method="bounded", options={"xatol": 1e-3})
    gain = max(0.0, without.deviance - float(best.fun))
    with_rate = fit(float(best.x))
    scale = dispersion(with_rate, cells) if with_rate is not None else 1.0
    return float(best.x), float(stats.chi2.sf(gain / scale, 1) / 2)
