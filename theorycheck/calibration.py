"""The judge's measured error rates, as `python benchmarks/calibration.py --write` stored them."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from theorycheck.verdict import Check

COVERAGE = (0.93, 0.97)  # asked of the 95 % interval
FALSE_AT_EDGE = 0.055  # most false verdicts of each kind, with the truth at the edge of the margin
FALSE_AS_CLAIMED = 0.01  # most refutations of a law exactly as claimed


@cache
def conditions() -> list[dict[str, Any]]:
    """Planted laws with their replications, coverage, and rates of false verdicts."""
    text = files("theorycheck").joinpath("calibration.json").read_text(encoding="utf-8")
    rows: list[dict[str, Any]] = json.loads(text)["conditions"]
    return rows


def error_rates(measured: bool) -> Check:
    """What the calibration study found for this kind of data, as a check that every verdict carries.

    Args:
        measured: whether the data are direct measurements instead of counts of successes.
    """
    rows = [r for r in conditions() if r["asked"] and r["name"].startswith("measured") == measured]
    coverage = [r["coverage"] for r in rows]
    at_edge = [r for r in rows if "edge" in r["name"]]
    supported, refuted = (max(r[key] for r in at_edge) for key in ("false_supported", "false_refuted"))
    exact = max(r["false_refuted"] for r in rows if "exactly as claimed" in r["name"])
    met = COVERAGE[0] <= min(coverage) and max(coverage) <= COVERAGE[1]
    met &= max(supported, refuted) <= FALSE_AT_EDGE and exact <= FALSE_AS_CLAIMED
    fewest = min(row["replications"] for row in rows)
    detail = (
        f"on planted laws ({len(rows)} conditions, each {fewest} times or more) the 95 % interval covered "
        f"{100 * min(coverage):.1f} to {100 * max(coverage):.1f} %; with the truth at the edge of the margin at most "
        f"{100 * supported:.1f} % were falsely SUPPORTED and {100 * refuted:.1f} % falsely REFUTED; a law exactly as "
        f"claimed was refuted in {100 * exact:.1f} % (docs/calibration.md)"
    )
    return Check("calibration", "ok" if met else "warning", detail)
