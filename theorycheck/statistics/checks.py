"""The questions every verdict answers beside its estimates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from theorycheck.statistics import threshold
from theorycheck.statistics.basis import points_of
from theorycheck.statistics.binomial import LINKS, Link, fit_binomial
from theorycheck.statistics.evidence import Evidence, Fit, Measurements, Trials
from theorycheck.statistics.forms import FALSE_POWER_LAW, compare_forms
from theorycheck.statistics.measurement import Errors, fit_measurement
from theorycheck.statistics.question import SHAPE_DOUBT, TESTED, Question
from theorycheck.verdict import Check, Decision, Estimate, LevelValue, Regression, Status

FEWEST_LEVELS = 3  # measured levels, below which no exponent is estimated
WANTED_LEVELS = 5
WANTED_DECADES = 1.0
WANTED_FITTED = 0.95
HIGH_RATE = 0.9
FAVOURED = 2.0  # of AICc, from which a form is favoured (Burnham and Anderson, Model Selection, 2002, section 2.6)
BETTER_LINK = 10.0  # of the deviance; beyond it another link "fits better"


def span(values: Sequence[LevelValue], question: Question) -> Check:
    """How many decades of each factor the measured levels span."""
    parts, fewest = [], np.inf
    for i, variable in enumerate(question.variables):
        levels = [value.point[i] for value in values if value.measured]
        decades = float(np.log10(max(levels) / min(levels))) if levels else 0.0
        fewest = min(fewest, decades)
        parts.append(f"{decades:.2f} decades of {variable.letter}")
    status: Status = "ok" if fewest >= WANTED_DECADES - 1e-9 else "warning"
    return Check("range", status, f"measured over {', '.join(parts)} (wanted: {WANTED_DECADES:g})")


def censoring(evidence: Evidence) -> Check:
    """At how many levels the quantity lies outside of what was tried."""
    above, below = (sum(value.kind == kind for value in evidence.levels) for kind in ("above", "below"))
    total = len(evidence.levels)
    measured = total - above - below
    status: Status = "ok" if measured >= WANTED_LEVELS else "warning" if measured >= FEWEST_LEVELS else "failed"
    if isinstance(evidence, Measurements):
        detail = f"{evidence.censored} of {len(evidence.table)} values are lower bounds"
        return Check("censoring", status, f"{detail}; no bound among those of {measured} of {total} levels")
    searched = evidence.searched if isinstance(evidence, Trials) else "N"
    parts = [f"threshold inside the {searched} range at {measured} of {total} levels"]
    parts += [f"above it at {above}"] * bool(above) + [f"below it at {below}"] * bool(below)
    return Check("censoring", status, ", ".join(parts))


def power_law(
    straight: Fit,
    p_value: float,
    bent: Fit | None,
    bent_p_value: float,
    ends: tuple[Sequence[float], Sequence[float]],
    question: Question,
) -> Check:
    """Whether one power law describes the whole range; if not, how the exponent drifts and what is judged instead."""
    if bent is None:
        if p_value < SHAPE_DOUBT:
            detail = f"one power law is doubtful (p = {p_value:.2g}); a verdict must hold with a bend as well"
            return Check("power law", "warning", detail)
        return Check("power law", "ok", f"the data do not contradict one power law (p = {p_value:.2g})")
    shallow, deep = ends
    parts = [
        f"drifts from {bent.exponent(v.factor, shallow):.2f} at {v.letter} = {shallow[i]:g} to "
        f"{bent.exponent(v.factor, deep):.2f} at {deep[i]:g} ({straight.exponent(v.factor):.2f} on average)"
        for i, v in enumerate(question.variables)
    ]
    doubt = "; doubtful, so that a verdict must hold with the next degree as well" if bent_p_value < SHAPE_DOUBT else ""
    detail = (
        f"one power law does not fit (p = {p_value:.1g}): the exponent {'; '.join(parts)}; the verdict rests on the "
        f"deep end (degree {bent.basis.degree}, p = {bent_p_value:.2g}{doubt})"
    )
    return Check("power law", "warning", detail)


def drift(bent: Fit | None, question: Question, ends: tuple[Sequence[float], Sequence[float]]) -> Check:
    """Local exponents at both ends of the range, by a fit that allows a bend whether or not the data show one."""
    shallow, deep = ends
    if bent is None:
        return Check("drift", "warning", "too few levels to tell whether the exponent drifts")
    parts, hidden = [], False
    for i, v in enumerate(question.variables):
        first, last = ((bent.exponent(v.factor, at), bent.interval(v.factor, at=at)) for at in (shallow, deep))
        parts.append(
            f"from {first[0]:.2f} {first[1]} at {v.letter} = {shallow[i]:g} to {last[0]:.2f} {last[1]} at {deep[i]:g}"
        )
        limits, allowed = bent.interval(v.factor, TESTED, deep), question.allowed(v)
        hidden |= limits.low < allowed.low or limits.high > allowed.high
    detail = f"local exponent {'; '.join(parts)} (degree {bent.basis.degree})"
    if hidden:
        return Check("drift", "warning", f"{detail}; there it may lie outside of what the claim allows")
    return Check("drift", "ok", detail)


def offset(evidence: Evidence, question: Question, dispersion: float) -> Check:
    """Whether a form with an offset fits significantly better than the power law."""
    (variable,) = question.variables
    if isinstance(evidence, Trials):
        nuisances = (dispersion, evidence.lapse, evidence.rise)
        forms = compare_forms(evidence.table, variable.factor, variable.exponent, *nuisances)
    else:
        forms = compare_forms(evidence.table, variable.factor, variable.exponent)
    fits = "; ".join(f"{form.text.replace('x', variable.letter)} (AICc +{form.delta:.1f})" for form in forms)
    p_value = min(1.0, 2 * min(form.p_value for form in forms))  # two forms are tested against it (Bonferroni)
    if p_value < FALSE_POWER_LAW:
        return Check("offset", "warning", f"a form with an offset fits better (p = {p_value:.1g}): {fits}")
    power = next(form for form in forms if form.name == "power law")
    if power.delta > FAVOURED:
        return Check("offset", "warning", f"the {forms[0].name} has the smallest AICc (p = {p_value:.2g} only): {fits}")
    return Check("offset", "ok", f"no form with an offset fits significantly better (p = {p_value:.2g}): {fits}")


def of_evidence(evidence: Evidence, straight: Fit, decisive: Fit, question: Question) -> Iterator[Check]:
    """The checks that belong to one kind of evidence."""
    if isinstance(evidence, Trials):
        yield dispersion(decisive)
        yield lapses(evidence)
        yield steepness(evidence, straight, question)
        yield monotonicity(evidence)
        yield link(evidence, question)
        yield success_rate(evidence, question)
    elif isinstance(evidence, Measurements):
        yield errors(evidence, question)


def dispersion(fit: Fit) -> Check:
    """Whether the trials scatter more around the fit than binomially; the intervals are widened by it."""
    status: Status = "ok" if fit.dispersion < 2 else "warning"
    return Check("dispersion", status, f"{fit.dispersion:.2f} times binomial (intervals account for it)")


def lapses(evidence: Trials) -> Check:
    """Whether some trials fail whatever N is."""
    if not evidence.lapse:
        return Check("lapses", "ok", f"none needed (p = {evidence.lapse_p_value:.2g})")
    detail = f"{evidence.lapse:.1%} of trials fail whatever {evidence.searched} is (p = {evidence.lapse_p_value:.1g})"
    detail += "; fitted with it"
    return Check("lapses", "warning", detail)


def steepness(evidence: Trials, straight: Fit, question: Question) -> Check:
    """Whether success rises more steeply at some levels than at others, and what one steepness would say."""
    rise = evidence.rise
    if np.isnan(rise.p_value):
        return Check("steepness", "warning", "of the success curve cannot be told level by level; taken to be the same")
    if not rise.factors:
        return Check("steepness", "ok", f"of the success curve the same at all levels (p = {rise.p_value:.2g})")
    powers = " ".join(f"{v.letter}^{power:.2f}" for v, power in zip(question.variables, rise.powers, strict=True))
    detail = f"of the success curve goes as {powers} (p = {rise.p_value:.1g}); fitted with it"
    same = threshold.fit_threshold(evidence.table, evidence.factors, lapse=evidence.lapse)
    if same is None:
        return Check("steepness", "ok", detail)
    told = ", ".join(f"{same.exponent(f):.2f} {same.interval(f)}" for f in evidence.factors)
    outside = any(straight.exponent(f) not in same.interval(f) for f in evidence.factors)
    detail += f"; one steepness for all levels would make one power law's exponent {told}"
    return Check("steepness", "warning" if outside else "ok", detail)


def monotonicity(evidence: Trials) -> Check:
    """Whether success falls with N anywhere: the sign of each level's own slope, tested with Bonferroni at 5 %."""
    falling = []
    for value in evidence.levels:
        here = (points_of(evidence.table, evidence.factors) == value.point).all(axis=1)
        cells = evidence.table[here]
        fit = fit_binomial(cells, np.column_stack([np.ones(len(cells)), np.log(cells["n"])]))
        if fit is not None and stats.norm.cdf(fit.params[1] / fit.bse[1]) < 0.05 / len(evidence.levels):
            falling.append(", ".join(f"{x:g}" for x in value.point))
    if falling:
        return Check("monotonicity", "warning", f"success falls with {evidence.searched} at level {'; '.join(falling)}")
    return Check("monotonicity", "ok", f"success falls with {evidence.searched} at no level")


def link(evidence: Trials, question: Question) -> Check:
    """Whether the exponent depends on the shape assumed for the success curve."""
    fits = {
        name: threshold.fit_threshold(evidence.table, evidence.factors, link=name, rise=evidence.rise) for name in LINKS
    }
    known = {name: fit for name, fit in fits.items() if fit is not None}
    parts = [
        f"{name} {', '.join(f'{fit.exponent(f):.2f} {fit.interval(f)}' for f in evidence.factors)}"
        for name, fit in known.items()
    ]
    best: Link = min(known, key=lambda name: known[name].deviance, default="probit")
    status: Status = "ok"
    if "probit" in known:
        outside = [
            name
            for name, fit in known.items()
            for f in evidence.factors
            if fit.exponent(f) not in known["probit"].interval(f)
        ]
        status = "warning" if outside else "ok"
        if known["probit"].deviance - known[best].deviance > BETTER_LINK:
            parts.append(f"{best} fits better")
    return Check("link", status, "; ".join(parts))


def success_rate(evidence: Trials, question: Question) -> Check:
    """Whether the threshold at 90 % success has another exponent than that at 50 %."""
    if len(question.variables) > 1:
        return Check("success rate", "ok", "looked at with one factor only")
    found = [threshold.exponent_at_rate(evidence.table, evidence.factors[0], rate) for rate in (0.5, HIGH_RATE)]
    half, high = found
    if half is None or high is None:
        return Check("success rate", "warning", "the steepness of the success curve cannot be estimated level by level")
    detail = f"exponent {half[0]:.2f} {half[1]} of the threshold at 50 % success, {high[0]:.2f} {high[1]} at 90 %"
    apart = high[0] not in half[1] and half[0] not in high[1]
    return Check("success rate", "warning" if apart else "ok", detail)


def errors(evidence: Measurements, question: Question) -> Check:
    """The interval under other assumptions about the errors."""
    kinds: tuple[Errors, ...] = ("HC3", "bootstrap", "seeds") if "seed" in evidence.table else ("HC3", "bootstrap")
    parts = []
    for kind in kinds:
        fit = fit_measurement(evidence.table, evidence.factors, errors=kind)
        if fit is not None:
            parts.append(f"{kind} {', '.join(str(fit.interval(f)) for f in evidence.factors)}")
    return Check("errors", "ok", "; ".join(parts))


def agreement(estimates: Sequence[Estimate], regression: Regression | None) -> Check:
    """Whether the two estimators of one overall exponent lie within each other's intervals."""
    if regression is None:
        return Check("agreement", "warning", "too few measured levels for a log-log regression")
    agree, parts = True, []
    for ours, theirs in zip(estimates, regression.estimates, strict=True):
        agree &= ours.value in theirs.interval and theirs.value in ours.interval
        parts.append(f"raw data {ours.value:.2f} {ours.interval}, log-log {theirs.value:.2f} {theirs.interval}")
    detail = "; ".join(parts)
    return Check("agreement", "ok" if agree else "warning", detail if agree else f"the estimators disagree: {detail}")


def rivals(estimates: Sequence[Estimate], question: Question) -> Check:
    """Which rival exponents the intervals exclude."""
    parts, status = [], "ok"
    for variable, estimate in zip(question.variables, estimates, strict=True):
        left = [f"{e:g}" for e in variable.rivals if e in estimate.interval]
        out = [f"{e:g}" for e in variable.rivals if e not in estimate.interval]
        parts += [f"told apart from {', '.join(out)}"] * bool(out)
        parts += [f"not told apart from {', '.join(left)}"] * bool(left)
        status = "warning" if left else status
    return Check("rivals", "warning" if status == "warning" else "ok", "; ".join(parts) or "the claim names none")


def unfitted(table: pd.DataFrame, decide: Callable[[pd.DataFrame], Decision], decision: Decision) -> Check:
    """Whether trials that are no evidence, which were left out, could change the verdict."""
    decisions: set[Decision] = set()
    if table["unfitted"].any():
        for as_success in (0, 1):
            successes = table["successes"] + as_success * table["unfitted"]
            decisions.add(decide(table.assign(successes=successes, trials=table["trials"] + table["unfitted"])))
    count = int(table["unfitted"].sum())
    total = count + int(table["trials"].sum())
    detail = f"{count} of {total} trials are no evidence and were left out"
    if decisions - {decision}:
        return Check("unfitted", "failed", f"{detail}; counted as failures or successes they would change the verdict")
    status: Status = "ok" if count <= (1 - WANTED_FITTED) * total else "warning"
    return Check("unfitted", status, detail)


def depends_on_unfitted(check: Check) -> str:
    """The reason of a verdict that the check on unfitted trials takes back."""
    return f"The verdict would depend on trials that are no evidence: {check.detail}."
