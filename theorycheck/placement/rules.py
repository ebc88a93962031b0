"""By which rule a run makes trials: a whole grid, or adaptively those near the N where success turns.

A run proceeds in rounds. Each takes the counts so far and says which cells get how many trials next. A round
depends on the counts alone, so a run that was cut short goes on where it was.
"""

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from theorycheck.placement import belief
from theorycheck.placement.belief import Belief, Cell
from theorycheck.statistics.evidence import Evidence, Trials
from theorycheck.statistics.hypothesis import Hypothesis
from theorycheck.statistics.selection import FEWEST_LEVELS, curvature_allowed, fit_laws, gather

SEARCH_ROUNDS = 4  # of bisection, at the estimated threshold of every level: docs/calibration.md, thresholds
SEARCH_TRIALS = 2  # at each level in a round of the search: as above
ENOUGH_FOR_GUESSES = 30  # trials a level before which no guess rate is estimated: as above
GUESS_DOUBTED = 0.5  # p-value of no guess rate below which it is measured: docs/history.md, study 10
FOR_GUESSES = 24  # trials a level that measure it: as above
FIRST_INTERIM = 120  # trials a level at the first interim analysis: docs/history.md, study 6
CURVATURE_SEEN = 3.0  # margins: widest interval of a local exponent with which a run ends early: as above

RULE = {  # for the record of a plan; its hash takes the names in as well, which are therefore those of before
    "search": (SEARCH_ROUNDS, SEARCH_TRIALS),
    "first look": (FIRST_INTERIM, CURVATURE_SEEN),
    "even share": belief.EVEN_SHARE,
    "farthest": belief.FARTHEST,
    "scatter": belief.CORRELATION,
    "belief": (
        belief.EXPONENT_SD,
        belief.DEVIATION_SD,
        belief.STEEPNESS,
        belief.LOG_STEEPNESS_SD,
        belief.STEEPENING_SD,
    ),
}


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

    @property
    def rounds(self) -> int:
        """How many rounds a run takes: one, which depends on no result."""
        return 1

    def next_round(self, counts: pd.DataFrame) -> Counter[Cell]:
        """How many trials each cell gets next: all at once, then none."""
        return Counter() if len(counts) else Counter(dict.fromkeys(self.cells, self.replicates))


@dataclass(frozen=True)
class Adaptive:
    """Near the N where success turns, and most at the levels most informative of the exponent for their work.

    Ends when the 95 % interval of the exponent is narrow enough, or when the budget is spent.

    Attributes:
        cells: all (level, N) that may be tried.
        hypothesis: what the trials are to test; its one variable is the level.
        width: of an interval that is narrow enough.
        budget: most trials.
        decides: whether the interval is narrow enough as well when curvature was seen, so that more trials
            would hardly narrow it, and it is farther from the edge of the allowed exponents than it is wide.
    """

    cells: tuple[Cell, ...]
    hypothesis: Hypothesis
    width: float
    budget: int
    decides: bool

    def __str__(self) -> str:
        """For readers."""
        clear = ", or curvature was seen and leaves the verdict clear" * self.decides
        return (
            f"trials placed where success turns, until the 95 % interval is at most {self.width:g} wide and"
            f" curvature would be seen{clear}, at most {self.budget} trials"
        )

    @property
    def rounds(self) -> int:
        """About how many rounds a run takes at most: those of the search, one for guesses, and doublings, of
        which the first interim analysis cuts one short. A few more where the guess rate is revised late.
        """
        levels = len({level for level, _ in self.cells})
        searched = SEARCH_ROUNDS * SEARCH_TRIALS * levels
        guessed = self.hypothesis.guess_rate is None and self.budget > ENOUGH_FOR_GUESSES * levels
        interim = self.budget > FIRST_INTERIM * levels
        doublings = math.ceil(math.log2(max(1, self.budget / searched)))
        search = min(SEARCH_ROUNDS, math.ceil(self.budget / (SEARCH_TRIALS * levels)))
        return search + guessed + interim + doublings

    def next_round(self, counts: pd.DataFrame) -> Counter[Cell]:
        """How many trials each cell gets next; none when there are enough.

        First come rounds of search for the threshold of every level; then each round doubles the number of
        trials, but makes no more than the first interim analysis needs. The interim analyses are few, and the
        first is late, because a run that ends when its interval is narrow ends too early when it is narrow by
        chance.

        Args:
            counts: one row a cell that was tried: the columns of the factor, searched, successes, trials,
                unfitted (tried as well, but no evidence), and work (spent on all of them, in any unit).
        """
        levels = len({level for level, _ in self.cells})
        trials, first_interim = int(counts["trials"].sum()), FIRST_INTERIM * levels
        enough, spent = trials >= ENOUGH_FOR_GUESSES * levels, trials + int(counts["unfitted"].sum())
        evidence = gather(counts, self.hypothesis) if enough or spent >= first_interim else None
        guess_rate = self._guess_rate(evidence if enough else None)
        first_interim = round(first_interim / (1 - guess_rate) ** 2)
        believed = Belief(self.cells, counts, self.hypothesis, guess_rate)
        if spent >= self.budget:
            return Counter()
        if spent < SEARCH_ROUNDS * SEARCH_TRIALS * levels:
            chosen = Counter(dict.fromkeys(believed.turning_points(), SEARCH_TRIALS))
        elif lacking := self._for_the_guess_rate(evidence, counts):
            chosen = lacking
        elif len(believed.within_reach()) < FEWEST_LEVELS or (
            spent >= first_interim and self._enough(evidence)
        ):
            return Counter()
        else:
            chosen = believed.refine(min(spent, first_interim - spent) if spent < first_interim else spent)
        return _at_most(chosen, self.budget - spent)

    def _guess_rate(self, evidence: Evidence | None) -> float:
        """That of the hypothesis, or what the trials so far ask for, where they are enough."""
        if self.hypothesis.guess_rate is not None:
            return self.hypothesis.guess_rate
        return evidence.asymptotes.guess if isinstance(evidence, Trials) else 0.0

    def _for_the_guess_rate(self, evidence: Evidence | None, counts: pd.DataFrame) -> Counter[Cell]:
        """Trials at the smallest n of every level, where trials may succeed by chance.

        Those placed where success turns can hardly distinguish that from a flat success curve.
        """
        if self.hypothesis.guess_rate is not None or not isinstance(evidence, Trials):
            return Counter()
        if evidence.found.guess_p_value > GUESS_DOUBTED:
            return Counter()
        (variable,) = self.hypothesis.variables
        made = counts.set_index([variable.factor, "searched"])["trials"].to_dict()
        smallest = dict(sorted(self.cells, reverse=True))  # the last of each level stays
        lacking = {cell: FOR_GUESSES - int(made.get(cell, 0)) for cell in smallest.items()}
        return +Counter(lacking)  # which drops those that lack none

    def _enough(self, evidence: Evidence | None) -> bool:
        """Whether the interval is narrow enough, in a run that would have seen a curvature that matters.

        The average over an unseen curvature has a narrow interval as well, at the wrong place. Curvature
        would be seen once the local exponent is known to within some margins of the claim.
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


def simulate(
    placement: Placement,
    rate: Callable[[Any, Any], Any],
    rng: np.random.Generator,
    work: Callable[[float, float], float] = lambda level, n: 1.0,
    factor: str = "x",
) -> pd.DataFrame:
    """Counts of a planted law, as a run with this placement would collect them.

    Args:
        placement: over levels of a factor.
        rate: of success at a level x with n, as planted.
        rng: source of the outcomes.
        work: of a trial in each cell.
        factor: its column.

    Returns:
        Cells with the columns of the factor, searched, successes, trials, unfitted (none is), work.
    """
    counts = {cell: [0, 0] for cell in placement.cells}
    while True:
        rows = [(*cell, *count, 0, count[1] * work(*cell)) for cell, count in counts.items() if count[1]]
        table = pd.DataFrame(rows, columns=[factor, "searched", "successes", "trials", "unfitted", "work"])
        following = placement.next_round(table)
        if not following:
            return table
        for (x, n), trials in sorted(following.items()):
            counts[x, n][0] += int(rng.binomial(trials, rate(x, n)))
            counts[x, n][1] += trials


def _at_most(chosen: Counter[Cell], most: int) -> Counter[Cell]:
    """The chosen trials, or evenly thinned out."""
    trials = sorted(chosen.elements())
    if len(trials) <= most:
        return chosen
    return Counter(trials[i * len(trials) // most] for i in range(most))
