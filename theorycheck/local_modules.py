"""The modules beside a claim file: which ones it imports, and importing them as Python does for a script."""

import ast
import os
import pkgutil
import site
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache, lru_cache
from importlib import import_module, invalidate_caches, metadata
from importlib.machinery import PathFinder
from importlib.util import find_spec, resolve_name
from pathlib import Path
from types import ModuleType

_OF_STATEMENTS = {"theorycheck", "sympy"}  # what claim files state laws with, no trial depends on
# What claim files have imported from beside them, by folder and name.
UPLOADED: list[str] = []  # on a worker of a cluster, where modules lie that were sent to it
_KEPT: dict[Path, dict[str, ModuleType]] = {}


@contextmanager
def beside(folder: Path, afresh: bool = False) -> Iterator[None]:
    """Let imports find the modules of a folder first, and forget them afterwards, as another may have the
    same names.

    Args:
        folder: of a claim file.
        afresh: whether they are imported anew, so that an edit is seen; else once.
    """
    place = folder.resolve()
    own = _top_names(place)
    foreign = {
        name: module
        for name, module in sys.modules.items()
        if name.partition(".")[0] in own and _is_hidden_by(place, name, module)
    }
    for name in foreign:
        del sys.modules[name]
    before = set(sys.modules)
    if not afresh:
        sys.modules.update(_KEPT.get(place, {}) | sys.modules)
    sys.path.insert(0, str(place))
    try:
        yield
    finally:
        if str(place) in sys.path:
            sys.path.remove(str(place))
        new = sys.modules.keys() - before
        _KEPT[place] = {name: sys.modules[name] for name in new if _is_of(place, sys.modules[name])}
        for name in _KEPT[place]:
            del sys.modules[name]
        sys.modules.update(foreign)


def _top_names(folder: Path) -> set[str]:
    """Names of the modules and packages that a folder may have."""
    with suppress(OSError), os.scandir(folder) as entries:
        modules = [entry for entry in entries if entry.name.endswith(".py") or entry.is_dir()]
        return {entry.name.removesuffix(".py") for entry in modules}
    return set()


def _is_hidden_by(folder: Path, name: str, module: ModuleType) -> bool:
    """Whether a module of a name that a folder has is another one, and neither is installed."""
    file = getattr(module, "__file__", None)
    if file is None or name == "__main__":
        return False
    return not is_installed(Path(file)) and not _is_of(folder, module)


def _is_of(folder: Path, module: ModuleType) -> bool:
    """Whether a module lies in a folder."""
    place = getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", ())), None)
    return place is not None and Path(place).is_relative_to(folder) and not is_installed(Path(place))


@cache
def _installations() -> tuple[Path, ...]:
    named = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    found = [*named, *site.getsitepackages(), site.getusersitepackages()]
    return (Path(__file__).resolve().parent, *(Path(path).resolve() for path in found))


def is_installed(path: Path) -> bool:
    """Whether a file belongs to Python, an installed package or this one, which the keys of trials do not
    follow.
    """
    return any(path.resolve().is_relative_to(folder) for folder in _installations())


def local_files(path: Path, name: str, script: bool) -> dict[str, Path]:
    """A file, and all that it and they import from places that are not installed, or from its own package.

    Import statements are followed wherever they stand, also in functions; imports by a computed name are not
    seen.

    Args:
        path: of the file.
        name: of its module.
        script: whether it imports from its own folder, as a claim file does.

    Returns:
        The files by the names of their modules.
    """
    invalidate_caches()  # a file may be younger than the listing of its folder
    folder, package = (path.parent, None) if script else (None, name.partition(".")[0])
    found, open_ = {name: path}, [(name, path)]
    while open_:
        importer, at = open_.pop()
        for wanted in _imports(at, importer):
            for module, file in _found(wanted, folder):
                own = package == module.partition(".")[0]
                if module not in found and (own or not is_installed(file)):
                    found[module] = file
                    open_.append((module, file))
    return found


def modules_within(path: Iterable[str], name: str) -> Iterator[str]:
    """The names of the modules that lie in the packages of a package, which is given by path and name."""
    for package in pkgutil.iter_modules(path, prefix=f"{name}."):
        if package.ispkg:
            folder = import_module(package.name).__path__
            yield from (module.name for module in pkgutil.iter_modules(folder, prefix=f"{package.name}."))


def folder_of_caller() -> Path:
    """The folder of the file that called the caller of this; the present one where that has no file."""
    return Path(sys._getframe(2).f_globals.get("__file__", ".")).parent.absolute()


def libraries(files: Mapping[str, Path]) -> dict[str, str]:
    """The versions of the installed packages that files import, by name.

    Args:
        files: as `local_files` finds them.
    """
    wanted = {name.partition(".")[0] for module, path in files.items() for name in _imports(path, module)}
    others = wanted - _OF_STATEMENTS - sys.stdlib_module_names - {name.partition(".")[0] for name in files}
    return {name: version for name in sorted(others) if (version := version_of(name))}


@cache
def version_of(name: str) -> str | None:
    """The version of the distribution that a module belongs to; None where there is none."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:  # the distribution has another name, as scikit-learn of sklearn
        named = sorted(set(metadata.packages_distributions().get(name, ())))
        return " ".join(metadata.version(one) for one in named) or None


def _imports(path: Path, name: str) -> Iterator[str]:
    """Names of modules that a file may import; of `from a import b` both a.b and a."""
    if path.suffix == ".py":
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        yield from _imported(path.read_bytes(), package)


@lru_cache(maxsize=64)
def _imported(text: bytes, package: str) -> tuple[str, ...]:
    return tuple(_names_imported(ast.parse(text), package))


def _names_imported(tree: ast.AST, package: str) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            with suppress(ImportError):  # beyond the top of the package
                parent = resolve_name("." * node.level + (node.module or ""), package)
                yield from (f"{parent}.{alias.name}" for alias in node.names)


def _found(name: str, folder: Path | None) -> Iterator[tuple[str, Path]]:
    """Module and file of a name, and of the packages that it lies in, as far as there are any.

    Imports nothing, as the usual way would the packages.
    """
    module, *inner = name.split(".")
    spec = PathFinder.find_spec(module, [str(folder)]) if folder else None
    with suppress(ImportError, ValueError):  # a module without specification, such as __main__
        spec = spec or find_spec(module)
    while spec:
        if spec.origin and Path(spec.origin).is_file():
            yield module, Path(spec.origin)
        if not inner:
            return
        spec = PathFinder.find_spec(inner[0], spec.submodule_search_locations or [])
        module = f"{module}.{inner.pop(0)}"
