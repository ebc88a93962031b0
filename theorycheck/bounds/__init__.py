"""Finds claims: those of this package by scanning its folders, a reader's own by the path of its file."""

import difflib
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from types import MappingProxyType

from theorycheck.claim import Claim
from theorycheck.claim_file import load
from theorycheck.errors import ClaimError
from theorycheck.local_modules import modules_within

__all__ = ["claims", "find", "load", "packed"]

GROUP = "theorycheck.claims"  # entry points by which installed packages offer claims


def claims() -> dict[str, Claim]:
    """All claims by name: those of this package, in the order of papers and names, and those of installed
    packs.

    Raises:
        ClaimError: a pack offers something else than a claim, or a name that is taken.
    """
    modules = map(import_module, modules_within(__path__, __name__))
    known: dict[str, Claim] = {
        module.claim.name: module.claim.as_found(module.claim.name) for module in modules
    }
    return known | packed(known)


def packed(known: Mapping[str, Claim] = MappingProxyType({})) -> dict[str, Claim]:
    """The claims of installed packs by name; those known already must not be among them."""
    found: dict[str, Claim] = {}
    for entry in entry_points(group=GROUP):
        try:
            offered = entry.load()
        except (Exception, SystemExit) as error:
            raise ClaimError(
                f"the claim {entry.value} of an installed pack cannot be loaded: {error}"
            ) from error
        claim = getattr(offered, "claim", offered)
        if not isinstance(claim, Claim):
            raise ClaimError(
                f"the entry point {entry.name} = {entry.value} must name a claim, found"
                f" {type(claim).__name__}"
            )
        if claim.name in known or claim.name in found:
            raise ClaimError(f"the claim {claim.name} of {entry.value} has a name that is taken; rename it")
        found[claim.name] = claim.as_found(claim.name)
    return found


def find(name: str) -> Claim:
    """The claim of a name, or of the path of a claim file (recognised by its ending .py).

    Raises:
        ClaimError: no such claim or file, or the file is malformed.
    """
    if name.endswith(".py"):
        return load(Path(name))
    known = claims()
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.4) or list(known)
    raise ClaimError(
        f"there is no claim {name!r}; did you mean {' or '.join(near)}? `theorycheck list` shows all; "
        "a claim file of your own is given by its path, ending in .py"
    )
