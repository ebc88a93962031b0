"""Several claims on one page: a table for the terminal, and a figure."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from theorycheck.drawing.allowed import gauge as gauge_of
from theorycheck.drawing.lettering import words
from theorycheck.drawing.style import MARKS
from theorycheck.judgement import Estimate
from theorycheck.reports.blocks import Math
from theorycheck.reports.lines import columns
from theorycheck.reports.mathematics import pieces
from theorycheck.verdict import Prediction, Verdict

LEGEND = "estimate and 95 % interval; shaded: what the claim allows; dashed: the number it names"


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
    """One row an estimate, with its 95 % interval, in the band of what the claim allows; and the verdict."""
    rows = [(verdict, *pair) for verdict in verdicts for pair in verdict.compared]
    figure = Figure(figsize=(8.3, 0.62 * len(rows) + 0.7), layout="constrained")
    all_axes = np.atleast_1d(figure.subplots(len(rows), 1))
    for axes, (verdict, estimate, prediction) in zip(all_axes, rows, strict=True):
        decision = verdict.judgement.decision
        _gauge(axes, verdict, estimate, prediction)
        axes.set_ylabel(
            f"{verdict.name}\n{_of(verdict, estimate, prediction)}", rotation=0, ha="right", va="center"
        )
        axes.yaxis.label.set_size(8)
        _, colour = MARKS[decision]
        axes.text(1.02, 0.5, decision, color=colour, fontsize=8, va="center", transform=axes.transAxes)
    figure.supxlabel(LEGEND, fontsize=8)
    return figure


def gauge(verdict: Verdict) -> Figure:
    """The rows of one claim, for the summary on top of its report."""
    rows = verdict.compared
    figure = Figure(figsize=(6.4, 0.62 * len(rows) + 0.45), layout="constrained")
    for axes, (estimate, prediction) in zip(np.atleast_1d(figure.subplots(len(rows), 1)), rows, strict=True):
        _gauge(axes, verdict, estimate, prediction)
        if len(rows) > 1:
            axes.set_ylabel(
                _of(verdict, estimate, prediction), rotation=0, ha="right", va="center", fontsize=8
            )
    figure.supxlabel(LEGEND, fontsize=8)
    return figure


def _of(verdict: Verdict, estimate: Estimate | None, prediction: Prediction) -> str:
    named = f" in {prediction.letter}" * (len(verdict.predictions) > 1)
    text = estimate.name if estimate and estimate.name else verdict.estimated + named
    return "".join(f"${piece}$" if isinstance(piece, Math) else words(piece) for piece in pieces(text, {}))


def _gauge(axes: Axes, verdict: Verdict, estimate: Estimate | None, prediction: Prediction) -> None:
    allowed = verdict.allowed(prediction)
    gauge_of(axes, verdict.judgement.decision, estimate, prediction.exponent, allowed)
    axes.tick_params(labelsize=8)
