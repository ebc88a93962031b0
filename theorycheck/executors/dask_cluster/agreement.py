"""What a worker on another machine must share with this one: Python, this package, libraries, and files."""

from __future__ import annotations

import hashlib
import platform
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from theorycheck.code import digest_of
from theorycheck.errors import DesignError
from theorycheck.executors.code import Code
from theorycheck.local_modules import version_of


@dataclass(frozen=True)
class Agreement:
    """What is the same here and there.

    Attributes:
        theorycheck: digest of the package's files.
        python: major and minor version, which pickled code depends on.
        libraries: names and versions.
        files: paths, digests, and whether a file must be there, as it is not sent.
    """

    theorycheck: str
    python: str
    libraries: tuple[tuple[str, str], ...]
    files: tuple[tuple[str, str, bool], ...]

    @classmethod
    def on(cls, code: Code) -> Agreement:
        """What this process has."""
        sent = set(code.modules.values())
        files = tuple((str(path), digest, path not in sent) for path, digest in code.files.items())
        return cls(package_digest(), _python(), tuple(code.libraries.items()), files)

    @cache  # noqa: B019 (of few agreements, in a worker that ends)
    def check(self) -> None:
        """Raise DesignError where this process differs, naming it, what differs, and the repair."""
        for what, here, there in self._pairs():
            if here != there:
                has = f"{what} {there}" if there else f"no {what}"
                raise DesignError(
                    f"the worker on {platform.node()} ({sys.executable}) has {has}, asked for is {here};"
                    " install the same there, or start it from the same environment"
                )
        for name, digest, needed in self.files:
            found = digest_of(Path(name)) if Path(name).is_file() else None
            if found != digest and (found or needed):
                state = "another version of" if found else "no"
                raise DesignError(
                    f"the worker on {platform.node()} has {state} {name}, which the trials depend on; put the"
                    " same file there, or start it where the folder is shared"
                )

    def _pairs(self) -> list[tuple[str, str, str]]:
        here = self.theorycheck[:12], package_digest()[:12]
        libraries = [(name, version, version_of(name) or "") for name, version in self.libraries]
        return [("Python", self.python, _python()), ("the code of theorycheck", *here), *libraries]


@cache
def package_digest() -> str:
    """SHA-256 of the files of this package that decide what a trial gives."""
    folder = Path(__file__).parents[2]
    files = sorted(file for ending in ("py", "c") for file in folder.rglob(f"*.{ending}"))
    text = b"\0".join(file.relative_to(folder).as_posix().encode() + file.read_bytes() for file in files)
    return hashlib.sha256(text).hexdigest()


def _python() -> str:
    return "{}.{}".format(*sys.version_info)
