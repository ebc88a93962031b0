"""What a claim's design can tell, before its time is spent: verdicts and interval widths on planted laws."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from theorycheck.empirical.executor import Executor, completed, started
from theorycheck.empirical.sweep import train
from theorycheck.plan import Plan, hypothesis, one_threshold
from theorycheck.statistics.binomial import BINOMIAL_DF
from theorycheck.statistics.hypothesis import TESTED, Hypothesis, Variable
from theorycheck.statistics.links import probit_information
from theorycheck.statistics.placement import FARTHEST, Adaptive, Grid, Placement, simulate
from theorycheck.statistics.polynomial import centred_basis
from theorycheck.statistics.selection import decide, fit_laws, gather
from theorycheck.statistics.simulated import PlantedThreshold
from theorycheck.statements.base import Truth
from theorycheck.statistics.threshold import ThresholdFit, threshold_design
from theorycheck.verdict import Decision, Interval

REPLICATIONS = 100
STEEPNESS = 1.5  # of success against log N, about that of the trained ViTs
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
    return Chances(name, exponent, *judged, measured)


def _judged(
    calls: Sequence[Callable[[], tuple[Decision, float, int]]],
    executor: Executor,
    advance: Callable[[int], None],
) -> tuple[dict[Decision, float], float, int]:
    """Shares of decisions, median width of the interval, and median number of trials, of simulated data sets."""
    judged = {}
    for i, found in completed(executor, calls):
        judged[i] = found
        advance(1)
    decisions, widths, trials = zip(*(judged[i] for i in range(len(calls))), strict=True)
    shares: dict[Decision, float] = {d: n / len(calls) for d, n in Counter(decisions).items()}
    return shares, float(np.median(widths)), int(np.median(trials))


def _simulate_world(plan: Plan, world: Truth, executor: Executor, advance: Callable[[int], None]) -> Chances:
    """Chances in a world that the claim's statement planted."""
    calls = [partial(_judge_world, plan, world, i) for i in range(REPLICATIONS)]
    return Chances(world.name, world.value, *_judged(calls, executor, advance))


def _judge_world(plan: Plan, world: Truth, replication: int) -> tuple[Decision, float, int]:
    """Decision, width of the interval, and number of trials of one simulated data set."""
    evidence = world.draw(np.random.default_rng((SEED, replication)))
    judgement = plan.claim.law.judge(evidence, plan.claim.topic)
    widths = [estimate.interval.width for estimate in judgement.estimates]
    made = evidence["trials"].sum() if "trials" in evidence else evidence["key"].nunique()
    return judgement.decision, max(widths, default=np.inf), int(made)
