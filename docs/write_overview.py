"""Draws claims/overview.png from the runs in claims/results/:  python docs/write_overview.py

One row an estimate of the paper's claims under their default designs. The picture carries what it shows as a
text, by which a test sees when a run was stored since.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

from matplotlib.figure import Figure

from theorycheck import bounds
from theorycheck.drawing.style import sheet
from theorycheck.judgement import Estimate, Interval, Judgement
from theorycheck.reports.overview import draw
from theorycheck.reports.stored import Exponent, Found, read
from theorycheck.verdict import Verdict

DOCS = Path(__file__).parent
PICTURE = DOCS / "claims/overview.png"
PAPER, IMAGES = "li2023shallow", "image_"  # of the claims on synthetic tokens, as in claims/index.md


def runs() -> list[Found]:
    """The stored runs that are shown, in the order of their names."""
    claims = bounds.claims()
    return [
        found
        for found in read([DOCS / "claims/results"])
        if found.run.design["name"] is None
        and claims[found.run.name].source.paper.key == PAPER
        and not found.run.name.startswith(IMAGES)
    ]


def shown(found: list[Found]) -> str:
    """What the picture shows, as a text."""
    rows = [(one.run.name, one.run.verdict, [e.model_dump() for e in one.run.exponents]) for one in found]
    return json.dumps(rows, sort_keys=True)


def verdict(found: Found) -> Verdict:
    """As much of a verdict as the overview shows."""
    claim, run = bounds.claims()[found.run.name], found.run
    estimates = tuple(_estimate(exponent) for exponent in run.exponents if exponent.estimate is not None)
    return Verdict(
        name=run.name,
        statement=run.statement,
        provenance=run.provenance,
        source="",
        predictions=claim.law.predictions(claim.topic),
        relation=claim.law.relation,
        judgement=Judgement(run.verdict, "", checks=(), levels=(), estimates=estimates),
        design=None,
        trials=run.trials,
        plan_hash=run.plan_hash,
        seconds=run.seconds,
        estimated=claim.law.estimated,
    )


def _estimate(exponent: Exponent) -> Estimate:
    low = -math.inf if exponent.ci_low is None else exponent.ci_low
    high = math.inf if exponent.ci_high is None else exponent.ci_high
    return Estimate(exponent.variable, exponent.estimate, Interval(low, high, exponent.confidence), "stored")


def picture() -> Figure:
    """The overview of the stored runs."""
    return draw([verdict(found) for found in runs()])


if __name__ == "__main__":
    with sheet():
        picture().savefig(PICTURE, dpi=120, metadata={"Software": None, "Description": shown(runs())})
