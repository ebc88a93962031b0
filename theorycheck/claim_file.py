"""Runs a claim file, and says where it is malformed: file, line and field."""

import ast
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from types import ModuleType
from typing import Any, TextIO, cast

from pydantic import ValidationError

from theorycheck.claim import Claim
from theorycheck.errors import ClaimError, TheoryCheckError
from theorycheck.fields import Misfit
from theorycheck.local_modules import beside
from theorycheck.text import told

MOST_BYTES = 10_000_000  # of a claim file; its data belong into a file of their own


def load(path: Path) -> Claim:
    """Run a claim file and return the `claim` it defines.

    What it prints goes to standard error, as standard output is the program's.

    Raises:
        ClaimError: the file cannot be read or run, or defines no valid claim; the message names line and
            field.
    """
    source = _read(path)
    try:
        code = compile(source, str(path), "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None) or 1
        raise ClaimError(f"{path}, line {line}: this is not Python: {told(error)}") from error
    _check_once_defined(source, path)
    module = ModuleType(path.stem)
    module.__file__ = str(path)
    try:
        with _streams_kept(), beside(path.parent, afresh=True):
            exec(code, module.__dict__)
    except ValidationError as error:
        raise ClaimError(_describe(error, path, source)) from error
    except KeyboardInterrupt:
        raise
    except (
        BaseException
    ) as error:  # SystemExit and its like among them, which would end the program without a verdict
        reason = str(error) if isinstance(error, TheoryCheckError) else told(error)
        raise ClaimError(f"{path}, line {_line_of(error, path)}: {reason}") from error
    claim = getattr(module, "claim", None)
    if not isinstance(claim, Claim):
        raise ClaimError(
            f"{path} must define `claim = Claim(...)`, found {type(claim).__name__}; see docs/claim-files.md"
        )
    return claim.as_found(str(path))


def _read(path: Path) -> bytes:
    """The bytes of a claim file, which may name their encoding as Python's sources do."""
    try:
        if path.exists() and not path.is_file():
            raise ClaimError(f"the claim file {path} cannot be read: it is a folder or a device; name a file")
        if (size := path.stat().st_size) > MOST_BYTES:
            raise ClaimError(
                f"the claim file {path} has {size} bytes, at most {MOST_BYTES} are read; keep its data in"
                " another file"
            )
        return path.read_bytes()
    except (OSError, ValueError) as error:  # such as a null byte in the path
        reason = error.strerror if isinstance(error, OSError) else error
        raise ClaimError(f"the claim file {path} cannot be read: {reason}") from error


def _check_once_defined(source: bytes, path: Path) -> None:
    """The claim must not be built twice, as the first would be passed over in silence."""
    lines = []
    for node in ast.parse(source).body:
        match node:
            case ast.Assign([ast.Name("claim")], ast.Call(ast.Name("Claim"))):
                lines.append(node.lineno)
    if len(lines) > 1:
        raise ClaimError(
            f"{path} defines claim in lines {', '.join(map(str, lines))}; keep one, a file is one claim"
        )


class _Kept:
    """A stream that a claim file may write to, and not close."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def close(self) -> None:
        """Leave it open."""


@contextmanager
def _streams_kept() -> Iterator[None]:
    """Send what is printed to standard error; undo closed descriptors and another recursion limit."""
    saved, limit = {}, sys.getrecursionlimit()
    for descriptor in (1, 2):
        with suppress(OSError):  # closed before
            saved[descriptor] = os.dup(descriptor)
    kept = cast("TextIO", _Kept(sys.stderr))
    try:
        with redirect_stdout(kept), redirect_stderr(kept):
            yield
    finally:
        sys.setrecursionlimit(limit)
        for descriptor, copy in saved.items():
            try:
                os.fstat(descriptor)
            except OSError:
                os.dup2(copy, descriptor)
            os.close(copy)


def _describe(error: ValidationError, path: Path, source: bytes) -> str:
    lines = []
    for problem in error.errors():
        cause = problem.get("ctx", {}).get("error")
        place = (*problem["loc"], *((cause.field,) if isinstance(cause, Misfit) else ()))
        parts = (str(part) if str(part).isprintable() else ascii(part) for part in place)
        field = ".".join(parts) or error.title
        line = _keyword_line(source, place, _line_of(error, path))
        reason = problem["msg"].removeprefix("Value error, ")
        lines.append(f"{path}, line {line}, field {field} of {error.title}: {reason}")
    return "\n".join(lines)


def _keyword_line(source: bytes, location: tuple[int | str, ...], call: int) -> int:
    """Line of the keyword argument that a validation error speaks of, in a call or after it; else that of the
    call.
    """
    keywords = [(k.arg, k.value.lineno) for k in ast.walk(ast.parse(source)) if isinstance(k, ast.keyword)]
    for name in reversed(location):
        lines = sorted(line for argument, line in keywords if argument == name)
        if lines:
            return next((line for line in lines if line >= call), lines[0])
    return call


def _line_of(error: BaseException, path: Path) -> int:
    frames = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)]
    return (frames[-1] if frames else None) or 1
