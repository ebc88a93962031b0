"""Laws with a kink or a step, as rivals of a smooth curve: can the data exclude them?"""

from collections.abc import Callable, Iterator

import numpy as np

from theorycheck.statistics.binomial import fit_binomial
from theorycheck.statistics.dispersion import dispersion
from theorycheck.statistics.evidence import Evidence, Measurements, Trials
from theorycheck.statistics.least_squares import Data
from theorycheck.statistics.polynomial import level_numbers, with_constant
from theorycheck.statistics.seeds import over_seeds

# Of the deviance, by which a law with a kink or a step must fit worse: its likelihood is then exp(-3), a
# twentieth, of the curve's. A convention; the rule with it is calibrated: docs/history.md, study 9.
EXCLUDED = 6.0

Deviance = Callable[[np.ndarray], float]  # of a law with terms at each row's level, shape (level, term)


def broken_laws_excluded(evidence: Evidence, degree: int) -> bool:
    """Whether a polynomial of a degree fits clearly better than every power law with one kink or one step.

    Of one factor only; of several nothing is excluded. Kinks are sought at every inner level and between
    levels, steps between levels.
    """
    measured = evidence.measured
    if any(len(point) > 1 for point in measured) or len(measured) < degree + 2:
        return False
    u = np.log(sorted(point[0] for point in measured))
    u = u - u.mean()
    inside = evidence.at(set(measured))
    deviance = _of_counts(inside) if isinstance(inside, Trials) else _of_values(inside)
    curve = deviance(np.column_stack([u**power for power in range(1, degree + 1)]))
    return all(deviance(np.column_stack([u, rival])) > curve + EXCLUDED for rival in _rivals(u))


def _rivals(u: np.ndarray) -> Iterator[np.ndarray]:
    """What a kink, or a step, adds to a power law at every level."""
    between = (u[1:] + u[:-1]) / 2
    for kink in (*u[1:-1], *between[1:-1]):
        yield np.maximum(u - kink, 0)
    for step in between[1:-1]:
        yield (u > step).astype(float)


def _of_counts(evidence: Trials) -> Deviance:
    cells = over_seeds(evidence.table, evidence.factors)
    asymptotes, steepness = evidence.asymptotes, evidence.steepness
    level, log_n = level_numbers(cells, evidence.factors), np.log(cells["searched"].to_numpy(float))
    saturated = fit_binomial(
        cells, steepness.scaled(log_n[:, None], cells), asymptotes=asymptotes, groups=level
    )
    scale = 1.0 if saturated is None else dispersion(saturated, cells)

    def deviance(terms: np.ndarray) -> float:
        columns = with_constant(log_n, terms[level])
        fit = fit_binomial(cells, steepness.scaled(columns, cells), asymptotes=asymptotes)
        return np.inf if fit is None else fit.deviance / scale

    return deviance


def _of_values(evidence: Measurements) -> Deviance:
    """Squares about a law over the variance of values at one level; nan where no level has two."""
    data = Data.of(evidence.table, evidence.factors)
    number, means = data.summed(~data.censored), data.means
    spare = number.sum() - len(number)
    variance = (data.within(means).sum() / spare if spare > 0 else np.nan) + data.rounding

    def deviance(terms: np.ndarray) -> float:
        columns = with_constant(terms)
        away = means - columns @ data.law(columns, means, number)
        return float((number * away**2).sum() / variance)

    return deviance
