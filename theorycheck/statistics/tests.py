"""Tests for the claims that are no scaling law: direction, contrast, limit and ordering."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy import inf, nan
from scipy import stats

from theorycheck.judgement import Band, Decision, Interval
from theorycheck.statistics.evidence import Evidence, Fit, Measurements, Trials
from theorycheck.statistics.hypothesis import SIGNIFICANCE
from theorycheck.statistics.measurement import fit_measurement
from theorycheck.statistics.threshold import fit_threshold


@dataclass(frozen=True)
class Tested:
    """The result of a test.

    Attributes:
        decision: SUPPORTED when the test of the contrary rejects at 5 %, REFUTED when the test of the claim
            does.
        estimate, interval: of the number that the claim is about, at 95 %; nan when the data do not determine
            it.
        p_supported, p_refuted: of the hypotheses that the claim does not hold, and that it does.
        method: for readers.
    """

    __test__ = False  # for pytest, which takes classes named so for tests
    decision: Decision
    estimate: float
    interval: Interval
    p_supported: float
    p_refuted: float
    method: str


def direction(table: pd.DataFrame, factor: str, grows: bool = True) -> Tested:
    """Whether a quantity grows (or falls) with a factor that may be 0.

    log quantity = a + s x  in the factor x itself, and a one-sided test of s > 0 (or s < 0); the estimate is
    s. Source: Casella and Berger, Statistical Inference, 2002, 11.3.4; for thresholds Finney, Probit
    Analysis, 1971, 4.6. The table has counts (columns `factor`, searched, successes, trials) or measurements
    (`factor`, value), as for the judge.
    """
    return along(fit_line(table, factor), grows)


def along(line: Line, grows: bool = True) -> Tested:
    """The test of `direction`, by a line that is fitted already."""
    method = f"slope of the log quantity, {line.evidence.method}"
    fit, factor, width = line.fit, line.factor, line.width
    if fit is None:
        return undetermined(method)
    above, below = fit.p_value(factor, 0, "above"), fit.p_value(factor, 0, "below")
    scaled = fit.interval(factor)
    interval = Interval(scaled.low / width, scaled.high / width)
    return decided(
        fit.exponent(factor) / width, interval, (above, below) if grows else (below, above), method
    )


@dataclass(frozen=True)
class Line:
    """A regression of the log quantity on a factor itself, which may be 0.

    Attributes:
        factor: its column.
        low, width: smallest value of the factor, and the range it spans.
        evidence: the rows, with exp((x - low) / width) for the factor x, as the regressions take its
            logarithm.
        fit: the regression; None when the data do not determine it.
    """

    factor: str
    low: float
    width: float
    evidence: Evidence
    fit: Fit | None

    def curve(self, points: int) -> Band:
        """Of a figure: the factor, the fitted quantity, and its 95 % interval; empty without a fit."""
        if self.fit is None:
            return ()
        found = []
        for x in np.linspace(self.low, self.low + self.width, points):
            at = [float(np.exp((x - self.low) / self.width))]
            found.append((float(x), self.fit.predict(at), *self.fit.band(at)))
        return tuple(found)


def fit_line(table: pd.DataFrame, factor: str) -> Line:
    """Fit  log quantity = a + s x;  the table is as for `direction`."""
    x = table[factor].to_numpy(float)
    low, width = float(x.min()), float(np.ptp(x)) or 1.0
    rows = table.assign(**{factor: np.exp((x - low) / width)})
    counts = "successes" in rows
    evidence = Trials.of(rows[rows["trials"] > 0], [factor]) if counts else Measurements.of(rows, [factor])
    return Line(factor, low, width, evidence, evidence.fit(1))


def transition(table: pd.DataFrame, factor: str, ratio: str, bound: float) -> Tested:
    """Whether success turns to failure at or above a bound of some ratio, at every level of a factor.

    P(success) = Phi(b0 - b1 log ratio + b2 log x);  the ratio of 50 % success at the level x is at or above
    the bound when this is at least 1/2 there at ratio = bound: a one-sided test of each level (Finney, Probit
    Analysis, 1971, 4.6), and all must hold (`all_hold`). The estimate is the transition at the least sure
    level. The table holds counts (columns `factor`, `ratio`, successes, trials).
    """
    rows = table[table["trials"] > 0]
    method = f"binomial regression on log {ratio}, at every level of {factor}"
    fit = fit_threshold(rows.assign(searched=1 / rows[ratio]), [factor])
    if fit is None or fit.coefficients[1] <= 0:
        return undetermined(method)
    tests = []
    for x in sorted(rows[factor].unique()):
        weights = np.concatenate([[1.0, -np.log(bound)], fit.basis.at([x])])
        t = float(weights @ fit.coefficients / np.sqrt(weights @ fit.covariance @ weights))
        low, high = fit.band([x])
        p_values = float(stats.t.sf(t, fit.df_interval)), float(stats.t.cdf(t, fit.df_interval))
        interval = Interval(1 / high, 1 / low if low > 0 else inf)
        tests.append(decided(1 / fit.predict([x]), interval, p_values, method))
    return all_hold(tests, method)


def reaches_limit(table: pd.DataFrame, limit: float, tolerance: float) -> Tested:
    """Whether  |mean over seeds of the final value - limit| <= tolerance, by t tests (see `t_test`).

    The table has the columns t, value, seed; of each seed the value at the last t counts.
    """
    final = table.sort_values("t").groupby("seed")["value"].last().to_numpy(float)
    return mean_test(
        final, limit - tolerance, limit + tolerance, f"t test of the final values of {len(final)} seeds"
    )


def gap_rate(table: pd.DataFrame, limit: float, rate: float, t0: float, margin: float = 0.25) -> Tested:
    """Whether the gap to a limit falls at least as fast as t^-rate, within a margin.

    log |limit - value| = c + e log t  over t >= t0, with errors clustered by seed
    (`measurement.fit_measurement`), and a one-sided test of  e <= margin - rate; the estimate is e. A gap of
    0 has no logarithm, and leaves the claim open. The table has the columns t, value, seed.
    """
    rows = table[table["t"] >= t0].assign(value=lambda late: (limit - late["value"]).abs())
    method = f"log-log regression of the gap on t >= {t0:g}, clustered by seed"
    fit = fit_measurement(rows, ["t"]) if len(rows) and rows["value"].min() > 0 else None
    if fit is None:
        return undetermined(method)
    p_values = fit.p_value("t", margin - rate, "below"), fit.p_value("t", margin - rate, "above")
    return decided(fit.exponent("t"), fit.interval("t"), p_values, method)


def near_and_fast(near: Tested, rate: Tested) -> Tested:
    """Whether values reach a limit, and the gap falls fast enough, by `reaches_limit` and `gap_rate`.

    The larger p_supported counts, as both must hold (intersection-union test: Berger, Technometrics 24 (1982)
    295), and twice the smaller p_refuted (Bonferroni). The estimate is the mean of the final values.
    """
    return decided(near.estimate, near.interval, all_together((near, rate)), f"{near.method}; {rate.method}")


def lower(table: pd.DataFrame, treatment: str, low: str, high: str) -> Tested:
    """Whether  mean(low - high) < 0  by a paired t test across seeds (Student, Biometrika, 1908).

    The table has the columns `treatment`, seed, value; several values of a treatment and seed are averaged.
    """
    values = table.pivot_table(index="seed", columns=treatment, values="value")
    return mean_test((values[low] - values[high]).dropna().to_numpy(float), -inf, 0, "paired t test")


def all_hold(tests: Sequence[Tested], method: str) -> Tested:
    """Whether all of several statements hold; the estimate is that of the one which is least sure."""
    # The first of those that surely fail.
    least_sure = max(tests, key=lambda test: min(test.p_supported, 1 - 1e-9))
    return decided(least_sure.estimate, least_sure.interval, all_together(tests), method)


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """P-values adjusted for their number: the k-th smallest p of m becomes  max over i <= k of (m - i + 1)
    p_(i).

    Source: Holm, Scand. J. Stat. 6 (1979) 65. Not above 1, and in the order given.

    Example:
        >>> holm({"a": 0.01, "b": 0.04, "c": 0.03})
        {'a': 0.03, 'b': 0.06, 'c': 0.06}
    """
    # This takes a second: claims are listed without it.
    from statsmodels.stats.multitest import multipletests

    adjusted = multipletests(list(p_values.values()), method="holm")[1] if p_values else []
    return dict(zip(p_values, map(float, adjusted), strict=True))


def all_together(tests: Sequence[Tested]) -> tuple[float, float]:
    """P-values by which all of several statements are supported, and refuted.

    The largest p-value supports, uncorrected, as all must be (intersection-union test: Berger, Technometrics
    24 (1982) 295); the smallest of the reverse tests, times their number, refutes (first step of Holm, Scand.
    J. Stat. 6 (1979) 65).
    """
    return max(t.p_supported for t in tests), min(1.0, len(tests) * min(t.p_refuted for t in tests))


def mean_test(values: np.ndarray, low: float, high: float, method: str) -> Tested:
    """Whether the mean of independent values lies between low and high, by t tests (see `t_test`)."""
    if len(values) < 2:
        return undetermined(method)
    mean, error, df = float(values.mean()), max(float(stats.sem(values)), 1e-300), len(values) - 1
    half = float(stats.t.ppf(0.975, df)) * error
    to_low, to_high = (mean - low) / error, (mean - high) / error
    return t_test(mean, Interval(mean - half, mean + half), to_low, to_high, df, method)


def t_test(
    estimate: float, interval: Interval, to_low: float, to_high: float, df: float, method: str
) -> Tested:
    """Whether the truth lies between two ends, from the t statistics against these.

    Supported by two one-sided t tests (Schuirmann, J. Pharmacokinet. Biopharm. 15 (1987) 657). Refuted by the
    chance to be so far off, either side, with the truth at the nearer end (Hodges and Lehmann, J. R. Stat.
    Soc. B 16 (1954) 261).
    """
    tail = stats.t(df).sf
    inside = min(tail(to_high) + tail(to_low), tail(-to_low) + tail(-to_high))
    return decided(estimate, interval, (float(max(tail(to_low), tail(-to_high))), float(inside)), method)


def decided(estimate: float, interval: Interval, p_values: tuple[float, float], method: str) -> Tested:
    """The decision that follows from p_supported and p_refuted."""
    contrary: Decision = "REFUTED" if p_values[1] < SIGNIFICANCE else "INCONCLUSIVE"
    return Tested(
        "SUPPORTED" if p_values[0] < SIGNIFICANCE else contrary, estimate, interval, *p_values, method
    )


def undetermined(method: str) -> Tested:
    """The result where the data bear no estimate."""
    return Tested("INCONCLUSIVE", nan, Interval(-inf, inf), 1.0, 1.0, f"{method}: not determined by the data")
