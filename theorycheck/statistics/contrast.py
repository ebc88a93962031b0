"""Whether a threshold grows more steeply in one group of trials than in another along the regime."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
from scipy import stats

from theorycheck.errors import DesignError
from theorycheck.judgement import Interval
from theorycheck.statistics import tests
from theorycheck.statistics.binomial import clustered_covariance, fit_binomial
from theorycheck.statistics.evidence import Trials
from theorycheck.statistics.hypothesis import Hypothesis, Variable
from theorycheck.statistics.polynomial import centred_basis
from theorycheck.statistics.seeds import by_cell
from theorycheck.statistics.selection import Fits, fit_laws
from theorycheck.statistics.tests import Tested
from theorycheck.statistics.threshold import fieller, threshold_design

METHOD = "difference of exponents"
FAR = 1e9  # no bound on a ratio; the t statistic against it is the denominator's own


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
        return contrast(table, factor, group, first, second)
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


def contrast(table: pd.DataFrame, factor: str, group: str, first: str, second: str) -> Tested:
    """Whether the threshold's exponent, wherever x goes, is at most as large in the first group as in the
    second.

    P(success) = Phi(b0 + b1 log N + b2 log x)  with coefficients for each group, and no lapses; the estimate
    is the difference D of their  -b2 / b1. As D is one ratio, its interval is Fieller's (J. R. Stat. Soc. B
    16 (1954) 175). The covariance is clustered by pair (Liang and Zeger, Biometrika 73 (1986) 13, theorem 1).
    The table holds counts (columns `factor`, searched, successes, trials, `group`, and pair: rows of both
    groups with equal pair share their training samples).
    """
    method = f"{METHOD}, binomial regression, clustered by pair"
    names, known = (first, second), sorted(set(table[group]))
    if missing := ", ".join(sorted(set(names) - set(known))):
        raise DesignError(
            f"Asked for {missing} in the column {group}, found {', '.join(known)}. Name one of these, or add"
            " rows."
        )
    rows = table[(table["trials"] > 0) & table[group].isin(names)]
    terms = threshold_design(rows, centred_basis(rows, [factor]))
    design = np.column_stack([terms * (rows[group] == name).to_numpy(float)[:, None] for name in names])
    result, pair = fit_binomial(rows, design), pd.factorize(rows["pair"])[0]
    if result is None or pair.max() < 1:
        return tests.undetermined(method)
    covariance = clustered_covariance(result, rows, pair)
    if covariance is None:
        return tests.undetermined(method)
    b, df = result.params, float(pair.max())
    # The difference  b5 / b4 - b2 / b1  as numerator and denominator, and their derivatives by b.
    top, bottom = b[5] * b[1] - b[2] * b[4], b[1] * b[4]
    slope = np.array([[0, b[5], -b[4], 0, -b[2], b[1]], [0, b[4], 0, 0, b[1], 0]])
    v = slope @ covariance @ slope.T  # shape (2, 2)
    interval = Interval(*fieller(top, bottom, v, float(stats.t.ppf(0.975, df))), 0.95)
    if not (min(b[1], b[4]) > 0 and np.isfinite(interval.width) and v[0, 0] * v[1, 1] > v[0, 1] ** 2):
        return tests.undetermined(method)  # without a rise in N there is no threshold
    to_low, to_high = ((top - r * bottom) / (np.array([1, -r]) @ v @ [1, -r]) ** 0.5 for r in (-FAR, 0))
    return tests.t_test(float(top / bottom), interval, to_low, to_high, df, method)
