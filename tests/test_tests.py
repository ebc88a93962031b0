"""Every test of tests.py on a planted truth, on its contrary, and on the edge between them, where it stays
open.
"""

import numpy as np
import pandas as pd
import pytest
from conftest import mostly_slow
from scipy import stats

from theorycheck.errors import DesignError
from theorycheck.statistics import tests
from theorycheck.statistics.contrast import contrast as difference
from theorycheck.statistics.threshold import fit_threshold

SIZES = np.array([2, 4, 8, 16, 32, 64, 128])
LEVELS = np.array([0.03, 0.06, 0.12, 0.24])
AMOUNTS = np.array([0.0, 0.1, 0.2, 0.3, 0.4])
TIMES = np.array([10.0, 16, 25, 40, 63, 100, 160, 250, 400, 630, 1000])
REPLICATIONS = 200


def shares(test, replications):
    """The shares of SUPPORTED and of REFUTED over seeds 0, 1, 2, ..."""
    decisions = [test(np.random.default_rng(seed)).decision for seed in range(replications)]
    return decisions.count("SUPPORTED") / replications, decisions.count("REFUTED") / replications


def assert_finds_truth(truth, contrary, replications=25):
    assert shares(truth, replications)[0] >= 0.8
    assert shares(contrary, replications)[1] >= 0.8


def assert_open_at_edge(test, replications=REPLICATIONS):
    supported, refuted = shares(test, replications)
    highest = 0.05 + 3 * (0.05 * 0.95 / replications) ** 0.5
    assert supported <= highest
    assert refuted <= highest


def counts(rng, slope):
    """Thresholds N* = 16 exp(slope tau)."""
    tau, n = (grid.ravel() for grid in np.meshgrid(AMOUNTS, SIZES, indexing="ij"))
    rate = stats.norm.cdf(1.2 * (np.log(n / 16) - slope * tau))
    return pd.DataFrame({"tau": tau, "searched": n, "successes": rng.binomial(20, rate), "trials": 20})


def measurements(rng, slope):
    tau = np.repeat(AMOUNTS, 6)
    return pd.DataFrame({"tau": tau, "value": np.exp(2 + slope * tau + 0.3 * rng.normal(size=len(tau)))})


@pytest.mark.parametrize("sample", [counts, measurements])
def test_a_direction_is_found(sample):
    assert_finds_truth(
        lambda rng: tests.direction(sample(rng, 3.0), "tau"),
        lambda rng: tests.direction(sample(rng, -3.0), "tau"),
        12,
    )
    falling = tests.direction(sample(np.random.default_rng(0), -3.0), "tau", grows=False)
    assert falling.decision == "SUPPORTED"
    assert -3.0 in falling.interval


@pytest.mark.parametrize(
    ("sample", "replications"),
    [pytest.param(counts, 80, marks=pytest.mark.slow), (measurements, REPLICATIONS)],
)
def test_no_direction_is_left_open(sample, replications):
    assert_open_at_edge(lambda rng: tests.direction(sample(rng, 0.0), "tau"), replications)


def test_the_slope_is_per_unit_of_the_factor_whatever_its_size():
    table = measurements(np.random.default_rng(0), 3.0)
    one, thousand = (
        tests.direction(table, "tau"),
        tests.direction(table.assign(tau=5 + 1e4 * table["tau"]), "tau"),
    )
    assert one.estimate == pytest.approx(np.polyfit(table["tau"], np.log(table["value"]), 1)[0])
    assert thousand.estimate == pytest.approx(one.estimate / 1e4)
    assert thousand.p_supported == pytest.approx(one.p_supported)


def arms(rng, difference=1.0, shared=0.8, replicates=10, seeds=False):
    """Exponents -2 and difference - 2; both arms share part of their noise, by sample or by seed."""
    x, n, replicate = (g.ravel() for g in np.meshgrid(LEVELS, SIZES, np.arange(replicates), indexing="ij"))
    pair = replicate if seeds else np.arange(len(x))
    noise, tables = rng.normal(size=pair.max() + 1)[pair], []
    for arm, exponent in (("mlp", difference - 2), ("vit", -2.0)):
        rise = 1.2 * (np.log(n / 16) - exponent * np.log(x / 0.085))
        luck = shared**0.5 * noise + (1 - shared) ** 0.5 * rng.normal(size=len(x))
        tables.append(
            pd.DataFrame(
                {"x": x, "searched": n, "successes": (rise + luck > 0) * 1, "arm": arm, "pair": pair}
            )
        )
    return pd.concat(tables, ignore_index=True).assign(trials=1)


def contrast(table):
    return difference(table, "x", "arm", "mlp", "vit")


def test_a_contrast_is_found():
    assert_finds_truth(lambda rng: contrast(arms(rng, -0.6)), lambda rng: contrast(arms(rng, 0.6)))


def test_equal_exponents_leave_a_contrast_open():
    assert_open_at_edge(lambda rng: contrast(arms(rng, 0.0)))


def test_a_contrast_of_pairs_that_are_few_seeds_is_left_open():
    assert_open_at_edge(lambda rng: contrast(arms(rng, 0.0, shared=0.5, replicates=6, seeds=True)))


def test_pairs_that_share_samples_narrow_the_interval_and_keep_the_estimate():
    for seed in range(5):
        table = arms(np.random.default_rng(seed))
        paired = contrast(table)
        mlp, vit = (fit_threshold(table[table["arm"] == name], ["x"]) for name in ("mlp", "vit"))
        unpaired = np.hypot(mlp.interval("x").width, vit.interval("x").width)
        assert paired.interval.width < 0.92 * unpaired
        assert paired.estimate == pytest.approx(mlp.exponent("x") - vit.exponent("x"), abs=1e-4)


def test_a_contrast_needs_both_groups_and_a_rise_in_n():
    table = arms(np.random.default_rng(0))
    with pytest.raises(DesignError, match="Asked for cnn in the column arm, found mlp, vit"):
        difference(table, "x", "arm", "cnn", "vit")
    luck = table.assign(successes=np.random.default_rng(0).integers(0, 2, len(table)))
    for rows in (luck, table.assign(successes=0)):
        assert contrast(rows).decision == "INCONCLUSIVE"


def finals(rng, mean, spread=0.02, seeds=8):
    return pd.DataFrame({"t": 100, "seed": range(seeds), "value": mean + spread * rng.normal(size=seeds)})


def approach(rng, rate, level=1.0, seeds=8):
    """Values level - t^-rate, up to a factor of each seed and noise that lasts."""
    tables = []
    for seed in range(seeds):
        noise = 0.3 * rng.normal() + 0.1 * np.cumsum(rng.normal(size=len(TIMES)))
        tables.append(pd.DataFrame({"t": TIMES, "value": level - TIMES**-rate * np.exp(noise), "seed": seed}))
    return pd.concat(tables, ignore_index=True)


def near_and_fast(table):
    return tests.near_and_fast(tests.reaches_limit(table, 1.0, 0.05), tests.gap_rate(table, 1.0, 1, t0=20))


def test_a_limit_is_found():
    def reaches(rate, level):
        return lambda rng: near_and_fast(approach(rng, rate, level))

    assert_finds_truth(reaches(1.0, 1.0), reaches(0.4, 1.0))
    assert_finds_truth(reaches(1.2, 1.0), reaches(1.0, 0.9))


@pytest.mark.parametrize(("mean", "spread"), [(0.95, 0.02), (1.05, 0.02), (0.95, 0.5)])
def test_final_values_at_the_tolerance_are_left_open(mean, spread):
    assert_open_at_edge(lambda rng: tests.reaches_limit(finals(rng, mean, spread), 1.0, 0.05))


def test_a_gap_at_the_margin_of_the_rate_is_left_open():
    assert_open_at_edge(lambda rng: tests.gap_rate(approach(rng, 0.75), 1.0, rate=1, t0=20))
    assert_open_at_edge(lambda rng: near_and_fast(approach(rng, 0.75)))


def test_the_gap_is_judged_from_t0_on():
    table = approach(np.random.default_rng(0), 1.0)
    early = table["t"] < 50
    curved = table.assign(value=table["value"].where(~early, 0.9))
    assert tests.gap_rate(curved, 1.0, 1, t0=50) == tests.gap_rate(table, 1.0, 1, t0=50)
    assert (
        tests.gap_rate(curved, 1.0, 1, t0=10).estimate < tests.gap_rate(table, 1.0, 1, t0=10).estimate - 0.1
    )


def test_the_final_value_is_at_each_seeds_last_t_and_equal_ones_are_no_error():
    table = pd.DataFrame({"t": [2, 1, 1, 3], "seed": [0, 0, 1, 1], "value": [1.0, 7.0, 8.0, 1.0]})
    assert tests.reaches_limit(table, 1.0, 0.1).decision == "SUPPORTED"
    assert tests.reaches_limit(table, 2.0, 0.1).decision == "REFUTED"
    assert tests.reaches_limit(table[:2], 1.0, 0.1).decision == "INCONCLUSIVE"
    assert tests.gap_rate(table, 1.0, 1, t0=1).decision == "INCONCLUSIVE"  # a gap of 0 has no logarithm


PAIRS = [("all", "half"), ("half", "none")]


def losses(rng, half, none, seeds=8):
    seed_effect = rng.normal(size=seeds)
    return pd.concat(
        pd.DataFrame(
            {"kept": kept, "seed": range(seeds), "value": m + seed_effect + 0.3 * rng.normal(size=seeds)}
        )
        for kept, m in {"all": 0.0, "half": half, "none": none}.items()
    )


def ordering(table):
    return tests.all_hold([tests.lower(table, "kept", *pair) for pair in PAIRS], "paired t tests")


def test_an_ordering_is_found():
    assert_finds_truth(lambda rng: ordering(losses(rng, 1, 2)), lambda rng: ordering(losses(rng, 1, 0)))


@pytest.mark.parametrize("means", mostly_slow([(0, 3)], [(0, 0), (0, 3)]))
def test_equal_treatments_leave_an_ordering_open(means):
    assert_open_at_edge(lambda rng: ordering(losses(rng, *means)))


def test_the_ordering_of_one_pair_is_the_paired_t_test():
    table = losses(np.random.default_rng(0), 0.2, 2)
    values = table.pivot(index="seed", columns="kept", values="value")
    test = tests.lower(table, "kept", *PAIRS[0])
    assert test.p_supported == pytest.approx(
        stats.ttest_rel(values["all"], values["half"], alternative="less").pvalue
    )
    assert test.p_refuted == pytest.approx(
        stats.ttest_rel(values["all"], values["half"], alternative="greater").pvalue
    )
    assert tuple(stats.ttest_rel(values["all"], values["half"]).confidence_interval()) == pytest.approx(
        (test.interval.low, test.interval.high)
    )


def test_holm_is_the_textbook_computation():
    p_values = {"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005}
    by_hand = {"d": 4 * 0.005, "a": 3 * 0.01, "c": 2 * 0.03, "b": max(2 * 0.03, 0.04)}
    assert tests.holm(p_values) == pytest.approx(by_hand)
    assert list(tests.holm(p_values)) == list(p_values)
    assert tests.holm({"a": 0.7, "b": 0.6}) == {"a": 1.0, "b": 1.0}
    assert tests.holm({}) == {}
