"""What an estimate is held against, and over which range, in words that the terminal and reports share."""

import math

from theorycheck.verdict import Prediction, Verdict


def against(verdict: Verdict, prediction: Prediction) -> str:
    """What is allowed and what is claimed, in brackets: `(allowed: -2.25 and above; claimed: -2)`."""
    allowed, claimed = verdict.allowed(prediction), prediction.exponent
    parts = [f"allowed: {allowed.spoken}"] if allowed else []
    if claimed is not None and not (allowed and claimed in (allowed.low, allowed.high)):
        parts.append(f"claimed: {claimed:.3g}")
    return f"({'; '.join(parts)})" if parts else ""


def decades(verdict: Verdict) -> str:
    """How many decades were measured, in brackets, of one positive variable; else empty."""
    if len(verdict.predictions) > 1 or not verdict.judgement.levels:
        return ""
    low, high = verdict.judgement.span()
    return f" ({math.log10(high / low):.1f} decades)" if low > 0 else ""
