"""Several claims on one page: a table for the terminal, and a figure."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from theorycheck.drawing.axes import STYLE
from theorycheck.drawing.lettering import words
from theorycheck.reports.lines import columns
from theorycheck.verdict import Prediction, Verdict

MARKS = {"SUPPORTED": ("o", "#0b3c5d"), "REFUTED": ("X", "#c1440e"), "INCONCLUSIVE": ("d", "0.45")}


def table(verdicts: Sequence[Verdict]) -> list[str]:
    """Lines: claim, predicted, estimated with interval, verdict, trials, time."""
    rows = [("claim", "predicted", "estimated", "verdict", "trials", "time")]
    for verdict in verdicts:
        predicted = "; ".join(_predicted(verdict, p) for p in verdict.predictions)
        estimated = verdict.told(verdict.judgement.estimates)
        trials, seconds = str(verdict.trials["total"]), f"{verdict.seconds:.0f} s"
        rows.append((verdict.name, predicted, estimated, verdict.judgement.decision, trials, seconds))
    return columns(rows)


def _predicted(verdict: Verdict, prediction: Prediction) -> str:
    named = f" in {prediction.letter}" * (len(verdict.predictions) > 1)
    if verdict.derived:
        return f"{verdict.estimated} {prediction.exponent:g} ({verdict.relation}){named}"
    claimed = "" if prediction.exponent is None else f" {prediction.exponent:.3g}"
    return f"{verdict.estimated} {verdict.relation}{claimed}"


def draw(verdicts: Sequence[Verdict]) -> Figure:
    """One row a claim: estimate with its 95 % interval, the claimed value as a line, and the verdict."""
    bars = [
        (v, e, p)
        for v in verdicts
        for e, p in zip(v.judgement.estimates or (None,), v.predictions, strict=False)
    ]
    figure = Figure(figsize=(8.3, 0.62 * len(bars) + 0.7), layout="constrained")
    all_axes = np.atleast_1d(figure.subplots(len(bars), 1))
    for axes, (verdict, estimate, prediction) in zip(all_axes, bars, strict=True):
        marker, colour = MARKS[verdict.judgement.decision]
        named = f"\n{verdict.estimated}" + words(f" in {prediction.letter}") * (len(verdict.predictions) > 1)
        axes.set_ylabel(f"{verdict.name}{named}", rotation=0, ha="right", va="center", fontsize=8)
        axes.set_yticks([])
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(labelsize=7)
        decision, beside = verdict.judgement.decision, axes.transAxes
        axes.text(1.02, 0.5, decision, color=colour, fontsize=8, va="center", transform=beside)
        if estimate is None or not np.isfinite([estimate.value, estimate.interval.width]).all():
            axes.text(0.5, 0.5, "no estimate", ha="center", va="center", fontsize=8, transform=axes.transAxes)
            axes.set_xticks([])
            continue
        low, high = estimate.interval.low, estimate.interval.high
        axes.plot([low, high], [0, 0], color=colour, linewidth=3, solid_capstyle="butt")
        axes.plot([estimate.value], [0], marker, color=colour, markersize=7, markeredgecolor="white")
        claimed, dashes = prediction.exponent or 0.0, ":" if prediction.exponent is None else "--"
        axes.axvline(claimed, linestyle=dashes, color=STYLE["claimed"])
        reach = max(abs(low - claimed), abs(high - claimed), 1e-9)
        axes.set_xlim(claimed - 1.15 * reach, claimed + 1.15 * reach)
    figure.supxlabel("estimate and 95 % interval; dashed: what is claimed; dotted: none (0)", fontsize=8)
    return figure
