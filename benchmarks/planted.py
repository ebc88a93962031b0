"""Data with a known law in them, by which the judge is calibrated and tested."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from theorycheck.statistics.links import Link
from theorycheck.statistics.seeds import by_cell

# Success rate against the distance of log N from the threshold, scaled so that all go from 16 % to 84 %
# alike.
CURVES: Mapping[Link, Callable[[np.ndarray], np.ndarray]] = {
    "probit": stats.norm.cdf,
    "logit": lambda z: stats.logistic.cdf(1.70 * z),
    "cloglog": lambda z: -np.expm1(-np.log(2) * np.exp(1.13 * z)),
}


Form = Literal["floor", "kink", "step", "plateau", "logarithm"]
LOGARITHM_STARTS = 0.08  # value of the planted logarithm at the largest level: a choice of the study


def away_from_power_law(form: Form, u: np.ndarray, exponent: float) -> np.ndarray:
    """The logarithm of a quantity that follows no power law, less its value at the smallest level.

    Args:
        form: "floor": no change at large x; "kink": another exponent there; "step": a jump between;
            "plateau": steep at large x only; "logarithm": of x, whose local exponent at the smallest level
            `end_exponent` tells.
        u: logarithm of x over the smallest level; the largest value ends the range.
        exponent: local exponent at the smallest level; of no use to the logarithm.
    """
    width = float(u.max())
    beyond = np.maximum(u - (0.4 if form == "plateau" else 0.45) * width, 0)
    if form == "logarithm":
        return np.asarray(np.log1p(-u / (LOGARITHM_STARTS + width)))
    further = {"floor": -exponent, "kink": 1.2, "step": 0.0, "plateau": -1.5 - exponent}[form]
    return np.asarray(exponent * u + further * beyond - (0.8 if form == "step" else 0.0) * (beyond > 0))


def end_exponent(form: Form, levels: Sequence[float], exponent: float) -> float:
    """Local exponent at the smallest level."""
    if form != "logarithm":
        return exponent
    return -1 / (LOGARITHM_STARTS + float(np.log(max(levels) / min(levels))))


@dataclass(frozen=True)
class PlantedThreshold:
    """Success counts with  log N* = log threshold + exponent u + curvature u^2,  u = log(x / middle of the
    levels).

    Attributes:
        levels: of the factor, which is called x.
        samples: the N tried at every level.
        replicates: trials a cell.
        exponent: at the middle of the levels (geometric mean).
        threshold: N* there.
        steepness: growth of the probit of the success rate when N grows by a factor of e, at the middle of
            the levels.
        steepening: power of x by which steepness changes along the levels.
        curvature: half of the change of the local exponent when x grows by a factor of e.
        curve: shape of the success curve.
        lapse: lapse rate.
        guess: guess rate.
        correlation: of trials of one cell (beta-binomial); overdispersion is 1 + (replicates - 1)
            correlation.
        seed_deviation: standard deviation of log N* between seeds that all cells share.
        seed_column: whether the table tells the seeds.
        form: of log N* where it is no polynomial; the threshold is then that at the smallest level.
    """

    levels: Sequence[float]
    samples: Sequence[float]
    replicates: int
    exponent: float
    threshold: float
    steepness: float = 1.5
    steepening: float = 0.0
    curvature: float = 0.0
    curve: Link = "probit"
    lapse: float = 0.0
    guess: float = 0.0
    correlation: float = 0.0
    seed_deviation: float = 0.0
    seed_column: bool = False
    form: Form | None = None

    @property
    def middle(self) -> float:
        """Geometric mean of the levels."""
        return float(np.exp(np.log(self.levels).mean()))

    def draw(self, rng: np.random.Generator) -> pd.DataFrame:
        """Cells with the columns x, searched, successes, trials, and seed if asked for."""
        if self.seed_deviation:
            return self._draw_seeds(rng)
        rates = self._rates()
        if self.correlation:
            k = (1 - self.correlation) / self.correlation
            rates = rng.beta(np.maximum(rates * k, 1e-9), np.maximum((1 - rates) * k, 1e-9))
        return self._cells().assign(successes=rng.binomial(self.replicates, rates))

    def _draw_seeds(self, rng: np.random.Generator) -> pd.DataFrame:
        shifts = rng.normal(0, self.seed_deviation, self.replicates)
        tables = [
            self._cells().assign(successes=rng.binomial(1, self._rates(shift)), trials=1, seed=seed)
            for seed, shift in enumerate(shifts)
        ]
        table = pd.concat(tables, ignore_index=True)
        return table if self.seed_column else by_cell(table, ["x"])

    def _cells(self) -> pd.DataFrame:
        x, n = (grid.ravel() for grid in np.meshgrid(self.levels, self.samples, indexing="ij"))
        return pd.DataFrame({"x": x.astype(float), "searched": n.astype(int), "trials": self.replicates})

    def rate(self, x: ArrayLike, n: ArrayLike, shift: float = 0.0) -> np.ndarray:
        """Success rate at level x and sample size n, with log N* shifted."""
        return np.asarray(
            self.guess + (1 - self.guess - self.lapse) * CURVES[self.curve](self.probit(x, n, shift))
        )

    def probit(self, x: ArrayLike, n: ArrayLike, shift: float = 0.0) -> np.ndarray:
        """Distance of log N from the threshold, times the steepness."""
        steepness = self.steepness * self.relative_steepness(x)
        return np.asarray(steepness * (np.log(np.asarray(n, float)) - self.log_threshold(x) - shift))

    def relative_steepness(self, x: ArrayLike) -> np.ndarray:
        """Steepness at level x relative to that in the middle."""
        return np.asarray((np.asarray(x, float) / self.middle) ** self.steepening)

    def log_threshold(self, x: ArrayLike) -> np.ndarray:
        """Natural logarithm of N* at level x."""
        if self.form:
            grid = np.log(np.append(np.ravel(x), max(self.levels)) / min(self.levels))
            shifted = away_from_power_law(self.form, grid, self.exponent)[:-1].reshape(np.shape(x))
            return np.asarray(np.log(self.threshold) + shifted)
        u = np.log(np.asarray(x, float) / self.middle)
        return np.asarray(np.log(self.threshold) + self.exponent * u + self.curvature * u**2)

    def _rates(self, shift: float = 0.0) -> np.ndarray:
        cells = self._cells()
        return self.rate(cells["x"], cells["searched"], shift)


@dataclass(frozen=True)
class PlantedMeasurement:
    """Measurements with  log value = exponent u + curvature u^2 + error,  u = log(x / middle of the levels).

    Attributes:
        levels: of the factor, which is called x.
        replicates: measurements a level.
        exponent: at the middle of the levels (geometric mean).
        noise: standard deviation of the error at the middle of the levels.
        noise_exponent: of that standard deviation in x.
        curvature: half of the change of the local exponent when x grows by a factor of e.
        cap: largest value that can be seen; larger ones are censored there.
        seed_deviation: standard deviation between seeds of the exponent, all levels of one seed sharing it.
        form: of the log value where it is no polynomial.
    """

    levels: Sequence[float]
    replicates: int
    exponent: float
    noise: float = 0.3
    noise_exponent: float = 0.0
    curvature: float = 0.0
    cap: float = np.inf
    seed_deviation: float = 0.0
    form: Form | None = None

    @property
    def middle(self) -> float:
        """Geometric mean of the levels."""
        return float(np.exp(np.log(self.levels).mean()))

    def draw(self, rng: np.random.Generator) -> pd.DataFrame:
        """Rows with the columns x, value, censored, and seed if they deviate by it."""
        x = np.repeat(np.asarray(self.levels, float), self.replicates)
        seed = np.tile(np.arange(self.replicates), len(self.levels))
        u = np.log(x / self.middle)
        own = rng.normal(0, self.seed_deviation, self.replicates)[seed] if self.seed_deviation else 0.0
        error = rng.normal(0, self.noise, len(x)) * (x / self.middle) ** self.noise_exponent
        law = (self.exponent + own) * u + self.curvature * u**2
        if self.form:
            law = away_from_power_law(self.form, np.log(x / min(self.levels)), self.exponent)
        value = np.exp(law + error)
        table = pd.DataFrame(
            {"x": x, "value": np.minimum(value, self.cap), "censored": (value > self.cap).astype(int)}
        )
        return table.assign(seed=seed) if self.seed_deviation else table
