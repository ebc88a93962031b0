"""The regressions against oracles: certified results, likelihoods and formulas written out here, and planted
truths.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import optimize, special, stats
from statsmodels.tools.numdiff import approx_fprime, approx_hess

from theorycheck.judgement import LevelValue
from theorycheck.statistics import least_squares
from theorycheck.statistics.asymptotes import fit_lapse
from theorycheck.statistics.forms import compare_forms
from theorycheck.statistics.links import FULL, Asymptotes
from theorycheck.statistics.loglog import fit_loglog
from theorycheck.statistics.measurement import fit_measurement
from theorycheck.statistics.threshold import exponent_at_rate, fit_threshold

LEVELS = np.array([1, 1.5, 2, 3, 4.5, 7, 10])

# Certified results: Statistical Reference Datasets, National Institute of Standards and Technology,
# https://www.itl.nist.gov/div898/strd/. Each file of data names its page, which has the certified values as
# well.

DATA = Path(__file__).parent / "data"
CERTIFIED = json.loads((DATA / "certified.json").read_text())
MEANS = {"danwood": lambda x, b1, b2: b1 * x**b2, "misra1a": lambda x, b1, b2: b1 * (1 - np.exp(-b2 * x))}


def certified(name):
    return pd.read_csv(DATA / f"{name}.csv", comment="#")


@pytest.mark.parametrize("name", ["norris", "longley"])
def test_least_squares_has_the_certified_digits(name):
    data, known = certified(name), CERTIFIED[name]
    design = np.column_stack([np.ones(len(data)), data.drop(columns="y")])
    fit = sm.OLS(data["y"].to_numpy(float), design).fit()
    assert fit.params == pytest.approx(known["parameters"], rel=1e-10)
    assert fit.bse == pytest.approx(known["deviations"], rel=1e-10)
    assert np.sqrt(fit.scale) == pytest.approx(known["residual_deviation"], rel=1e-12)
    assert fit.rsquared == pytest.approx(known["r_squared"], rel=1e-13)


@pytest.mark.parametrize("name", ["norris", "longley"])
def test_exponents_have_the_certified_digits(name):
    """A linear regression is the log-log regression of the exponentials."""
    data, known = certified(name), CERTIFIED[name]
    unit = data.max() / 50  # of every column, so that no exponential overflows
    table = np.exp(data / unit).rename(columns={"y": "value"})
    factors = [column for column in table if column != "value"]
    slopes = np.array(unit["y"] / unit[factors])  # certified parameter = exponent x slope
    constant, *parameters = known["parameters"]

    fit = fit_measurement(table, factors)
    exponents = np.array([fit.exponent(f) for f in factors])
    at_zero = (fit.coefficients[0] - np.log(fit.basis.centre) @ exponents) * unit["y"]
    assert exponents * slopes == pytest.approx(parameters, rel=1e-9)
    assert at_zero == pytest.approx(constant, rel=1e-9)
    assert np.sqrt(fit.dispersion) * unit["y"] == pytest.approx(known["residual_deviation"], rel=1e-10)

    levels = [LevelValue(tuple(r), v, v, v, "fitted") for *r, v in table[[*factors, "value"]].to_numpy()]
    regression = fit_loglog(levels, factors)
    half = [(e.interval.high - e.interval.low) / 2 for e in regression.estimates]
    t = stats.t.ppf(0.975, len(data) - len(known["parameters"]))
    assert [e.value for e in regression.estimates] * slopes == pytest.approx(parameters, rel=1e-9)
    assert half * slopes / t == pytest.approx(known["deviations"][1:], rel=1e-9)
    assert f"R-squared {known['r_squared']:.4f}, {len(data)} levels" in regression.table


@pytest.mark.parametrize("name", MEANS)
def test_nonlinear_least_squares_has_the_certified_digits(name):
    known = CERTIFIED[name]
    x, y = certified(name)[["x", "y"]].to_numpy().T
    for start in known["starts"]:
        strict = {"x_scale": "jac", "ftol": 1e-15, "xtol": 1e-15, "gtol": 1e-15}
        fit = optimize.least_squares(lambda b: MEANS[name](x, *b) - y, start, "cs", **strict)
        covariance = np.linalg.inv(fit.jac.T @ fit.jac) * 2 * fit.cost / (len(y) - len(start))
        assert fit.x == pytest.approx(known["parameters"], rel=1e-8)
        assert np.sqrt(np.diag(covariance)) == pytest.approx(known["deviations"], rel=1e-8)
        assert 2 * fit.cost == pytest.approx(known["residual_squares"], rel=1e-9)


def test_a_certified_power_law_is_taken_for_one_and_a_certified_saturation_is_not():
    """DanWood is y = b1 x^b2, with additive errors: the log-log exponent is another estimator of b2."""
    lamp, strain = (certified(name).rename(columns={"y": "value"}) for name in ("danwood", "misra1a"))
    exponent, error = (CERTIFIED["danwood"][key][1] for key in ("parameters", "deviations"))
    fit = fit_measurement(lamp, ["x"])
    assert abs(fit.exponent("x") - exponent) < 2 * error
    assert exponent in fit.interval("x")
    assert 3 not in fit.interval("x")
    assert min(form.p_value for form in compare_forms(lamp, "x", 4)) > 0.05
    assert min(form.p_value for form in compare_forms(strain, "x", 1)) < 0.001


RATES = {
    "probit": stats.norm.cdf,
    "logit": special.expit,
    "cloglog": lambda eta: -np.expm1(-np.exp(np.minimum(eta, 5))),
}


def successes_at(eta, trials, seed, spread=0.0, lapse=0.0, guess=0.0):
    rng = np.random.default_rng(seed)
    rate = guess + (1 - guess - lapse) * stats.norm.cdf(eta + spread * rng.normal(size=len(eta)))
    return rng.binomial(trials, rate)


def trials_at(factors, seed=0, trials=20, **asymptotes):
    """Cells over a grid of factors, with N* = 24 / x / z^0.5, and more spread than binomial."""
    grid = np.meshgrid(*[LEVELS[::2] / 3 for _ in factors], np.rint(2 ** np.arange(1, 9.0)), indexing="ij")
    cells = pd.DataFrame(
        {name: axis.ravel() for name, axis in zip([*factors, "searched"], grid, strict=True)}
    )
    log_threshold = np.log(24) - np.log(cells[factors]) @ [1, 0.5][: len(factors)]
    eta = 1.5 * (np.log(cells["searched"]) - log_threshold)
    return cells.assign(
        successes=successes_at(eta, trials, seed, **{"spread": 0.4, **asymptotes}), trials=trials
    )


def design_of(cells, factors, degree):
    u = np.log(cells[factors].to_numpy())
    columns = [*(u := u - u.mean(axis=0)).T]
    if degree == 2:
        columns += [u[:, i] * u[:, j] for i in range(len(factors)) for j in range(i, len(factors))]
    return np.column_stack([np.ones(len(u)), np.log(cells["searched"]), *columns])


def minus_log_likelihood(b, design, successes, trials, link="probit", ends=FULL):
    rate = np.clip(ends.guess + ends.span * RATES[link](design @ b), 1e-15, 1 - 1e-15)
    return -(special.xlogy(successes, rate) + special.xlogy(trials - successes, 1 - rate)).sum()


def maximum(design, *arguments):
    start = np.append([-3.0, 1.0], np.zeros(design.shape[1] - 2))
    rough = optimize.minimize(minus_log_likelihood, start, (design, *arguments), method="BFGS")
    fine = {"xatol": 1e-9, "fatol": 1e-12, "maxiter": 6000, "maxfev": 6000}
    return optimize.minimize(
        minus_log_likelihood, rough.x, (design, *arguments), method="Nelder-Mead", options=fine
    ).x


CASES = [(link, "x", 1, FULL) for link in RATES] + [
    ("probit", "xz", 1, FULL), ("logit", "x", 2, FULL), ("probit", "xz", 2, FULL),
    ("probit", "x", 1, Asymptotes(lapse=0.05)), ("probit", "x", 1, Asymptotes(0.1)),
    ("logit", "x", 1, Asymptotes(0.1, 0.05)),
    ("probit", "xz", 2, Asymptotes(0.1)),
]  # fmt: skip


@pytest.mark.parametrize(("link", "factors", "degree", "ends"), CASES)
def test_the_threshold_is_the_maximum_of_the_likelihood(link, factors, degree, ends):
    factors = list(factors)
    cells = trials_at(factors, lapse=ends.lapse, guess=ends.guess)
    counts = [cells[column].to_numpy(float) for column in ("successes", "trials")]
    fit = fit_threshold(cells, factors, degree, link=link, asymptotes=ends)
    design = design_of(cells, factors, degree)
    best = maximum(design, *counts, link, ends)
    assert fit.coefficients == pytest.approx(best, rel=1e-4, abs=1e-6)
    for j, factor in enumerate(factors):
        assert fit.exponent(factor) == pytest.approx(-best[2 + j] / best[1], rel=1e-4)
    other_link, other_ends = (
        (link, FULL) if ends != FULL else ("probit" if link != "probit" else "logit", FULL)
    )
    other = maximum(design, *counts, other_link, other_ends)  # the comparison can fail
    assert fit.coefficients != pytest.approx(other, rel=1e-2)


@pytest.mark.parametrize(("link", "factors", "degree", "ends"), CASES)
def test_the_covariance_is_the_inverse_expected_information_times_the_dispersion(link, factors, degree, ends):
    """The expected information is the Hessian where every count is what the fit expects."""
    factors = list(factors)
    cells = trials_at(factors, lapse=ends.lapse, guess=ends.guess)
    trials = cells["trials"].to_numpy(float)
    fit = fit_threshold(cells, factors, degree, link=link, asymptotes=ends)
    design = design_of(cells, factors, degree)

    def expected(b):
        return trials * (ends.guess + ends.span * RATES[link](design @ b))

    mean = expected(fit.coefficients)
    information = approx_hess(fit.coefficients, minus_log_likelihood, args=(design, mean, trials, link, ends))
    covariance = np.linalg.inv(information)
    assert fit.dispersion > 1.1  # planted
    assert fit.covariance / fit.dispersion == pytest.approx(
        covariance, rel=1e-3, abs=1e-3 * np.diag(covariance).min()
    )

    variance = mean * (1 - mean / trials)
    by_coefficient = approx_fprime(fit.coefficients, expected, centered=True)
    leveraged = ((by_coefficient @ covariance) * by_coefficient).sum(axis=1)  # variance x leverage
    squares = ((cells["successes"] - mean) ** 2).sum()
    tolerance = (
        1e-4 if link == "logit" else 1e-2
    )  # leverages are of the observed information, but for the canonical link
    assert fit.dispersion == pytest.approx(squares / (variance - leveraged).sum(), rel=tolerance)


def test_the_threshold_s_jackknife_is_a_loop_over_seeds():
    by_seed = pd.concat([trials_at(["x"], seed, trials=3).assign(seed=seed) for seed in range(8)])

    def coefficients(cells):
        summed = cells.groupby(["x", "searched"], as_index=False)[["successes", "trials"]].sum()
        return maximum(design_of(summed, ["x"], 1), summed["successes"], summed["trials"])

    left = np.array([coefficients(by_seed[by_seed["seed"] != seed]) for seed in range(8)])
    covariance = 7 / 8 * sum(np.outer(d, d) for d in left - left.mean(axis=0))
    fit = fit_threshold(by_seed, ["x"])
    assert fit.covariance == pytest.approx(covariance, rel=1e-3, abs=1e-7)
    assert fit.df_interval == 7
    assert fit_threshold(by_seed.drop(columns="seed"), ["x"]).covariance != pytest.approx(
        covariance, rel=0.05
    )


def middling(threshold_exponent, steepness, drift, seed, trials=400):
    """Cells with P = Phi(b0 + b1 L + b2 u + b3 u L): N* is 100 at u = 0, its exponent given at rate 1/2."""
    u, ratio = (
        g.ravel() for g in np.meshgrid(np.linspace(-1, 1, 7), np.linspace(-1.8, 1.8, 9), indexing="ij")
    )
    log_n = np.log(100) + threshold_exponent * u + ratio
    b2 = -threshold_exponent * steepness - drift * np.log(100)
    eta = steepness * (log_n - np.log(100)) + b2 * u + drift * u * log_n
    return pd.DataFrame(
        {
            "x": np.exp(u),
            "searched": np.exp(log_n),
            "successes": successes_at(eta, trials, seed),
            "trials": trials,
        }
    )


@pytest.mark.parametrize("drift", [0.0, 0.5])
def test_exponents_at_other_rates_are_the_planted_ones(drift):
    """At rate q, L* = log 100 + g(q) / b1 where u = 0, and the exponent is lower by b3 g(q) / b1^2."""
    tables = [middling(-2, 1.5, drift, seed) for seed in range(20)]
    fits = [[exponent_at_rate(cells, "x", rate) for rate in (0.5, 0.9)] for cells in tables]
    truth = np.array([-2, -2 - drift * stats.norm.ppf(0.9) / 1.5**2])
    values = np.array([[value for value, _ in pair] for pair in fits])
    covered = np.array([[t in limits for t, (_, limits) in zip(truth, pair, strict=True)] for pair in fits])
    assert np.abs(values.mean(axis=0) - truth).max() < 3 * values.std(axis=0).max() / np.sqrt(20)
    assert covered.mean() >= 0.85
    assert (values[:, 1] - values[:, 0]).mean() == pytest.approx(truth[1] - truth[0], abs=0.03)
    seen = np.mean([-2 in pair[1][1] for pair in fits])
    assert seen >= 0.8 if drift == 0 else seen <= 0.1


def lapsing(lapse, seed, trials=40):
    x, ratio = (g.ravel() for g in np.meshgrid(LEVELS, np.linspace(-2, 1.8, 8), indexing="ij"))
    cells = pd.DataFrame({"x": x, "searched": 2000 * x**-1.5 * np.exp(ratio), "trials": trials})
    return cells.assign(successes=successes_at(1.5 * ratio, trials, seed, lapse=lapse))


def test_planted_lapses_are_recovered_and_none_are_invented():
    none = np.array([fit_lapse(lapsing(0.0, seed), ["x"]) for seed in range(100)])
    some = np.array([fit_lapse(lapsing(0.05, seed), ["x"]) for seed in range(20)])
    assert np.mean(none[:, 1] < 0.01) <= 0.01 + 3 * np.sqrt(0.01 * 0.99 / 100)
    assert some[:, 0].mean() == pytest.approx(0.05, abs=0.01)
    assert np.mean(some[:, 1] < 0.01) >= 0.8
    ignored = [fit_threshold(lapsing(0.05, seed), ["x"]).coefficients[1] for seed in range(20)]
    known = [
        fit_threshold(lapsing(0.05, seed), ["x"], asymptotes=Asymptotes(lapse=0.05)).coefficients[1]
        for seed in range(20)
    ]
    assert np.mean(known) == pytest.approx(1.5, abs=0.05)
    assert np.mean(ignored) < 1.4


def measured(law, seed=0, noise=0.1, repeats=4):
    """Values with normal errors in the logarithm."""
    x = np.repeat(LEVELS, repeats)
    return pd.DataFrame(
        {"x": x, "value": law(x) * np.exp(noise * np.random.default_rng(seed).normal(size=len(x)))}
    )


def censored(seed, cap=60.0):
    """3 x^2 with errors of 0.3, seen up to 60 only: about a third of the values are lower bounds."""
    table = measured(lambda x: 3 * x**2, seed, 0.3, 6)
    return table.assign(censored=(table["value"] > cap).astype(int), value=table["value"].clip(upper=cap))


def regressors(table):
    u = np.log(table["x"].to_numpy())
    return np.column_stack([np.ones(len(u)), u - u.mean()]), np.log(table["value"].to_numpy())


def test_measurements_are_fitted_by_least_squares_with_hc3_errors():
    table = measured(lambda x: 3 * x**2)
    table["value"] *= np.exp(0.1 * np.log(table["x"]) * np.random.default_rng(1).normal(size=len(table)))
    X, y = regressors(table)
    inverse = np.linalg.inv(X.T @ X)
    b = inverse @ X.T @ y
    leverage = np.diag(X @ inverse @ X.T)
    residual = y - X @ b
    hc3 = inverse @ X.T @ np.diag((residual / (1 - leverage)) ** 2) @ X @ inverse
    fit = fit_measurement(table, ["x"])
    assert fit.coefficients == pytest.approx(b, rel=1e-12)
    assert fit.covariance == pytest.approx(hc3, rel=1e-10)
    assert fit.dispersion == pytest.approx(residual @ residual / (len(y) - 2), rel=1e-12)
    assert fit.covariance != pytest.approx(inverse * fit.dispersion, rel=0.1)  # unequal variances are planted


def test_the_jackknife_is_a_loop_over_seeds():
    table = measured(lambda x: 3 * x**2).assign(seed=np.tile(range(4), len(LEVELS)))
    table["value"] *= np.exp(0.2 * np.random.default_rng(1).normal(size=4)[table["seed"]])
    X, y = regressors(table)
    rows = [(table["seed"] != seed).to_numpy() for seed in range(4)]
    left = np.array([np.linalg.lstsq(X[keep], y[keep])[0] for keep in rows])
    covariance = 3 / 4 * sum(np.outer(d, d) for d in left - left.mean(axis=0))
    fit = fit_measurement(table, ["x"])
    assert fit.covariance == pytest.approx(covariance, rel=1e-9)
    assert fit.df_interval == 3
    assert fit.covariance[0, 0] > 2 * fit_measurement(table, ["x"], errors="HC3").covariance[0, 0]


def test_censored_values_are_fitted_by_maximum_likelihood():
    """Oracle: Tobit's likelihood, and the sandwich of its derivatives, all by finite differences."""
    table = censored(0)
    X, y = regressors(table)
    bound = table["censored"].to_numpy(bool)

    def by_row(theta):
        mean, scale = X @ theta[:-1], np.exp(theta[-1])
        return np.where(bound, stats.norm.logsf(y, mean, scale), stats.norm.logpdf(y, mean, scale))

    start = np.append(np.linalg.lstsq(X, y)[0], 0.0)
    options = {"xatol": 1e-9, "fatol": 1e-12, "maxiter": 4000, "maxfev": 4000}
    best = optimize.minimize(lambda theta: -by_row(theta).sum(), start, method="Nelder-Mead", options=options)
    scores = approx_fprime(best.x, by_row, centered=True)
    bread = np.linalg.inv(approx_hess(best.x, lambda theta: -by_row(theta).sum()))
    rows, parameters = scores.shape
    sandwich = bread @ scores.T @ scores @ bread * rows / (rows - parameters)
    fit = fit_measurement(table, ["x"])
    assert fit.coefficients == pytest.approx(best.x[:-1], rel=1e-5)
    ours = optimize.minimize_scalar(lambda scale: -by_row(np.append(fit.coefficients, scale)).sum())
    assert ours.fun == pytest.approx(best.fun, rel=1e-8)
    assert fit.covariance == pytest.approx(sandwich[:-1, :-1], rel=1e-3)
    assert fit.coefficients != pytest.approx(start[:-1], rel=0.02)


def test_a_planted_exponent_is_recovered_from_censored_values_but_not_by_dropping_them():
    tables = [censored(seed) for seed in range(60)]
    assert 0.2 < np.mean([table["censored"].mean() for table in tables]) < 0.45
    fits = [fit_measurement(table, ["x"]) for table in tables]
    dropped = [fit_measurement(table[table["censored"] == 0], ["x"]) for table in tables]
    exponents, biased = ([fit.exponent("x") for fit in every] for every in (fits, dropped))
    assert np.mean(exponents) == pytest.approx(2, abs=3 * np.std(exponents) / np.sqrt(60))
    assert np.mean(biased) < 2 - 5 * np.std(biased) / np.sqrt(60)
    assert np.mean([2 in fit.interval("x") for fit in fits]) >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / 60)


@pytest.mark.parametrize(
    "table", [measured(lambda x: 3 * x**2, 0, 0.3, 12), censored(0)], ids=["all", "censored"]
)
def test_the_bootstrap_agrees_with_the_formulas(table, monkeypatch):
    monkeypatch.setattr(least_squares, "BOOTSTRAP_SAMPLES", 300)
    resampled, robust = (fit_measurement(table, ["x"], errors=errors) for errors in ("bootstrap", "HC3"))
    widths = [i.high - i.low for i in (resampled.interval("x"), robust.interval("x"))]
    assert widths[0] == pytest.approx(widths[1], rel=0.2)
    assert resampled.exponent("x") == robust.exponent("x")
    shared = table.assign(seed=np.arange(len(table)) % 4)
    shared["value"] *= np.array([0.4, 0.8, 1.25, 2.5])[shared["seed"]]  # seen by whole seeds, but not by rows
    by_rows, by_seeds = (
        fit_measurement(t, ["x"], errors="bootstrap") for t in (shared.drop(columns="seed"), shared)
    )
    assert by_seeds.covariance[0, 0] > 2 * by_rows.covariance[0, 0]


def counted(law, seed=0, trials=200):
    x, n = (g.ravel() for g in np.meshgrid(LEVELS, np.rint(2 ** np.arange(1, 10.5, 0.5)), indexing="ij"))
    cells = pd.DataFrame({"x": x, "searched": n, "trials": trials})
    return cells.assign(successes=successes_at(1.5 * np.log(n / law(x)), trials, seed))


PLANTED = {
    "offset in the factor": lambda x: 200 * (x - 0.5) ** -1.5,
    "offset in the quantity": lambda x: 200 / x**2 + 20,
}
TRUTHS = {"offset in the factor": (-1.5, 0.5), "offset in the quantity": (-2, 20)}


@pytest.mark.parametrize("name", PLANTED)
@pytest.mark.parametrize("rows", [counted, measured])
def test_planted_offsets_are_recovered_and_other_forms_rejected(name, rows):
    forms = {form.name: form for form in compare_forms(rows(PLANTED[name]), "x", -3)}
    exponent, offset = TRUTHS[name]
    assert forms[name].delta == 0
    assert forms[name].exponent == pytest.approx(exponent, rel=0.1)
    assert forms[name].offset == pytest.approx(offset, rel=0.2)
    assert forms[name].p_value < 1e-4
    assert all(form.delta > 10 for form in forms.values() if form.name != name)
    right = {form.name: form for form in compare_forms(rows(PLANTED[name]), "x", -1.5)}
    claimed = right["claimed exponent with an offset"]
    assert claimed.delta < 4 if name == "offset in the factor" else claimed.delta > 10


@pytest.mark.slow
def test_a_planted_power_law_is_rejected_no_more_often_than_the_level_of_the_test():
    replications = 30
    tables = [measured(lambda x: 3 * x**-2, seed) for seed in range(replications)]
    forms = [{form.name: form for form in compare_forms(table, "x", -2)} for table in tables]
    allowed = 0.05 + 3 * np.sqrt(0.05 * 0.95 / replications)
    for name in PLANTED:
        assert np.mean([every[name].p_value < 0.05 for every in forms]) <= allowed
    assert np.median([every["power law"].delta for every in forms]) < 2
    assert np.mean([every["power law"].exponent for every in forms]) == pytest.approx(-2, abs=0.02)
    small = [compare_forms(counted(lambda x: 200 * x**-1.5, seed), "x", -1) for seed in range(5)]
    assert all(form.p_value > 0.001 for every in small for form in every)


@pytest.mark.parametrize("factors", [["x"], ["x", "z"]])
def test_leverage_and_cooks_distance_are_what_leaving_a_level_out_does(factors):
    *u, error = np.random.default_rng(0).normal(size=(len(factors) + 1, 9))
    points, y = np.exp(np.transpose(u)), np.sum(u, axis=0) + 0.2 * error
    values = [
        LevelValue(tuple(p), float(v), 0.0, np.inf, "fitted") for p, v in zip(points, np.exp(y), strict=True)
    ]
    values.append(LevelValue((50.0,) * len(factors), 1e-3, 1e-3, np.inf, "above"))  # left out
    regression = fit_loglog(values, factors)
    X = np.column_stack([np.ones(9), np.log(points)])
    fitted = X @ np.linalg.lstsq(X, y)[0]
    variance = ((y - fitted) ** 2).sum() / (9 - X.shape[1])
    assert len(regression.rows) == 9
    for i, row in enumerate(regression.rows):
        without = np.delete(np.arange(9), i)
        b = np.linalg.lstsq(X[without], y[without])[0]
        leverage = X[i] @ np.linalg.solve(X.T @ X, X[i])
        assert row.leverage == pytest.approx(leverage, rel=1e-10)
        assert row.cooks_distance == pytest.approx(
            ((fitted - X @ b) ** 2).sum() / X.shape[1] / variance, rel=1e-9
        )
        assert row.residual == pytest.approx((y - fitted)[i] / np.sqrt(variance * (1 - leverage)), rel=1e-9)
        assert (row.log_value, row.fitted) == pytest.approx((y[i], fitted[i]))
    r_squared = 1 - ((y - fitted) ** 2).sum() / ((y - y.mean()) ** 2).sum()
    assert regression.table.startswith(f"R-squared {r_squared:.4f}, 9 levels")
