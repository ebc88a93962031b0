"""The judge: from trials or measurements to SUPPORTED, REFUTED or INCONCLUSIVE."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from theorycheck.judgement import Band, Check, Decision, Estimate, Judgement
from theorycheck.statistics import diagnostics
from theorycheck.statistics.evidence import Evidence, Trials
from theorycheck.statistics.hypothesis import TESTED, Hypothesis
from theorycheck.statistics.loglog import fit_loglog
from theorycheck.statistics.polynomial import independent, with_constant
from theorycheck.statistics.reason import blurred, reason, settle
from theorycheck.statistics.selection import (
    FEWEST_LEVELS,
    Fits,
    decide,
    fit_laws,
    gather,
    too_few_levels,
)

CURVE_POINTS = 41  # of a figure


def judge(table: pd.DataFrame, hypothesis: Hypothesis) -> Judgement:
    """Judge a law by trials or measurements.

    The exponents come from a binomial regression of the trials, or a log-log regression of the measurements;
    where one power law is rejected, from the tangent of the lowest polynomial (in log-log coordinates) that
    does, at the end of the range that the regime points to. O and Omega are tested one-sided, Theta by two
    one-sided tests, each at 4.5 %, which leaves 0.5 % for laws wrongly called curved. Where that shape is not
    rejected but doubtful (p between 0.01 and 0.1), a verdict must hold with the next degree as well.

    Args:
        table: cells with the columns of the factors, searched, successes, trials, and maybe unfitted and seed
            (`trials` counts successes and failures; `unfitted` those that did not fit their training data,
            which is no evidence about N*); or measurements with the factors, value, and maybe censored (a
            lower bound) and seed.
        hypothesis: the law.

    Returns:
        The judgement; INCONCLUSIVE with the reason when the data bear no estimate.
    """
    evidence = gather(table, hypothesis)
    fits = fit_laws(evidence, hypothesis)
    decision, regression = decide(fits, hypothesis), fit_loglog(evidence.levels, hypothesis.factors)
    design = (
        diagnostics.margin(hypothesis),
        diagnostics.span(evidence.levels, hypothesis),
        diagnostics.censoring(evidence),
    )
    if fits is None:
        why = f"No exponent can be estimated: {_missing(evidence, hypothesis)}."
        return Judgement(decision, why, design, tuple(evidence.levels), regression=regression)
    estimates = tuple(fits.estimate(factor, evidence.method) for factor in hypothesis.factors)
    straight = tuple(
        Estimate(f, fits.straight.exponent(f), fits.straight.interval(f), f"{evidence.method}, one power law")
        for f in hypothesis.factors
    )
    drift = diagnostics.drift(fits, evidence, hypothesis)
    about_fits = (
        *_of_fits(fits, drift, evidence, hypothesis),
        diagnostics.agreement(straight, regression),
        diagnostics.rivals(estimates, hypothesis),
    )
    judgement = Judgement(
        decision=decision,
        reason=_why(decision, fits, drift, estimates, hypothesis),
        checks=(*design, *about_fits),
        levels=tuple(evidence.levels),
        estimates=estimates,
        beside=(*(straight if fits.curved else ()), *(regression.estimates if regression else ())),
        regression=regression,
        curve=_curve(fits, evidence) if len(hypothesis.factors) == 1 else (),
        p_supported=fits.p_supported(hypothesis),
        p_refuted=fits.p_refuted(hypothesis),
    )

    def decide_by(counts: pd.DataFrame) -> Decision:
        return decide(fit_laws(gather(counts, hypothesis), hypothesis), hypothesis)

    judgement = diagnostics.unless_unfitted(judgement, table, decide_by)
    return replace(judgement, reason=judgement.reason + blurred(estimates, hypothesis))


def _of_fits(fits: Fits, drift: Check, evidence: Evidence, hypothesis: Hypothesis) -> Iterator[Check]:
    """The checks on the shape of the law and on what belongs to the kind of evidence."""
    yield diagnostics.power_law(fits, hypothesis)
    yield drift
    if len(hypothesis.factors) == 1:
        yield diagnostics.offset(evidence, hypothesis, fits.decisive.dispersion)
    yield from diagnostics.of_evidence(evidence, fits, hypothesis)


def _why(
    decision: Decision,
    fits: Fits,
    drift: Check,
    estimates: Sequence[Estimate],
    hypothesis: Hypothesis,
) -> str:
    """The sentence that goes with the decision."""
    if decision == "INCONCLUSIVE":
        tested = [fits.interval(factor, TESTED) for factor in hypothesis.factors]
        return settle(tested, estimates, hypothesis, len(fits.consulted) > 1)
    why = reason(decision, estimates, hypothesis)
    if decision == "REFUTED" or fits.curved or drift.status == "ok":
        return why
    return (
        f"{why} This takes the law to be one power law, which the data do not contradict; see the check on"
        " drift."
    )


def _curve(fits: Fits, evidence: Evidence) -> Band:
    """The deciding fit with its band, where it speaks of."""
    points = (
        [fits.from_level, fits.asymptotic] if fits.rejected else [level.point for level in evidence.levels]
    )
    levels = [x for (x,) in points]
    shown = np.geomspace(min(levels), max(levels), CURVE_POINTS)
    return tuple((float(x), fits.decisive.predict([x]), *fits.decisive.band([x])) for x in shown)


def _missing(evidence: Evidence, hypothesis: Hypothesis) -> str:
    """Why no exponent can be estimated."""
    if too_few_levels(evidence):
        return (
            f"{diagnostics.censoring(evidence).detail}, fewer than the {FEWEST_LEVELS} that an exponent needs"
        )
    if not independent(with_constant(np.log(evidence.measured))):
        names = " and ".join(v.letter for v in hypothesis.variables)
        return (
            f"the levels of {names} change together, so that their exponents cannot be distinguished; cross"
            " their levels"
        )
    if "seed" in evidence.table:
        unclustered = gather(evidence.table.drop(columns="seed"), hypothesis)
        if unclustered.fit(1) is not None:
            return "the rows are of too few seeds, or one seed alone determines an exponent; add seeds"
    if evidence.fit(1) is not None:
        return (
            "no shape fits, and the asymptotic end of the range bears no estimate of its own; add levels"
            " there"
        )
    if isinstance(evidence, Trials):
        return _undetermined(evidence)
    return "too few values are uncensored; run more trials to their end"


def _undetermined(evidence: Trials) -> str:
    rate = evidence.table["successes"] / evidence.table["trials"]
    if ((rate == 0) | (rate == 1)).all():
        return (
            "every cell always succeeds or always fails; finer steps of what is searched are needed where"
            " that turns"
        )
    return (
        "success and failure are almost separated, or success does not increase; more replicates or finer"
        " steps are needed"
    )
