"""The words of a command: its program, the files that it names, its placeholders, and when it succeeds."""

import math
import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from string import Formatter

from theorycheck.errors import ClaimError


def split_words(words: str | Sequence[str]) -> list[str]:
    """The words of a command, each with placeholders that are names."""
    try:
        split = shlex.split(words) if isinstance(words, str) else list(map(str, words))
    except (ValueError, TypeError) as error:
        raise ClaimError(f"the command {words!r:.100} cannot be split into words: {error}") from error
    if not split or not split[0]:
        raise ClaimError("the command is empty; write a program and its arguments")
    for word in split:
        check_placeholders(word)
    return split


def number(name: str, value: float, least: float = math.ulp(0)) -> float:
    """A finite number of at least so much."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value < math.inf:
        raise ClaimError(
            f"{name} = {value!r} of a command: write a number{' of seconds' * (name == 'timeout')}"
        )
    return float(value)


def program(word: str, beside: Path) -> str:
    """The path of a program."""
    if word == "python":
        return sys.executable
    found = shutil.which(str(Path(beside, word)) if os.sep in word else word)
    if found is None:
        raise ClaimError(
            f"there is no program {word}; install it, or name its path relative to {beside} (with a slash)"
        )
    return found


def filled_word(word: str, beside: Path) -> tuple[str, Path | None]:
    """A word with the path of the file that it names, alone or behind an equals sign, and this file."""
    option, equals, named = word.rpartition("=")
    file = Path(beside, named)
    if named and not any(placeholders(named)) and file.is_file():
        return f"{option}{equals}{str(file).replace('{', '{{').replace('}', '}}')}", file
    return word, None


def existing(path: Path) -> Path:
    """A file or folder that must be there."""
    if not path.exists():
        raise ClaimError(f"the input {path} of a command is missing; name a file or a folder that is there")
    return path


def placeholders(text: str) -> Iterator[str]:
    """The names in braces."""
    return (name for _, name, _, _ in Formatter().parse(text) if name is not None)


def check_placeholders(text: str) -> None:
    """Raise ClaimError where braces hold no name."""
    try:
        parsed = [part for part in Formatter().parse(text) if part[1] is not None]
        if nested := [spec for _, _, spec, _ in parsed if spec and "{" in spec]:
            raise ValueError(f"{nested[0]} stands within braces")
    except ValueError as error:
        raise ClaimError(f"the command holds {text!r}: {error}; write {{{{ and }}}} for braces") from error
    if wrong := [name for name in placeholders(text) if not name.isidentifier()]:
        raise ClaimError(
            f"the command holds {{{wrong[0]}}} in {text!r}; a placeholder is the name of a letter"
        )


def condition(text: str | None) -> tuple[str, float] | None:
    """What `command(success=...)` says: a comparison and a number; None where it says nothing."""
    if text is None:
        return None
    found = re.fullmatch(r"\s*(<=|>=|==|<|>)\s*(\S+)\s*", str(text))
    sign, bound = found.groups() if found else ("", "")
    try:
        if math.isnan(float(bound)):
            raise ValueError("not a number")
        return sign, float(bound)
    except ValueError as error:
        raise ClaimError(f"success = {text!r} is no condition; write one as '<= 0.01' or '> 0.9'") from error
