"""The questions every verdict answers beside its estimates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pandas as pd

from theorycheck.judgement import Check, Decision, Estimate, LevelValue, Regression, Status
from theorycheck.statistics import count_diagnostics
from theorycheck.statistics.evidence import Evidence, Fit, Measurements, Trials
from theorycheck.statistics.forms import compare_forms
from theorycheck.statistics.hypothesis import CHECK_SIGNIFICANCE, TESTED, Hypothesis
from theorycheck.statistics.least_squares import Errors
from theorycheck.statistics.measurement import fit_measurement
from theorycheck.statistics.selection import FEWEST_LEVELS

# Below these a check warns; conventions, which decide no verdict.
WANTED_LEVELS = 5  # a cubic and one level to check it
WANTED_DECADES = 1.0
WANTED_FITTED = 0.95  # of the trials
FAVOURED = 2.0  # of AICc: Burnham and Anderson, Model Selection and Multimodel Inference, 2002, section 2.6


def span(values: Sequence[LevelValue], hypothesis: Hypothesis) -> Check:
    """How many decades of each factor the measured levels span."""
    parts, fewest = [], np.inf
    for i, variable in enumerate(hypothesis.variables):
        levels = [value.point[i] for value in values if value.measured]
        decades = float(np.log10(max(levels)) - np.log10(min(levels))) if levels else 0.0
        fewest = min(fewest, decades)
        parts.append(f"{decades:.2f} decades of {variable.letter}")
    status: Status = "ok" if fewest >= WANTED_DECADES - 1e-9 else "warning"
    return Check("range", status, f"measured over {', '.join(parts)} (wanted: {WANTED_DECADES:g})")


def margin(hypothesis: Hypothesis) -> Check:
    """Which exponents are allowed, and whether these distinguish growth from fall."""
    parts = []
    for variable in hypothesis.variables:
        allowed = hypothesis.allowed(variable)
        ends = [f"from {allowed.low:g}"] * bool(np.isfinite(allowed.low)) + [
            f"up to {allowed.high:g}"
        ] * bool(np.isfinite(allowed.high))
        parts.append(
            f"exponents {' '.join(ends)}" + f" in {variable.letter}" * (len(hypothesis.variables) > 1)
        )
    detail = f"{hypothesis.margin:g}: {', '.join(parts)} are allowed"
    if not hypothesis.signless:
        return Check("margin", "ok", detail)
    return Check(
        "margin",
        "warning",
        f"{detail}; 0 is among them, so that growth is not distinguished from fall: lower the margin",
    )


def censoring(evidence: Evidence) -> Check:
    """At how many levels the quantity is censored: outside the range that was tried."""
    above, below = (sum(value.kind == kind for value in evidence.levels) for kind in ("above", "below"))
    total = len(evidence.levels)
    measured = total - above - below
    status: Status = (
        "ok" if measured >= WANTED_LEVELS else "warning" if measured >= FEWEST_LEVELS else "failed"
    )
    if isinstance(evidence, Measurements):
        detail = f"{evidence.censored} of {len(evidence.table)} values are lower bounds"
        return Check("censoring", status, f"{detail}; uncensored levels: {measured} of {total}")
    searched = evidence.searched if isinstance(evidence, Trials) else "N"
    parts = [f"threshold inside the {searched} range at {measured} of {total} levels"]
    parts += [f"above it at {above}"] * bool(above) + [f"below it at {below}"] * bool(below)
    return Check("censoring", status, ", ".join(parts))


def power_law(
    straight: Fit,
    p_value: float,
    curved: Fit | None,
    curvature_p_value: float,
    doubtful: bool,
    ends: tuple[Sequence[float], Sequence[float]],
    hypothesis: Hypothesis,
) -> Check:
    """Whether one power law describes the whole range; if not, how the exponent drifts and what is judged
    instead.
    """
    if curved is None:
        if doubtful:
            detail = (
                f"one power law is doubtful (p = {p_value:.2g}); a verdict must hold with curvature as well"
            )
            return Check("power law", "warning", detail)
        return Check("power law", "ok", f"the data do not contradict one power law (p = {p_value:.2g})")
    opposite, asymptotic = ends
    parts = [
        f"drifts from {curved.exponent(v.factor, opposite):.2f} at {v.letter} = {opposite[i]:g} to "
        f"{curved.exponent(v.factor, asymptotic):.2f} at {asymptotic[i]:g} "
        f"({straight.exponent(v.factor):.2f} on average)"
        for i, v in enumerate(hypothesis.variables)
    ]
    doubt = "; doubtful, so that a verdict must hold with the next degree as well" if doubtful else ""
    detail = (
        f"one power law is rejected (p = {p_value:.1g}): the exponent {'; '.join(parts)}; the verdict rests"
        f" on the asymptotic end (degree {curved.basis.degree}, p = {curvature_p_value:.2g}{doubt})"
    )
    return Check("power law", "warning", detail)


def no_shape(
    p_value: float, begins: Sequence[float], found: Sequence[Sequence[Estimate]], hypothesis: Hypothesis
) -> Check:
    """That no power law and no polynomial describes the range, and what is judged instead."""
    parts = []
    for variable, level, (law, curve) in zip(hypothesis.variables, begins, found, strict=True):
        parts.append(
            f"one power law from {variable.letter} = {level:g} on, {law.text}, and a curve through its last 4"
            f" levels, {curve.text}"
        )
    detail = (
        f"one power law and all polynomials up to degree 3 are rejected (p = {p_value:.1g}); the verdict"
        f" rests on the asymptotic end alone: {'; '.join(parts)}; both must agree"
    )
    return Check("power law", "warning", detail)


def drift(curved: Fit | None, hypothesis: Hypothesis, ends: tuple[Sequence[float], Sequence[float]]) -> Check:
    """Local exponents at both ends of the range, by a curved fit whether or not the data show curvature."""
    opposite, asymptotic = ends
    if curved is None:
        return Check("drift", "warning", "too few levels to test whether the exponent drifts")
    parts, hidden = [], False
    for i, v in enumerate(hypothesis.variables):
        first, last = (curved.interval(v.factor, at=at).around(curved.exponent(v.factor, at)) for at in ends)
        parts.append(f"from {first} at {v.letter} = {opposite[i]:g} to {last} at {asymptotic[i]:g}")
        limits, allowed = curved.interval(v.factor, TESTED, asymptotic), hypothesis.allowed(v)
        hidden |= limits.low < allowed.low or limits.high > allowed.high
    detail = f"local exponent {'; '.join(parts)} (degree {curved.basis.degree})"
    if hidden:
        return Check("drift", "warning", f"{detail}; there it may lie outside the allowed exponents")
    return Check("drift", "ok", detail)


def offset(evidence: Evidence, hypothesis: Hypothesis, dispersion: float) -> Check:
    """Whether a form with an offset fits significantly better than the power law."""
    (variable,) = hypothesis.variables
    if isinstance(evidence, Trials):
        nuisances = (dispersion, evidence.asymptotes, evidence.steepness)
        forms = compare_forms(evidence.table, variable.factor, variable.exponent, *nuisances)
    else:
        forms = compare_forms(evidence.table, variable.factor, variable.exponent)
    if not all(np.isfinite(form.delta) for form in forms):
        return Check("offset", "ok", f"too few rows ({len(evidence.table)}) to compare forms with an offset")
    fits = "; ".join(f"{form.text.replace('x', variable.letter)} (AICc +{form.delta:.1f})" for form in forms)
    p_value = min(
        1.0, 2 * min(form.p_value for form in forms)
    )  # two forms are tested against it (Bonferroni)
    if p_value < CHECK_SIGNIFICANCE:
        return Check("offset", "warning", f"a form with an offset fits better (p = {p_value:.1g}): {fits}")
    power = next(form for form in forms if form.name == "power law")
    if power.delta > FAVOURED:
        return Check(
            "offset", "warning", f"the {forms[0].name} has the smallest AICc (p = {p_value:.2g} only): {fits}"
        )
    return Check(
        "offset", "ok", f"no form with an offset fits significantly better (p = {p_value:.2g}): {fits}"
    )


def of_evidence(evidence: Evidence, straight: Fit, decisive: Fit, hypothesis: Hypothesis) -> Iterator[Check]:
    """The checks that belong to one kind of evidence."""
    if isinstance(evidence, Trials):
        yield count_diagnostics.dispersion(decisive)
        yield count_diagnostics.lapses(evidence)
        yield count_diagnostics.guess_rate(evidence, decisive)
        yield count_diagnostics.steepness(evidence, straight, hypothesis)
        yield count_diagnostics.monotonicity(evidence)
        yield count_diagnostics.link(evidence, hypothesis)
        yield count_diagnostics.success_rate(evidence, hypothesis)
    elif isinstance(evidence, Measurements):
        yield errors(evidence, hypothesis)


def errors(evidence: Measurements, hypothesis: Hypothesis) -> Check:
    """The interval under other assumptions about the errors."""
    kinds: tuple[Errors, ...] = (
        ("HC3", "bootstrap", "seeds") if "seed" in evidence.table else ("HC3", "bootstrap")
    )
    parts = []
    for kind in kinds:
        fit = fit_measurement(evidence.table, evidence.factors, errors=kind)
        if fit is not None:
            parts.append(f"{kind} {', '.join(str(fit.interval(f)) for f in evidence.factors)}")
    return Check("errors", "ok", "; ".join(parts))


def agreement(estimates: Sequence[Estimate], regression: Regression | None) -> Check:
    """Whether the two estimators of one overall exponent lie within each other's intervals."""
    if regression is None:
        return Check(
            "agreement",
            "warning",
            "no log-log regression: too few levels are measured, or these follow a law exactly",
        )
    agree, parts = True, []
    for ours, theirs in zip(estimates, regression.estimates, strict=True):
        agree &= ours.value in theirs.interval and theirs.value in ours.interval
        parts.append(f"raw data {ours.text}, log-log {theirs.text}")
    detail = "; ".join(parts)
    return Check(
        "agreement", "ok" if agree else "warning", detail if agree else f"the estimators disagree: {detail}"
    )


def rivals(estimates: Sequence[Estimate], hypothesis: Hypothesis) -> Check:
    """Which rival exponents the intervals exclude."""
    parts, status = [], "ok"
    for variable, estimate in zip(hypothesis.variables, estimates, strict=True):
        left = [f"{e:g}" for e in variable.rivals if e in estimate.interval]
        out = [f"{e:g}" for e in variable.rivals if e not in estimate.interval]
        parts += [f"distinguished from {', '.join(out)}"] * bool(out)
        parts += [f"not distinguished from {', '.join(left)}"] * bool(left)
        status = "warning" if left else status
    return Check(
        "rivals", "warning" if status == "warning" else "ok", "; ".join(parts) or "the claim names none"
    )


def unfitted(table: pd.DataFrame, decide: Callable[[pd.DataFrame], Decision], decision: Decision) -> Check:
    """Whether trials that are no evidence, which were left out, could change the verdict."""
    decisions: set[Decision] = set()
    if table["unfitted"].any():
        for as_success in (0, 1):
            successes = table["successes"] + as_success * table["unfitted"]
            decisions.add(
                decide(table.assign(successes=successes, trials=table["trials"] + table["unfitted"]))
            )
    count = int(table["unfitted"].sum())
    total = count + int(table["trials"].sum())
    detail = f"{count} of {total} trials are no evidence and were left out"
    if decisions - {decision}:
        return Check(
            "unfitted", "failed", f"{detail}; counted as failures or successes they would change the verdict"
        )
    status: Status = "ok" if count <= (1 - WANTED_FITTED) * total else "warning"
    return Check("unfitted", status, detail)


def depends_on_unfitted(check: Check) -> str:
    """The reason of a verdict that the check on unfitted trials takes back."""
    return f"The verdict would depend on trials that are no evidence: {check.detail}."
