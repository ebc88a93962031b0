"""The code of functions: digests that do not depend on where it stands, and what it reads."""

import dis
import hashlib
import json
import sys
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from theorycheck.errors import ClaimError


def digest(value: Any) -> str:
    """SHA-256 of JSON values or bytes, in hexadecimal."""
    text = value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":")).encode()
    return hashlib.sha256(text).hexdigest()


def digest_of(path: Path) -> str:
    """SHA-256 of a file, however large, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def code_digest(code: CodeType) -> str:
    """Of what a code object does: its instructions, names and constants, without lines, comments and file."""
    counts = code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount
    names = code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars
    table = code.co_exceptiontable.hex()
    return digest([code.co_name, code.co_code.hex(), table, counts, names, [*map(_constant, code.co_consts)]])


def _constant(value: Any) -> Any:
    if isinstance(value, CodeType):
        return code_digest(value)
    if isinstance(value, tuple):
        return ["tuple", *map(_constant, value)]
    if isinstance(value, frozenset):
        return ["frozenset", *sorted(map(_constant, value), key=repr)]
    return [type(value).__name__, repr(value)]


def names_read(code: CodeType) -> set[str]:
    """The global names that a code object and those inside of it read."""
    reading = ("LOAD_GLOBAL", "LOAD_NAME")
    return {i.argval for part in _parts(code) for i in dis.get_instructions(part) if i.opname in reading}


def attributes_read(code: CodeType) -> set[str]:
    """The names that a code object and those inside of it use, attributes among them."""
    return {name for part in _parts(code) for name in part.co_names}


def place_in(file: Path, function: FunctionType) -> int | str:
    """Which of the functions of its name in a file a function is; its digest where the file was rewritten on
    import.

    Raises:
        ClaimError: the file holds no such function any more.
    """
    ours = code_digest(function.__code__)
    places = _places(file.read_bytes(), function.__qualname__)
    if ours in places:
        return places.index(ours)
    loader = function.__globals__.get("__loader__")
    if loader is None or type(loader) is SourceFileLoader:
        raise ClaimError(
            f"{file} was edited after its {function.__name__} was loaded, so that what would run is not what"
            " is written; run the same command again, in a notebook after a restart"
        )
    return ours


@lru_cache(maxsize=64)
def _places(text: bytes, name: str) -> tuple[str, ...]:
    try:
        whole = compile(text, "", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return ()
    return tuple(code_digest(code) for code in _parts(whole) if code.co_qualname == name)


def _parts(code: CodeType) -> Iterator[CodeType]:
    """A code object, and all inside of it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _parts(constant)


def file_of(value: FunctionType | type | ModuleType) -> str:
    """The file that defines a function or a class, or is a module; empty where there is none."""
    if isinstance(value, FunctionType):
        return value.__code__.co_filename
    module = sys.modules.get(value.__module__) if isinstance(value, type) else value
    return getattr(module, "__file__", None) or ""


def is_importable(class_: type) -> bool:
    """Whether other processes find the class by the name of its module."""
    module = sys.modules.get(class_.__module__)
    return class_.__module__ != "__main__" and getattr(module, class_.__name__, None) is class_


def name_of(function: Callable[..., Any]) -> str:
    """The name of a function, of what a partial calls, or of a callable object's class."""
    if isinstance(function, partial):
        return name_of(function.func)
    name = str(getattr(function, "__name__", type(function).__name__))
    return "function" if name == "<lambda>" else name


def summary_of(function: Callable[..., Any]) -> str:
    """The first line of a function's documentation, or of what a partial calls; empty where there is none."""
    documented = function.func if isinstance(function, partial) else function
    lines = (documented.__doc__ or "").strip().splitlines()
    return lines[0].rstrip(".") if lines else ""
