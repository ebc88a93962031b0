"""Whether a threshold grows more steeply in one group of trials than in another along the regime."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
from scipy import linalg, stats

from theorycheck.judgement import Interval
from theorycheck.statistics import tests
from theorycheck.statistics.binomial import clustered_covariance, fit_binomial
from theorycheck.statistics.evidence import Trials
from theorycheck.statistics.hypothesis import Hypothesis, Relation, Variable
from theorycheck.statistics.polynomial import centred_basis
from theorycheck.statistics.seeds import by_cell
from theorycheck.statistics.selection import Fits, fit_laws
from theorycheck.statistics.tests import Tested
from theorycheck.statistics.threshold import fit_threshold, threshold_design

METHOD = "difference of exponents"
FAR = 1e9  # no bound on a ratio; the t statistic against it is the denominator's own
# Coefficients of both groups, their covariance, degrees of freedom
Joint = tuple[np.ndarray, np.ndarray, float]


def over_pairs(rows: pd.DataFrame, factor: str) -> pd.DataFrame:
    """Counts by level and what is searched, of rows that tell pairs."""
    counts = by_cell(rows, [factor])
    return counts[counts["trials"] > 0]


def steeper(table: pd.DataFrame, factor: str, group: str, first: str, second: str) -> Tested:
    """Whether the exponent as x -> 0 is lower in the first group than in the second.

    Where one power law fits both groups, by `contrast`. Where the data reject that of a group, its
    local exponent at the smallest level counts, as in `judge.judge`, and where its shape is doubtful the next
    degree must agree. The difference is then of independent estimates, whose standard errors are those of
    their 95 % intervals; so it is where trials succeed whatever N is, which the joint regression does not
    know of. The table is as for `contrast`.
    """
    hypothesis = Hypothesis((Variable(factor, factor, 0.0, "0"),), "O")
    evidence = [
        Trials.of(over_pairs(table[table[group] == name], factor), [factor], "N") for name in (first, second)
    ]
    found = [fit_laws(one, hypothesis) for one in evidence]
    fits = [one for one in found if one is not None]
    if len(fits) < 2:
        return tests.undetermined(METHOD)
    guessed = any(one.asymptotes.guess for one in evidence)
    if not guessed and all(one.curved is None and one.doubt is None for one in fits):
        return contrast(table, factor, group, first, second, claimed=0, margin=0, relation="O")
    return _at_the_asymptotic_end(fits[0], fits[1], factor, guessed)


def _at_the_asymptotic_end(first: Fits, second: Fits, factor: str, guessed: bool) -> Tested:
    x, y = first.asymptotic, second.asymptotic
    differences, errors = [], []
    for one, other in product(first.consulted, second.consulted):
        differences.append(one.exponent(factor, x) - other.exponent(factor, y))
        widths = one.interval(factor, at=x).width, other.interval(factor, at=y).width
        errors.append(float(np.linalg.norm(widths)) / 2 / stats.norm.ppf(0.975))
    z = np.array(differences) / np.array(errors)
    half = stats.norm.ppf(0.975) * np.array(errors)
    interval = Interval(float((differences - half).min()), float((differences + half).max()), 0.95)
    p_values = float(stats.norm.cdf(z).max()), float(stats.norm.sf(z).max())
    curved = any(one.curved or one.doubt for one in (first, second))
    why = ["a power law does not fit or is doubtful"] * curved + ["trials succeed by chance"] * guessed
    method = f"{METHOD} at {x[0]:g}, where {' and '.join(why)}: local exponents"
    return tests.decided(differences[0], interval, p_values, method)


def contrast(
    table: pd.DataFrame, factor: str, group: str, first: str, second: str,
    claimed: float, margin: float, relation: Relation = "Theta",
) -> Tested:  # fmt: skip
    """Whether the threshold's exponent in the first group less that in the second is what is claimed.

    P(success) = Phi(b0 + b1 log N + b2 log x)  with coefficients for each group, and no lapses; the estimate
    is the difference D of their  -b2 / b1. As D is one ratio, its interval is Fieller's (J. R. Stat. Soc. B
    16 (1954) 175). The covariance is clustered by pair (Liang and Zeger, Biometrika 73 (1986) 13, theorem 1).
    Without pairs the groups are independent, each with its dispersion, and the degrees of freedom are Welch's
    (Biometrika 34 (1947) 28). The table holds counts (columns `factor`, n, successes, trials, `group`, and
    maybe pair: rows of both groups with equal pair share their training samples). The relation is about the
    number D, wherever x goes: "Theta" for |D - claimed| <= margin, "O" for D <= claimed + margin, "Omega" for
    D >= claimed - margin.
    """
    tests.require(table, group, [first, second])
    rows = table[(table["trials"] > 0) & table[group].isin([first, second])]
    fit, errors = (_paired, "clustered by pair") if "pair" in rows else (_unpaired, "unpaired")
    method = f"{METHOD}, binomial regression, {errors}"
    joint = fit(rows, factor, group, (first, second))
    if joint is None:
        return tests.undetermined(method)
    b, covariance, df = joint
    low = -FAR if relation == "O" else claimed - margin
    high = FAR if relation == "Omega" else claimed + margin
    (top, bottom), slope = _ratio(b)
    v, t = slope @ covariance @ slope.T, float(stats.t.ppf(0.975, df))  # shape of v: (2, 2)
    a, half, c = bottom**2 - t**2 * v[1, 1], top * bottom - t**2 * v[0, 1], top**2 - t**2 * v[0, 0]
    if not (min(b[1], b[4]) > 0 and a > 0 and v[0, 0] * v[1, 1] > v[0, 1] ** 2):
        return tests.undetermined(method)  # without a rise in N there is no threshold
    root = max(half**2 - a * c, 0) ** 0.5
    interval = Interval(float((half - root) / a), float((half + root) / a), 0.95)
    to_low, to_high = ((top - r * bottom) / (np.array([1, -r]) @ v @ [1, -r]) ** 0.5 for r in (low, high))
    return tests.t_test(float(top / bottom), interval, to_low, to_high, df, method)


def _paired(rows: pd.DataFrame, factor: str, group: str, names: tuple[str, str]) -> Joint | None:
    """One regression with all terms interacted with the group."""
    terms = threshold_design(rows, centred_basis(rows, [factor]))
    design = np.column_stack([terms * (rows[group] == name).to_numpy(float)[:, None] for name in names])
    result, pair = fit_binomial(rows, design), pd.factorize(rows["pair"])[0]
    if result is None or pair.max() < 1:
        return None
    covariance = clustered_covariance(result, rows, pair)
    return None if covariance is None else (result.params, covariance, float(pair.max()))


def _unpaired(rows: pd.DataFrame, factor: str, group: str, names: tuple[str, str]) -> Joint | None:
    one, two = (fit_threshold(rows[rows[group] == name], [factor]) for name in names)
    if one is None or two is None:
        return None
    b = np.concatenate([one.coefficients, two.coefficients])
    covariance = linalg.block_diag(one.covariance, two.covariance)
    (top, bottom), slope = _ratio(b)
    gradient = bottom * slope[0] - top * slope[1]
    parts = (gradient * (covariance @ gradient)).reshape(2, 3).sum(axis=1)  # variance from each group
    return b, covariance, float(parts.sum() ** 2 / (parts**2 / [one.df_interval, two.df_interval]).sum())


def _ratio(b: np.ndarray) -> tuple[tuple[float, float], np.ndarray]:
    """The difference  b5 / b4 - b2 / b1  as numerator and denominator, and their derivatives by b, shape (2,
    6).
    """
    slope = np.array([[0, b[5], -b[4], 0, -b[2], b[1]], [0, b[4], 0, 0, b[1], 0]])
    return (b[5] * b[1] - b[2] * b[4], b[1] * b[4]), slope
