"""The plan of a run: what it asks, what may be tried and by which rule, fixed and hashed before the first training."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import pandas as pd

from theorycheck.claim import SAMPLES, Claim, Condition
from theorycheck.empirical.responses import response
from theorycheck.empirical.trial import REVISION, Trial
from theorycheck.errors import DesignError
from theorycheck.law import Law
from theorycheck.statistics.placement import RULE, Adaptive, Grid, Placement
from theorycheck.statistics.question import Question, Variable

ProfileName = Literal["smoke", "quick", "standard", "full"]


@dataclass(frozen=True)
class Profile:
    """How much of a claim's design is carried out, when trials are placed adaptively.

    Attributes:
        width: of the exponent's 95 % interval that is narrow enough, in margins of the claim.
        budget: most trials.
    """

    width: float
    budget: int

    def place(self, cells: tuple[tuple[float, int], ...], question: Question) -> Adaptive:
        """The placement of trials over cells that answers a question to this extent."""
        return Adaptive(cells, question, self.width * question.margin, self.budget)


# The profile "full" is the whole grid: every N at every level, with the design's replicates.
PROFILES: dict[ProfileName, Profile] = {
    "smoke": Profile(width=1, budget=40),
    "quick": Profile(width=1, budget=240),
    "standard": Profile(width=1, budget=1500),
}


@dataclass(frozen=True)
class Cell:
    """One design point: level and N, all parameters of the response, and whether the theorem speaks about it."""

    level: float
    n: int
    parameters: dict[str, Any]
    violated: tuple[Condition, ...]

    @property
    def place(self) -> tuple[float, int]:
        """Level and N."""
        return self.level, self.n

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
        cells: the design points, level by level.
        placement: which of those inside the theorem's regime are tried, and how often.
    """

    claim: Claim
    profile: ProfileName
    seed: int
    device: str
    cells: tuple[Cell, ...]
    placement: Placement

    def trial(self, cell: Cell, replicate: int) -> Trial:
        """The specification of one trial of a cell."""
        return Trial(self.claim.response, cell.parameters, self.seed, replicate, device=self.device)

    def next_trials(self, counts: pd.DataFrame) -> list[tuple[Cell, Trial]]:
        """The trials that follow after those counted, with their cells; none when there are enough.

        Args:
            counts: as for `Adaptive.next_round`.
        """
        columns = counts[[self.claim.design.factor, "n", "trials", "unfitted"]]
        tried = Counter({(level, n): fitted + not_fitted for level, n, fitted, not_fitted in columns.to_numpy()})
        chosen = self.placement.next_round(counts)
        return [
            (cell, self.trial(cell, int(tried[cell.place]) + i))
            for cell in self.cells
            for i in range(chosen[cell.place])
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
            "placement": str(self.placement),
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
        """Canonical JSON text of all that was decided before training: claim, design, margin, and possible trials."""
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
            "placement_rule": RULE if isinstance(self.placement, Adaptive) else None,
            "first_trials": hashlib.sha256("".join(self.trial(c, 0).key for c in self.cells).encode()).hexdigest(),
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
    measured = response(claim.response)
    cells = []
    for level, n in claim.design.cells():
        parameters = claim.design.point(level, n)
        measured.check(parameters, f"{claim.text(claim.design.factor)} = {level:g}, {SAMPLES.name} = {n}")
        violated = tuple(c for c in claim.conditions if not c.holds(parameters))
        cells.append(Cell(level, n, parameters, violated))
    inside = tuple(cell.place for cell in cells if cell.in_regime)
    if not inside:
        conditions = "; ".join(claim.text(c.relation) for c in claim.conditions)
        raise DesignError(
            f"no design point of {claim.name} lies in the theorem's regime ({conditions}); change the levels, "
            f"{SAMPLES.name}, or the held values"
        )
    return Plan(claim, profile, seed, device, tuple(cells), _placement(claim, profile, inside))


def _placement(claim: Claim, profile: ProfileName, cells: tuple[tuple[float, int], ...]) -> Placement:
    if profile == "full":
        return Grid(cells, claim.design.replicates)
    return PROFILES[profile].place(cells, question(claim))


def question(asked: Claim | Law) -> Question:
    """A law in the numbers that the judge needs; a bare one has the default margin and no rivals."""
    claim = asked if isinstance(asked, Claim) else None
    law = asked.law if isinstance(asked, Claim) else asked
    variables = tuple(
        Variable(
            factor=symbol.name,
            letter=claim.text(symbol) if claim else symbol.name,
            exponent=float(law.exponents[symbol]),
            goes_to="0" if point == 0 else "oo",
            rivals=claim.rivals if claim else (),
        )
        for symbol, point in law.regime
    )
    return Question(variables, law.relation, claim.margin) if claim else Question(variables, law.relation)
