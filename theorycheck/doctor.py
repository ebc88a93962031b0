"""Looks at what theorycheck finds on a machine, and says how to get what is missing. Loads no torch."""

import ast
import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from packaging.requirements import Requirement

from theorycheck import __version__
from theorycheck.empirical.store import Store
from theorycheck.empirical.store_file import is_there
from theorycheck.errors import StoreError
from theorycheck.reports.makers import makers

USED = ("pdf", "dask", "images")  # extras that a command can ask for; others are those of developers
PATIENCE = 10.0  # seconds for a driver that hangs


@dataclass(frozen=True)
class Finding:
    """What was found of one thing.

    Attributes:
        name: of the thing.
        status: "ok"; "absent", where it is of use and not needed; "missing", where it is needed.
        found: what is there.
        repair: how to get it; empty where it is there.
    """

    name: str
    status: Literal["ok", "absent", "missing"]
    found: str
    repair: str = ""


def findings(store: Path) -> list[Finding]:
    """What is found: versions, requirements, extras, C compiler, CUDA, makers of PDF, the store."""
    system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    return [
        Finding("theorycheck", "ok", __version__),
        Finding("Python", "ok", f"{platform.python_version()} on {system}"),
        *_packages(),
        _compiler(),
        _cuda(),
        _pdf(),
        _store(store),
    ]


def document(found: list[Finding]) -> dict[str, Any]:
    """As JSON values."""
    return {"theorycheck": __version__, "ok": healthy(found), "findings": [asdict(one) for one in found]}


def healthy(found: list[Finding]) -> bool:
    """Whether nothing that is needed is missing."""
    return all(one.status != "missing" for one in found)


def _packages() -> Iterator[Finding]:
    """Each requirement, and each extra as a whole."""
    try:
        wanted = [Requirement(text) for text in requires("theorycheck") or ()]
    except PackageNotFoundError:
        told = "run from its source, so that its requirements are not known"
        yield Finding("installation", "absent", told, "pip install .")
        return
    for one in wanted:
        if one.marker is None or one.marker.evaluate({"extra": ""}):
            yield _package(one)
    for extra in USED:
        parts = [one for one in wanted if one.marker and _only_of(one, extra)]
        if not parts:  # of an older installation
            continue
        lacking = [one.name for one in parts if _package(one).status == "missing"]
        if lacking:
            lacks = f"without {', '.join(lacking)}"
            yield Finding(f"[{extra}]", "absent", lacks, f"pip install 'theorycheck[{extra}]'")
        else:
            told = ", ".join(f"{one.name} {version(one.name)}" for one in parts)
            yield Finding(f"[{extra}]", "ok", told)


def _only_of(one: Requirement, extra: str) -> bool:
    assert one.marker
    return one.marker.evaluate({"extra": extra}) and not one.marker.evaluate({"extra": ""})


def _package(one: Requirement) -> Finding:
    repair = f"pip install '{one.name}{one.specifier}'"
    try:
        found = version(one.name)
    except PackageNotFoundError:
        return Finding(one.name, "missing", "not installed", repair)
    if not one.specifier.contains(found, prereleases=True):
        return Finding(one.name, "missing", f"{found}, needed is {one.specifier}", repair)
    return Finding(one.name, "ok", found)


def _compiler() -> Finding:
    if compiler := shutil.which("cc"):
        return Finding("C compiler", "ok", compiler)
    without = "no cc: PyTorch's operations train the shallow ViT, which takes several times as long"
    return Finding("C compiler", "absent", without, "install gcc or clang, such as apt install gcc")


def _cuda() -> Finding:
    """By what PyTorch was built with, and what the driver lists."""
    built, cards = _built_with(), _cards()
    if built and cards:
        return Finding("CUDA", "ok", f"PyTorch for CUDA {built}; {'; '.join(cards)}")
    if cards:
        repair = "install PyTorch for CUDA: https://pytorch.org/get-started/locally"
        return Finding("CUDA", "absent", f"{'; '.join(cards)}, and a PyTorch for the CPU alone", repair)
    told = f"PyTorch for CUDA {built}" if built else "PyTorch for the CPU alone"
    return Finding("CUDA", "absent", f"no card is listed by nvidia-smi; {told}")


def _built_with() -> str | None:
    """The CUDA version in torch/version.py, which is read and not run."""
    spec = find_spec("torch")
    path = Path(spec.origin).with_name("version.py") if spec and spec.origin else None
    if path is None or not path.is_file():
        return None
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == "cuda" for target in targets):
            value = getattr(node, "value", None)
            return str(value.value) if isinstance(value, ast.Constant) and value.value else None
    return None


def _cards() -> list[str]:
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    asked = [program, "--query-gpu=name", "--format=csv,noheader"]
    try:
        ended = subprocess.run(asked, capture_output=True, text=True, timeout=PATIENCE, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return ended.stdout.split("\n")[:-1]


def _pdf() -> Finding:
    if found := makers():
        return Finding("PDF", "ok", f"made by {', '.join(found)}")
    return Finding("PDF", "absent", "no report.pdf", "pip install 'theorycheck[pdf]', or install pdflatex")


def _store(path: Path) -> Finding:
    """Whether the store can be read and written; it stays as it is."""
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    try:
        if not is_there(path):
            free = f"{shutil.disk_usage(folder).free / 1e9:.0f} GB free"
            return _writable(folder, f"{path} is not there yet, and is made by verify; {free}")
        with Store(path, read_only=True):
            pass  # it is told from other files
        return _writable(path, f"{path}, {path.stat().st_size / 1e6:.1f} MB")
    except (StoreError, OSError) as error:
        return Finding("store", "missing", str(error), "name another by --store")


def _writable(path: Path, told: str) -> Finding:
    if os.access(path, os.W_OK):
        return Finding("store", "ok", told)
    return Finding("store", "missing", f"{path} may not be written", "name another by --store")
