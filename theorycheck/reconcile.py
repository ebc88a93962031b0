"""Which value of a choice that nobody reported brings a run into agreement with somebody else's table.

Candidates are tried on a pilot seed by successive halving (Jamieson and Talwalkar, AISTATS 2016): all of them
with few trials, the nearer half with twice as many, and so on. The nearest is tried on the run's own seed
then, which chose nothing, and compared by the rules of `compare`.
"""

from __future__ import annotations

import io
import itertools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from theorycheck import bounds
from theorycheck.claim import Claim
from theorycheck.comparison import Comparison, Run, beside, read_run
from theorycheck.errors import ClaimError
from theorycheck.finding import Finding
from theorycheck.plan import make_plan
from theorycheck.profiles import ProfileName
from theorycheck.reports.lines import columns
from theorycheck.session import Session, on_kept_data

PILOT_SEED = 9000
FEWEST = 60  # trials of a candidate, at first
REPLICATES = 2  # at a level at first, where nothing is searched
MOST = 64  # candidates


@dataclass(frozen=True)
class Candidate:
    """Values of the choices, and how far from the table they led.

    Attributes:
        values: by name.
        trials: of the last comparison it took part in.
        distance: mean over the table's places of how far the two are apart (`agreement.Place`).
        rounds: comparisons it took part in.
    """

    values: Mapping[str, Any]
    trials: int
    distance: float
    rounds: int

    @property
    def text(self) -> str:
        """Its values, as in `s = 0.1, q = 1`."""
        return ", ".join(f"{name} = {value}" for name, value in self.values.items())


@dataclass(frozen=True)
class Reconciliation:
    """What was tried, the nearest first, and how that agrees on a seed that chose nothing.

    Attributes:
        candidates: all, with their last comparison.
        seed: of the pilots.
        judged: the nearest, with all trials of the run's profile on the run's seed.
    """

    candidates: tuple[Candidate, ...]
    seed: int
    judged: Comparison

    @property
    def text(self) -> str:
        """For a terminal."""
        rows = [("tried", "trials", "rounds", "distance")]
        rows += [(c.text, str(c.trials), str(c.rounds), f"{c.distance:.3g}") for c in self.candidates]
        best = self.candidates[0].text
        head = f"{len(self.candidates)} candidates, pilot seed {self.seed}, the nearest first"
        return "\n".join([head, *columns(rows), "", f"{best}, on the run's seed:", self.judged.text])

    @property
    def status(self) -> int:
        """The exit status of the command, as of `compare`."""
        return self.judged.status

    def document(self) -> str:
        """One JSON document: that of the comparison, with what was tried."""
        tried = [{**vars(candidate), "values": dict(candidate.values)} for candidate in self.candidates]
        return json.dumps(
            {**json.loads(self.judged.document()), "tried": tried, "pilot_seed": self.seed}, indent=2
        )


def choices_of(texts: Sequence[str]) -> dict[str, tuple[Any, ...]]:
    """Choices as typed, `output_scale=1,0.3,0.1`, by name; numbers, true and false where they are that.

    Raises:
        ClaimError: one names no values.
    """
    found: dict[str, tuple[Any, ...]] = {}
    for text in texts:
        name, _, values = text.partition("=")
        parts = tuple(part.strip() for part in values.split(","))
        if not name.strip() or not all(parts) or len(set(parts)) < 2:
            raise ClaimError(
                f"--reconcile names a held value and what it may be, two or more, as in"
                f" output_scale=1,0.3,0.1; got {text!r}"
            )
        found[name.strip()] = tuple(map(_value, parts))
    return found


def _value(text: str) -> Any:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text


def reconcile(
    run: Path | str,
    table: Path | str,
    choices: Mapping[str, Sequence[Any]],
    session: Session,
    within: float | None = None,
    level: float | None = None,
    seed: int = PILOT_SEED,
    claim: Claim | str | None = None,
) -> Reconciliation:
    """Search values of unreported choices on pilot seeds, and compare the nearest on the run's own.

    Args:
        run: folder of a run, as of `compare`.
        table: somebody else's, as of `compare`.
        choices: values to try, by the name of what the design holds.
        session: where trials are kept, and what makes them.
        within: difference that matters, as of `compare`.
        level: of the run's factor, as of `compare`.
        seed: of the pilots.
        claim: what was run, where it is no claim known by its name.

    Raises:
        ClaimError: the claim holds no such value, or the experiment refuses one.
        TableError: as `compare`.
    """
    known = read_run(Path(run))
    asked = _as_run(known, claim)
    if seed == known.design["seed"]:
        raise ClaimError(
            f"the run used seed {seed}, on which the nearest candidate is compared; give another --seed"
        )
    held = known.design["held"]
    if odd := [name for name in choices if name not in held and not isinstance(asked.response, str)]:
        raise ClaimError(f"{asked.name} holds no {', '.join(odd)}; it holds {', '.join(held)}")
    values = [dict(zip(choices, combined, strict=True)) for combined in itertools.product(*choices.values())]
    if len(values) > MOST:
        raise ClaimError(f"{len(values)} combinations are more than {MOST}; name fewer values")
    profile: ProfileName = known.design["profile"]
    alive, left = [Candidate(one, 0, math.inf, 0) for one in values], list[Candidate]()
    claims = {candidate.text: asked.holding(candidate.values) for candidate in alive}
    for one in claims.values():  # what cannot be held is refused before anything is trained
        make_plan(one, profile, seed)
    beside(known, str(run), Path(table), within, level)  # and a table that cannot be compared

    def compared(candidate: Candidate, number: int) -> Candidate:
        smaller = _smaller(claims[candidate.text], number, len(known.trials))
        found = session.examine(smaller, profile, seed=seed)
        comparison = beside(_read(found), candidate.text, Path(table), within, level)
        away = float(np.mean([place.distance for place in comparison.places]))
        return replace(candidate, trials=len(found.trials), distance=away, rounds=number + 1)

    for number in range(max(1, math.ceil(math.log2(len(alive))))):
        alive = sorted((compared(one, number) for one in alive), key=lambda one: one.distance)
        half = math.ceil(len(alive) / 2)
        alive, left = alive[:half], alive[half:] + left
    best = claims[alive[0].text]
    judged = beside(
        _read(session.examine(best, profile, seed=known.design["seed"])),
        alive[0].text,
        Path(table),
        within,
        level,
    )
    return Reconciliation((*alive, *left), seed, judged)


def _as_run(run: Run, claim: Claim | str | None) -> Claim:
    """The claim with the design and the data that were run."""
    found = bounds.find(claim or run.claim) if not isinstance(claim, Claim) else claim
    return on_kept_data(found.of_design(run.design.get("name")), run.design["held"])


def _smaller(claim: Claim, number: int, most: int) -> Claim:
    """The claim with the trials of a round: twice as many in each, and no more than the run has."""
    design, factor = claim.design, 2**number
    if design.search:
        fewer = design.model_copy(update={"budget": min(FEWEST * factor, most)})
    else:
        fewer = design.model_copy(update={"replicates": min(design.replicates, REPLICATES * factor)})
    return claim.model_copy(update={"design": fewer, "designs": {}})


def _read(found: Finding) -> Run:
    """A finding as its folder would be read."""
    trials = pd.read_csv(io.StringIO(found.trials.to_csv(index=False)))
    return Run(found.verdict.name, found.verdict.tried.document(), trials)
