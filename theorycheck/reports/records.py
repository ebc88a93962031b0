"""A record a claim, of what its stored run found: for the table of theorems, and for registries."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from theorycheck.claim import Claim
from theorycheck.judgement import Interval
from theorycheck.reports.citation import arxiv
from theorycheck.reports.stored import Exponent, Found
from theorycheck.text import shell_word


@dataclass(frozen=True)
class Record:
    """A claim and its stored run, either of which may be missing.

    Attributes:
        name: of the claim.
        claim: as it is today; None where it is not known here.
        found: its run; None where it is not judged.
    """

    name: str
    claim: Claim | None
    found: Found | None

    @property
    def outdated(self) -> bool:
        """Whether the claim states something else today than what was judged."""
        return bool(self.claim and self.found and self.claim.statement != self.found.run.statement)

    @property
    def verdict(self) -> str:
        """The decision, or that there is none on what the claim states today."""
        if self.found is None:
            return "not judged"
        return f"outdated ({self.found.run.verdict})" if self.outdated else self.found.run.verdict

    @property
    def statement(self) -> str:
        """Of today, or else that of the run."""
        return self.claim.statement if self.claim else self.found.run.statement if self.found else ""

    @property
    def provenance(self) -> str:
        """Whether the statement was seen in the source, or is recalled."""
        return self.claim.provenance if self.claim else self.found.run.provenance if self.found else ""

    @property
    def exponents(self) -> list[Exponent]:
        """What is predicted and estimated of each variable; without a run there are no estimates."""
        if self.found:
            return self.found.run.exponents
        claim = self.claim
        predictions = claim.law.predictions(claim.topic) if claim else ()
        return [
            Exponent(variable=p.variable, predicted=p.exponent, relation=claim.law.relation, margin=p.margin)
            for p in predictions
            if claim
        ]

    @property
    def predicted(self) -> str:
        """The claimed number of each variable, with its relation, as in `exponent -2 (O)`."""
        return "; ".join(map(self._predicted, self.exponents))

    def _predicted(self, exponent: Exponent) -> str:
        derived = exponent.margin is not None
        of = self.claim.law.estimated if self.claim else "exponent" if derived else ""
        number = "" if exponent.predicted is None else f"{exponent.predicted:.3g}"
        if derived:
            return f"{of} {number} ({exponent.relation}){self._letter(exponent)}"
        return " ".join(filter(None, (of, exponent.relation, number)))

    @property
    def estimated(self) -> str:
        """The estimate of each variable with its interval, as in `-0.80 [-0.88, -0.73]`."""
        return "; ".join(map(self._estimated, self.exponents)) if self.found else ""

    def _estimated(self, exponent: Exponent) -> str:
        if exponent.estimate is None:
            return "no estimate"
        low = -math.inf if exponent.ci_low is None else exponent.ci_low
        high = math.inf if exponent.ci_high is None else exponent.ci_high
        interval = Interval(low, high, exponent.confidence)
        digits = interval.digits if exponent.margin is not None else ".3g"
        return f"{exponent.estimate:{digits}} {interval:{digits}}{self._letter(exponent)}"

    def _letter(self, exponent: Exponent) -> str:
        letter = self.claim.text(exponent.variable) if self.claim else exponent.variable
        return f" in {letter}" * (len(self.exponents) > 1)

    @property
    def command(self) -> str:
        """The command that repeats the run, or makes it."""
        design = self.found.run.design if self.found else {}
        if "table" in design:
            return f"theorycheck fit {shell_word(design['table'])}"
        usual = {"--design": None, "--profile": "standard", "--seed": 0, "--device": "cpu"}
        asked = {"--design": design.get("name"), "--data": self._data}
        asked |= {f"--{name}": design[name] for name in ("profile", "seed", "device") if name in design}
        told = {option: value for option, value in asked.items() if value not in (None, usual.get(option))}
        options = "".join(f" {option} {shell_word(str(value))}" for option, value in told.items())
        return f"theorycheck verify --claim {shell_word(self.name)}{options}"

    @property
    def _data(self) -> str | None:
        """The name of a source of data that is not the claim's own; of a folder, its path is not known."""
        held = self.found.run.design.get("held", {}).get("data") if self.found else None
        if held is None or (self.claim and self.claim.held.get("data") == held):
            return None
        kind = str(held).partition(":")[0]
        return "folder:PATH" if kind == "folder" else kind

    def document(self) -> dict[str, Any]:
        """As JSON values; what is not known is null."""
        claim, found = self.claim, self.found
        paper = claim.source.paper if claim else None
        run = found.run if found else None
        return {
            "claim": self.name,
            "title": claim.title if claim else None,
            "paper": paper and {**paper.model_dump(), "arxiv": arxiv(paper.reference)},
            "place": claim.source.place if claim else None,
            "statement": self.statement,
            "statement_latex": claim.statement_latex if claim else None,
            "provenance": self.provenance,
            "verdict": run.verdict if run and not self.outdated else None,
            "outdated": self.outdated,
            "judged_statement": run.statement if run else None,
            "estimate_of": claim.law.estimated if claim else None,
            "estimates": [exponent.model_dump() for exponent in self.exponents],
            "design": run and {name: run.design.get(name) for name in ("name", "profile", "seed", "device")},
            "trials": run.trials if run else None,
            "seconds": run.seconds if run else None,
            "evidence": found and {"plan": found.run.plan_hash, "result": found.evidence},
            "command": self.command,
            "version": found.version if found else None,
        }


def records(found: Iterable[Found], known: Mapping[str, Claim], all_known: bool = False) -> list[Record]:
    """A record a run, in the order of the known claims, then those of others; maybe those without a run.

    Args:
        found: the runs.
        known: claims by name.
        all_known: whether known claims that have no run are told of as well.
    """
    by_name: dict[str, list[Found]] = {}
    for one in found:
        by_name.setdefault(one.run.name, []).append(one)
    made = []
    for name in dict.fromkeys([*known, *by_name]):
        claim = known.get(name)
        runs = sorted(by_name.get(name, []), key=lambda one: one.run.design.get("name") or "")
        made += [Record(name, claim, one) for one in runs]
        if not runs and all_known:
            made.append(Record(name, claim, None))
    return made
