"""Finds claims: those of this package by scanning its folders, a reader's own by the path of its file."""

from __future__ import annotations

import ast
import difflib
import importlib
import pkgutil
import re
import traceback
from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from types import MappingProxyType, ModuleType

from pydantic import ValidationError

from theorycheck.claim import Claim
from theorycheck.errors import ClaimError, TheoryCheckError
from theorycheck.local_modules import beside

GROUP = "theorycheck.claims"  # entry points by which installed packages offer claims


def claims() -> dict[str, Claim]:
    """All claims by name: those of this package, in the order of papers and names, and those of installed packs.

    Raises:
        ClaimError: a pack offers something else than a claim, or a name that is taken.
    """
    modules = (importlib.import_module(name) for name in _module_names())
    known: dict[str, Claim] = {module.claim.name: module.claim for module in modules}
    return known | packed(known)


def packed(known: Mapping[str, Claim] = MappingProxyType({})) -> dict[str, Claim]:
    """The claims of installed packs by name; those known already must not be among them."""
    found: dict[str, Claim] = {}
    for entry in entry_points(group=GROUP):
        try:
            offered = entry.load()
        except Exception as error:
            raise ClaimError(f"the claim {entry.value} of an installed pack cannot be loaded: {error}") from error
        claim = getattr(offered, "claim", offered)
        if not isinstance(claim, Claim):
            raise ClaimError(
                f"the entry point {entry.name} = {entry.value} must name a claim, found {type(claim).__name__}"
            )
        if claim.name in known or claim.name in found:
            raise ClaimError(f"the claim {claim.name} of {entry.value} has a name that is taken; rename it")
        found[claim.name] = claim
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


def load(path: Path) -> Claim:
    """Run a claim file and return the `claim` it defines.

    Raises:
        ClaimError: the file cannot be read or run, or defines no valid claim; the message names line and field.
    """
    try:
        source = path.read_text(encoding="utf-8")
        code = compile(source, str(path), "exec", dont_inherit=True)
    except OSError as error:
        raise ClaimError(f"the claim file {path} cannot be read: {error.strerror}") from error
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        raise ClaimError(f"{path}, line {line}: this is not Python: {error}") from error
    module = ModuleType(path.stem)
    module.__file__ = str(path)
    try:
        with beside(path.parent, afresh=True):
            exec(code, module.__dict__)
    except ValidationError as error:
        raise ClaimError(_describe(error, path, source)) from error
    except Exception as error:
        reason = str(error) if isinstance(error, TheoryCheckError) else f"{type(error).__name__}: {error}"
        raise ClaimError(f"{path}, line {_line_of(error, path)}: {reason}") from error
    claim = getattr(module, "claim", None)
    if not isinstance(claim, Claim):
        raise ClaimError(
            f"{path} must define `claim = Claim(...)`, found {type(claim).__name__}; see docs/claim-files.md"
        )
    return claim


def _module_names() -> Iterator[str]:
    for package in pkgutil.iter_modules(__path__, prefix=f"{__name__}."):
        if package.ispkg:
            folder = importlib.import_module(package.name).__path__
            yield from (module.name for module in pkgutil.iter_modules(folder, prefix=f"{package.name}."))


def _describe(error: ValidationError, path: Path, source: str) -> str:
    lines = []
    for problem in error.errors():
        field = ".".join(str(part) for part in problem["loc"]) or error.title
        line = _keyword_line(source, problem["loc"]) or _line_of(error, path)
        reason = re.sub(r"^Value error, ", "", problem["msg"])
        lines.append(f"{path}, line {line}, field {field} of {error.title}: {reason}")
    return "\n".join(lines)


def _keyword_line(source: str, location: tuple[int | str, ...]) -> int | None:
    """Line of the keyword argument that a validation error speaks of."""
    names = {part for part in location if isinstance(part, str)}
    lines = [k.value.lineno for k in ast.walk(ast.parse(source)) if isinstance(k, ast.keyword) and k.arg in names]
    return lines[0] if lines else None


def _line_of(error: BaseException, path: Path) -> int:
    frames = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)]
    return (frames[-1] if frames else None) or 1
