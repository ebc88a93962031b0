"""Tables of the lazy and the feature-learning regime, put into the pages of claims that name both designs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from theorycheck import bounds
from theorycheck.reports.records import Record, records
from theorycheck.reports.stored import read

REGIMES = {None: "s = 1, as printed", "feature_learning": "s = 1/10, features are learned"}
BEGIN, END = "<!-- both regimes: written by docs/write_theorems.py -->", "<!-- end -->"
Judged = Mapping[tuple[str, str | None, int], Record]  # by claim, regime and seed


def pages(docs: Path, folders: Mapping[int, Path]) -> dict[str, str]:
    """The pages that ask for such a table, by name, with what the stored runs give.

    Args:
        docs: folder of the docs.
        folders: of the stored runs, by seed.
    """
    claims = bounds.claims()
    stored = [found for folder in folders.values() if any(folder.glob("*.json")) for found in read([folder])]
    judged = {}
    for found in stored:
        (record,) = records([found], {found.run.name: claims[found.run.name]})
        judged[found.run.name, found.run.design.get("name"), found.run.design["seed"]] = record
    named = [name for name, claim in claims.items() if "feature_learning" in claim.designs]
    tables = {f"claims/{name}.md": _of_one(name, judged, folders) for name in named}
    tables["claims/index.md"] = _of_all(named, judged)
    texts = {name: (docs / name).read_text(encoding="utf-8") for name in tables if (docs / name).exists()}
    return {name: _inserted(text, tables[name]) for name, text in texts.items() if BEGIN in text}


def _of_one(name: str, judged: Judged, seeds: Sequence[int]) -> list[str]:
    rows = [f"| seed | {' | '.join(REGIMES.values())} |", "|---:|:---|:---|"]
    for seed in seeds:
        cells = [_told(judged.get((name, regime, seed))) for regime in REGIMES]
        rows.append(f"| {seed} | {' | '.join(cells)} |")
    return rows


def _of_all(names: Sequence[str], judged: Judged) -> list[str]:
    """Verdicts with seed 0; that with seed 1 as well, where it is another."""
    rows = [f"| claim | {' | '.join(REGIMES.values())} |", "|:---|:---|:---|"]
    for name in names:
        cells = []
        for regime in REGIMES:
            first, second = (judged.get((name, regime, seed)) for seed in (0, 1))
            differs = first and second and first.verdict != second.verdict
            cells.append(_told(first) + (f"; seed 1: {second.verdict}" if differs and second else ""))
        rows.append(f"| [{name}]({name}.md) | {' | '.join(cells)} |")
    return rows


def _told(record: Record | None) -> str:
    if record is None or record.found is None:
        return "no stored run"
    trials = record.found.run.trials["total"]
    return f"{record.verdict}: {record.estimated} ({trials:,} trials)".replace("*", r"\*")


def _inserted(text: str, lines: Sequence[str]) -> str:
    before, _, rest = text.partition(BEGIN)
    return "\n".join([before + BEGIN, "", *lines, "", END]) + rest.partition(END)[2]
