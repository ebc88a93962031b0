"""What a claim's design can tell, before its time is spent: verdicts and interval widths on planted laws."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from theorycheck.empirical.sweep import train
from theorycheck.executors import Executor, completed, fitting, started
from theorycheck.judgement import Decision
from theorycheck.placement.belief import FARTHEST, STEEPNESS
from theorycheck.placement.rules import Grid, Placement, simulate
from theorycheck.plan import Plan, hypothesis, one_threshold
from theorycheck.statements.base import Truth
from theorycheck.statistics.dispersion import BINOMIAL_DF
from theorycheck.statistics.hypothesis import TESTED, Hypothesis
from theorycheck.statistics.links import probit_information
from theorycheck.statistics.polynomial import centred_basis
from theorycheck.statistics.selection import decide, fit_laws, gather
from theorycheck.statistics.threshold import ThresholdFit, threshold_design

Told = tuple[Decision, float, int]  # decision, width of the interval, and trials of a simulated data set
REPLICATIONS = 100
SEED = 30_000


@dataclass(frozen=True)
class Assumptions:
    """What a forecast has to assume, because only training would tell.

    Attributes:
        threshold: N* at the middle of the levels (geometric mean).
        steepness: growth of the probit of the success rate when N grows by a factor of e.
    """

    threshold: float
    steepness: float = STEEPNESS


@dataclass(frozen=True)
class PlantedLaw:
    """A power law of a threshold:  P(success) = Phi(s (log N - log N*)),  log N* = log N0 + e u.

    Here u = log(x / middle of the levels), N0 is the threshold that is assumed there, and s the steepness.

    Attributes:
        levels: x.
        exponent: e.
        assumed: N0 and s.
    """

    levels: Sequence[float]
    exponent: float
    assumed: Assumptions

    def log_threshold(self, x: ArrayLike) -> np.ndarray:
        """Natural logarithm of N* at level x."""
        u = np.log(np.divide(x, np.exp(np.log(self.levels).mean())))
        return np.log(self.assumed.threshold) + self.exponent * u

    def probit(self, x: ArrayLike, n: ArrayLike) -> np.ndarray:
        """Distance of log N from the threshold, times the steepness."""
        return self.assumed.steepness * (np.log(n) - self.log_threshold(x))

    def rate(self, x: ArrayLike, n: ArrayLike) -> np.ndarray:
        """Success rate at level x and sample size n."""
        return stats.norm.cdf(self.probit(x, n))


@dataclass(frozen=True)
class Chances:
    """How the judge would decide if a law were true.

    Attributes:
        law: which law is planted.
        exponent: its exponent, or another number that is claimed; None where there is none.
        shares: of each verdict.
        width: median width of the 95 % interval; infinite when most have none.
        trials: median number that would be made.
        measured: levels whose threshold lies inside the N range; None where none is assumed.
    """

    law: str
    exponent: float | None
    shares: dict[Decision, float]
    width: float
    trials: int
    measured: int | None = None


def middle_of_samples(plan: Plan) -> Assumptions | None:
    """The assumption that N* crosses the middle of the N range at the middle of the levels.

    None where something else is stated than a power law of a threshold in one variable: it plants its own
    worlds.
    """
    if not one_threshold(plan.claim):
        return None
    return Assumptions(float(np.exp(np.log(plan.searched).mean())))


def worlds(plan: Plan) -> int:
    """How many worlds a forecast simulates, each `REPLICATIONS` times."""
    one = one_threshold(plan.claim)
    return len(laws(hypothesis(plan.claim)) if one else plan.claim.law.planted(plan))


def forecast(
    plan: Plan,
    assumed: Assumptions | None,
    advance: Callable[[int], None] = lambda done: None,
    executor: Executor | int = 1,
) -> list[Chances]:
    """Simulate a plan's design where the claim holds, where it fails, and at its edge.

    A power law of a threshold in one variable is planted as claimed, at the edge of the margin, and as the
    nearest rival; another statement plants its own worlds.

    Args:
        plan: the design; levels outside of the theorem's regime are left out as in the verdict.
        assumed: where and how steeply success rises, as by `middle_of_samples`.
        advance: told of each simulated data set.
        executor: has the judging done, as in concurrent.futures, or how many worker processes to start; the
            result does not depend on it.
    """
    with started(executor) as workers:
        if assumed is None:
            return [
                Chances(w.name, w.value, *_judged(partial(_judge_world, plan, w), workers, advance))
                for w in plan.claim.law.planted(plan)
            ]
        chances, asked = [], hypothesis(plan.claim)
        for name, exponent in laws(asked).items():
            planted = _planted(plan, exponent, assumed)
            judged = _judged(partial(_replicate, plan.placement, planted, asked), workers, advance)
            thresholds = np.exp(planted.log_threshold(planted.levels))
            inside = (thresholds >= min(plan.searched)) & (thresholds <= max(plan.searched))
            chances.append(Chances(name, exponent, *judged, int(inside.sum())))
        return chances


def cannot_tell(plan: Plan) -> str | None:
    """A sentence when the design is too coarse for its claim, from the expected information of a claimed law;
    or None.

    From the expected information instead of drawn data, which takes milliseconds. Of a scaling law of one
    threshold; of other statements nothing is said.
    """
    assumed = middle_of_samples(plan)
    if assumed is None:
        return None
    claimed, edge, *rivals = laws(hypothesis(plan.claim)).values()
    others = {"the edge of the margin": edge} | {f"the rival exponent {rival:g}": rival for rival in rivals}
    planted = _planted(plan, claimed, assumed)
    interval = expected_fit(planted, expected_cells(plan.placement, planted)).interval("x", TESTED)
    blurred = [name for name, exponent in others.items() if exponent in interval]
    if not blurred:
        return None
    return (
        f"if {plan.claim.name} held exactly, this design would give about {claimed:g} {interval},"
        f" which does not exclude {' and '.join(blurred)}; try a larger --profile, or other levels and"
        f" {plan.claim.searched}, and see"
        f" `{plan.claim.command('plan', f' --profile {plan.profile}')}`"
    )


def expected_cells(placement: Placement, planted: PlantedLaw) -> pd.DataFrame:
    """The cells to try if the law were known and the whole budget spent on all levels alike.

    Returns:
        Columns x, searched, trials.
    """
    cells = pd.DataFrame(placement.cells, columns=["x", "searched"])
    if isinstance(placement, Grid):
        return cells.assign(trials=placement.replicates)
    near = cells[np.abs(planted.probit(cells["x"], cells["searched"])) <= FARTHEST]
    return near.assign(trials=placement.budget / max(1, len(near)))


def expected_fit(planted: PlantedLaw, cells: pd.DataFrame) -> ThresholdFit:
    """The fit to expect: the planted coefficients, with the inverse of their Fisher information as
    covariance.

    Args:
        planted: the law.
        cells: the columns x, searched, trials.
    """
    basis = centred_basis(pd.DataFrame({"x": planted.levels}), ["x"])
    design, assumed = threshold_design(cells, basis), planted.assumed
    coefficients = assumed.steepness * np.array([-np.log(assumed.threshold), 1.0, -planted.exponent])
    weight = cells["trials"].to_numpy() * probit_information(design @ coefficients)
    covariance = np.linalg.pinv(design.T @ (weight[:, None] * design))
    df = max(1, len(cells) - 3)
    return ThresholdFit(basis, coefficients, covariance, 1.0, 0.0, df, df, BINOMIAL_DF)


def seconds_per_trial(plan: Plan) -> float:
    """Mean training time of a trial on this machine, measured on one at each end and in the middle of the
    design.
    """
    trials = [plan.trial(plan.cells[i], 0) for i in (-1, 0, len(plan.cells) // 2, -1)]
    seconds = []
    with started(1) as workers:
        for trial in trials:
            begun = time.perf_counter()
            list(train([[trial]], workers, plan.measured))
            seconds.append(time.perf_counter() - begun)
    return float(np.mean(seconds[1:]))  # the first loads PyTorch or starts a process


def laws(asked: Hypothesis) -> dict[str, float]:
    """The laws that a forecast plants, by name, with their exponents."""
    (variable,) = asked.variables
    laws = {"as claimed": variable.exponent, "at the edge of the margin": asked.edges(variable)[0]}
    if variable.rivals:
        laws["the nearest rival"] = min(variable.rivals, key=lambda rival: abs(rival - variable.exponent))
    return laws


def _planted(plan: Plan, exponent: float, assumed: Assumptions) -> PlantedLaw:
    return PlantedLaw(sorted({level for level, _ in plan.placement.cells}), exponent, assumed)


def _replicate(placement: Placement, planted: PlantedLaw, asked: Hypothesis, replication: int) -> Told:
    """Decision, width of the interval, and number of trials of one simulated data set."""
    (factor,) = asked.factors
    table = simulate(placement, planted.rate, np.random.default_rng((SEED, replication)), factor=factor)
    fits = fit_laws(gather(table, asked), asked)
    width = fits.interval(factor).width if fits else np.inf
    return decide(fits, asked), width, int(table["trials"].sum())


def _judged(
    replicate: Callable[[int], Told],
    executor: Executor,
    advance: Callable[[int], None],
) -> tuple[dict[Decision, float], float, int]:
    """Shares of decisions, median width of the interval, and median number of trials, of simulated data."""
    judged: dict[int, tuple[Decision, float, int]] = {}
    calls = [partial(replicate, i) for i in range(REPLICATIONS)]
    for ended in completed(fitting(executor, len(calls)), calls):
        judged |= {i: future.result() for i, future in ended}
        advance(len(ended))
    decisions, widths, trials = zip(*(judged[i] for i in range(REPLICATIONS)), strict=True)
    shares: dict[Decision, float] = {d: n / REPLICATIONS for d, n in Counter(decisions).items()}
    return shares, float(np.median(widths)), int(np.median(trials))


def _judge_world(plan: Plan, world: Truth, replication: int) -> Told:
    """Decision, width of the interval, and number of trials of one simulated data set."""
    evidence = world.draw(np.random.default_rng((SEED, replication)))
    judgement = plan.claim.law.judge(evidence, plan.claim.topic)
    widths = [estimate.interval.width for estimate in judgement.estimates]
    made = evidence["trials"].sum() if "trials" in evidence else evidence["key"].nunique()
    return judgement.decision, max(widths, default=np.inf), int(made)
