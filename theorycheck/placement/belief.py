"""What is believed of the thresholds after the trials so far, and where the next trials are most informative.

Placement rests on it, no verdict does.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import optimize, special

from theorycheck.statistics.hypothesis import Hypothesis
from theorycheck.statistics.links import probit_information
from theorycheck.statistics.polynomial import with_constant

Cell = tuple[float, float]  # level, and N or whatever else is searched

# What half and twice these values would change: docs/calibration.md, thresholds.
EVEN_SHARE = 0.2  # of a round, spread over all levels, so that a shape nobody thought of is seen
FARTHEST = 1.0  # probit of the success rate in cells where trials are placed after the search: 16 % to 84 %
CORRELATION = 0.05  # of trials of one cell: no smooth law holds exactly in every cell

# Prior of  log N* = c + e u + deviation of the level,  u the log of the level, and of the success curve's
# steepness, a power of the level.
EXPONENT_SD = 2.0  # most theorems' exponents lie between -4 and 4, which are two of these
DEVIATION_SD = 0.5
STEEPNESS, LOG_STEEPNESS_SD = 1.5, 0.5  # about that of the trained ViTs; 0.6 to 4 are within two of these
STEEPENING_SD = 0.5  # of the power


class Belief:
    """Where success turns at each level, by the trials so far.

    The maximum of the posterior of  P(success) = g + (1 - g) Phi(s_k (log N - t_k))  at level k, with the
    prior above and the guess rate g given.

    Attributes:
        levels: of the factor, in increasing order.
        thresholds: t_k, in natural logarithms.
        steepness: s_k.
    """

    def __init__(
        self, cells: Sequence[Cell], counts: pd.DataFrame, hypothesis: Hypothesis, guess_rate: float = 0.0
    ) -> None:
        (variable,) = hypothesis.variables
        self.levels = sorted({level for level, _ in cells})
        self._cells, self._guess = sorted(cells), guess_rate
        self._level = np.array([self.levels.index(level) for level, _ in self._cells])
        self._log_n = np.log([n for _, n in self._cells])
        place = {cell: i for i, cell in enumerate(self._cells)}
        at = [place[cell] for cell in zip(counts[variable.factor], counts["searched"], strict=True)]
        self._trials, self._successes = np.zeros((2, len(place)))
        self._trials[at], self._successes[at] = counts["trials"], counts["successes"]
        spent, work = (
            np.bincount(self._level[at], column.to_numpy(float), len(self.levels))
            for column in (counts["trials"] + counts["unfitted"], counts["work"])
        )
        self._work = np.where(spent > 0, work / np.maximum(spent, 1), 1.0)  # of a trial at each level
        self._u = np.log(self.levels) - np.log(self.levels).mean()
        self._asymptotic = self.levels.index(variable.asymptotic(self.levels))
        self.thresholds, self.steepness = self._most_probable()
        self._probit = self.steepness[self._level] * (self._log_n - self.thresholds[self._level])

    def _most_probable(self) -> tuple[np.ndarray, np.ndarray]:
        count, u, level, log_n = len(self.levels), self._u, self._level, self._log_n
        middle, half_range = (log_n.max() + log_n.min()) / 2, (log_n.max() - log_n.min()) / 2
        covariance = half_range**2 + EXPONENT_SD**2 * np.outer(u, u) + DEVIATION_SD**2 * np.eye(count)
        precision = np.linalg.inv(covariance)
        successes, failures = self._successes, self._trials - self._successes
        prior_deviations = np.array([LOG_STEEPNESS_SD, STEEPENING_SD])

        def minus_log_posterior(values: np.ndarray) -> tuple[float, np.ndarray]:
            thresholds, form = values[:count], values[count:]
            steepness = np.exp(form[0] + form[1] * u)[level]
            z = steepness * (log_n - thresholds[level])
            success, failure = special.log_ndtr(z), special.log_ndtr(-z)
            log_density = -(z**2) / 2 - np.log(2 * np.pi) / 2
            log_slope = log_density
            if self._guess:
                success = np.log(self._guess + (1 - self._guess) * np.exp(success))
                log_slope = np.log1p(-self._guess) + log_density
            slope = successes * np.exp(log_slope - success) - failures * np.exp(log_density - failure)
            pull = precision @ (thresholds - middle)
            form = (form - [np.log(STEEPNESS), 0]) / prior_deviations
            loss = (
                (thresholds - middle) @ pull / 2 + form @ form / 2 - successes @ success - failures @ failure
            )
            by_threshold = pull + np.bincount(level, slope * steepness, count)
            by_form = form / prior_deviations - [slope @ z, slope @ (z * u[level])]
            return loss, np.concatenate([by_threshold, by_form])

        start = np.concatenate([np.full(count, middle), [np.log(STEEPNESS), 0.0]])
        far = [(middle - 5 * half_range, middle + 5 * half_range)] * count  # no exponential overflows there
        found = optimize.minimize(
            minus_log_posterior, start, jac=True, method="L-BFGS-B", bounds=[*far, (-3, 3), (-2, 2)]
        ).x
        return found[:count], np.exp(found[count] + found[count + 1] * u)

    def turning_points(self) -> list[Cell]:
        """The cell of each level whose success rate is believed nearest to 50 %."""
        return [self._cells[self._nearest(level)] for level in range(len(self.levels))]

    def _nearest(self, level: int) -> int:
        return int(np.argmin(np.where(self._level == level, np.abs(self._probit), np.inf)))

    def within_reach(self) -> list[int]:
        """The levels at which some cell succeeds neither almost never nor almost always, as far as is
        believed.
        """
        near = np.abs(self._probit) <= 2 * FARTHEST
        return sorted(set(self._level[near].tolist()))

    @property
    def _design(self) -> np.ndarray:
        """The columns of  s (b0 + b1 log N + b2 u + b3 u^2)  but for s, of every cell."""
        u = self._u[self._level]
        return with_constant(self._log_n, u, u**2)

    @property
    def _weight(self) -> np.ndarray:
        """Fisher information of a trial in each cell about b0."""
        return self.steepness[self._level] ** 2 * probit_information(self._probit, self._guess)

    @property
    def _slopes(self) -> tuple[np.ndarray, np.ndarray]:
        """Gradients by b, at b1 = 1, of the exponent, and of the local one at a curve's asymptotic end."""
        exponent = np.polyfit(self._u, self.thresholds, 1)[0]
        return np.array([0.0, exponent, 1.0]), np.array([0.0, exponent, 1.0, 2 * self._u[self._asymptotic]])

    def refine(self, trials: int) -> Counter[Cell]:
        """Place trials one by one: first a share evenly over the levels, then each where it gains most for
        its work.

        What is to shrink is the product of two variances: of the exponent of one power law, which wants
        trials at both ends of the range, and of the local exponent at the asymptotic end of a curve,
        which wants them there and in the middle. (Compound c-optimality: Atkinson, Donev and Tobias, Optimum
        Experimental Designs, 2007, section 21.) Trials of a cell count less the more of them there are, as if
        it were beta-binomial, so that they spread over cells. Levels out of reach get none.
        """
        levels = self.within_reach()
        near = np.abs(self._probit) <= FARTHEST
        near[[self._nearest(level) for level in levels]] = True
        candidates = np.flatnonzero(near & np.isin(self._level, levels))
        level, weight, tried = self._level[candidates], self._weight[candidates], self._trials[candidates]
        after = tried[:, None] + np.arange(trials + len(levels))  # so many more
        worth = weight[:, None] * _marginal(after)
        more, chosen, work = worth[:, 0].copy(), np.zeros(len(candidates), int), self._work[level]

        def choose(best: int) -> None:
            chosen[best] += 1
            more[best] = worth[best, chosen[best]]

        for here in (np.flatnonzero(level == one) for one in levels):
            for _ in range(max(1, round(EVEN_SHARE * trials / len(levels)))):
                choose(here[np.argmax(more[here])])
        between, towards, variance = self._covariances(candidates, chosen)
        own = np.diagonal(between, axis1=1, axis2=2)  # follows `between`
        for _ in range(trials - chosen.sum()):
            reduction = more * towards**2 / (1 + more * own) / variance[:, None]
            best = int(np.argmax(-np.log1p(-reduction).sum(axis=0) / work))
            with_best, share = between[:, best].copy(), more[best] / (1 + more[best] * own[:, best])
            variance -= share * towards[:, best] ** 2  # Sherman and Morrison's formula for one trial more
            towards -= (share * towards[:, best])[:, None] * with_best
            between -= share[:, None, None] * with_best[:, :, None] * with_best[:, None, :]
            choose(best)
        return +Counter({self._cells[cell]: int(n) for cell, n in zip(candidates, chosen, strict=True)})

    def _covariances(
        self, candidates: np.ndarray, chosen: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Covariances after trials chosen in some cells, for each slope, with as many coefficients as it has.

        Returns:
            Those between the candidates' linear predictors, but for the steepness (slope, candidate,
            candidate); of these with the exponent (slope, candidate); and the exponent's variance (slope).
        """
        tried = self._trials.copy()
        tried[candidates] += chosen
        effective = tried / (1 + np.maximum(tried - 1, 0) * CORRELATION)
        found = []
        for slope in self._slopes:
            x = self._design[:, : len(slope)]
            information = x.T @ ((effective * self._weight)[:, None] * x)
            covariance = np.linalg.inv(information + 1e-9 * np.eye(len(slope)))  # large without trials
            x = x[candidates]
            found.append((x @ covariance @ x.T, x @ covariance @ slope, slope @ covariance @ slope))
        between, towards, variance = (np.array(each) for each in zip(*found, strict=True))
        return between, towards, variance


def _marginal(tried: np.ndarray) -> np.ndarray:
    """What one more trial of a cell adds to its effective number, n / (1 + (n - 1) CORRELATION)."""
    before = 1 + np.maximum(tried - 1, 0) * CORRELATION
    return (1 - CORRELATION) / ((1 + tried * CORRELATION) * before)
