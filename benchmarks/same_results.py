"""Whether two folders of reports say the same: verdicts, exponents, checks, plans and trials of every claim.

    python benchmarks/same_results.py BEFORE AFTER

BEFORE and AFTER are folders that `theorycheck verify --all --out FOLDER` wrote. What took how long, and what
was trained or reused, does not count. Prints each difference; the exit status is 1 where there is one.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

COMPARED = ("name", "verdict", "statement", "exponents", "checks", "plan_hash")
COUNTED = ("total", "censored")


def results(folder: Path) -> dict[str, dict[str, Any]]:
    """What is compared of every claim, by the name of its folder."""
    found = {}
    for path in sorted(folder.glob("*/result.json")):
        (claim,) = json.loads(path.read_text())["claims"]
        kept = {name: claim[name] for name in COMPARED}
        found[path.parent.name] = kept | {name: claim["trials"][name] for name in COUNTED}
    return found


def differences(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    """Each difference of two claims, in words."""
    for name in before:
        if before[name] != after[name]:
            yield f"{name}: {before[name]}\n    now {after[name]}"


def main() -> None:
    """Compare two folders."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    options = parser.parse_args()
    before, after = results(options.before), results(options.after)
    if not before:
        sys.exit(f"{options.before} holds no report; `theorycheck verify --all --out FOLDER` writes them")
    found = [f"{name}: in one of the folders only" for name in sorted(before.keys() ^ after.keys())]
    for name in sorted(before.keys() & after.keys()):
        found += [f"{name}, {text}" for text in differences(before[name], after[name])]
    print("\n".join([*found, f"{len(before)} and {len(after)} claims, {len(found)} differences"]))
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
