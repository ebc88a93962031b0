"""Successes by chance: a guess rate is found, fitted, and not invented."""

import numpy as np
import pandas as pd
import pytest
from planted import PlantedThreshold

from theorycheck.statistics.asymptotes import fit_guess
from theorycheck.statistics.evidence import Trials
from theorycheck.statistics.hypothesis import Hypothesis, Variable
from theorycheck.statistics.judge import judge

LEVELS = (0.03, 0.04, 0.06, 0.09, 0.13, 0.2, 0.3)
SIZES = (2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)


def drawn(guess, seed, exponent=-1.0, lapse=0.0, trials=40):
    planted = PlantedThreshold(LEVELS, SIZES, trials, exponent, 24.0, guess=guess, lapse=lapse)
    return planted.draw(np.random.default_rng(seed))


def asked(exponent=-1.0, guess_rate=None):
    return Hypothesis((Variable("x", "x", exponent, "0"),), "Theta", guess_rate=guess_rate)


def check(judgement, name):
    return next(check for check in judgement.checks if check.name == name)


@pytest.mark.parametrize("guess", [0.1, 0.25, 0.5])
def test_a_planted_guess_rate_is_recovered_and_the_law_is_supported(guess):
    found = [Trials.of(drawn(guess, seed), ["x"]).asymptotes for seed in range(6)]
    assert np.mean([one.guess for one in found]) == pytest.approx(guess, abs=0.02)
    assert all(one.estimated for one in found)
    judgements = [judge(drawn(guess, seed), asked()) for seed in range(6)]
    assert {judgement.decision for judgement in judgements} <= {"SUPPORTED", "INCONCLUSIVE"}
    assert [judgement.decision for judgement in judgements].count("SUPPORTED") >= 5
    assert check(judgements[0], "guess rate").status == "warning"
    assert "at small N, fitted with it" in check(judgements[0], "guess rate").detail
    assert judge(drawn(guess, 0), asked(-2.0)).decision == "REFUTED"  # the wrong law


def test_a_known_rate_is_taken_as_given():
    judgement = judge(drawn(0.5, 1), asked(guess_rate=0.5))
    assert judgement.decision == "SUPPORTED"
    assert check(judgement, "guess rate").status == "ok"
    assert "guess rate 50.0% at small N, as given" in check(judgement, "guess rate").detail
    ignored = judge(drawn(0.5, 1), asked(guess_rate=0.0))
    assert check(ignored, "dispersion").status == "warning"
    assert "successes by chance" in check(ignored, "dispersion").detail


def test_no_guesses_are_invented_and_a_curved_law_is_not_taken_for_them():
    p_values = [fit_guess(drawn(0.0, seed, trials=20), ["x"])[1] for seed in range(60)]
    assert np.mean(np.array(p_values) < 0.05) <= 0.12  # 5 % and 2.5 standard errors
    curved = PlantedThreshold(LEVELS, SIZES, 40, -1.0, 24.0, curvature=0.5)
    tables = [curved.draw(np.random.default_rng(seed)) for seed in range(6)]
    assert sum(Trials.of(table, ["x"]).asymptotes.guess > 0 for table in tables) <= 1


def test_guesses_beside_lapses():
    found = Trials.of(drawn(0.25, 3, lapse=0.08, trials=100), ["x"]).asymptotes
    assert found.guess == pytest.approx(0.25, abs=0.03)
    assert found.lapse == pytest.approx(0.08, abs=0.03)


def test_success_that_stays_above_zero_at_the_smallest_n_is_named():
    cells = drawn(0.0, 0).query("searched >= 24")
    detail = check(judge(cells, asked()), "guess rate")
    assert detail.status == "warning"
    assert "cannot be distinguished from low thresholds" in detail.detail


def test_the_threshold_is_half_way_between_the_asymptotes():
    fit = Trials.of(drawn(0.5, 0, trials=200), ["x"]).fit(1)
    assert fit.predict([0.09]) == pytest.approx(
        24.0 * (0.09 / np.exp(np.log(LEVELS).mean())) ** -1.0, rel=0.1
    )


def test_the_error_of_the_estimated_rate_is_part_of_the_interval():
    cells = drawn(0.5, 0)
    free, given = (Trials.of(cells, ["x"], guess=rate) for rate in (None, 0.5))
    assert free.asymptotes.estimated
    assert not given.asymptotes.estimated
    assert free.fit(1).covariance[1, 1] > given.fit(1).covariance[1, 1]


def test_seeds_that_are_told_go_with_guesses():
    rng = np.random.default_rng(0)
    rows = [
        {"x": x, "searched": n, "seed": seed, "trials": 1, "successes": int(rng.random() < rate)}
        for x, n, rate in ((x, n, 0.5 + 0.5 * float(n > 2 / x)) for x in LEVELS for n in SIZES)
        for seed in range(12)
    ]
    evidence = Trials.of(pd.DataFrame(rows), ["x"])
    assert evidence.asymptotes.guess == pytest.approx(0.5, abs=0.08)
