"""Writes theorems.md, .html, .json and .yaml from the runs in claims/results/:  python docs/write_theorems.py

With --add RUN_FOLDER ... it first stores the result.json of these runs there, without paths of this machine;
of runs with seed 1 in claims/second-seed/. Pages with a table of both regimes get it from both folders.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from theorycheck import bounds
from theorycheck.reports.records import records
from theorycheck.reports.stored import read
from theorycheck.reports.theorems import RENDERED

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS))
import regime_tables  # noqa: E402  beside this file

STORED = {0: DOCS / "claims/results", 1: DOCS / "claims/second-seed"}  # by seed
ABOUT = (
    "The claims of the package under the standard profile with seed 0, from the runs in docs/claims/results/;"
    " a claim without a run there is not judged. Written by `python docs/write_theorems.py`."
)
ALSO = (
    "The same [to sort and filter](theorems.html), and as records that a registry of replications can import:"
    " [JSON](theorems.json), [YAML](theorems.yaml). `theorycheck table` makes such a table of your own runs."
)


def pages() -> dict[str, str]:
    """The texts of the four files, by name."""
    known = bounds.claims()
    links = {name: f"claims/{name}.md" for name in known if (DOCS / f"claims/{name}.md").exists()}
    made = records(read([STORED[0]]) if any(STORED[0].glob("*.json")) else [], known, all_known=True)
    about = {"md": f"{ABOUT}\n\n{ALSO}", "html": ABOUT.replace("`", "")}
    return {f"theorems.{kind}": render(made, links, about.get(kind, "")) for kind, render in RENDERED.items()}


def portable(document: dict[str, Any]) -> str:
    """A result document without paths of the machine that made it, as it is stored."""
    claims = [
        {name: [] if name == "artifacts" else value for name, value in claim.items() if name != "unwritten"}
        for claim in document["claims"]
    ]
    return json.dumps({**document, "claims": claims}, indent=2) + "\n"


def name_of(claim: dict[str, Any]) -> str:
    """The file of a run: of its claim, its design, and its data, where these are not the default."""
    design = claim["design"]
    known = bounds.claims()
    if claim["name"] not in known:
        raise ValueError(f"{claim['name']} is no claim of the package")
    if design["profile"] != "standard" or design["seed"] not in STORED:
        raise ValueError(
            f"{claim['name']} was judged under the profile {design['profile']} with seed {design['seed']};"
            " only runs of the profile standard with seed 0 or 1 are stored"
        )
    held, usual = design["held"].get("data"), known[claim["name"]].held.get("data")
    data = None if held in (None, usual) else held.partition(":")[0]
    return "-".join(filter(None, (claim["name"], design.get("name"), data))) + ".json"


def add(folder: Path) -> Path:
    """Store the result of a run."""
    document = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    (claim,) = document["claims"]
    name = name_of(claim)
    path = STORED[claim["design"]["seed"]] / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(portable(document), encoding="utf-8")
    return path


def main() -> None:
    """Store what is added, make what is stored portable, and write the four files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--add", nargs="+", type=Path, default=[], metavar="RUN_FOLDER")
    for folder in parser.parse_args().add:
        try:
            print(f"stored {add(folder).relative_to(DOCS.parent)}")
        except (OSError, ValueError, KeyError) as error:
            sys.exit(f"write_theorems: the run {folder} was not stored: {error}")
    for path in (DOCS / "claims").glob("*/*.json"):  # also of those that were copied there
        path.write_text(portable(json.loads(path.read_text(encoding="utf-8"))), encoding="utf-8")
    for name, text in (pages() | regime_tables.pages(DOCS, STORED)).items():
        (DOCS / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
