"""What the trials of a call are made by, for executors whose processes stand elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Code:
    """What trials are made by, beside this package.

    Attributes:
        modules: files that a worker may import, by the names of their modules.
        files: digests (SHA-256) of all files that results depend on, modules among them.
        libraries: versions of installed packages, by name.
    """

    modules: Mapping[str, Path] = field(default_factory=dict)
    files: Mapping[Path, str] = field(default_factory=dict)
    libraries: Mapping[str, str] = field(default_factory=dict)
