"""The judge's measured error rates, as `python benchmarks/calibration.py --write` stored them."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from theorycheck.judgement import Check

COVERAGE = (
    0.93,
    0.97,
)  # asked of the 95 % interval; no more than at least where several fits must agree, see below
FALSE_AT_EDGE = 0.055  # most false verdicts of each kind, with the truth at the edge of the margin
FALSE_AS_CLAIMED = 0.01  # most refutations of a law exactly as claimed


@cache
def conditions() -> list[dict[str, Any]]:
    """Planted laws with their replications, coverage, and rates of false verdicts."""
    text = files("theorycheck").joinpath("calibration.json").read_text(encoding="utf-8")
    rows: list[dict[str, Any]] = json.loads(text)["conditions"]
    return rows


def error_rates(kind: str) -> Check:
    """What the calibration study found for this kind of data or test, as a check that every verdict carries.

    Args:
        kind: "counts" or "measured" for scaling laws; else what another kind of statement estimates.
    """
    rows = [row for row in conditions() if row["asked"] and row["kind"] == kind]
    at_edge = [row for row in rows if "edge" in row["name"]]
    if not at_edge:
        return Check("calibration", "warning", f"no planted truths were judged for the estimate of a {kind}")
    coverage = [r["coverage"] for r in rows if r["coverage"] is not None]
    supported, refuted = (max(r[key] for r in at_edge) for key in ("false_supported", "false_refuted"))
    met = max(supported, refuted) <= FALSE_AT_EDGE
    fewest = min(row["replications"] for row in rows)
    detail = f"on planted truths ({len(rows)} conditions, each {fewest} times or more) "
    if coverage:
        # An interval that spans several fits covers more: where one power law is rejected, and in other
        # statements.
        one_fit = [r["coverage"] for r in rows if r["curved"] < 0.5 and kind in ("counts", "measured")]
        met &= COVERAGE[0] <= min(coverage) and max(one_fit, default=0.0) <= COVERAGE[1]
        detail += f"the 95 % interval covered {100 * min(coverage):.1f} to {100 * max(coverage):.1f} %; "
    detail += (
        f"with the truth at the edge of what is claimed at most {100 * supported:.1f} % were falsely "
        "SUPPORTED and "
        f"{100 * refuted:.1f} % falsely REFUTED"
    )
    exact = [r["false_refuted"] for r in rows if "exactly as claimed" in r["name"]]
    if exact:
        met &= max(exact) <= FALSE_AS_CLAIMED
        detail += f"; a law exactly as claimed was refuted in {100 * max(exact):.1f} %"
    return Check("calibration", "ok" if met else "warning", f"{detail} (docs/calibration.md)")
