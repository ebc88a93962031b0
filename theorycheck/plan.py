"""The plan of a run: every trial it needs and what it is for, fixed and hashed before the first training."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from theorycheck.claim import SAMPLES, Claim, Condition
from theorycheck.empirical.responses import response
from theorycheck.empirical.trial import REVISION, Trial
from theorycheck.errors import DesignError

ProfileName = Literal["smoke", "quick", "standard", "full"]


@dataclass(frozen=True)
class Profile:
    """How much of a claim's design is carried out.

    Attributes:
        replicates: factor on the design's replicates a cell (at least one remains).
        every: only each so manieth N is tried.
    """

    replicates: float
    every: int


# Smaller profiles are parts of larger ones, whose runs reuse their trials.
PROFILES: dict[ProfileName, Profile] = {
    "smoke": Profile(replicates=0, every=4),
    "quick": Profile(replicates=0.2, every=2),
    "standard": Profile(replicates=1, every=1),
    "full": Profile(replicates=4, every=1),
}


@dataclass(frozen=True)
class Cell:
    """One design point: level and N, all parameters of the response, and whether the theorem speaks about it."""

    level: float
    n: int
    parameters: dict[str, Any]
    violated: tuple[Condition, ...]

    @property
    def in_regime(self) -> bool:
        """Whether all conditions of the claim hold here."""
        return not self.violated


@dataclass(frozen=True)
class Plan:
    """A claim's design under one profile and seed.

    Attributes:
        claim: the claim.
        profile: smoke, quick, standard or full.
        seed: base seed of all trials.
        device: "cpu" or "cuda".
        replicates: trials in each cell.
        cells: the design points, level by level.
    """

    claim: Claim
    profile: ProfileName
    seed: int
    device: str
    replicates: int
    cells: tuple[Cell, ...]

    @cached_property
    def trials(self) -> list[tuple[Cell, Trial]]:
        """Every trial with its cell, replicates innermost."""
        return [
            (cell, Trial(self.claim.response, cell.parameters, self.seed, replicate, device=self.device))
            for cell in self.cells
            for replicate in range(self.replicates)
        ]

    def holding(self, condition: Condition) -> int:
        """At how many levels a condition holds for every N."""
        bad = {cell.level for cell in self.cells if condition in cell.violated}
        return len(self.levels) - len(bad)

    @property
    def levels(self) -> list[float]:
        """The levels, in increasing order."""
        return sorted({cell.level for cell in self.cells})

    @property
    def samples(self) -> list[int]:
        """The sample sizes N, in increasing order."""
        return sorted({cell.n for cell in self.cells})

    @cached_property
    def design(self) -> dict[str, Any]:
        """The design as JSON values, for reports."""
        claim = self.claim
        return {
            "profile": self.profile,
            "factor": claim.design.factor,
            "levels": self.levels,
            "samples": self.samples,
            "replicates": self.replicates,
            "seed": self.seed,
            "device": self.device,
            "response": f"{claim.response}: {response(claim.response).meaning}",
            "held": claim.held,
            "conditions": [
                {
                    "condition": claim.text(c.relation),
                    "provenance": c.provenance,
                    "holds_at": self.holding(c),
                    "of": len(self.levels),
                }
                for c in claim.conditions
            ],
        }

    @cached_property
    def document(self) -> str:
        """Canonical JSON text of all that was decided before training: claim, design, margin, and every trial."""
        claim = self.claim
        fixed = {
            "claim": claim.name,
            "statement": claim.statement,
            "source": f"{claim.source.paper.key}, {claim.source.place} ({claim.provenance})",
            "margin": claim.margin,
            "rivals": claim.rivals,
            "refuted_by": claim.refuted_by,
            "design": self.design,
            "engine_revision": REVISION,
            "trials": hashlib.sha256("".join(trial.key for _, trial in self.trials).encode()).hexdigest(),
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
    chosen = PROFILES[profile]
    replicates = max(1, math.floor(claim.design.replicates * chosen.replicates))
    samples = claim.design.samples[:: chosen.every]
    measured = response(claim.response)
    cells = []
    for level in claim.design.levels:
        for n in samples:
            parameters = claim.design.point(level, n)
            measured.check(parameters, f"{claim.text(claim.design.factor)} = {level:g}, {SAMPLES.name} = {n}")
            violated = tuple(c for c in claim.conditions if not c.holds(parameters))
            cells.append(Cell(level, n, parameters, violated))
    if not any(cell.in_regime for cell in cells):
        conditions = "; ".join(claim.text(c.relation) for c in claim.conditions)
        raise DesignError(
            f"no design point of {claim.name} lies in the theorem's regime ({conditions}); change the levels, "
            f"{SAMPLES.name}, or the held values"
        )
    return Plan(claim, profile, seed, device, replicates, tuple(cells))
