"""The plan of a run: what it asks, what may be tried and by which rule, fixed and hashed before training."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

import pandas as pd

from theorycheck.claim import Claim, Condition
from theorycheck.empirical.response import Measured, response
from theorycheck.empirical.trial import Trial
from theorycheck.errors import ClaimError, DesignError
from theorycheck.placement.rules import RULE, Adaptive, Grid, Placement
from theorycheck.profiles import PROFILES, ProfileName
from theorycheck.statements.base import at, counted
from theorycheck.statistics.hypothesis import Hypothesis
from theorycheck.verdict import Assumption, PlannedDesign


@dataclass(frozen=True)
class Cell:
    """One design point.

    Attributes:
        level: of the factor.
        searched: value of what is searched; 0 where nothing is.
        group: values of what is crossed with the factor.
        named: values of all that is varied or searched, by name.
        parameters: all parameters of the response.
        violated: the conditions of the claim that do not hold here.
    """

    level: float
    searched: float
    group: dict[str, Any]
    named: dict[str, Any]
    parameters: dict[str, Any]
    violated: tuple[Condition, ...]

    @property
    def place(self) -> tuple[float, float]:
        """Level, and value of what is searched."""
        return self.level, self.searched


@dataclass(frozen=True)
class Arm:
    """One combination of what is crossed with the factor, and its cells inside the regime that are tried."""

    group: dict[str, Any]
    placement: Placement


@dataclass(frozen=True)
class Plan:
    """A claim's design under one profile and seed.

    Attributes:
        claim: the claim.
        profile: smoke, quick, standard or full.
        seed: base seed of all trials.
        device: "cpu" or "cuda".
        cells: the design points, level by level.
        arms: how trials are placed in each group of cells.
    """

    claim: Claim
    profile: ProfileName
    seed: int
    device: str
    cells: tuple[Cell, ...]
    arms: tuple[Arm, ...]

    def trial(self, cell: Cell, replicate: int) -> Trial:
        """The specification of one trial of a cell."""
        measured = self.measured
        return Trial(
            measured.identity, cell.parameters, self.seed, replicate, measured.revision, device=self.device
        )

    @cached_property
    def measured(self) -> Measured:
        """The response, a function as it was when the first key of its trials was made."""
        return response_of(self.claim)

    def next_trials(self, counts: pd.DataFrame) -> list[tuple[Cell, Trial]]:
        """The trials that follow after those counted, with their cells; none when there are enough.

        Args:
            counts: cells that were tried, as `theorycheck.observation.count` makes them.
        """
        following, search = [], self.claim.design.search
        for arm in self.arms:
            here = at(counts, arm.group)
            here = counted(here, search.letter) if search else here.assign(searched=0)
            places = zip(here[self.claim.design.factor], here["searched"], strict=True)
            tried = Counter(dict(zip(places, here["trials"] + here["unfitted"], strict=True)))
            chosen = arm.placement.next_round(here)
            following += [
                (cell, self.trial(cell, int(tried[cell.place]) + i))
                for cell in self.cells
                if cell.group == arm.group
                for i in range(chosen[cell.place])
            ]
        return following

    @property
    def rounds(self) -> int:
        """About how many rounds of trials follow one on another at most; 1 where none depends on results."""
        return max(arm.placement.rounds for arm in self.arms)

    def holding(self, condition: Condition) -> int:
        """At how many levels a condition holds for every N."""
        bad = {cell.level for cell in self.cells if condition in cell.violated}
        return len(self.levels) - len(bad)

    @property
    def columns(self) -> list[str]:
        """What tells a design point in tables of trials: what is varied, and what is searched."""
        return list(self.claim.design.changing)

    @cached_property
    def cell_at(self) -> dict[tuple[Any, ...], Cell]:
        """The cells by the values of `columns` there."""
        return {tuple(cell.named.values()): cell for cell in self.cells}

    @property
    def levels(self) -> list[float]:
        """The levels, in increasing order."""
        return list(self.claim.design.levels)

    @property
    def searched(self) -> list[float]:
        """The values of what is searched, in increasing order."""
        return list(self.claim.design.search.values) if self.claim.design.search else []

    @property
    def placement(self) -> Placement:
        """Of the first group, which is the only one of a scaling law of one threshold."""
        return self.arms[0].placement

    @cached_property
    def design(self) -> PlannedDesign:
        """The design, for reports."""
        claim, design = self.claim, self.claim.design
        return PlannedDesign(
            profile=self.profile,
            factor=design.factor,
            levels=self.levels,
            crossed={name: list(values) for name, values in design.crossed.items()},
            searched=design.search.letter if design.search else None,
            samples=self.searched,
            placement=f"in each of {len(self.arms)} groups: " * (len(self.arms) > 1) + str(self.placement),
            seed=self.seed,
            device=self.device,
            response=f"{self.measured.identity}: {self.measured.meaning}",
            held=claim.held,
            name=claim.design_name,
            outside_regime=design.outside_regime,
            note=design.note,
            conditions=[
                Assumption(claim.text(c.relation), c.provenance, self.holding(c), len(self.levels))
                for c in claim.conditions
            ],
        )

    @cached_property
    def document(self) -> str:
        """Canonical JSON text of all that was decided before training: claim, design, margin, and possible
        trials.
        """
        claim, keys = self.claim, (self.trial(cell, 0).key for cell in self.cells)
        fixed = {
            "claim": claim.name,
            "statement": claim.statement,
            "source": f"{claim.source.paper.key}, {claim.source.place} ({claim.provenance})",
            "margin": claim.margin,
            **({} if claim.guess_rate is None else {"guess_rate": claim.guess_rate}),
            "rivals": claim.rivals,
            "refuted_by": claim.refuted_by,
            "design": self.design.document(),
            "engine_revision": self.measured.revision,
            "placement_rule": RULE if isinstance(self.placement, Adaptive) else None,
            "first_trials": hashlib.sha256("".join(keys).encode()).hexdigest(),
        }
        return json.dumps(fixed, sort_keys=True)

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the document, in hexadecimal."""
        return hashlib.sha256(self.document.encode()).hexdigest()


def make_plan(claim: Claim, profile: ProfileName = "standard", seed: int = 0, device: str = "cpu") -> Plan:
    """Lay out a claim's design; train nothing.

    Raises:
        ClaimError: the claim names an unknown response, or an expression of its design lacks a value.
        DesignError: a design point is impossible, or none lies in the theorem's regime.
    """
    measured = response_of(claim)
    _check_search(claim, measured)
    cells, search = [], claim.design.search
    for group, level, searched in product(
        claim.design.groups(), claim.design.levels, search.values if search else (None,)
    ):
        parameters = claim.design.point(level, searched, group)
        named = {claim.design.factor: level, **group, **({search.letter: searched} if search else {})}
        shown = {name: f"{x:g}" if isinstance(x, float) else str(x) for name, x in named.items()}
        measured.check(parameters, ", ".join(f"{claim.text(name)} = {x}" for name, x in shown.items()))
        claim.law.check_point(parameters)
        violated = tuple(c for c in claim.conditions if not c.holds(parameters))
        cells.append(Cell(level, searched or 0, group, named, parameters, violated))
    tried = [cell for cell in cells if not cell.violated or claim.design.outside_regime]
    if not tried:
        conditions = "; ".join(claim.text(c.relation) for c in claim.conditions)
        letter = f"{claim.searched}, " if search else ""
        raise DesignError(
            f"no design point of {claim.name} lies in the theorem's regime ({conditions}); change the levels,"
            f" {letter}or the held values"
        )
    arms = [(group, tuple(c.place for c in tried if c.group == group)) for group in claim.design.groups()]
    placed = tuple(Arm(group, _place(claim, profile, inside, group)) for group, inside in arms if inside)
    return Plan(claim, profile, seed, device, tuple(cells), placed)


def response_of(claim: Claim) -> Measured:
    """The response of a claim; a function measures a value where nothing is searched.

    Raises:
        ClaimError: the claim names an unknown one.
    """
    try:
        return response(claim.response, measures=not claim.design.search)
    except ClaimError as error:
        raise ClaimError(f"field response of {claim.name}: {error}") from error


def _check_search(claim: Claim, measured: Measured) -> None:
    """A threshold needs values to search, and a measured value has none."""
    searches = bool(claim.design.search)
    if searches == (measured.value is not None):
        wanted = "measures a value directly" if searches else "measures success"
        raise DesignError(
            f"the response {measured.name} {wanted}, so that the design of {claim.name} must have "
            f"{'no search' if searches else 'a search=Search(letter, values) for its threshold'}"
        )


def one_threshold(claim: Claim) -> bool:
    """Whether a threshold's power law in one variable is stated, so that trials go where success turns."""
    return bool(claim.design.search) and (claim.law.placed_by({}) or (None, False))[1]


def _place(
    claim: Claim, profile: ProfileName, cells: tuple[tuple[float, float], ...], group: Mapping[str, Any]
) -> Placement:
    """Adaptively for thresholds that follow power laws of one variable, else every cell alike."""
    placed_by = claim.law.placed_by(group) if claim.design.search else None
    if placed_by is None:
        return PROFILES[profile].repeat(cells, claim.design.replicates)
    if profile == "full":
        return Grid(cells, claim.design.replicates)
    law, decides = placed_by
    return PROFILES[profile].place(cells, law.hypothesis(claim.topic), decides, claim.design.budget)


def hypothesis(claim: Claim, margin: float | None = None, guess_rate: float | None = None) -> Hypothesis:
    """A claim's law in the numbers that the judge needs.

    Args:
        claim: states a scaling law.
        margin: another than the claim's.
        guess_rate: another than the claim's.

    Raises:
        ClaimError: the claim is no scaling law.
    """
    if "rivals" not in claim.law.fields:
        raise ClaimError(
            f"{claim.name} states no scaling law ({claim.statement}), which is what this command needs; "
            f"`{claim.command('verify')}` tests it"
        )
    return claim.law.hypothesis(claim.topic).with_options(margin, guess_rate)
