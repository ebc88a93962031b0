"""Is it a power law, or one with an offset? Maximum-likelihood fits of other forms, compared by AICc and LR
tests.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
from scipy import optimize, special, stats

from theorycheck.statistics.least_squares import censored_rows, rounding_variance
from theorycheck.statistics.links import FULL, Asymptotes
from theorycheck.statistics.polynomial import exponential
from theorycheck.statistics.seeds import over_seeds
from theorycheck.statistics.steepness import SAME, Steepness

Objective = Callable[[np.ndarray, float], float]


@dataclass(frozen=True)
class Form:
    """A fitted form of the dependence of a quantity on one factor.

    Attributes:
        name: "power law", "offset in the factor", "claimed exponent with an offset" or "offset in the
            quantity".
        text: the form with its fitted numbers; `x` stands for the factor.
        exponent: fitted k in x^k.
        offset: fitted x0 or b; 0 for the power law.
        delta: its AICc less the smallest one.
        p_value: of the power law against this form, by the likelihood-ratio test; 1 where it is not a special
            case.
    """

    name: str
    text: str
    exponent: float
    offset: float
    delta: float = 0.0
    p_value: float = 1.0


def compare_forms(
    table: pd.DataFrame,
    factor: str,
    claimed: float,
    scale: float = 1.0,
    asymptotes: Asymptotes = FULL,
    steepness: Steepness = SAME,
) -> tuple[Form, ...]:
    """Fit C x^k, C (x - x0)^k, the same with k as claimed, and a x^k + b, and compare them.

    AICc as by Hurvich and Tsai, Biometrika 76 (1989) 297, with the likelihood of counts divided by their
    dispersion (QAICc: Burnham and Anderson, Model Selection, 2002, section 2.5); the sample size is the
    number of rows.

    Args:
        table: of cells (columns factor, searched, successes, trials) or of measurements (factor, value, maybe
            censored).
        factor: the column of x.
        claimed: the exponent that a theorem claims.
        scale: dispersion of the counts; 1 for measurements.
        asymptotes: of success.
        steepness: of the steepness along the levels.

    Returns:
        The forms, the one of smallest AICc first.
    """
    counts = "successes" in table
    x, objective, start = (
        _thresholds(table, factor, asymptotes, steepness) if counts else _measurements(table, factor)
    )
    fits = [
        _power_law(x, objective, start),
        _offset_in_factor(x, objective, start),
        _offset_in_factor(x, objective, start, claimed),
        _offset_in_quantity(x, objective, start),
    ]
    (power, fewest, _), rows, forms = fits[0], len(table), []
    for minimum, parameters, form in fits:
        spare = rows - parameters - 1
        correction = 2 * parameters * (parameters + 1) / spare if spare > 0 else np.inf
        aicc = 2 * minimum / scale + 2 * parameters + correction
        if parameters > fewest:  # the power law is a special case of it
            gain = max(0.0, 2 * (power - minimum) / scale)
            form = replace(form, p_value=float(stats.f.sf(gain, 1, max(rows - parameters, 1))))
        forms.append(replace(form, delta=float(aicc)))
    forms.sort(key=lambda form: form.delta)
    return tuple(replace(form, delta=form.delta - forms[0].delta) for form in forms)


_Fit = tuple[float, int, Form]  # minus the log-likelihood, and how many numbers were fitted


def _power_law(x: np.ndarray, objective: Objective, start: np.ndarray) -> _Fit:
    best = _minimise(lambda p: objective(p[0] + p[1] * np.log(x), p[2]), [start])
    log_c, k, _ = best.x
    return float(best.fun), 3, Form("power law", f"{_coefficient(log_c)} x^{k:.2f}", float(k), 0.0)


def _offset_in_factor(
    x: np.ndarray, objective: Objective, start: np.ndarray, fixed: float | None = None
) -> _Fit:
    """The offset x0 = min(x) - gap stays below the smallest level; gap = min(x) is the power law."""
    low, high = np.log(x.min()) - np.log(1000), np.log(x.max()) + np.log(10)

    def minus_log_likelihood(p: np.ndarray) -> float:
        if not low <= p[3] <= high:
            return np.inf
        k = p[1] if fixed is None else fixed
        return objective(p[0] + k * np.log(x - x.min() + np.exp(p[3])), p[2])

    starts = [np.append(start, np.log(share * x.min())) for share in (0.1, 0.5, 1.0, 2.0)]
    best = _minimise(minus_log_likelihood, starts)
    log_c, k, _, log_gap = best.x
    x0, k = float(x.min() - np.exp(log_gap)), float(k if fixed is None else fixed)
    base = f"{_coefficient(log_c)} (x {'-' if x0 >= 0 else '+'} {abs(x0):.3g})"
    if fixed is None:
        return float(best.fun), 4, Form("offset in the factor", f"{base}^{k:.2f}", k, x0)
    return float(best.fun), 3, Form("claimed exponent with an offset", f"{base}^{k:g}", k, x0)


def _offset_in_quantity(x: np.ndarray, objective: Objective, start: np.ndarray) -> _Fit:
    middle = np.exp(np.log(x).mean())

    def minus_log_likelihood(p: np.ndarray) -> float:
        inner = (x / middle) ** np.clip(p[1], -50, 50) + p[3]
        return objective(p[0] + np.log(inner), p[2]) if inner.min() > 0 else np.inf

    centred = start + np.array([start[1] * np.log(middle), 0, 0])
    best = _minimise(minus_log_likelihood, [np.append(centred, b) for b in (0.0, 0.3, 2.0)])
    log_a, k, _, ratio = best.x
    with np.errstate(over="ignore"):
        b = float(exponential(log_a) * ratio)
    text = f"{_coefficient(log_a - k * np.log(middle))} x^{k:.2f} {'-' if b < 0 else '+'} {abs(b):.3g}"
    return float(best.fun), 4, Form("offset in the quantity", text, float(k), b)


def _minimise(
    function: Callable[[np.ndarray], float], starts: Sequence[np.ndarray]
) -> optimize.OptimizeResult:
    options = {"maxiter": 4000, "maxfev": 4000, "xatol": 1e-6, "fatol": 1e-8}

    def finite(p: np.ndarray) -> float:
        value = function(p)
        return np.inf if np.isnan(value) else value

    with np.errstate(all="ignore"):  # the simplex goes to extremes, where there is no minimum
        search = partial(optimize.minimize, finite, method="Nelder-Mead", options=options)
        best = min(map(search, starts), key=lambda result: result.fun)
        return search(best.x)  # out of a collapsed simplex


def _coefficient(logarithm: float) -> str:
    """A positive factor, of any size."""
    value = exponential(logarithm)
    return f"{value:.3g}" if 0 < value < np.inf else f"10^{logarithm / np.log(10):.4g}"


# The x that the objective wants quantities at, it, its start
_Likelihood = tuple[np.ndarray, Objective, np.ndarray]


def _thresholds(
    cells: pd.DataFrame, factor: str, asymptotes: Asymptotes, steepness: Steepness
) -> _Likelihood:
    """Binomial likelihood of P(success) = guess + (1 - guess - lapse) Phi(r e^s (log N - log N*)), s the
    nuisance.
    """
    cells = over_seeds(cells, [factor])
    successes, trials = cells["successes"].to_numpy(float), cells["trials"].to_numpy(float)
    x, relative = cells[factor].to_numpy(float), steepness.of(cells)
    log_n = np.log(cells["searched"].to_numpy(float))

    def minus_log_likelihood(log_quantity: np.ndarray, log_steepness: float) -> float:
        z = relative * np.exp(log_steepness) * (log_n - log_quantity)
        if asymptotes.guess:
            log_rate = np.log(asymptotes.guess + asymptotes.span * special.ndtr(z))
        else:
            log_rate = np.log1p(-asymptotes.lapse) + special.log_ndtr(z)
        log_failure = np.log1p(-np.clip(np.exp(log_rate), None, 1 - 1e-12))
        return float(-(successes * log_rate + (trials - successes) * log_failure).sum())

    return x, minus_log_likelihood, np.array([log_n.mean() + np.log(x).mean(), -1.0, 0.4])


def _measurements(table: pd.DataFrame, factor: str) -> _Likelihood:
    """Likelihood of normal errors in the logarithm, with the log of their scale the nuisance parameter.

    Uncensored values count by number, mean and variance at each x, equal bounds by their number.
    """
    censored = censored_rows(table)
    rows = pd.DataFrame({"x": table[factor].to_numpy(float), "y": np.log(table["value"].to_numpy(float))})
    known = rows[~censored].groupby("x")["y"].agg(["size", "mean", "var"]).fillna(0.0).reset_index()
    bounds = rows[censored].groupby(["x", "y"]).size().reset_index(name="size")
    number = known["size"].to_numpy(float)
    squares = (number - 1) * known["var"].to_numpy(float)
    mean, bound, times = known["mean"].to_numpy(), bounds["y"].to_numpy(), bounds["size"].to_numpy(float)

    def minus_log_likelihood(log_quantity: np.ndarray, log_scale: float) -> float:
        away, beyond = mean - log_quantity[: len(mean)], bound - log_quantity[len(mean) :]
        missed = (squares + number * (away**2 + rounding)).sum() * np.exp(-2 * log_scale) / 2
        return float(
            missed + number.sum() * log_scale - (times * special.log_ndtr(-beyond * np.exp(-log_scale))).sum()
        )

    rounding = rounding_variance(rows["y"].to_numpy())
    slope, constant = np.polyfit(np.log(rows["x"]), rows["y"], 1)
    spread = np.std(rows["y"] - constant - slope * np.log(rows["x"]))
    x = np.concatenate([known["x"], bounds["x"]])
    return x, minus_log_likelihood, np.array([constant, slope, np.log(max(spread, 1e-6))])
