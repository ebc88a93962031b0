"""Judges the statements that are no scaling law: direction, contrast, limit, transition and ordering."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import singledispatch

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats
from sympy import lambdify

from theorycheck.statements import Contrast, Direction, Limit, Ordering, Point, Transition, describe
from theorycheck.statistics import count_diagnostics, diagnostics, tests
from theorycheck.statistics.contrast import over_pairs, steeper
from theorycheck.statistics.evidence import Trials
from theorycheck.statistics.loglog import level_means, level_thresholds
from theorycheck.statistics.polynomial import exponential
from theorycheck.statistics.tests import Tested
from theorycheck.statistics.threshold import fit_threshold, shape_p_value
from theorycheck.verdict import Check, Decision, Estimate, Interval, Judgement, LevelValue

CURVE_POINTS = 41
NOT_SEEN = 0.05  # p-value from which a further test is said to have found nothing


@dataclass(frozen=True)
class Topic:
    """What a statement is about.

    Attributes:
        factor: column of what is varied.
        letter: the same for readers.
        quantity: what the statement is about, for readers.
        margin: how much more slowly than claimed a gap may fall.
        varied: columns of all that is varied, where trials at two points are compared.
    """

    factor: str
    letter: str
    quantity: str
    margin: float = 0.25
    varied: tuple[str, ...] = ()


@singledispatch
def judge_statement(statement: object, table: pd.DataFrame, topic: Topic) -> Judgement:
    """Judge a statement of a theorem by what was observed.

    Args:
        statement: one of the kinds in `theorycheck.statements`.
        table: counts, with the columns of what is varied, n, successes, trials and unfitted; or measured
            values. What each kind needs beside is said in `theorycheck.verification.observed`.
        topic: names for readers.

    Returns:
        The judgement, whose estimate is the number that the statement is about.
    """
    raise TypeError(f"no test of {type(statement).__name__}")


@judge_statement.register
def _(statement: Direction, table: pd.DataFrame, topic: Topic) -> Judgement:
    line = tests.fit_line(table, topic.factor)
    levels = (
        level_thresholds(table[table["trials"] > 0], [topic.factor])
        if "trials" in table
        else level_means(table, [topic.factor])
    )
    tested = tests.along(line, statement.grows)
    found = [diagnostics.censoring(line.evidence)]
    if line.fit is not None:
        found.append(_against_lowest(levels, topic))
        if isinstance(line.evidence, Trials):
            found += [count_diagnostics.dispersion(line.fit), count_diagnostics.lapses(line.evidence)]
        p_value = line.evidence.shape_p_value(1)
        detail = f"log {topic.quantity} linear in {topic.letter}: p = {p_value:.2g}"
        found.append(Check("shape", "ok" if p_value >= NOT_SEEN else "warning", detail))
    if statement.linear is not None:
        found.append(_linear_form(statement, levels, topic))
    direction = "grows" if tested.estimate > 0 else "falls"
    factor = exponential(abs(tested.estimate) * line.width)
    decided = f"{topic.quantity} {direction} with {topic.letter}, by a factor of {factor:.3g} over the range."
    reason = {
        "SUPPORTED": decided,
        "REFUTED": decided,
        "INCONCLUSIVE": (
            f"The slope of log {topic.quantity} in {topic.letter} may be 0; more trials, or a wider range "
            f"of {topic.letter}, would settle it."
        ),
    }
    x = np.linspace(line.low, line.low + line.width, CURVE_POINTS)
    curve = tuple((float(v), *line.at(v)) for v in x) if line.fit is not None else ()
    judgement = _judged(tested, reason[tested.decision], topic, found, levels, curve=curve)
    return _if_unfitted(
        judgement, table, lambda t: tests.direction(t, topic.factor, statement.grows).decision
    )


@judge_statement.register
def _(statement: Contrast, table: pd.DataFrame, topic: Topic) -> Judgement:
    group, names = statement.group, (statement.first[0], statement.second[0])
    as_text = table.assign(**{group: table[group].astype(str)})
    first, second = (str(name) for name in names)

    def test(rows: pd.DataFrame) -> Tested:
        return steeper(rows, topic.factor, group, first, second)

    tested = test(as_text)
    counts = {name: over_pairs(as_text[as_text[group] == name], topic.factor) for name in (first, second)}
    levels = [
        replace(value, point=(*value.point, float(i)))
        for i, rows in enumerate(counts.values())
        for value in level_thresholds(rows, [topic.factor])
    ]
    beside, found = [], []
    for name, rows in counts.items():
        fit = fit_threshold(rows, [topic.factor])
        if fit is None:
            continue
        method = f"{group} = {name}, binomial regression on trials"
        beside.append(
            Estimate(topic.factor, fit.exponent(topic.factor), fit.interval(topic.factor), method, "exponent")
        )
        p_value = shape_p_value(rows, [topic.factor], 1)
        detail = f"one power law with {group} = {name}: p = {p_value:.2g}"
        found.append(Check("power law", "ok" if p_value >= NOT_SEEN else "warning", detail))
    averages = tests.contrast(as_text, topic.factor, group, first, second, claimed=0, margin=0, relation="O")
    if np.isfinite(averages.estimate):
        method = "averages over the range, binomial regression, clustered by pair"
        beside.append(Estimate(topic.factor, averages.estimate, averages.interval, method, "difference"))
    found += [_at_asymptotic_end(counts, topic), _difference_of_bounds(statement, tested)]
    reason = {
        "SUPPORTED": (
            f"{topic.quantity} grows faster along {topic.letter} -> 0 with {group} = {first}: the exponents "
            f"differ by {tested.interval.around(tested.estimate)}."
        ),
        "REFUTED": (
            f"{topic.quantity} grows no faster along {topic.letter} -> 0 with {group} = {first}: the"
            f" exponents differ by {tested.interval.around(tested.estimate)}."
        ),
        "INCONCLUSIVE": (
            "The exponents may be equal"
            + (
                f" (difference {tested.interval.around(tested.estimate)})"
                if np.isfinite(tested.estimate)
                else ""
            )
            + "; more trials or smaller levels would settle it."
        ),
    }
    judgement = _judged(tested, reason[tested.decision], topic, found, levels, beside)
    return _if_unfitted(judgement, as_text, lambda t: test(t).decision)


@judge_statement.register
def _(statement: Limit, table: pd.DataFrame, topic: Topic) -> Judgement:
    tested_at, beside, sentences = [], [], []
    found = [_compare("rises", topic.quantity, table, "value", rises=True)]
    found += [_compare("falls", name, table, name, rises=False) for name in statement.falls]
    for level, rows in table.groupby(topic.factor):
        place = f"{topic.letter} = {level:g}"
        near = tests.reaches_limit(rows, statement.value, statement.tolerance)
        rate = tests.gap_rate(rows, statement.value, statement.rate, statement.start, topic.margin)
        tested_at.append(tests.near_and_fast(near, rate))
        name = f"exponent of the gap at {place}"
        beside.append(Estimate(topic.factor, rate.estimate, rate.interval, rate.method, name))
        found.append(
            _part("limit", near, f"last value {near.estimate:.3g} {near.interval:.3g} at {place}, claimed "
                  f"{statement.value:g} within {statement.tolerance:g}")
        )  # fmt: skip
        found.append(
            _part(
                "rate",
                rate,
                f"from t = {statement.start:g} on the gap changes as t^{rate.estimate:.2f} "
                f"{rate.interval} at {place}, claimed t^-{statement.rate:g} or faster, "
                f"margin {topic.margin:g}",
            )
        )
        sentences.append(f"{near.estimate:.3g} {near.interval:.3g} at {place}")
    tested = tests.all_hold(tested_at, f"{tested_at[0].method}; the least sure level")
    reason = f"{topic.quantity} ends at {'; '.join(sentences)}, where {statement.value:g} is claimed."
    return _judged(tested, reason, topic, found, beside=beside)


@judge_statement.register
def _(statement: Transition, table: pd.DataFrame, topic: Topic) -> Judgement:
    bound = float(statement.bound)

    def test(rows: pd.DataFrame) -> Tested:
        return tests.transition(rows, topic.factor, "ratio", bound)

    tested = test(table)
    rows = table[table["trials"] > 0]
    levels = [_inverted(v) for v in level_thresholds(rows.assign(n=1 / rows["ratio"]), [topic.factor])]
    inside = sum(level.measured for level in levels)
    beyond = [f"{level.point[0]:g}" for level in levels if level.kind == "above"]
    detail = f"transition inside the ratios tried at {inside} of {len(levels)} levels of {topic.letter}"
    if beyond:
        detail += f"; beyond the largest at {topic.letter} = {', '.join(beyond)}"
    found = [Check("censoring", "ok" if inside >= 2 else "warning", detail)]
    near = rows[rows["ratio"] <= bound]
    if len(near):
        share = near["successes"].sum() / near["trials"].sum()
        found.append(Check("below the bound", "ok", f"{share:.1%} of {near['trials'].sum()} trials succeed"))
    reason = {
        "SUPPORTED": (
            f"At every {topic.letter} success turns to failure above {bound:.3f}; the lowest transition is at"
            f" {tested.estimate:.3f} {tested.interval:.3g}."
        ),
        "REFUTED": (
            f"Success turns to failure below {bound:.3f}: at {tested.estimate:.3f} {tested.interval:.3g}."
        ),
        "INCONCLUSIVE": (
            f"The lowest transition, at {tested.estimate:.3f} {tested.interval:.3g}, cannot be told "
            f"from {bound:.3f}; more trials or other ratios would settle it."
        ),
    }
    judgement = _judged(tested, reason[tested.decision], topic, found, levels)
    return _if_unfitted(judgement, table, lambda t: test(t).decision)


@judge_statement.register
def _(statement: Ordering, table: pd.DataFrame, topic: Topic) -> Judgement:
    each = [_compare_points(table, topic, *pair) for pair in statement.pairs]
    beside = [_compare_points(table, topic, *pair) for pair in statement.beside]
    found = [
        _inequality(topic.quantity, pair, test)
        for pair, test in zip((*statement.pairs, *statement.beside), (*each, *beside), strict=True)
    ]
    if "N" in table and (table["outcome"] == "failure").any():
        found.append(_samples_needed(table, _distinct([point for pair in statement.pairs for point in pair])))
    tested = tests.all_hold(each, f"paired t tests of {len(each)} inequalities across seeds")
    against = [
        _says(topic.quantity, pair)
        for pair, test in zip(statement.pairs, each, strict=True)
        if test.decision != "SUPPORTED"
    ]
    reason = {
        "SUPPORTED": f"All {len(each)} inequalities hold.",
        "REFUTED": f"It does not hold that {' or '.join(against)}.",
        "INCONCLUSIVE": f"It is not established that {' and '.join(against)}; more seeds would settle it.",
    }
    return _judged(tested, reason[tested.decision], topic, found)


def _judged(
    tested: Tested,
    reason: str,
    topic: Topic,
    found: Sequence[Check],
    levels: Sequence[LevelValue] = (),
    beside: Sequence[Estimate] = (),
    curve: tuple[tuple[float, float, float, float], ...] = (),
) -> Judgement:
    """A judgement whose one estimate is what was tested."""
    return Judgement(
        decision=tested.decision,
        reason=reason,
        checks=tuple(found),
        levels=tuple(levels),
        estimates=(Estimate(topic.factor, tested.estimate, tested.interval, tested.method),),
        beside=tuple(beside),
        curve=curve,
        p_supported=tested.p_supported,
        p_refuted=tested.p_refuted,
    )


def at(table: pd.DataFrame, point: Point) -> pd.DataFrame:
    """The rows at a point of the design."""
    keep = np.ones(len(table), bool)
    for name, value in point.items():
        keep &= (table[name] == value).to_numpy()
    return table.loc[keep]


def _compare_points(table: pd.DataFrame, topic: Topic, low: Point, high: Point) -> Tested:
    """The test of one inequality, over seeds; averages are over what neither point names."""
    rows = pd.concat([at(table, low).assign(point="low"), at(table, high).assign(point="high")])
    if rows["point"].nunique() < 2:
        return tests.undetermined("paired t tests")
    cells = [name for name in ("seed", *topic.varied) if name == "seed" or not (name in low or name in high)]
    made = rows.groupby([*cells, "point"]).size().unstack(fill_value=0)
    whole = (made == made.max()).all(
        axis=1
    )  # else a trial that is no evidence would shift the mean of its seed
    kept = rows.merge(made[whole].reset_index()[cells], on=cells)
    return (
        tests.ordering(kept, "point", [("low", "high")])
        if len(kept)
        else tests.undetermined("paired t tests")
    )


def _says(quantity: str, pair: tuple[Point, Point]) -> str:
    return " < ".join(f"{quantity}({describe(point)})" for point in pair)


def _inequality(quantity: str, pair: tuple[Point, Point], test: Tested) -> Check:
    low, high = (round(end, 12) + 0.0 for end in (test.interval.low, test.interval.high))
    interval = Interval(low, high, test.interval.confidence)
    detail = f"{_says(quantity, pair)}: difference {test.estimate:.3g} {interval:.3g}, {test.decision}"
    return Check("inequality", "ok" if test.decision == "SUPPORTED" else "warning", detail)


def _samples_needed(table: pd.DataFrame, points: Sequence[Point]) -> Check:
    """N* at each point, by the outcomes of the same trials."""
    parts = []
    for point in points:
        rows = at(table, point)
        rows = rows[rows["outcome"] != "unfitted"]
        outcomes = pd.DataFrame(
            {"x": 1.0, "n": rows["N"], "successes": rows["outcome"] == "success", "trials": 1}
        )
        for value in level_thresholds(outcomes, ["x"]):
            if value.measured:
                parts.append(f"{value.value:.3g} [{value.low:.3g}, {value.high:.3g}] at {describe(point)}")
            else:
                parts.append(
                    f"{'more' if value.kind == 'above' else 'less'} than {value.value:.3g} at"
                    f" {describe(point)}"
                )
    return Check("samples needed", "ok", f"N* = {'; '.join(parts)}")


def _distinct(points: Sequence[Point]) -> list[Point]:
    return list({describe(point): point for point in points}.values())


def _if_unfitted(
    judgement: Judgement, table: pd.DataFrame, decide: Callable[[pd.DataFrame], Decision]
) -> Judgement:
    """With the check on unfitted trials, which takes back a verdict that depends on how they are counted."""
    if "unfitted" not in table:
        return judgement
    check = diagnostics.unfitted(table, decide, judgement.decision)
    judgement = judgement.with_check(check)
    if check.status != "failed":
        return judgement
    return replace(judgement, decision="INCONCLUSIVE", reason=diagnostics.depends_on_unfitted(check))


def _against_lowest(levels: Sequence[LevelValue], topic: Topic) -> Check:
    """The quantity at the ends of the range, each from the rows there alone."""
    parts = [
        f"{value.value:.3g} [{value.low:.3g}, {value.high:.3g}] at {topic.letter} = {value.point[0]:g}"
        for value in (levels[0], levels[-1])
    ]
    return Check("ends", "ok", f"{topic.quantity} = {' and '.join(parts)}, each by its own trials")


def _linear_form(statement: Direction, levels: Sequence[LevelValue], topic: Topic) -> Check:
    """Whether a form of the quantity, at each level, is linear in the variable: weighted regression and lack
    of fit.

    Weights from the intervals of the levels; the weighted sum of squares is compared with chi-square (Draper
    and Smith, Applied Regression Analysis, 1998, section 2.1, with errors that are known).
    """
    measured = [value for value in levels if value.measured and value.low > 0 and np.isfinite(value.high)]
    if statement.linear is None or len(measured) < 4:
        return Check("linear form", "warning", "too few measured levels for the recalled form")
    (letter,) = statement.linear.free_symbols
    form = lambdify(letter, statement.linear)
    y = np.array([form(value.value) for value in measured], float)
    half = np.array([abs(form(value.high) - form(value.low)) / 2 for value in measured], float)
    x = sm.add_constant(np.array([value.point[0] for value in measured]))
    weights = (stats.norm.ppf(0.975) / half) ** 2
    fit = sm.WLS(y, x, weights=weights).fit()
    slope, error = float(fit.params[1]), float(np.sqrt(np.linalg.inv(x.T @ (weights[:, None] * x))[1, 1]))
    lack = float(stats.chi2.sf((weights * (y - fit.fittedvalues) ** 2).sum(), len(y) - 2))
    verb = "not contradicted" if lack >= NOT_SEEN else "contradicted"
    text = str(statement.linear).replace(str(letter), topic.quantity)
    detail = (
        f"recalled: {text} linear in {topic.letter}: {verb} (lack of fit p = {lack:.2g}), "
        f"slope {slope:.3g} +- {1.96 * error:.2g}; decides nothing"
    )
    return Check("linear form", "ok" if lack >= NOT_SEEN else "warning", detail)


def _at_asymptotic_end(counts: dict[str, pd.DataFrame], topic: Topic) -> Check:
    """The difference of the local exponents at the smallest level, by fits that allow a bend."""
    fits = [fit_threshold(rows, [topic.factor], 2) for rows in counts.values()]
    deep = [min(rows[topic.factor]) for rows in counts.values()]
    if any(fit is None for fit in fits):
        return Check("drift", "warning", "too few levels to tell whether the exponents drift")
    exponents = [fit.exponent(topic.factor, [x]) for fit, x in zip(fits, deep, strict=True) if fit]
    intervals = [fit.interval(topic.factor, at=[x]) for fit, x in zip(fits, deep, strict=True) if fit]
    half = float(np.linalg.norm([interval.width / 2 for interval in intervals]))
    difference = exponents[0] - exponents[1]
    detail = (
        f"local exponents at {topic.letter} = {deep[0]:g}: {intervals[0].around(exponents[0])} and "
        f"{intervals[1].around(exponents[1])}; difference "
        f"{Interval(difference - half, difference + half, 0.95).around(difference)}"
    )
    return Check("drift", "ok" if difference + half < 0 else "warning", detail)


def _difference_of_bounds(statement: Contrast, tested: Tested) -> Check:
    claimed = statement.claimed
    if not np.isfinite(tested.estimate):
        return Check(
            "difference of the bounds", "warning", f"not determined by the data; {claimed:g} in the bounds"
        )
    inside = claimed in tested.interval
    relation = "agrees with" if inside else "is not"
    detail = (
        f"{tested.interval.around(tested.estimate)} {relation} {claimed:g}, by which the two bounds differ"
    )
    return Check("difference of the bounds", "ok" if inside else "warning", detail)


def _part(name: str, test: Tested, detail: str) -> Check:
    return Check(name, "ok" if test.decision == "SUPPORTED" else "warning", f"{detail}: {test.decision}")


def _compare(name: str, quantity: str, table: pd.DataFrame, column: str, *, rises: bool) -> Check:
    """Paired t test over all trials of last against first values (Student, Biometrika, 1908)."""
    by_trial = table.sort_values("t").groupby("key")[column]
    first, last = (np.asarray(end, float) for end in (by_trial.first(), by_trial.last()))
    low, high = (0, np.inf) if rises else (-np.inf, 0)
    p_value = tests.mean_test(last - first, low, high, "paired t test").p_supported
    detail = (
        f"{quantity} from {first.mean():.3g} to {last.mean():.3g} over {len(first)} trials (p ="
        f" {p_value:.2g})"
    )
    return Check(name, "ok" if p_value < NOT_SEEN else "warning", detail)


def _inverted(value: LevelValue) -> LevelValue:
    """A threshold in 1/ratio as one in the ratio."""
    low, high = (1 / end if end > 0 else np.inf for end in (value.high, value.low))
    turned = replace(value, value=1 / value.value, low=low, high=high)
    if value.kind == "above":
        return replace(turned, kind="below")
    return replace(turned, kind="above") if value.kind == "below" else turned
