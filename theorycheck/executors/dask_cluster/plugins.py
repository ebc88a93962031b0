"""What is done on workers before any call. Loads dask.distributed."""

from __future__ import annotations

import hashlib
import io
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

from distributed import Worker, WorkerPlugin

from theorycheck.executors.local import begin
from theorycheck.local_modules import UPLOADED


class Ours(WorkerPlugin):
    """Has the workers of a local cluster end with the process that started it, and leave signals to it.

    Args:
        parent: its number.
    """

    def __init__(self, parent: int) -> None:
        self.parent = parent

    def setup(self, worker: Worker) -> None:
        """Prepare a worker, in its main thread."""
        begin(self.parent)


class Modules(WorkerPlugin):
    """Lets workers import the modules of a claim, where they do not have them beside it.

    Args:
        modules: files by the names of their modules.
    """

    def __init__(self, modules: Mapping[str, Path]) -> None:
        self.archive = packed(modules)
        self.name = f"theorycheck-{hashlib.sha256(self.archive).hexdigest()[:16]}.zip"

    def setup(self, worker: Worker) -> None:
        """Write them to the worker's own folder, which dask removes with it."""
        place = Path(worker.local_directory, self.name)
        place.write_bytes(self.archive)
        sys.path_importer_cache.pop(str(place), None)
        UPLOADED[:] = [str(place)]


def packed(modules: Mapping[str, Path]) -> bytes:
    """A zip file of modules, as Python imports from it; a package's `__init__` has the package's name."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, path in sorted(modules.items()):
            place = Path(*name.split("."))
            archive.write(path, place / path.name if path.name == "__init__.py" else place.with_suffix(".py"))
    return file.getvalue()
