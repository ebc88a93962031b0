"""Finds claims: those of this package by scanning its folders, a reader's own by the path of its file."""

import difflib
from collections.abc import Iterable, Mapping
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType, ModuleType

from pydantic import ValidationError

from theorycheck.claim import Claim
from theorycheck.claim_file import load
from theorycheck.errors import ClaimError
from theorycheck.local_modules import modules_within

__all__ = ["chosen", "claims", "find", "load", "of_paper", "packed"]

GROUP = "theorycheck.claims"  # entry points by which installed packages offer claims


def claims() -> dict[str, Claim]:
    """All claims by name: those of this package, in the order of papers and names, and those of installed
    packs.

    Raises:
        ClaimError: a pack offers something else than a claim, or a name that is taken.
    """
    modules = map(_module, modules_within(__path__, __name__))
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
    known = _alone(name) or claims()  # one alone is found in a quarter of the time, and less by more claims
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.4) or list(known)
    raise ClaimError(
        f"there is no claim {name!r}; did you mean {' or '.join(near)}? `theorycheck list` shows all; "
        "a claim file of your own is given by its path, ending in .py"
    )


def _module(name: str) -> ModuleType:
    """A module of this package; what is wrong with its claim is told as of a reader's own file."""
    try:
        return import_module(name)
    except (ValidationError, ClaimError):
        file = find_spec(name)
        if file and file.origin:
            load(Path(file.origin))
        raise


def _alone(name: str) -> dict[str, Claim]:
    """A claim of this package by the name of its file, without loading others; empty if there is none."""
    pattern = f"*/{name}.py" if name.isidentifier() else ""
    found = [path for folder in __path__ * bool(pattern) for path in Path(folder).glob(pattern)]
    modules = [_module(f"{__name__}.{path.parent.name}.{name}") for path in found]
    claims = [module.claim for module in modules if hasattr(module, "claim")]
    return {claim.name: claim.as_found(claim.name) for claim in claims if claim.name == name}


def of_paper(key: str) -> list[Claim]:
    """The claims of a paper, by its key.

    Raises:
        ClaimError: no claim is of this paper.
    """
    known = claims().values()
    if found := [claim for claim in known if claim.source.paper.key == key]:
        return found
    keys = list(dict.fromkeys(claim.source.paper.key for claim in known))
    raise ClaimError(f"there is no paper {key!r}; there are {', '.join(keys)}")


def chosen(names: Iterable[str], papers: Iterable[str], every: bool = False) -> list[Claim]:
    """Claims by names or paths, then those of papers, each once; or every claim.

    Raises:
        ClaimError: no such claim, file or paper, or a file is malformed.
    """
    if every:
        return list(claims().values())
    found = [find(name) for name in names]
    found += [claim for key in papers for claim in of_paper(key)]
    return list({claim.found_as: claim for claim in found}.values())
