"""The judge: from trials or measurements to SUPPORTED, REFUTED or INCONCLUSIVE."""

from __future__ import annotations

import numpy as np
import pandas as pd

from theorycheck.statistics import checks
from theorycheck.statistics.basis import independent
from theorycheck.statistics.evidence import Evidence, Trials
from theorycheck.statistics.loglog import fit_loglog
from theorycheck.statistics.question import TESTED, Question
from theorycheck.statistics.reason import blurred, reason, settle
from theorycheck.statistics.shapes import FEWEST_LEVELS, Fits, bend_allowed, decide, fit_laws, gather, too_few_levels
from theorycheck.verdict import Check, Estimate, Judgement

CURVE_POINTS = 41


def drift_of(fits: Fits, evidence: Evidence, question: Question) -> Check:
    """The check on drift."""
    begins = fits.from_level if fits.rejected else fits.shallowest
    return checks.drift(bend_allowed(fits, evidence), question, (begins, fits.deepest))


def power_law_of(fits: Fits, question: Question) -> Check:
    """The check on the shape of the law."""
    if fits.rejected:
        return checks.no_shape(fits.bent_p_value, fits.from_level, fits.estimates_at_the_end(question), question)
    shapes = (fits.straight, fits.p_value, fits.bent, fits.bent_p_value)
    return checks.power_law(*shapes, fits.doubt is not None, fits.ends, question)


def judge(table: pd.DataFrame, question: Question) -> Judgement:
    """Judge a law by trials or measurements.

    The exponents come from a binomial regression of the trials, or a log-log regression of the measurements; where
    one power law does not fit, from the tangent of the lowest polynomial (in log-log coordinates) that does, at the
    end of the range that the regime points to. O and Omega are tested one-sided, Theta by two one-sided tests, each at
    4.5 %, which leaves 0.5 % for laws wrongly called bent. Where that shape is not rejected but doubtful (p between
    0.01 and 0.1), a verdict must hold with the next degree as well.

    Args:
        table: cells with the columns of the factors, n, successes, trials, and maybe unfitted and seed (`trials` counts
            successes and failures; `unfitted` those that did not fit their training data, which is no evidence about
            N*); or measurements with the factors, value, and maybe censored (a lower bound) and seed.
        question: the law.

    Returns:
        The judgement; INCONCLUSIVE with the reason when the data bear no estimate.
    """
    evidence = gather(table, question)
    fits = fit_laws(evidence, question)
    decision = decide(fits, question)
    regression = fit_loglog(evidence.levels, question.factors)
    design = (checks.margin(question), checks.span(evidence.levels, question), checks.censoring(evidence))
    if fits is None:
        why = f"No exponent can be estimated: {_missing(evidence, question)}."
        return Judgement(decision, why, design, tuple(evidence.levels), regression=regression)
    estimates = tuple(fits.estimate(factor, evidence.method) for factor in question.factors)
    straight = tuple(
        Estimate(f, fits.straight.exponent(f), fits.straight.interval(f), f"{evidence.method}, one power law")
        for f in question.factors
    )
    left_out = (
        [checks.unfitted(table, lambda t: decide(fit_laws(gather(t, question), question), question), decision)]
        if "unfitted" in table
        else []
    )
    drift = drift_of(fits, evidence, question)
    found = (
        *design,
        power_law_of(fits, question),
        drift,
        *([checks.offset(evidence, question, fits.decisive.dispersion)] if len(question.factors) == 1 else []),
        *checks.of_evidence(evidence, fits.straight, fits.decisive, question),
        checks.agreement(straight, regression),
        checks.rivals(estimates, question),
        *left_out,
    )
    if any(check.status == "failed" for check in left_out):
        decision = "INCONCLUSIVE"
        why = checks.depends_on_unfitted(left_out[0])
    elif decision == "INCONCLUSIVE":
        tested = [fits.interval(factor, TESTED) for factor in question.factors]
        why = settle(tested, estimates, question, len(fits.consulted) > 1)
    else:
        why = reason(decision, estimates, question)
    if decision == "SUPPORTED" and fits.bent is None and drift.status == "warning":
        why += " This takes the law to be one power law, which the data do not contradict; see the check on drift."
    return Judgement(
        decision=decision,
        reason=why + blurred(estimates, question),
        checks=found,
        levels=tuple(evidence.levels),
        estimates=estimates,
        beside=(*(straight if fits.bent else ()), *(regression.estimates if regression else ())),
        regression=regression,
        curve=_curve(fits, evidence) if len(question.factors) == 1 else (),
        p_supported=fits.p_supported(question),
        p_refuted=fits.p_refuted(question),
    )


def _curve(fits: Fits, evidence: Evidence) -> tuple[tuple[float, float, float, float], ...]:
    """The deciding fit with its band, where it speaks of."""
    levels = [level.point[0] for level in evidence.levels]
    first, last = sorted((fits.from_level[0], fits.deepest[0])) if fits.rejected else (min(levels), max(levels))
    points = np.geomspace(first, last, CURVE_POINTS)
    return tuple((float(x), fits.decisive.predict([x]), *fits.decisive.band([x])) for x in points)


def _missing(evidence: Evidence, question: Question) -> str:
    """Why no exponent can be estimated."""
    points = [level.point for level in evidence.levels if level.measured]
    if too_few_levels(evidence, question):
        return f"{checks.censoring(evidence).detail}, fewer than the {FEWEST_LEVELS} that an exponent needs"
    if not independent(np.column_stack([np.ones(len(points)), np.log(points)])):
        names = " and ".join(v.letter for v in question.variables)
        return (
            f"the levels of {names} change together, so that their exponents cannot be told apart; cross their levels"
        )
    if "seed" in evidence.table:
        unclustered = gather(evidence.table.drop(columns="seed"), question)
        if unclustered.fit(1) is not None:
            return "the rows are of too few seeds, or one seed alone determines an exponent; add seeds"
    if evidence.fit(1) is not None:
        return "no shape fits, and the asymptotic end of the range bears no estimate of its own; add levels there"
    if isinstance(evidence, Trials):
        return _undetermined(evidence)
    return "too few of the values are no mere bounds; run more trials to their end"


def _undetermined(evidence: Trials) -> str:
    rate = evidence.table["successes"] / evidence.table["trials"]
    if ((rate == 0) | (rate == 1)).all():
        return "every cell always succeeds or always fails; finer steps of what is searched are needed where that turns"
    return (
        "success and failure are all but separated, or success does not rise; more replicates or finer steps are needed"
    )
