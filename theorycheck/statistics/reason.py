"""The sentence that goes with a decision."""

from collections.abc import Sequence

import numpy as np

from theorycheck.judgement import Decision, Estimate, Interval
from theorycheck.statistics.hypothesis import SIGNIFICANCE, Hypothesis, Variable

MOST_TRIALS = 100  # times as many as there are, beyond which more trials are no advice: a convention


def reason(decision: Decision, estimates: Sequence[Estimate], hypothesis: Hypothesis) -> str:
    """Why a law is SUPPORTED or REFUTED, with what else a reader should know about its exponents."""
    pairs = list(zip(hypothesis.variables, estimates, strict=True))
    narrow = "".join(_narrowly(v, e, hypothesis) for v, e in pairs)
    if decision == "REFUTED":
        against = (_refuted(v, e, hypothesis) for v, e in pairs if _excess(v, e, hypothesis) > 0)
        return " ".join(against) + narrow
    blind = " The margin reaches beyond 0, so that this does not distinguish growth from a fall." * bool(
        hypothesis.signless
    )
    growth = {"O": "no faster than", "Omega": "at least as fast as", "Theta": "as fast as"}[
        hypothesis.relation
    ]
    return f"Grows {growth} claimed.{blind}{''.join(_tightness(v, e, hypothesis) for v, e in pairs)}{narrow}"


def settle(
    intervals: Sequence[Interval],
    estimates: Sequence[Estimate],
    hypothesis: Hypothesis,
    asymptotic_levels: bool,
) -> str:
    """What would settle an INCONCLUSIVE verdict, given the intervals whose ends the tests have."""
    sentences = []
    for variable, estimate, tested in zip(hypothesis.variables, estimates, intervals, strict=True):
        value = estimate.value
        bounds = [b for b in hypothesis.edges(variable) if tested.low < b < tested.high]
        if not np.isfinite(tested.width + estimate.interval.width):
            return "The data establish no exponent: more replicates are needed."
        if not bounds:
            continue
        bound = min(bounds, key=lambda b: abs(b - value))
        half_width = value - tested.low if bound < value else tested.high - value
        ratio = half_width / max(abs(value - bound), 1e-9)
        factor = ratio * ratio  # which may overflow, where a power would raise
        more = (
            f"about {factor:.2g} times as many trials"
            if factor < MOST_TRIALS
            else "more trials than are worth it"
        )
        further = "smaller" if variable.goes_to == "0" else "larger"
        at_end = f", or {further} levels of {variable.letter}" if asymptotic_levels else ""
        sentences.append(
            f"The interval {estimate.interval} reaches across the limit {bound:g}; {more} would settle it at"
            f" this estimate{at_end}."
        )
    return (
        " ".join(sentences)
        or "Some exponent is doubtful once all are tested together (Holm); more trials are needed."
    )


def blurred(estimates: Sequence[Estimate], hypothesis: Hypothesis) -> str:
    """Which rival exponents the data do not exclude; empty when there are none."""
    left = [
        f"{rival:g}{hypothesis.where(v)}"
        for v, e in zip(hypothesis.variables, estimates, strict=True)
        for rival in v.rivals
        if rival in e.interval
    ]
    return (
        f" This design does not distinguish the exponent from the rival {' or '.join(left)}." if left else ""
    )


def _excess(variable: Variable, estimate: Estimate, hypothesis: Hypothesis) -> float:
    allowed = hypothesis.allowed(variable)
    return max(allowed.low - estimate.value, estimate.value - allowed.high)


def _narrowly(variable: Variable, estimate: Estimate, hypothesis: Hypothesis) -> str:
    """That the interval shown, two-sided, reaches across a limit that the one-sided test excludes."""
    edges = hypothesis.edges(variable)
    across = [edge for edge in edges if estimate.interval.low < edge < estimate.interval.high]
    if not across:
        return ""
    return (
        f" Narrowly: the two-sided 95 % interval reaches across the limit {across[0]:g}, which the one-sided"
        f" test at {100 * SIGNIFICANCE:g} % excludes; more trials would make it sure."
    )


def _refuted(variable: Variable, estimate: Estimate, hypothesis: Hypothesis) -> str:
    faster = (estimate.value < variable.exponent) == (variable.goes_to == "0")
    where = hypothesis.where(variable)
    return (
        f"Grows {'faster' if faster else 'slower'} than claimed{where}: exponent "
        f"{estimate.text} against {variable.exponent:g}."
    )


def _tightness(variable: Variable, estimate: Estimate, hypothesis: Hypothesis) -> str:
    if hypothesis.relation == "Theta":
        return ""
    where = hypothesis.where(variable)
    worse = (estimate.value < variable.exponent) == (hypothesis.allowed(variable).high == np.inf)
    tight = f" The data are compatible with a tight bound{where}." * (variable.exponent in estimate.interval)
    if worse and not tight:
        margin = f"worse than claimed, but within the margin of {hypothesis.margin:g}"
        return f"{tight} The estimate {estimate.value:{estimate.interval.digits}}{where} is {margin}."
    stays = f"the measured exponent {estimate.text} stays clear of {variable.exponent:g}"
    return tight or f" Not tight{where}: {stays}."
