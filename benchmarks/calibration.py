"""How often the judge is wrong: planted laws, judged exactly as `theorycheck verify` and `fit` judge.

    python benchmarks/calibration.py [--json] [--quick] [--write [--resume]]

1,000 or 3,000 replications a condition (100 with --quick). --write stores the result for the reports, and the
table in docs/, after every condition; with --resume a study that was cut short goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from planted import PlantedMeasurement, PlantedThreshold, end_exponent
from toys import CLAIMS as TOYS

from theorycheck import bounds
from theorycheck.bounds.shallow_vit import LEVELS, SAMPLES_UP_TO_256
from theorycheck.claim import Claim
from theorycheck.placement.rules import simulate
from theorycheck.plan import make_plan
from theorycheck.profiles import PROFILES
from theorycheck.statements.base import Truth
from theorycheck.statistics import agreement
from theorycheck.statistics.diagnostics import drift
from theorycheck.statistics.hypothesis import Hypothesis, Variable
from theorycheck.statistics.selection import decide, fit_laws, gather

ROOT = Path(__file__).parents[1]
STORED = ROOT / "theorycheck/calibration.json"
TABLE = ROOT / "docs/calibration-table.md"
SEED = 28_000  # of the study; what the judge was tuned on had others (docs/history.md)

# Designs fixed beforehand, as in the profile full of `verify` and in most tables given to `fit`: all N at all
# levels.
SAMPLES = (2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)
DESIGNS = {"standard": (SAMPLES, 20), "quick": (SAMPLES[::2], 4), "smoke": (SAMPLES[::4], 1)}
# Trials placed adaptively, as in the other profiles of `verify`, over the cells of its claims.
CELLS = tuple((x, n) for x in LEVELS for n in SAMPLES_UP_TO_256)


@dataclass(frozen=True)
class Condition:
    """A planted law and the claim it is judged by.

    Attributes:
        name: for readers.
        planted: the truth.
        hypothesis: the claim.
        truth: of the exponent that the claim is about: that at the end of the range which the regime points
            to.
        asked: whether the figures asked of the judge apply; else the condition is reported for what it
            becomes.
        replications: more where a pilot came close to a figure.
        profile: of `verify`, by which trials are placed; None for a design fixed beforehand.
    """

    name: str
    planted: PlantedThreshold | PlantedMeasurement
    hypothesis: Hypothesis
    truth: float
    asked: bool = True
    replications: int = 1000
    profile: str | None = None

    def draw(self, rng: np.random.Generator) -> pd.DataFrame:
        if self.profile is None:
            return self.planted.draw(rng)
        cells = tuple((x, n) for x in self.planted.levels for n in SAMPLES_UP_TO_256)
        return simulate(PROFILES[self.profile].place(cells, self.hypothesis), self.planted.rate, rng, work)


def work(x: float, n: int) -> float:
    """Multiply-adds of a trial of the ViT with attention, which takes about 7 / x iterations."""
    return 480e3 * 7 / x * min(n, 64) + 360e3 * (n + 500)


def claim(exponent: float, relation: str = "O") -> Hypothesis:
    return Hypothesis((Variable("x", "x", exponent, "0"),), relation)


def known(hypothesis: Hypothesis, rate: float | None) -> Hypothesis:
    """The same, where the guess rate is given."""
    return replace(hypothesis, guess_rate=rate)


def small(exponent: float, relation: str) -> Hypothesis:
    """A claim with a margin of 0.03."""
    return replace(claim(exponent, relation), margin=0.03)


def threshold(
    exponent: float, design: str = "standard", middle: float = 24.0, **options: object
) -> PlantedThreshold:
    samples, replicates = DESIGNS[design]
    return PlantedThreshold(LEVELS, samples, replicates, exponent, middle, **options)


def curved(at_the_end: float, curvature: float, **options: object) -> PlantedThreshold:
    """A law of given local exponent at the smallest level."""
    straight = threshold(0.0)
    return threshold(
        at_the_end - 2 * curvature * math.log(LEVELS[0] / straight.middle), curvature=curvature, **options
    )


def measured(exponent: float, **options: object) -> PlantedMeasurement:
    return PlantedMeasurement(LEVELS, 10, exponent, **options)


MORE = 3000  # replications where 1,000, or a pilot, came close to a figure or missed it
EDGE = -1.25  # of the margin of O(x^-1) and Theta(x^-1)
CONDITIONS = [
    Condition("exactly as claimed, O", threshold(-1.0), claim(-1), -1.0),
    Condition("exactly as claimed, O(x^-2)", threshold(-2.0), claim(-2), -2.0),
    Condition("exactly as claimed, Theta", threshold(-1.0), claim(-1, "Theta"), -1.0),
    Condition("better than claimed, O", threshold(-0.5), claim(-1), -0.5),
    Condition("edge of the margin, O", threshold(EDGE), claim(-1), EDGE),
    Condition("edge of the margin, O(x^-2)", threshold(-2.25), claim(-2), -2.25),
    Condition("edge of the margin, Theta, steeper", threshold(EDGE), claim(-1, "Theta"), EDGE),
    Condition("edge of the margin, Theta, flatter", threshold(-0.75), claim(-1, "Theta"), -0.75),
    Condition("edge of the margin, Omega", threshold(-0.75), claim(-1, "Omega"), -0.75),
    Condition("beyond the margin, O", threshold(-1.5), claim(-1), -1.5),
    Condition("beyond the margin, O, far", threshold(-2.0), claim(-1), -2.0),
    Condition("edge, quick profile", threshold(EDGE, "quick"), claim(-1), EDGE),
    Condition("edge, smoke profile", threshold(EDGE, "smoke"), claim(-1), EDGE, asked=False),
    Condition("edge, censored at the top of N", threshold(-2.25, middle=80.0), claim(-2), -2.25),
    Condition("edge, lapses 5 %", threshold(EDGE, lapse=0.05), claim(-1), EDGE),
    Condition("edge, cells scatter (variance x 2)", threshold(EDGE, correlation=0.05), claim(-1), EDGE),
    Condition(
        "edge, cells scatter (variance x 3)", threshold(EDGE, correlation=0.10), claim(-1), EDGE, asked=False
    ),
    Condition(
        "edge, seeds shared and told",
        threshold(EDGE, seed_deviation=0.5, seed_column=True),
        claim(-1),
        EDGE,
        replications=MORE,
    ),
    Condition(
        "edge, seeds shared, not told", threshold(EDGE, seed_deviation=0.5), claim(-1), EDGE, asked=False
    ),
    Condition(
        "edge at the end, strong curvature, flatter there", curved(-0.75, -0.3), claim(-1, "Omega"), -0.75
    ),
    Condition("edge at the end, strong curvature, steeper there", curved(EDGE, 0.3), claim(-1), EDGE),
    Condition(
        "edge at the end, stronger curvature, flatter there", curved(-0.75, -0.45), claim(-1, "Omega"), -0.75
    ),
    Condition("edge at the end, stronger curvature, steeper there", curved(EDGE, 0.45), claim(-1), EDGE),
    Condition(
        "edge at the end, weak curvature, steeper there", curved(EDGE, 0.12), claim(-1), EDGE, asked=False
    ),
    Condition("edge, logit success curve", threshold(EDGE, curve="logit"), claim(-1), EDGE, asked=False),
    Condition("edge, cloglog success curve", threshold(EDGE, curve="cloglog"), claim(-1), EDGE, asked=False),
    Condition(
        "measured, exactly as claimed, Theta", measured(-1.0), claim(-1, "Theta"), -1.0, replications=MORE
    ),
    Condition("measured, edge, O", measured(EDGE), claim(-1), EDGE, replications=MORE),
    Condition(
        "measured, edge, unequal variances",
        measured(EDGE, noise_exponent=-0.5),
        claim(-1),
        EDGE,
        replications=MORE,
    ),
    Condition("measured, edge, censored", measured(EDGE, cap=4.0), claim(-1), EDGE, replications=MORE),
    Condition(
        "measured, edge, seeds shared and told",
        measured(EDGE, seed_deviation=0.2),
        claim(-1),
        EDGE,
        replications=MORE,
    ),
    *(
        Condition(f"placed, {name}", planted, asked_of, truth, asked, replications, profile)
        for name, planted, asked_of, truth, asked, replications, profile in (
            ("exactly as claimed, O", threshold(-1.0), claim(-1), -1.0, True, 1000, "standard"),
            ("exactly as claimed, O(x^-2)", threshold(-2.0), claim(-2), -2.0, True, 1000, "standard"),
            ("exactly as claimed, Theta", threshold(-1.0), claim(-1, "Theta"), -1.0, True, 1000, "standard"),
            ("better than claimed, O", threshold(-0.5), claim(-1), -0.5, True, 1000, "standard"),
            ("edge, O", threshold(EDGE), claim(-1), EDGE, True, 1000, "standard"),
            ("edge, O(x^-2)", threshold(-2.25), claim(-2), -2.25, True, 1000, "standard"),
            ("edge, Theta, steeper", threshold(EDGE), claim(-1, "Theta"), EDGE, True, 1000, "standard"),
            ("edge, Theta, flatter", threshold(-0.75), claim(-1, "Theta"), -0.75, True, 1000, "standard"),
            ("edge, Omega", threshold(-0.75), claim(-1, "Omega"), -0.75, True, MORE, "standard"),
            ("beyond the margin, O", threshold(-1.5), claim(-1), -1.5, True, 1000, "standard"),
            ("edge, quick profile", threshold(EDGE), claim(-1), EDGE, True, MORE, "quick"),
            ("edge, smoke profile", threshold(EDGE), claim(-1), EDGE, False, 1000, "smoke"),
            (
                "edge, censored at the top of N",
                threshold(-2.25, middle=80.0),
                claim(-2),
                -2.25,
                True,
                MORE,
                "standard",
            ),
            ("edge, lapses 5 %", threshold(EDGE, lapse=0.05), claim(-1), EDGE, True, 1000, "standard"),
            (
                "edge, strong curvature, flatter",
                curved(-0.75, -0.3),
                claim(-1, "Omega"),
                -0.75,
                True,
                1000,
                "standard",
            ),
            ("edge, strong curvature, steeper", curved(EDGE, 0.3), claim(-1), EDGE, True, 1000, "standard"),
        )
    ),
]


@dataclass(frozen=True)
class Stated:
    """A world that a statement plants, judged by the design of a claim as `verify` judges it.

    Attributes:
        claim: makes the statement.
        position: of the world among those that it plants.
        replications: how often.
        asked: whether the figures asked of the judge apply.
        variant: of the kind, of which there are several.
    """

    claim: Claim
    position: int
    replications: int = 1000
    asked: bool = True
    variant: str = ""

    @property
    def kind(self) -> str:
        return self.claim.law.calibrated_as(not self.claim.design.search)

    @property
    def world(self) -> Truth:
        return worlds_of(self.claim.name)[self.position]

    @property
    def name(self) -> str:
        return ", ".join(filter(None, (self.kind, self.variant, self.world.name)))


@cache
def worlds_of(name: str) -> tuple[Truth, ...]:
    """What the statement of a claim plants in its own design."""
    claim = TOYS.get(name) or bounds.find(name)
    return claim.law.planted(make_plan(claim, "standard"))


def stated() -> Iterator[Stated]:
    """For each kind of statement that is no scaling law and has no toys, the first claim, in all its worlds.

    Those on images come last, as they are younger than the study.
    """
    first = {}
    for claim in sorted(bounds.claims().values(), key=lambda claim: claim.name.startswith("image_")):
        first.setdefault(claim.law.calibrated_as(not claim.design.search), claim)
    first["each group"] = bounds.find("image_depth")  # others in groups measure their numbers, and seek none
    for kind, claim in first.items():
        if kind not in ("counts", "measured", *(toy.kind for toy in (*TOY, *LATEST))):
            yield from (Stated(claim, i) for i in range(len(worlds_of(claim.name))))


# Rates in log n and exp n, whose regression is that of other measured values, at their edges alone.
LATEST = [
    *(
        Stated(TOYS[name], 1, 200, asked=False, variant=f"rate in {name}")
        for name in ("logarithm", "exponential")
    ),
    *(Stated(TOYS["groups"], i, 200) for i in range(len(worlds_of("groups")))),
    *(
        Stated(TOYS[name], i, replications, variant=name.replace("_", " "))
        for name, replications in (("thresholds", 200), ("limit", 200), ("limit_of_thresholds", 1000))
        for i in range(len(worlds_of(name)))
    ),
]
TOY = [
    Stated(claim, i, 200, variant=name)
    for name, claim in TOYS.items()
    if claim not in [late.claim for late in LATEST]
    for i in range(len(worlds_of(name)))
]
WITHIN = 1.5  # the ratio of thresholds that matters, of the compared tables


@dataclass(frozen=True)
class Compared:
    """Two tables whose thresholds have a known ratio, as `theorycheck compare` compares them.

    Attributes:
        name: for readers.
        ratio: of the thresholds.
        trials: of each cell of both tables.
        asked: whether the figures asked of the judge apply.
    """

    name: str
    ratio: float
    trials: int = 60
    replications: int = 1000
    asked: bool = True
    kind = "compare"

    @property
    def holds(self) -> bool | None:
        """Whether one reproduces the other; None where the ratio is the one that matters."""
        return None if self.ratio == WITHIN else self.ratio < WITHIN


COMPARED = [
    Compared("compare, equal", 1.0),
    Compared("compare, edge: a ratio that matters", WITHIN),
    Compared("compare, far", 3.0),
    Compared("compare, edge: few trials", WITHIN, 20),
]


def judge_compared(condition: Compared, seed: Sequence[int]) -> Outcome:
    rng = np.random.default_rng(seed)
    ours, theirs = (
        PlantedThreshold(LEVELS, SAMPLES, condition.trials, -1.0, middle).draw(rng)
        for middle in (24.0 * condition.ratio, 24.0)
    )
    found, places = agreement.concluded(agreement.thresholds(ours, theirs, "x", WITHIN))
    decision = {"REPRODUCED": "SUPPORTED", "INCONCLUSIVE": "INCONCLUSIVE"}.get(found, "REFUTED")
    width = float(np.median([np.log(p.interval.high / p.interval.low) for p in places if p.interval.low > 0]))
    covered = all(condition.ratio in p.interval for p in places[:1])
    return Outcome(decision, covered, width, False, False)


def judge_stated(condition: Stated, seed: Sequence[int]) -> Outcome:
    world = condition.world
    evidence = world.draw(np.random.default_rng(seed))
    judgement = condition.claim.law.judge(evidence, condition.claim.topic)
    (estimate,) = judgement.estimates
    covered = None if world.value is None else world.value in estimate.interval
    return Outcome(judgement.decision, covered, estimate.interval.width, False, False)


@dataclass(frozen=True)
class Outcome:
    decision: str
    covered: bool | None
    width: float
    curved: bool
    warned: bool


def replicate(condition: Condition, seed: Sequence[int]) -> Outcome:
    rng = np.random.default_rng(seed)
    evidence = gather(condition.draw(rng), condition.hypothesis)
    fits = fit_laws(evidence, condition.hypothesis)
    decision = decide(fits, condition.hypothesis)
    if fits is None:
        return Outcome(decision, None, math.inf, False, False)
    interval = fits.interval("x")
    warned = drift(fits, evidence, condition.hypothesis).status == "warning"
    return Outcome(decision, condition.truth in interval, interval.width, fits.curved is not None, warned)


def study(
    conditions: Sequence[Condition | Stated | Compared], replications: int | None, seed: int, jobs: int
) -> Iterator[dict[str, object]]:
    with Parallel(n_jobs=jobs) as parallel:
        for number, condition in enumerate(conditions, 1):
            count = replications or condition.replications
            seeds = [(seed, PLACES[condition.name], i) for i in range(count)]
            run = RUNS.get(type(condition), replicate)
            outcomes = parallel(delayed(run)(condition, one) for one in seeds)
            row = summarise(condition, outcomes) | {"seed": seed}
            print(f"{number} of {len(conditions)}: {row}", file=sys.stderr, flush=True)
            yield row


def stored() -> dict[str, dict[str, object]]:
    """The stored rows by name."""
    return (
        {row["name"]: row for row in json.loads(STORED.read_text())["conditions"]} if STORED.exists() else {}
    )


def store(row: dict[str, object]) -> list[dict[str, object]]:
    """Put a row in its place among the stored ones; returns all."""
    known = stored() | {row["name"]: row}
    rows = [known[condition.name] for condition in EVERY if condition.name in known]
    STORED.write_text(json.dumps({"conditions": rows}, indent=1) + "\n")
    TABLE.write_text(markdown(rows))
    return rows


def truth_of(condition: Condition | Stated | Compared) -> bool | None:
    """Whether the claim holds; None at the very edge of what it allows."""
    if isinstance(condition, Stated):
        return condition.world.holds
    if isinstance(condition, Compared):
        return condition.holds
    allowed = condition.hypothesis.allowed(condition.hypothesis.variables[0])
    edge = min(abs(condition.truth - allowed.low), abs(condition.truth - allowed.high)) < 1e-9
    return None if edge else condition.truth in allowed


def summarise(condition: Condition | Stated | Compared, outcomes: Sequence[Outcome]) -> dict[str, object]:
    """A verdict at the very edge of the claim is false either way; inside only REFUTED is, beyond only
    SUPPORTED.
    """
    true = truth_of(condition)
    edge, inside = true is None, true is True
    if isinstance(condition, Stated | Compared):
        kind = condition.kind
    else:
        kind = "measured" if isinstance(condition.planted, PlantedMeasurement) else "counts"
    count = len(outcomes)
    supported, refuted, inconclusive = (
        sum(o.decision == decision for o in outcomes) / count
        for decision in ("SUPPORTED", "REFUTED", "INCONCLUSIVE")
    )
    unwarned = sum(o.decision == "SUPPORTED" and not o.warned for o in outcomes) / count
    known = [o.covered for o in outcomes if o.covered is not None]
    widths = [o.width for o in outcomes if math.isfinite(o.width)]
    return {
        "name": condition.name,
        "kind": kind,
        "replications": count,
        "coverage": round(sum(known) / len(known), 4) if known else None,
        "false_supported": supported if edge or not inside else 0.0,
        "false_refuted": refuted if edge or inside else 0.0,
        "inconclusive": inconclusive,
        "supported": supported,
        "refuted": refuted,
        "false_supported_without_warning": unwarned if edge or not inside else 0.0,
        "curved": sum(o.curved for o in outcomes) / count,
        "width": round(float(np.median(widths)), 3) if widths else None,
        "asked": condition.asked,
    }


def markdown(rows: Sequence[dict[str, object]]) -> str:
    names = (
        "planted",
        "coverage of 95 % interval",
        "false SUPPORTED",
        "of these without the drift warning",
        "false REFUTED",
        "INCONCLUSIVE",
        "called curved",
        "median width",
        "figures asked",
        "replications",
    )
    lines = [f"| {' | '.join(names)} |", "|:---|---:|---:|---:|---:|---:|---:|---:|:---|---:|"]
    for r in rows:
        cells = [
            r["name"],
            *(
                f"{100 * r[k]:.1f} %" if r[k] is not None else "-"
                for k in (
                    "coverage",
                    "false_supported",
                    "false_supported_without_warning",
                    "false_refuted",
                    "inconclusive",
                    "curved",
                )
            ),
        ]
        lines.append(
            f"| {' | '.join(cells)} | {r['width']} | {'yes' if r['asked'] else 'reported'} |"
            f" {r['replications']} |"
        )
    return "\n".join(lines) + "\n"


# Success curves whose steepness is a power of x: strong, as trained ViTs have it, and too weak to be seen
# every time. And curves that rise more slowly, where a run must not end before it sees a curvature, or
# faster than in the others.
STEEPER = "steeper success at small x"
STEEPENING = [
    Condition(f"edge, {STEEPER}", threshold(EDGE, steepening=-0.5), claim(-1), EDGE),
    Condition(f"edge, little {STEEPER}", threshold(EDGE, steepening=-0.15), claim(-1), EDGE),
    Condition(f"edge, {STEEPER}, lapses 5 %", threshold(EDGE, steepening=-0.5, lapse=0.05), claim(-1), EDGE),
    *(
        Condition(f"placed, edge, {name}", planted, claim(-1), EDGE, True, replications, "standard")
        for name, planted, replications in (
            (STEEPER, threshold(EDGE, steepening=-0.5), 2000),
            (f"little {STEEPER}", threshold(EDGE, steepening=-0.15), 1000),
            (f"strong curvature, steeper, {STEEPER}", curved(EDGE, 0.3, steepening=-0.3), MORE),
            ("success rises slowly", threshold(EDGE, steepness=1.0), 1000),
            ("strong curvature, steeper, success rises slowly", curved(EDGE, 0.3, steepness=1.0), 1000),
            ("strong curvature, steeper, success rises fast", curved(EDGE, 0.3, steepness=3.0), MORE),
        )
    ),
]
# Bends far enough from the edge of the claim for a run to end early because its verdict is clear.
CLEAR = [
    Condition(
        f"placed, {name}, strong curvature",
        curved(at_the_end, 0.3),
        claim(-1),
        at_the_end,
        profile="standard",
    )
    for name, at_the_end in (("better than claimed", -0.55), ("beyond the margin", -1.95))
]
# Success by chance, whatever N is: unknown, and known; and as `verify` places trials.
GUESSED = [
    Condition(
        f"edge, guess rate {rate:g}{told}",
        threshold(EDGE, guess=rate),
        known(claim(-1), rate if told else None),
        EDGE,
    )
    for rate in (0.1, 0.25, 0.5)
    for told in ("", ", given")
] + [
    Condition(
        "exactly as claimed, guess rate 0.5, Theta", threshold(-1.0, guess=0.5), claim(-1, "Theta"), -1.0
    ),
    Condition("edge, guess rate 0.25, lapses 5 %", threshold(EDGE, guess=0.25, lapse=0.05), claim(-1), EDGE),
    Condition(
        "placed, edge, guess rate 0.25",
        threshold(EDGE, guess=0.25),
        claim(-1),
        EDGE,
        replications=MORE,
        profile="standard",
    ),
    Condition(
        "placed, edge, guess rate 0.5, given",
        threshold(EDGE, guess=0.5),
        known(claim(-1), 0.5),
        EDGE,
        profile="standard",
    ),
]
# Laws that are no power law and no polynomial: the truth is the local exponent at the smallest of eight
# levels.
SHAPED = tuple(float(f"{x:.4g}") for x in np.geomspace(0.01, 0.316, 8))
ENDS = {"floor": -0.75, "kink": -0.75, "step": -0.75, "plateau": 0.0, "logarithm": -0.75}
SHAPES = [
    Condition(
        f"{start}, edge at the end, {form}, {relation}", planted, claim(truth + away, relation), truth, asked
    )
    for form, at_the_end in ENDS.items()
    for truth in (end_exponent(form, SHAPED, at_the_end),)
    for relation, away in (("O", 0.25), ("Omega", -0.25))
    for start, planted, asked in (
        ("measured", PlantedMeasurement(SHAPED, 10, at_the_end, 0.05, form=form), True),
        ("measured, noisy", PlantedMeasurement(SHAPED, 10, at_the_end, 0.3, form=form), False),
        ("counts", PlantedThreshold(SHAPED, SAMPLES, 100, at_the_end, 120.0, form=form), True),
    )
]
# Margins as small as the small exponents ask for that curves of scaling laws have.
SMALL = [
    Condition(f"measured, {name}, margin 0.03", measured(truth, noise=0.02), small(-0.076, relation), truth)
    for name, relation, truth in (
        ("exactly as claimed, Theta", "Theta", -0.076),
        ("edge, Theta", "Theta", -0.106),
        ("edge, O", "O", -0.106),
    )
]
LATER = [*STEEPENING, *CLEAR, *GUESSED, *SHAPES, *SMALL]
STATED = list(stated())
EVERY = [*CONDITIONS, *LATER, *STATED, *COMPARED, *TOY, *LATEST]
RUNS = {Stated: judge_stated, Compared: judge_compared}
# A condition's place is part of its seed: new ones go to an end. Where 17 are left out stood those that
# statements plant now, whose places begin at 1,000.
PLACES = (
    {condition.name: i for i, condition in enumerate(CONDITIONS)}
    | {condition.name: i for i, condition in enumerate(LATER, len(CONDITIONS) + 17)}
    | {condition.name: i for i, condition in enumerate(STATED, 1000)}
    | {condition.name: i for i, condition in enumerate(COMPARED, 2000)}
    | {condition.name: i for i, condition in enumerate(TOY, 3000)}
    | {condition.name: i for i, condition in enumerate(LATEST, 4000)}
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--quick", action="store_true", help="100 replications a condition")
    parser.add_argument("--write", action="store_true", help="store every result for the reports and docs/")
    parser.add_argument(
        "--resume", action="store_true", help="leave out the conditions stored with this seed"
    )
    parser.add_argument("--replications", type=int, help="another number of replications")
    parser.add_argument("--only", default="", help="renew only the conditions whose name contains this")
    parser.add_argument("--seed", type=int, default=SEED, help="of the planted data")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="worker processes")
    options = parser.parse_args()
    conditions = [condition for condition in EVERY if options.only in condition.name]
    replications = 100 if options.quick else options.replications
    if options.resume:
        done = {name for name, row in stored().items() if row["seed"] == options.seed}
        conditions = [condition for condition in conditions if condition.name not in done]
    rows = list(stored().values()) if options.write else []
    for row in study(conditions, replications, options.seed, options.jobs):
        rows = store(row) if options.write else [*rows, row]
    print(json.dumps({"conditions": rows}, indent=1) if options.json else markdown(rows))


if __name__ == "__main__":
    from calibration import main as of_module  # workers find the functions of a module, not those of a script

    of_module()
