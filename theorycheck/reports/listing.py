"""What `theorycheck list` prints: the claims by paper."""

from collections.abc import Sequence
from pathlib import Path

from theorycheck.claim import Claim
from theorycheck.errors import TableError
from theorycheck.reports.lines import columns
from theorycheck.reports.records import records
from theorycheck.reports.stored import read
from theorycheck.text import one_line


def listing(claims: Sequence[Claim], out: Path) -> str:
    """Lines: a paper's key and short name; below it a table of its claims, each with its statement below it.

    A statement has a line of its own, as behind the other columns few terminals have room for it.

    Args:
        claims: those to list.
        out: folder of the reports, one subfolder a claim.
    """
    rows = columns((f"  {c.name}", _verdict(c, out), f"{c.source.place} ({c.provenance})") for c in claims)
    papers: dict[str, list[str]] = {}
    for claim, row in zip(claims, rows, strict=True):
        paper = claim.source.paper
        papers.setdefault(one_line(f"{paper.key}   {paper.short}"), []).append(
            f"{row}\n      {one_line(claim.statement)}"
        )
    return "\n\n".join("\n".join((title, *listed)) for title, listed in papers.items())


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
