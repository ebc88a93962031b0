"""Adaptive placement on planted laws: it finds where success turns, spends where it pays, stops in time."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from planted import PlantedThreshold

from theorycheck.judgement import Interval
from theorycheck.placement.belief import FARTHEST, Belief
from theorycheck.placement.rules import (
    FIRST_INTERIM,
    SEARCH_ROUNDS,
    SEARCH_TRIALS,
    Adaptive,
    Grid,
    simulate,
)
from theorycheck.statistics.hypothesis import Hypothesis, Variable
from theorycheck.statistics.selection import fit_laws, gather
from theorycheck.statistics.threshold import fit_threshold

LEVELS = (0.03, 0.04, 0.06, 0.09, 0.13, 0.2, 0.3)
SAMPLES = (2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)
CELLS = tuple((x, n) for x in LEVELS for n in SAMPLES)
ASKED = Hypothesis((Variable("x", "x", -1.0, "0"),), "O")
NOTHING = pd.DataFrame(columns=["x", "searched", "successes", "trials", "unfitted", "work"])


def law(exponent=-1.0, threshold=24.0, steepness=1.5):
    return PlantedThreshold(LEVELS, SAMPLES, 1, exponent, threshold, steepness)


def adaptive(width=0.3, budget=2000, decides=False):
    return Adaptive(CELLS, ASKED, width, budget, decides)


def collected(placement, planted, seed, **options):
    return simulate(placement, planted.rate, np.random.default_rng(seed), **options)


def judged(table):
    return fit_laws(gather(table, ASKED), ASKED).interval("x")


def trials_at(table, level):
    return int(table.loc[table["x"] == level, "trials"].sum())


def test_a_grid_is_every_cell_once():
    table = collected(Grid(CELLS, 3), law(), 0)
    assert (table["trials"] == 3).all()
    assert len(table) == len(CELLS)


@pytest.mark.parametrize("steepness", [1.0, 3.0])
def test_the_search_ends_near_the_thresholds(steepness):
    planted = law(-1.3, steepness=steepness)
    errors = []
    for seed in range(30):
        searched = collected(adaptive(budget=SEARCH_ROUNDS * SEARCH_TRIALS * len(LEVELS)), planted, seed)
        belief = Belief(CELLS, searched, ASKED)
        truth = np.log(24.0) - 1.3 * np.log(np.array(LEVELS) / planted.middle)
        errors.append(belief.thresholds - truth)
    assert np.abs(np.mean(errors, axis=0)).max() < 0.3
    assert np.std(errors) < 0.5  # N from 2 to 256 is 4.9 wide


def test_it_stops_when_the_interval_is_narrow_enough_and_costs_less_than_the_grid():
    full = judged(collected(Grid(CELLS, 60), law(), 0))
    width = full.high - full.low
    counts = [collected(adaptive(width, 8000), law(), seed) for seed in range(6)]
    intervals = [judged(table) for table in counts]
    assert all(interval.high - interval.low <= width for interval in intervals)
    assert np.median([table["trials"].sum() for table in counts]) < 0.6 * 60 * len(CELLS)


def test_it_does_not_stop_while_curvature_may_be_unseen(monkeypatch):
    """A curved law whose average is known well looks like a straight one with a narrow interval."""
    table = collected(adaptive(0.25, 900), law(), 1)
    assert table["trials"].sum() == FIRST_INTERIM * len(LEVELS)
    assert judged(table).width <= 0.25
    monkeypatch.setattr("theorycheck.placement.rules.CURVATURE_SEEN", 0.5)
    assert adaptive(0.25, 4000).next_round(table)
    monkeypatch.setattr("theorycheck.placement.rules.CURVATURE_SEEN", 30.0)
    assert not adaptive(0.25, 4000).next_round(table)


@pytest.mark.parametrize(
    ("at_the_end", "curvature", "ends"),
    [(0.0, 0.4, True), (-2.5, 0.4, True), (-1.25, 0.4, False), (-0.25, 0, False)],
)
def test_it_may_stop_when_curvature_was_seen_and_the_verdict_is_clear(at_the_end, curvature, ends):
    """The edge of the claim is -1.25. Where no curvature is seen, the interval must be narrow."""
    planted = PlantedThreshold(LEVELS, SAMPLES, 1, 0.0, 24.0, 2.0, curvature=curvature)
    exponent = at_the_end - 2 * curvature * np.log(LEVELS[0] / planted.middle)
    table = collected(adaptive(0.01, 1400), replace(planted, exponent=exponent), 1)
    assert adaptive(0.01, 4000).next_round(table)
    following = adaptive(0.01, 4000, decides=True).next_round(table)
    of_guesses = {(level, SAMPLES[0]) for level in LEVELS}  # which come first where p of none is below 0.5
    assert bool(following.keys() - of_guesses) is not ends


@pytest.mark.parametrize(
    ("relation", "interval", "clearance"),
    [
        ("O", (-0.75, -0.5), 0.5),
        ("O", (-1.3, -1.2), 0.0),
        ("O", (-2.0, -1.5), 0.25),
        ("Omega", (-0.75, -0.25), 0.0),
        ("Omega", (-2.0, -1.25), 0.5),
        ("Theta", (-1.125, -1.0), 0.125),
        ("Theta", (-0.5, 0.0), 0.25),
        ("Theta", (-2.0, 0.0), 0.0),
        ("O", (-np.inf, -0.5), 0.0),
    ],
)
def test_the_clearance_of_an_interval_is_its_distance_from_what_would_decide_otherwise(
    relation, interval, clearance
):
    asked = replace(ASKED, relation=relation)
    assert asked.clearance(asked.variables[0], Interval(*interval, 0.95)) == clearance


def test_trials_double_after_the_search_and_reach_the_first_interim_analysis_exactly():
    placement, spent = adaptive(0.01, 1600), []

    class Watched:
        cells = CELLS

        def next_round(self, counts):
            spent.append(counts["trials"].sum())
            return placement.next_round(counts)

    collected(Watched(), law(), 0)
    assert spent == [0, 14, 28, 42, 56, 112, 224, 448, 840, 1600]


def test_the_budget_is_never_exceeded_and_thinned_evenly():
    for budget in (0, 5, 40, 100):
        assert collected(adaptive(0.01, budget), law(), 1)["trials"].sum() == budget
    first = adaptive(budget=7).next_round(NOTHING)
    assert sorted(level for level, _ in first) == list(LEVELS)


def test_a_round_depends_on_the_counts_alone():
    table = collected(adaptive(0.2, 300), law(), 2)
    shuffled = table.sample(frac=1, random_state=0)
    following = adaptive(0.2).next_round(table)
    assert following == adaptive(0.2).next_round(shuffled)
    assert following.total() > 0


def test_levels_whose_work_is_small_get_more_trials():
    dear = [collected(adaptive(0.2), law(), seed, work=lambda x, n: n / x**2) for seed in range(5)]
    alike = [collected(adaptive(0.2), law(), seed) for seed in range(5)]
    assert sum(trials_at(t, 0.03) for t in dear) < 0.6 * sum(trials_at(t, 0.03) for t in alike)


def test_every_level_gets_its_share_and_trials_spread_over_cells():
    table = collected(adaptive(0.01, 1000), law(), 3)
    assert all(trials_at(table, level) >= 1000 * 0.2 / len(LEVELS) for level in LEVELS)
    assert table["trials"].max() < 150


def test_thresholds_outside_of_the_samples_end_the_run_early():
    table = collected(adaptive(0.2), law(threshold=50_000.0), 0)
    assert table["trials"].sum() < 200
    assert table["successes"].sum() <= 2


def test_unfitted_trials_are_spent_but_no_evidence():
    table = collected(adaptive(0.2, 200), law(), 4)
    unfitted = table.assign(unfitted=table["trials"], trials=0, successes=0)
    assert adaptive(0.2, 200).next_round(unfitted) == Counter()
    nothing_known = Belief(CELLS, NOTHING, ASKED)
    assert Belief(CELLS, unfitted, ASKED).thresholds == pytest.approx(nothing_known.thresholds)


def test_the_variance_of_the_exponent_is_that_of_a_glm(monkeypatch):
    """Oracle: the covariance of statsmodels' probit regression, at its own coefficients."""
    table = collected(adaptive(0.01, 3000), law(), 0)
    monkeypatch.setattr("theorycheck.placement.belief.CORRELATION", 0.0)  # which spreads trials over cells
    belief = Belief(CELLS, table, ASKED)
    fit = fit_threshold(table, ["x"])
    _, _, (variance, _) = belief._covariances(np.arange(0), np.zeros(0, int))
    interval = fit.interval("x")
    assert 2 * 1.96 * np.sqrt(variance * fit.dispersion) == pytest.approx(
        interval.high - interval.low, rel=0.1
    )


def test_every_trial_goes_where_it_shrinks_the_variances_most_for_its_work():
    """Oracle: the covariances of every possible choice, computed anew."""
    belief = Belief(CELLS, collected(adaptive(0.01, 300), law(), 0, work=lambda x, n: n / x), ASKED)
    near = [i for i, z in enumerate(belief._probit) if abs(z) <= FARTHEST]
    even, candidates = belief.refine(7), np.array(near)  # one trial at every level
    chosen = np.array([even[belief._cells[i]] for i in candidates])
    assert chosen.sum() == 7
    for _ in range(25):
        one_more = [
            belief._covariances(candidates, chosen + trial)[2] for trial in np.eye(len(candidates), dtype=int)
        ]
        gains = -np.log(one_more).sum(axis=1) + np.log(belief._covariances(candidates, chosen)[2]).sum()
        chosen[np.argmax(gains / belief._work[belief._level[candidates]])] += 1
    assert belief.refine(32) == Counter(
        {belief._cells[i]: int(count) for i, count in zip(candidates, chosen, strict=True) if count}
    )


def test_the_asymptotic_end_may_be_either():
    growing = replace(ASKED, variables=(Variable("x", "x", -1.0, "oo"),))
    towards = {
        q.variables[0].goes_to: simulate(
            Adaptive(CELLS, q, 0.01, 800, decides=False), law().rate, np.random.default_rng(0)
        )
        for q in (ASKED, growing)
    }
    assert trials_at(towards["0"], 0.03) > trials_at(towards["oo"], 0.03)
