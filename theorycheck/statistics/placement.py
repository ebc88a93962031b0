"""Which trials a run makes: a whole grid, or adaptively those near the N where success turns.

A run proceeds in rounds. Each looks at the counts so far and says which cells get how many trials next. A
round depends on the counts alone, so a run that was cut short goes on where it was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import pandas as pd
from scipy import optimize, special

from theorycheck.statistics.evidence import Measurements, Trials
from theorycheck.statistics.hypothesis import Hypothesis
from theorycheck.statistics.links import probit_information
from theorycheck.statistics.selection import FEWEST_LEVELS, curvature_allowed, fit_laws, gather

SEARCH_ROUNDS = 4  # of bisection, at the estimated threshold of every level
TOLD = 30  # trials a level before which they do not tell a guess rate
SEARCH_TRIALS = 2  # at each level in a round of the search
FIRST_INTERIM = (
    120  # trials a level, before which nobody asks whether the interval is narrow enough: docs/calibration.md
)
CURVATURE_SEEN = (
    3.0  # margins: no run ends early whose local exponent, a bend allowed, has a wider 95 % interval
)
EVEN_SHARE = 0.2  # of a round, spread over all levels, so that a shape nobody thought of is seen
FARTHEST = (
    1.0  # probit of the success rate in the cells where trials are placed after the search: 16 % to 84 %
)
SCATTER = 0.05  # correlation of trials of one cell: no smooth law holds exactly in every cell

# What is believed before the first trial of  log N* = c + e u + deviation of the level,  u the log of the
# level, and of the success curve's steepness, a power of the level. Placement rests on it, no verdict does.
EXPONENT_SD = 2.0
DEVIATION_SD = 0.5
STEEPNESS, LOG_STEEPNESS_SD = 1.5, 0.5
STEEPENING_SD = 0.5  # of the power

RULE = {  # for the record of a plan
    "search": (SEARCH_ROUNDS, SEARCH_TRIALS),
    "first look": (FIRST_INTERIM, CURVATURE_SEEN),
    "even share": EVEN_SHARE,
    "farthest": FARTHEST,
    "scatter": SCATTER,
    "belief": (EXPONENT_SD, DEVIATION_SD, STEEPNESS, LOG_STEEPNESS_SD, STEEPENING_SD),
}

Cell = tuple[float, float]  # level, and N or whatever else is searched


@dataclass(frozen=True)
class Grid:
    """Every cell alike.

    Attributes:
        cells: all (level, N).
        replicates: trials of each.
    """

    cells: tuple[Cell, ...]
    replicates: int

    def __str__(self) -> str:
        """For readers."""
        return f"{self.replicates} replicates at each of {len(self.cells)} design points"

    def next_round(self, counts: pd.DataFrame) -> Counter[Cell]:
        """How many trials each cell gets next: all at once, then none."""
        return Counter() if len(counts) else Counter(dict.fromkeys(self.cells, self.replicates))


@dataclass(frozen=True)
class Adaptive:
    """Near the N where success turns, and most at those levels that tell most about the exponent for their
    work.

    Ends when the 95 % interval of the exponent is narrow enough, or when the budget is spent.

    Attributes:
        cells: all (level, N) that may be tried.
        hypothesis: what the trials are to test; its one variable is the level.
        width: of an interval that is narrow enough.
        budget: most trials.
        decides: whether the interval is narrow enough as well when a bend was seen, so that more trials would
            hardly narrow it, and it is farther from the edge of the allowed exponents than it is wide.
    """

    cells: tuple[Cell, ...]
    hypothesis: Hypothesis
    width: float
    budget: int
    decides: bool

    def __str__(self) -> str:
        """For readers."""
        clear = ", or a bend was seen and leaves the verdict clear" * self.decides
        return (
            f"trials placed where success turns, until the 95 % interval is at most {self.width:g} wide and a"
            f" bend would be seen{clear}, at most {self.budget} trials"
        )

    def next_round(self, counts: pd.DataFrame) -> Counter[Cell]:
        """How many trials each cell gets next; none when there are enough.

        First come rounds of search for the threshold of every level; then each round doubles the number of
        trials, but makes no more than the first look at the interval needs. The looks are few, and the first
        is late, because a run that ends when its interval is narrow ends too early when it is narrow by
        chance.

        Args:
            counts: one row a cell that was tried, with the columns of the factor, n, successes, trials,
                unfitted (tried as well, but no evidence), and work (spent on all of them, in any unit).
        """
        levels = len({level for level, _ in self.cells})
        trials, first_interim = int(counts["trials"].sum()), FIRST_INTERIM * levels
        told, spent = trials >= TOLD * levels, trials + int(counts["unfitted"].sum())
        evidence = gather(counts, self.hypothesis) if told or spent >= first_interim else None
        belief = Belief(self.cells, counts, self.hypothesis, self._guess_rate(evidence if told else None))
        if spent >= self.budget:
            return Counter()
        if spent < SEARCH_ROUNDS * SEARCH_TRIALS * levels:
            chosen = Counter(dict.fromkeys(belief.turning_points(), SEARCH_TRIALS))
        elif len(belief.within_reach()) < FEWEST_LEVELS or (
            spent >= first_interim and self._enough(evidence)
        ):
            return Counter()
        else:
            chosen = belief.refine(min(spent, first_interim - spent) if spent < first_interim else spent)
        return _at_most(chosen, self.budget - spent)

    def _guess_rate(self, evidence: Trials | Measurements | None) -> float:
        """As the hypothesis tells, or what the trials so far ask for, where they are enough to tell."""
        if self.hypothesis.guess_rate is not None:
            return self.hypothesis.guess_rate
        return evidence.asymptotes.guess if isinstance(evidence, Trials) else 0.0

    def _enough(self, evidence: Trials | Measurements | None) -> bool:
        """Whether the interval is narrow enough, in a run that would have seen a bend that matters.

        The average over an unseen bend has a narrow interval as well, at the wrong place. A bend would be
        seen once the local exponent is known to within some margins of the claim.
        """
        fits = None if evidence is None else fit_laws(evidence, self.hypothesis)
        if evidence is None or fits is None:
            return False
        (variable,) = self.hypothesis.variables
        interval, clearance = fits.interval(variable.factor), 0.0
        if self.decides and (fits.curved or fits.doubt):
            clearance = self.hypothesis.clearance(variable, interval)
        if interval.width > max(self.width, clearance):
            return False
        curved = curvature_allowed(fits, evidence)
        local = None if curved is None else curved.interval(variable.factor, at=fits.asymptotic)
        return local is not None and local.width <= CURVATURE_SEEN * self.hypothesis.margin


Placement = Grid | Adaptive


class Belief:
    """Where success turns at each level, as far as the trials so far tell.

    The maximum of the posterior of  P(success) = g + (1 - g) Phi(s_k (log N - t_k))  at level k, with the
    prior above and the guess rate g given.

    Attributes:
        levels: of the factor, in increasing order.
        spent: number of trials so far.
        thresholds: t_k, in natural logarithms.
        steepness: s_k.
    """

    def __init__(
        self, cells: Sequence[Cell], counts: pd.DataFrame, hypothesis: Hypothesis, guess_rate: float = 0.0
    ) -> None:
        (variable,) = hypothesis.variables
        self.levels = sorted({level for level, _ in cells})
        self.spent = int((counts["trials"] + counts["unfitted"]).sum())
        self._cells, self._guess = sorted(cells), guess_rate
        self._level = np.array([self.levels.index(level) for level, _ in self._cells])
        self._log_n = np.log([n for _, n in self._cells])
        place = {cell: i for i, cell in enumerate(self._cells)}
        at = [place[cell] for cell in zip(counts[variable.factor], counts["n"], strict=True)]
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
            if self._guess:
                success = np.log(self._guess + (1 - self._guess) * np.exp(success))
                log_rise = np.log1p(-self._guess) + log_density
            else:
                log_rise = log_density
            slope = successes * np.exp(log_rise - success) - failures * np.exp(log_density - failure)
            pull = precision @ (thresholds - middle)
            form = (form - [np.log(STEEPNESS), 0]) / prior_deviations
            loss = (
                (thresholds - middle) @ pull / 2 + form @ form / 2 - successes @ success - failures @ failure
            )
            by_threshold = pull + np.bincount(level, slope * steepness, count)
            by_form = form / prior_deviations - [slope @ z, slope @ (z * u[level])]
            return loss, np.concatenate([by_threshold, by_form])

        start = np.concatenate([np.full(count, middle), [np.log(STEEPNESS), 0.0]])
        far = [
            (middle - 5 * half_range, middle + 5 * half_range)
        ] * count  # and so that no exponential overflows
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

    @cached_property
    def _design(self) -> np.ndarray:
        """The columns of  s (b0 + b1 log N + b2 u + b3 u^2)  but for s, of every cell."""
        u = self._u[self._level]
        return np.column_stack([np.ones(len(u)), self._log_n, u, u**2])

    @cached_property
    def _weight(self) -> np.ndarray:
        """Fisher information of a trial in each cell about b0."""
        return np.asarray(self.steepness[self._level] ** 2 * probit_information(self._probit, self._guess))

    @cached_property
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
        worth = weight[:, None] * _marginal(
            tried[:, None] + np.arange(trials + len(levels))
        )  # after so many more
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
        return Counter(
            {
                self._cells[cell]: int(number)
                for cell, number in zip(candidates, chosen, strict=True)
                if number
            }
        )

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
        effective = tried / (1 + np.maximum(tried - 1, 0) * SCATTER)
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
    """What one more trial of a cell adds to its effective number, n / (1 + (n - 1) SCATTER)."""
    return np.asarray((1 - SCATTER) / ((1 + tried * SCATTER) * (1 + np.maximum(tried - 1, 0) * SCATTER)))


class Rates(Protocol):
    """A world of which the success rates are known."""

    def rate(self, x: Any, n: Any) -> Any:
        """Of trials at level x with n."""


def simulate(
    placement: Placement,
    planted: Rates,
    rng: np.random.Generator,
    work: Callable[[float, float], float] = lambda level, n: 1.0,
    factor: str = "x",
) -> pd.DataFrame:
    """Counts of a planted law, as a run with this placement would collect them.

    Args:
        placement: over levels of a factor.
        planted: the truth.
        rng: source of the outcomes.
        work: of a trial in each cell.
        factor: its column.

    Returns:
        Cells with the columns of the factor, n, successes, trials, unfitted (none is), work.
    """
    counts = {cell: [0, 0] for cell in placement.cells}
    while True:
        rows = [(*cell, *count, 0, count[1] * work(*cell)) for cell, count in counts.items() if count[1]]
        table = pd.DataFrame(rows, columns=[factor, "n", "successes", "trials", "unfitted", "work"])
        following = placement.next_round(table)
        if not following:
            return table
        for (x, n), trials in sorted(following.items()):
            counts[x, n][0] += int(rng.binomial(trials, planted.rate(x, n)))
            counts[x, n][1] += trials


def _at_most(chosen: Counter[Cell], most: int) -> Counter[Cell]:
    """The chosen trials, or evenly thinned out."""
    trials = sorted(chosen.elements())
    if len(trials) <= most:
        return chosen
    return Counter(trials[i * len(trials) // most] for i in range(most))
