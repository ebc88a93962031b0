"""What is asked of success counts beside their exponents: dispersion, asymptotes, the success curve and its
link.
"""

from dataclasses import replace

import numpy as np
from scipy import stats

from theorycheck.judgement import Check
from theorycheck.statistics import threshold
from theorycheck.statistics.binomial import fit_binomial
from theorycheck.statistics.evidence import Fit, Trials, told
from theorycheck.statistics.hypothesis import CHECK_SIGNIFICANCE, Hypothesis
from theorycheck.statistics.links import LINKS, Asymptotes, Link
from theorycheck.statistics.polynomial import at_points, with_constant

# None of these decides a verdict; how often each check warns: docs/calibration.md, thresholds.
HIGH_RATE = 0.9  # a convention: the other success rate that papers name
WARNED = 2.0  # overdispersion from which on the check warns
OVERDISPERSED = 3.0  # from which it says what may be wrong; with a guess rate of 1/2 left out it is 3 to 60
FAR_BELOW = 0.05  # success rate above which a cell says little about a guess rate: a convention
BETTER_LINK = 10.0  # of the deviance: another link "fits better" when its likelihood is 150 times larger


def dispersion(fit: Fit) -> Check:
    """Overdispersion of the counts around the fit, by which the intervals are widened."""
    detail = f"overdispersion {fit.dispersion:.2f} (variance over binomial; intervals account for it)"
    if fit.dispersion > OVERDISPERSED:
        detail += (
            "; so much may hide a wrong shape: successes by chance at small values of what is searched"
            " (--guess-rate), a law that is no power law, or seeds that share their randomness"
        )
    return Check("dispersion", "ok" if fit.dispersion < WARNED else "warning", detail)


def lapses(evidence: Trials) -> Check:
    """Whether there is a lapse rate: success does not tend to 1."""
    p_value = evidence.found.lapse_p_value
    if not evidence.asymptotes.lapse:
        return Check("lapses", "ok", f"none needed (p = {p_value:.2g})")
    rate, searched = evidence.asymptotes.lapse, evidence.searched
    detail = f"lapse rate {rate:.1%}: success tends to {1 - rate:.1%} with {searched} (p = {p_value:.1g})"
    return Check("lapses", "warning", f"{detail}; fitted with it")


def guess_rate(evidence: Trials, fit: Fit) -> Check:
    """Whether there is a guess rate: success does not tend to 0, as where one of two classes is guessed."""
    guess, p_value = evidence.asymptotes.guess, evidence.found.guess_p_value
    if guess:
        given = "fitted with it (p = {p_value:.1g})" if evidence.asymptotes.estimated else "as given"
        detail = f"guess rate {guess:.1%} at small {evidence.searched}, {given.format(p_value=p_value)}"
        return Check("guess rate", "warning" if evidence.asymptotes.estimated else "ok", detail)
    at_smallest = (
        evidence.table.sort_values("searched").groupby(list(evidence.factors), as_index=False).first()
    )
    share = float(at_smallest["successes"].sum() / at_smallest["trials"].sum())
    assert isinstance(fit, threshold.ThresholdFit)  # as every fit of trials is
    terms = fit.steepness.scaled(threshold.threshold_design(evidence.table, fit.basis), evidence.table)
    least = stats.norm.cdf(terms @ fit.coefficients).min()
    if share > FAR_BELOW and least > FAR_BELOW:
        detail = (
            f"success stays at {share:.0%} at the smallest {evidence.searched} of each level, so that"
            " successes by chance cannot be distinguished from low thresholds; try smaller values, or give"
            " the rate of chance (--guess-rate)"
        )
        return Check("guess rate", "warning", detail)
    return Check("guess rate", "ok", f"none needed (p = {p_value:.2g})")


def steepness(evidence: Trials, straight: Fit, hypothesis: Hypothesis) -> Check:
    """Whether success rises more steeply at some levels than at others, and what one steepness would say."""
    steepness = evidence.steepness
    if np.isnan(steepness.p_value):
        detail = "of the success curve cannot be compared level by level; taken to be the same"
        return Check("steepness", "warning", detail)
    if not steepness.factors:
        detail = f"of the success curve the same at all levels (p = {steepness.p_value:.2g})"
        return Check("steepness", "ok", detail)
    powers = " ".join(
        f"{v.letter}^{power:.2f}" for v, power in zip(hypothesis.variables, steepness.powers, strict=True)
    )
    detail = f"of the success curve goes as {powers} (p = {steepness.p_value:.1g}); fitted with it"
    same = threshold.fit_threshold(evidence.table, evidence.factors, asymptotes=evidence.asymptotes)
    if same is None:
        return Check("steepness", "ok", detail)
    estimates = ", ".join(told(same, f) for f in evidence.factors)
    outside = any(straight.exponent(f) not in same.interval(f) for f in evidence.factors)
    detail += f"; one steepness for all levels would make one power law's exponent {estimates}"
    return Check("steepness", "warning" if outside else "ok", detail)


def monotonicity(evidence: Trials) -> Check:
    """Whether success falls with N anywhere: each level's own slope, at 5 % with Bonferroni's correction."""
    falling, significance = [], CHECK_SIGNIFICANCE / len(evidence.levels)
    for value in evidence.levels:
        cells = at_points(evidence.table, evidence.factors, {value.point})
        terms = with_constant(np.log(cells["searched"]))
        fit = fit_binomial(cells, terms, asymptotes=Asymptotes(evidence.asymptotes.guess))
        if fit is not None and stats.norm.cdf(fit.params[1] / np.sqrt(fit.covariance[1, 1])) < significance:
            falling.append(", ".join(f"{x:g}" for x in value.point))
    where = f"level {'; '.join(falling)}" if falling else "no level"
    detail = f"success falls with {evidence.searched} at {where}"
    return Check("monotonicity", "warning" if falling else "ok", detail)


def link(evidence: Trials) -> Check:
    """Whether the exponent depends on the shape assumed for the success curve."""
    no_lapses = replace(evidence.asymptotes, lapse=0.0)
    fits = {
        name: threshold.fit_threshold(
            evidence.table, evidence.factors, link=name, asymptotes=no_lapses, steepness=evidence.steepness
        )
        for name in LINKS
    }
    known = {name: fit for name, fit in fits.items() if fit is not None}
    parts = [f"{name} {', '.join(told(fit, f) for f in evidence.factors)}" for name, fit in known.items()]
    best: Link = min(known, key=lambda name: known[name].deviance, default="probit")
    outside = False
    if probit := known.get("probit"):
        outside = any(
            fit.exponent(f) not in probit.interval(f) for fit in known.values() for f in evidence.factors
        )
        if probit.deviance - known[best].deviance > BETTER_LINK:
            parts.append(f"{best} fits better")
    return Check("link", "warning" if outside else "ok", "; ".join(parts))


def success_rate(evidence: Trials) -> Check:
    """Whether the threshold at 90 % success has another exponent than that at 50 %."""
    if len(evidence.factors) > 1:
        return Check("success rate", "ok", "estimated with one factor only")
    beside = Asymptotes(evidence.asymptotes.guess)
    half, high = (
        threshold.exponent_at_rate(evidence.table, evidence.factors[0], rate, beside)
        for rate in (0.5, HIGH_RATE)
    )
    if half is None or high is None:
        return Check(
            "success rate", "warning", "the steepness of the success curve cannot be estimated level by level"
        )
    detail = (
        f"exponent {half[1].around(half[0])} of the threshold at 50 % success, {high[1].around(high[0])} at"
        " 90 %"
    )
    apart = high[0] not in half[1] and half[0] not in high[1]
    return Check("success rate", "warning" if apart else "ok", detail)
