"""Whether a threshold grows more steeply in one group of trials than in another along the regime."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from theorycheck.statistics import tests
from theorycheck.statistics.evidence import Trials
from theorycheck.statistics.hypothesis import Hypothesis, Variable
from theorycheck.statistics.selection import Fits, fit_laws
from theorycheck.statistics.tests import Tested
from theorycheck.verdict import Interval

METHOD = "difference of exponents"


def over_pairs(rows: pd.DataFrame, factor: str) -> pd.DataFrame:
    """Counts by level and what is searched, of rows that tell pairs."""
    counts = rows.groupby([factor, "searched"], as_index=False)[["successes", "trials"]].sum()
    return counts[counts["trials"] > 0]


def steeper(table: pd.DataFrame, factor: str, group: str, first: str, second: str) -> Tested:
    """Whether the exponent as x -> 0 is lower in the first group than in the second.

    Where one power law fits both groups, by `kinds.contrast`. Where the data reject that of a group, its
    local exponent at the smallest level counts, as in `judge.judge`, and where its shape is doubtful the next
    degree must agree. The difference is then of independent estimates, whose standard errors are those of
    their 95 % intervals; so it is where trials succeed whatever N is, which the joint regression does not
    know of. The table is as for `kinds.contrast`.
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
        return tests.contrast(table, factor, group, first, second, claimed=0, margin=0, relation="O")
    return _at_the_asymptotic_end(fits[0], fits[1], factor, guessed)


def _at_the_asymptotic_end(first: Fits, second: Fits, factor: str, guessed: bool) -> Tested:
    differences, errors = [], []
    for one in first.consulted:
        for other in second.consulted:
            differences.append(
                one.exponent(factor, first.asymptotic) - other.exponent(factor, second.asymptotic)
            )
            widths = (
                one.interval(factor, at=first.asymptotic).width,
                other.interval(factor, at=second.asymptotic).width,
            )
            errors.append(float(np.linalg.norm(widths)) / 2 / stats.norm.ppf(0.975))
    z = np.array(differences) / np.array(errors)
    half = stats.norm.ppf(0.975) * np.array(errors)
    interval = Interval(float((differences - half).min()), float((differences + half).max()), 0.95)
    p_values = float(stats.norm.cdf(z).max()), float(stats.norm.sf(z).max())
    curved = any(one.curved or one.doubt for one in (first, second))
    why = ["a power law does not fit or is doubtful"] * curved + ["trials succeed by chance"] * guessed
    method = f"{METHOD} at {first.asymptotic[0]:g}, where {' and '.join(why)}: local exponents"
    return tests.decided(differences[0], interval, p_values, method)
