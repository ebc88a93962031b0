"""The figures of the statements that are no scaling law of one threshold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from scipy import stats
from sympy import Expr, fraction

from theorycheck.claim import Claim
from theorycheck.reports.figures import STYLE, crossed_value, one_axes, tell, told
from theorycheck.reports.lettering import axis_label, formula, words
from theorycheck.verdict import LevelValue, Verdict

SERIES = (
    ("#0b3c5d", "o"),
    ("#c1440e", "s"),
    ("#5b8c5a", "^"),
    ("#8a5fa8", "D"),
    ("#b08d00", "v"),
    ("0.35", "P"),
)


def levels_plot(verdict: Verdict, claim: Claim, observed: pd.DataFrame) -> Figure:
    """The quantity at every level, one series for each value of what is crossed, and the claimed slope."""
    figure, axes = one_axes()
    groups: dict[tuple[float, ...], list[LevelValue]] = {}
    for value in verdict.judgement.levels:
        groups.setdefault(value.point[1:], []).append(value)
    names = list(claim.design.crossed)
    for (colour, marker), (group, values) in zip(SERIES * len(groups), groups.items(), strict=False):
        label = ", ".join(
            f"{claim.text(name)} = {_crossed(claim, name, v)}" for name, v in zip(names, group, strict=False)
        )
        texts = [told(value, claim, observed) for value in values]
        label = words(label or f"{claim.text(claim.quantity)} of one level, 95 % interval")
        _points(axes, values, texts, colour, marker, label)
        exponent = verdict.predictions[0].exponent
        inside = [v for v in values if v.measured]
        if verdict.estimated == "exponent" and exponent is not None and inside:
            middle = inside[len(inside) // 2]
            x = np.array([inside[0].point[0], inside[-1].point[0]])
            axes.plot(
                x,
                middle.value * (x / middle.point[0]) ** exponent,
                "--",
                color=colour,
                linewidth=1,
                alpha=0.8,
            )
    if verdict.estimated == "exponent":
        exponent = verdict.predictions[0].exponent
        axes.plot(
            [], [], "--", color="0.3", label=f"claimed slope {exponent:g} through the middle of each series"
        )
    _log_axes(axes, verdict, claim, sorted({v.point[0] for v in verdict.judgement.levels}))
    axes.legend(loc="best", framealpha=0.95)
    return figure


def contrast_plot(verdict: Verdict, claim: Claim, observed: pd.DataFrame) -> Figure:
    """Thresholds of both groups, with their fitted power laws."""
    figure = levels_plot(verdict, claim, observed)
    (axes,) = figure.axes
    for (colour, _), i, estimate in zip(SERIES, (0.0, 1.0), verdict.judgement.beside, strict=False):
        inside = [v for v in verdict.judgement.levels if v.point[1] == i and v.measured]
        if inside:
            x, y = (np.array(column) for column in zip(*((v.point[0], v.value) for v in inside), strict=True))
            middle = np.exp(np.log(x).mean()), np.exp(np.log(y).mean())
            label = f"exponent {estimate.text}"
            axes.plot(
                x, middle[1] * (x / middle[0]) ** estimate.value, color=colour, linewidth=1.5, label=label
            )
    axes.legend(loc="best", framealpha=0.95)
    return figure


def direction_plot(verdict: Verdict, claim: Claim, observed: pd.DataFrame) -> Figure:
    """The quantity at every level, and the fitted exponential with its 95 % band."""
    figure, axes = one_axes()
    if verdict.judgement.curve:
        x, middle, low, high = (np.array(column) for column in zip(*verdict.judgement.curve, strict=True))
        axes.fill_between(x, low, high, color=STYLE["fitted"], alpha=0.3, linewidth=0)
        axes.plot(
            x, middle, color=STYLE["fitted"], linewidth=2, label="exponential fitted to all trials, 95 % band"
        )
    label = f"{formula(claim, claim.quantity)} of one level, 95 % interval"
    texts = [told(value, claim, observed) for value in verdict.judgement.levels]
    _points(axes, verdict.judgement.levels, texts, STYLE["threshold"], "o", label)
    axes.set_xlabel(formula(claim, claim.design.factor))
    axes.set_ylabel(axis_label(verdict, claim))
    axes.set_ylim(bottom=0)
    axes.legend(loc="best", framealpha=0.95)
    return figure


def trajectories(
    verdict: Verdict, claim: Claim, looks: pd.DataFrame, limit: float, rate: float, start: float
) -> Figure:
    """The quantity over the iterations, a line a trial; and its gap to the limit with the claimed rate."""
    figure = Figure(figsize=(8.4, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    factor = claim.design.factor
    for (colour, _), (level, rows) in zip(SERIES, looks.groupby(factor), strict=False):
        label = formula(claim, factor, f" = {level:g}")
        for _, one in rows.groupby("key"):
            one = one[one["t"] > 0].astype({"t": float, "value": float})
            left.plot(one["t"], one["value"], color=colour, linewidth=0.8, alpha=0.6, label=label)
            right.plot(one["t"], (limit - one["value"]).abs(), color=colour, linewidth=0.8, alpha=0.6)
            label = "_nolegend_"
    left.axhline(limit, linestyle="--", color=STYLE["claimed"], label=f"claimed limit {limit:g}")
    late = looks[looks["t"] >= start].astype({"t": float, "value": float})
    if len(late):
        t = np.geomspace(start, late["t"].max(), 20)
        first = float(limit - late.sort_values("t")["value"].iloc[0])
        right.plot(
            t,
            first * (t / start) ** -rate,
            "--",
            color=STYLE["claimed"],
            label=f"claimed rate $t^{{{-rate:g}}}$",
        )
        right.legend(loc="lower left", framealpha=0.95)
    measured = verdict.design["words"].get("measured") or formula(claim, claim.quantity)
    left.set(xscale="log", ylim=(0, 1.05), xlabel="iterations $t$", ylabel=measured)
    right.set(xscale="log", yscale="log", xlabel="iterations $t$", ylabel=f"gap to {limit:g}")
    right.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    right.yaxis.set_minor_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    left.legend(loc="upper left", framealpha=0.95)
    return figure


def transition_plot(claim: Claim, cells: pd.DataFrame, bound: float, ratio: Expr) -> Figure:
    """Share of successes against the ratio, a series a level, with 95 % intervals, and the bound."""
    figure, axes = one_axes()
    groups = cells[cells["trials"] > 0].groupby(claim.design.factor)
    for (colour, marker), (level, rows) in zip(SERIES * len(groups), groups, strict=False):
        rows = rows.sort_values("ratio")
        k, n = rows["successes"].to_numpy(), rows["trials"].to_numpy()
        share = k / n
        low, high = (
            stats.beta.ppf(0.025, k, n - k + 1),
            stats.beta.ppf(0.975, k + 1, n - k),
        )  # Clopper and Pearson
        error = [share - np.nan_to_num(low), np.nan_to_num(high, nan=1.0) - share]
        label = formula(claim, claim.design.factor, f" = {level:g}")
        axes.errorbar(
            rows["ratio"], share, error, color=colour, marker=marker, capsize=2, linewidth=1, label=label
        )
    axes.axvline(bound, linestyle="--", color=STYLE["claimed"], label=f"claimed bound {bound:.3f}")
    axes.set(
        xlabel=_ratio(claim, ratio),
        ylabel="share of successful trials, 95 % interval",
        xlim=(0, None),
        ylim=(-0.03, 1.03),
    )
    axes.legend(loc="lower left", framealpha=0.95)
    return figure


def _ratio(claim: Claim, ratio: Expr) -> str:
    """A fraction in one line, as on an axis."""
    top, bottom = (formula(claim, part) for part in fraction(ratio))
    both_typeset = top.startswith("$") and bottom.startswith("$")
    return f"{top[:-1]} / {bottom[1:]}" if both_typeset else f"{top} / {bottom}"


def ordering_plot(claim: Claim, values: pd.DataFrame) -> Figure:
    """Mean of the quantity against the factor with 95 % intervals over seeds, a series for each of what is
    crossed.
    """
    figure, axes = one_axes()
    factor, crossed = (
        claim.design.factor,
        [name for name in claim.design.crossed if name in claim.law.letters],
    )
    groups = values.groupby(crossed) if crossed else [((), values)]
    for (colour, marker), (group, rows) in zip(SERIES * 3, groups, strict=False):
        by_seed = rows.groupby([factor, "seed"])["value"].mean().unstack()
        mean, count = by_seed.mean(axis=1), by_seed.count(axis=1)
        half = stats.t.ppf(0.975, count - 1) * by_seed.std(axis=1) / np.sqrt(count)
        label = words(", ".join(map(str, group)))
        axes.errorbar(
            mean.index, mean, half, color=colour, marker=marker, capsize=3, linewidth=1.2, label=label or None
        )
    axes.set_xlabel(formula(claim, factor) if len(factor) < 3 else words(claim.text(factor)))
    axes.set_ylabel(f"{words(claim.text(claim.quantity))}, mean over seeds, 95 % interval")
    axes.set_ylim(bottom=0)
    if crossed:
        axes.legend(title=words(", ".join(map(claim.text, crossed))), loc="best", framealpha=0.95)
    return figure


def _points(
    axes: Axes,
    values: Sequence[LevelValue],
    texts: Sequence[str],
    colour: str,
    marker: str,
    label: str,
) -> None:
    for value, text in zip(values, texts, strict=True):
        x = value.point[0]
        if value.measured:
            low, high = value.value - value.low, min(value.high, 1e3 * value.value) - value.value
            drawn = axes.errorbar(
                [x], [value.value], [[low], [high]], fmt=marker, color=colour, capsize=3, label=label
            )
            tell(drawn[0], text)
            label = "_nolegend_"
        else:
            axes.plot(
                [x],
                [value.value],
                "^" if value.kind == "above" else "v",
                mfc="none",
                color=colour,
                markersize=8,
            )


def _crossed(claim: Claim, name: str, x: float) -> str:
    value = crossed_value(claim.design.crossed[name], x)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _log_axes(axes: Axes, verdict: Verdict, claim: Claim, levels: list[float]) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.xaxis.set_major_locator(FixedLocator(levels))
    axes.xaxis.set_minor_locator(NullLocator())
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_formatter(
            FuncFormatter(lambda value, _: f"{value:g}" if f"{value:.0e}"[0] in "25" else "")
        )
    axes.set_xlabel(formula(claim, claim.design.factor))
    axes.set_ylabel(axis_label(verdict, claim))
