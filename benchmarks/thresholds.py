"""How often the checks on counts warn, and what other constants of the placement would change.

    python benchmarks/thresholds.py checks      # how often each check on counts warns, on planted laws
    python benchmarks/thresholds.py placement   # interval after 840 trials, each constant halved and doubled

Both on pilot seeds; docs/calibration.md quotes what they print.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

import numpy as np
from planted import PlantedThreshold

from theorycheck.bounds.shallow_vit import LEVELS, SAMPLES_UP_TO_256
from theorycheck.placement import belief, rules
from theorycheck.statistics.hypothesis import Hypothesis, Variable
from theorycheck.statistics.judge import judge
from theorycheck.statistics.selection import fit_laws, gather

SEED = 960  # a pilot's: the study of the judge has others
MIDDLE = 24.0  # N* at the middle of the levels
BUDGET = 840  # trials, of the first interim analysis over seven levels
CELLS = tuple((x, float(n)) for x in LEVELS for n in SAMPLES_UP_TO_256)
HYPOTHESIS = Hypothesis((Variable("x", "x", -1.0, "0"),), "O")
WATCHED = (
    "dispersion",
    "lapses",
    "guess rate",
    "steepness",
    "monotonicity",
    "link",
    "success rate",
    "offset",
)

PLANTED = {
    "a power law": {},
    "lapse rate 0.05": {"lapse": 0.05},
    "guess rate 0.1": {"guess": 0.1},
    "guess rate 0.5": {"guess": 0.5},
    "overdispersion 2": {"correlation": 1 / 19},
    "overdispersion 3": {"correlation": 2 / 19},
    "logit": {"curve": "logit"},
    "cloglog": {"curve": "cloglog"},
}
CONSTANTS: list[tuple[ModuleType, str, tuple[float, ...]]] = [
    (rules, "SEARCH_ROUNDS", (2, 8)),
    (rules, "SEARCH_TRIALS", (1, 4)),
    (rules, "ENOUGH_FOR_GUESSES", (15, 60)),
    (belief, "EVEN_SHARE", (0.1, 0.4)),
    (belief, "FARTHEST", (0.5, 2.0)),
    (belief, "CORRELATION", (0.025, 0.1)),
    (belief, "EXPONENT_SD", (1.0, 4.0)),
    (belief, "DEVIATION_SD", (0.25, 1.0)),
    (belief, "STEEPNESS", (0.75, 3.0)),
    (belief, "LOG_STEEPNESS_SD", (0.25, 1.0)),
    (belief, "STEEPENING_SD", (0.25, 1.0)),
]


def law(**options: object) -> PlantedThreshold:
    """Exponent -1 over the levels and N of the paper's claims, 20 trials a cell."""
    return PlantedThreshold(LEVELS, SAMPLES_UP_TO_256, 20, -1.0, MIDDLE, **options)


def rng(replication: int) -> np.random.Generator:
    """Equal data for every value of a constant."""
    return np.random.default_rng([SEED, replication])


def check_rates(replications: int) -> Iterator[str]:
    """A row a planted law: in how many data sets each check warns, and quantiles of what it compares."""
    yield f"| planted | another link fits better | overdispersion, 95 % below | {' | '.join(WATCHED)} |"
    yield "|:---|" + "---:|" * (len(WATCHED) + 2)
    for name, options in PLANTED.items():
        warned, better, dispersions = Counter(), 0, []
        for replication in range(replications):
            judgement = judge(law(**options).draw(rng(replication)), HYPOTHESIS)
            checks = {check.name: check for check in judgement.checks}
            warned.update(c for c in WATCHED if c in checks and checks[c].status != "ok")
            better += "fits better" in checks["link"].detail
            dispersions.append(float(checks["dispersion"].detail.split()[1]))
        rates = " | ".join(f"{warned[c] / replications:.0%}" for c in WATCHED)
        yield f"| {name} | {better / replications:.0%} | {np.quantile(dispersions, 0.95):.2f} | {rates} |"


@contextmanager
def constant(module: ModuleType, name: str, value: float) -> Iterator[None]:
    """Another value for a while."""
    before = getattr(module, name)
    setattr(module, name, value)
    yield
    setattr(module, name, before)


def widths(replications: int, **options: object) -> tuple[float, float]:
    """Median widths of the intervals of one power law, and of the local exponent at the asymptotic end."""
    placement, found = rules.Adaptive(CELLS, HYPOTHESIS, 0.0, BUDGET, decides=False), []
    for replication in range(replications):
        evidence = gather(rules.simulate(placement, law(**options).rate, rng(replication)), HYPOTHESIS)
        fits, curve = fit_laws(evidence, HYPOTHESIS), evidence.fit(2)
        if fits is not None and curve is not None:
            found.append((fits.straight.interval("x").width, curve.interval("x", at=fits.asymptotic).width))
    straight, local = np.median(found, axis=0)
    return float(straight), float(local)


def placement_rows(replications: int) -> Iterator[str]:
    """A row a constant: widths with half and twice its value, relative to those with its own, in per cent."""
    planted = ({"steepening": -0.36}, {"guess": 0.25})  # the first as with trained ViTs
    own = [widths(replications, **options) for options in planted]
    yield f"widths (one power law, local exponent): {', '.join(f'{a:.3f} and {b:.3f}' for a, b in own)}"
    yield "| constant | value | steeper at small x | guess rate 0.25 |"
    yield "|:---|---:|---:|---:|"
    for module, name, values in CONSTANTS:
        for value in values:
            with constant(module, name, value):
                other = [widths(replications, **options) for options in planted]
            cells = [
                " and ".join(f"{100 * (there / here - 1):+.0f} %" for here, there in zip(*pair, strict=True))
                for pair in zip(own, other, strict=True)
            ]
            yield f"| {name} | {value:g} | {' | '.join(cells)} |"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["checks", "placement"])
    parser.add_argument("--replications", type=int, default=12)
    options = parser.parse_args()
    rows = check_rates if options.what == "checks" else placement_rows
    for row in rows(options.replications):
        print(row, flush=True)
