"""The questions every verdict answers beside its estimates."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pandas as pd

from theorycheck.judgement import Check, Decision, Estimate, Judgement, LevelValue, Regression, Status
from theorycheck.statistics import count_diagnostics
from theorycheck.statistics.evidence import Evidence, Measurements, Trials, told
from theorycheck.statistics.forms import compare_forms
from theorycheck.statistics.hypothesis import CHECK_SIGNIFICANCE, TESTED, Hypothesis
from theorycheck.statistics.least_squares import Errors
from theorycheck.statistics.measurement import fit_measurement
from theorycheck.statistics.selection import FEWEST_LEVELS, Fits, curvature_allowed

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
        ends = [f"from {allowed.low:g}"] * bool(np.isfinite(allowed.low))
        ends += [f"up to {allowed.high:g}"] * bool(np.isfinite(allowed.high))
        parts.append(f"exponents {' '.join(ends)}{hypothesis.where(variable)}")
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
    total, measured = len(evidence.levels), len(evidence.measured)
    status: Status = (
        "ok" if measured >= WANTED_LEVELS else "warning" if measured >= FEWEST_LEVELS else "failed"
    )
    if isinstance(evidence, Measurements):
        detail = f"{evidence.censored} of {len(evidence.table)} values are lower bounds"
        return Check("censoring", status, f"{detail}; uncensored levels: {measured} of {total}")
    parts = [f"threshold inside the {evidence.searched} range at {measured} of {total} levels"]
    parts += [f"above it at {above}"] * bool(above) + [f"below it at {below}"] * bool(below)
    return Check("censoring", status, ", ".join(parts))


def power_law(fits: Fits, hypothesis: Hypothesis) -> Check:
    """Whether one power law describes the whole range; if not, how the exponent drifts and what is judged
    instead.
    """
    if fits.rejected:
        return Check("power law", "warning", _no_shape(fits, hypothesis))
    if fits.curved is None:
        if fits.doubt is None:
            detail = f"the data do not contradict one power law (p = {fits.p_value:.2g})"
            return Check("power law", "ok", detail)
        detail = (
            f"one power law is doubtful (p = {fits.p_value:.2g}); a verdict must hold with curvature as well"
        )
        return Check("power law", "warning", detail)
    ends = zip(hypothesis.variables, fits.opposite, fits.asymptotic, strict=True)
    parts = [
        f"drifts from {fits.curved.exponent(v.factor, fits.opposite):.2f} at {v.letter} = {first:g} to "
        f"{fits.curved.exponent(v.factor, fits.asymptotic):.2f} at {last:g} "
        f"({fits.straight.exponent(v.factor):.2f} on average)"
        for v, first, last in ends
    ]
    doubt = "; doubtful, so that a verdict must hold with the next degree as well" if fits.doubt else ""
    degree, p_value = fits.curved.basis.degree, fits.curvature_p_value
    detail = (
        f"one power law is rejected (p = {fits.p_value:.1g}): the exponent {'; '.join(parts)}; the verdict"
        f" rests on the asymptotic end (degree {degree}, p = {p_value:.2g}{doubt})"
    )
    return Check("power law", "warning", detail)


def _no_shape(fits: Fits, hypothesis: Hypothesis) -> str:
    """That no power law and no polynomial describes the range, and what is judged instead."""
    parts = []
    for variable, level in zip(hypothesis.variables, fits.from_level, strict=True):
        law, curve = (told(fit, variable.factor, fits.asymptotic) for fit in fits.consulted)
        parts.append(
            f"one power law from {variable.letter} = {level:g} on, {law}, and a curve through its last 4"
            f" levels, {curve}"
        )
    return (
        f"one power law and all polynomials up to degree 3 are rejected (p = {fits.curvature_p_value:.1g});"
        f" the verdict rests on the asymptotic end alone: {'; '.join(parts)}; both must agree"
    )


def drift(fits: Fits, evidence: Evidence, hypothesis: Hypothesis) -> Check:
    """Local exponents at both ends of the range, by a curved fit whether or not the data show curvature."""
    curved = curvature_allowed(fits, evidence)
    if curved is None:
        return Check("drift", "warning", "too few levels to test whether the exponent drifts")
    ends = (fits.from_level or fits.opposite, fits.asymptotic)
    parts, hidden = [], False
    for v, begins, goes in zip(hypothesis.variables, *ends, strict=True):
        first, last = (told(curved, v.factor, at) for at in ends)
        parts.append(f"from {first} at {v.letter} = {begins:g} to {last} at {goes:g}")
        limits, allowed = curved.interval(v.factor, TESTED, fits.asymptotic), hypothesis.allowed(v)
        hidden |= limits.low < allowed.low or limits.high > allowed.high
    detail = f"local exponent {'; '.join(parts)} (degree {curved.basis.degree})"
    if hidden:
        return Check("drift", "warning", f"{detail}; there it may lie outside the allowed exponents")
    return Check("drift", "ok", detail)


def offset(evidence: Evidence, hypothesis: Hypothesis, dispersion: float) -> Check:
    """Whether a form with an offset fits significantly better than the power law."""
    (variable,) = hypothesis.variables
    nuisances = (dispersion, evidence.asymptotes, evidence.steepness) if isinstance(evidence, Trials) else ()
    forms = compare_forms(evidence.table, variable.factor, variable.exponent, *nuisances)
    if not all(np.isfinite(form.delta) for form in forms):
        return Check("offset", "ok", f"too few rows ({len(evidence.table)}) to compare forms with an offset")
    fits = "; ".join(f"{form.text.replace('x', variable.letter)} (AICc +{form.delta:.1f})" for form in forms)
    # Two forms are tested against it (Bonferroni).
    p_value = min(1.0, 2 * min(form.p_value for form in forms))
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


def of_evidence(evidence: Evidence, fits: Fits, hypothesis: Hypothesis) -> Iterator[Check]:
    """The checks that belong to one kind of evidence."""
    if isinstance(evidence, Measurements):
        yield errors(evidence)
        return
    yield count_diagnostics.dispersion(fits.decisive)
    yield count_diagnostics.lapses(evidence)
    yield count_diagnostics.guess_rate(evidence, fits.decisive)
    yield count_diagnostics.steepness(evidence, fits.straight, hypothesis)
    yield count_diagnostics.monotonicity(evidence)
    yield count_diagnostics.link(evidence)
    yield count_diagnostics.success_rate(evidence)


def errors(evidence: Measurements) -> Check:
    """The interval under other assumptions about the errors."""
    kinds: list[Errors] = ["HC3", "bootstrap"]
    if "seed" in evidence.table:
        kinds.append("seeds")
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
    parts: list[str] = []
    status: Status = "ok"
    for variable, estimate in zip(hypothesis.variables, estimates, strict=True):
        left = [f"{e:g}" for e in variable.rivals if e in estimate.interval]
        out = [f"{e:g}" for e in variable.rivals if e not in estimate.interval]
        parts += [f"distinguished from {', '.join(out)}"] * bool(out)
        parts += [f"not distinguished from {', '.join(left)}"] * bool(left)
        status = "warning" if left else status
    return Check("rivals", status, "; ".join(parts) or "the claim names none")


def _unfitted(table: pd.DataFrame, decide: Callable[[pd.DataFrame], Decision], decision: Decision) -> Check:
    """Whether trials that are no evidence, which were left out, could change the verdict."""
    count = int(table["unfitted"].sum())
    total = count + int(table["trials"].sum())
    whole = table.assign(trials=table["trials"] + table["unfitted"])
    decisions: set[Decision] = set()
    if count:
        decisions = {decide(whole), decide(whole.assign(successes=table["successes"] + table["unfitted"]))}
    detail = f"{count} of {total} trials are no evidence and were left out"
    if decisions - {decision}:
        return Check(
            "unfitted", "failed", f"{detail}; counted as failures or successes they would change the verdict"
        )
    status: Status = "ok" if count <= (1 - WANTED_FITTED) * total else "warning"
    return Check("unfitted", status, detail)


def unless_unfitted(
    judgement: Judgement, table: pd.DataFrame, decide: Callable[[pd.DataFrame], Decision]
) -> Judgement:
    """With the check on unfitted trials, which takes back a verdict that depends on how they are counted."""
    if "unfitted" not in table:
        return judgement
    check = _unfitted(table, decide, judgement.decision)
    return judgement.unless_failed(check, "The verdict would depend on trials that are no evidence")
