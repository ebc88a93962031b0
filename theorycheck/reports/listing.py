"""What `theorycheck list` prints: the claims by paper."""

from collections.abc import Sequence
from pathlib import Path

from theorycheck.claim import Claim
from theorycheck.errors import TableError
from theorycheck.reports.lines import columns
from theorycheck.reports.records import records
from theorycheck.reports.stored import read
from theorycheck.source import Paper
from theorycheck.text import one_line


def listing(claims: Sequence[Claim], out: Path) -> str:
    """Lines: a paper's key and short name, below it its claims with verdict, place and statement.

    Args:
        claims: those to list.
        out: folder of the reports, one subfolder a claim.
    """
    rows = columns(
        (f"  {c.name}", _verdict(c, out), f"{c.source.place} ({c.provenance})", c.statement) for c in claims
    )
    papers: dict[str, tuple[Paper, list[str]]] = {}
    for claim, row in zip(claims, rows, strict=True):
        papers.setdefault(claim.source.paper.key, (claim.source.paper, []))[1].append(row)
    parts = (
        [one_line(f"{key}   {paper.short}, {len(listed)} claim{'s' * (len(listed) != 1)}"), *listed]
        for key, (paper, listed) in papers.items()
    )
    return "\n\n".join("\n".join(part) for part in parts)


def _verdict(claim: Claim, out: Path) -> str:
    """Of the last run of the claim's own design, with profile and seed where they are not the standard."""
    path = out / claim.name / "result.json"
    if not path.is_file():
        return "-"
    try:
        found = [one for one in read([path]) if one.run.name == claim.name]
    except TableError:
        return "unreadable"
    told = [record.verdict for record in records(found, {claim.name: claim})]
    asked = [one.run.design for one in found]
    unlike = [f"{d['profile']}" for d in asked if d.get("profile", "standard") != "standard"]
    unlike += [f"seed {d['seed']}" for d in asked if d.get("seed", 0) != 0]
    return "; ".join(told) + (f" ({', '.join(unlike)})" if unlike else "")
