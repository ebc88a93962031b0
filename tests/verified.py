"""A claim verified, and reported on, as the command line does."""

from pathlib import Path

from theorycheck.reports.report import available
from theorycheck.session import Session, folder_of, silent, write

# Of an entry of "claims" in the JSON document.
DOCUMENTED_KEYS = [
    *("name", "verdict", "statement", "provenance", "exponents", "checks", "design", "trials", "plan_hash"),
    *("seconds", "artifacts"),
]


def verify(claim, profile="standard", *, store, out, jobs=1, formats=("md",), progress=silent, **options):
    """The verdict, after its report was written."""
    formats = available(formats)
    finding = Session(Path(store), jobs, progress).examine(claim, profile, **options)
    return write(finding, folder_of(finding.claim, Path(out)), formats).verdict
