"""Success that rises more steeply at some levels than at others: found where planted, and nowhere else."""

import numpy as np
import pandas as pd
import pytest
from planted import PlantedThreshold
from scipy import optimize, special, stats
from statsmodels.tools.numdiff import approx_hess

from theorycheck.statistics.evidence import Trials
from theorycheck.statistics.hypothesis import Hypothesis, Variable
from theorycheck.statistics.judge import judge
from theorycheck.statistics.steepness import SAME, Steepness, fit_steepness
from theorycheck.statistics.threshold import fit_threshold

LEVELS = (0.03, 0.04, 0.06, 0.09, 0.13, 0.2, 0.3)
SAMPLES = (2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)
QUESTION = Hypothesis((Variable("x", "alpha", -1.0, "0"),), "O")


def counts(steepening, seed, trials=20, **options):
    planted = PlantedThreshold(LEVELS, SAMPLES, trials, -1.0, 24.0, steepening=steepening, **options)
    return planted.draw(np.random.default_rng((seed, 40)))


def checked(table):
    return next(check for check in judge(table, QUESTION).checks if check.name == "steepness")


def test_the_planted_power_is_recovered_and_none_is_invented():
    some = [fit_steepness(counts(-0.5, seed), ["x"]) for seed in range(30)]
    assert all(steepness.factors == ("x",) for steepness in some)
    assert np.mean([steepness.powers[0] for steepness in some]) == pytest.approx(-0.5, abs=0.03)
    none = [fit_steepness(counts(0.0, seed), ["x"]) for seed in range(200)]
    seen = np.mean([bool(steepness.factors) for steepness in none])
    assert seen <= 0.1 + 3 * np.sqrt(0.1 * 0.9 / 200)
    assert stats.kstest([steepness.p_value for steepness in none], "uniform").pvalue > 0.001


def test_the_powers_are_the_maximum_of_the_likelihood():
    """Oracle: a threshold for every level, a steepness and its power, written out and maximised by scipy."""
    cells = counts(-0.5, 3)
    steepness = fit_steepness(cells, ["x"])
    level, log_n = np.searchsorted(LEVELS, cells["x"]), np.log(cells["searched"].to_numpy())
    u = np.log(cells["x"].to_numpy() / np.sqrt(LEVELS[0] * LEVELS[-1]))

    def minus_log_likelihood(p):
        eta = np.exp(p[0] + p[1] * u) * (log_n - p[2:][level])
        successes = cells["successes"].to_numpy()
        return -(successes * special.log_ndtr(eta) + (20 - successes) * special.log_ndtr(-eta)).sum()

    start = np.append([0.4, 0.0], np.log(24.0) - np.log(np.array(LEVELS) / 0.095))
    best = optimize.minimize(minus_log_likelihood, start, method="BFGS", options={"gtol": 1e-6}).x
    assert steepness.powers[0] == pytest.approx(best[1], abs=2e-3)
    assert best[1] != pytest.approx(0.0, abs=0.1)


def test_two_factors_have_a_power_each():
    rng = np.random.default_rng(5)
    x, z, n = (grid.ravel() for grid in np.meshgrid((1.0, 2.0, 4.0), (1.0, 3.0, 9.0), SAMPLES, indexing="ij"))
    eta = 1.5 * (x / 2) ** 0.4 * (z / 3) ** -0.3 * (np.log(n) - np.log(24) + 0.5 * np.log(x / 2))
    cells = pd.DataFrame(
        {"x": x, "z": z, "searched": n, "successes": rng.binomial(200, stats.norm.cdf(eta)), "trials": 200}
    )
    assert fit_steepness(cells, ["x", "z"]).powers == pytest.approx([0.4, -0.3], abs=0.06)


def test_one_steepness_where_there_are_two_shows_as_overdispersion_and_widens_the_interval():
    for seed in range(5):
        cells = counts(-0.6, seed, trials=200)
        evidence = Trials.of(cells, ["x"])
        same, by_level = fit_threshold(cells, ["x"]), evidence.fit(1)
        assert evidence.method == "binomial regression on trials, steepness by level"
        assert by_level.dispersion < 1.5 < same.dispersion
        assert by_level.interval("x").width < 0.8 * same.interval("x").width
        assert -1.0 in by_level.interval("x", 0.999)


def test_thresholds_at_other_rates_follow_the_steepness():
    cells = counts(-0.6, 0, trials=2000)
    fit = Trials.of(cells, ["x"]).fit(1)
    middle = np.exp(np.log(LEVELS).mean())
    for x in LEVELS:
        steepness = 1.5 * (x / middle) ** -0.6
        truth = 24 * (x / middle) ** -1.0 * np.exp(stats.norm.ppf(0.9) / steepness)
        found = fit.steepness.of(pd.DataFrame({"x": [x]}))[0] * fit.coefficients[1]
        assert fit.predict([x]) * np.exp(stats.norm.ppf(0.9) / found) == pytest.approx(truth, rel=0.03)
        low, high = fit.band([x])
        assert low < fit.predict([x]) < high


def test_beyond_the_measured_levels_steepness_stays():
    steepness = Steepness(("x",), (-1.0,), (0.1,), (0.4,), 0.001)
    assert steepness.of(pd.DataFrame({"x": [0.01, 0.1, 0.2, 0.4, 3.0]})) == pytest.approx([2, 2, 1, 0.5, 0.5])
    assert SAME.of(pd.DataFrame({"x": [0.1, 0.2]})) == pytest.approx([1, 1])


def test_lapses_are_not_taken_for_a_flatter_curve_nor_the_other_way_round():
    lapsing = [Trials.of(counts(0.0, seed, lapse=0.08), ["x"]) for seed in range(10)]
    assert all(evidence.asymptotes.lapse > 0.04 for evidence in lapsing)
    assert sum(bool(evidence.steepness.factors) for evidence in lapsing) <= 1
    rising = [Trials.of(counts(-0.6, seed), ["x"]) for seed in range(10)]
    assert all(evidence.steepness.factors for evidence in rising)
    assert sum(evidence.asymptotes.lapse > 0 for evidence in rising) <= 1


def test_the_check_says_what_one_steepness_would_say():
    some, none = checked(counts(-0.6, 0)), checked(counts(0.0, 0))
    assert some.detail.startswith("of the success curve goes as alpha^-0.")
    assert "one steepness for all levels would make one power law's exponent -" in some.detail
    assert none.status == "ok"
    assert "the same at all levels (p = " in none.detail


def test_steepness_that_cannot_be_told_is_taken_to_be_the_same():
    separated = counts(0.0, 0).assign(successes=lambda d: np.where(d["searched"] * d["x"] > 2.5, 20, 0))
    assert fit_steepness(separated, ["x"]) == SAME
    nothing = counts(0.0, 0).iloc[:0]
    assert fit_steepness(nothing, ["x"]) == SAME


def test_rows_of_a_cell_are_added_up():
    table = counts(-0.5, 1, trials=40)
    half = table.assign(successes=table["successes"] // 2, trials=20, seed=0)
    rest = table.assign(successes=table["successes"] - half["successes"], trials=20, seed=1)
    assert fit_steepness(pd.concat([half, rest]), ["x"]) == fit_steepness(table, ["x"])


def test_the_covariance_allows_for_the_power_that_is_estimated_beside():
    """Oracle: the block of the inverse of the joint information, whose Hessian is taken by differences."""
    cells = counts(-0.5, 2)
    fit = Trials.of(cells, ["x"]).fit(1)
    log_n, trials = np.log(cells["searched"].to_numpy()), cells["trials"].to_numpy()
    u = np.log(cells["x"].to_numpy() / fit.basis.centre[0])
    v = np.log(cells["x"].to_numpy() / np.sqrt(LEVELS[0] * LEVELS[-1]))

    def eta(p):
        return np.exp(p[3] * v) * (p[0] + p[1] * log_n + p[2] * u)

    best = np.append(fit.coefficients, fit.steepness.powers)
    mean = trials * stats.norm.cdf(eta(best))

    def minus_log_likelihood(p):
        return -(mean * special.log_ndtr(eta(p)) + (trials - mean) * special.log_ndtr(-eta(p))).sum()

    joint = np.linalg.inv(approx_hess(best, minus_log_likelihood))[:3, :3]
    assert fit.covariance / fit.dispersion == pytest.approx(joint, rel=1e-3)
    alone = np.linalg.inv(approx_hess(best, minus_log_likelihood)[:3, :3])
    assert fit.covariance / fit.dispersion != pytest.approx(alone, rel=5e-3)  # the comparison can fail
