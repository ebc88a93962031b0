"""What the result of a function depends on: its code, the modules beside it, and the values it carries."""

import random
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from types import (
    BuiltinFunctionType,
    CellType,
    FunctionType,
    GetSetDescriptorType,
    MappingProxyType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
)
from typing import Any

import numpy as np

from theorycheck.code import (
    attributes_read,
    code_digest,
    digest,
    digest_of,
    file_of,
    is_importable,
    name_of,
    names_read,
    place_in,
)  # fmt: skip
from theorycheck.errors import ClaimError
from theorycheck.local_modules import is_installed, libraries, local_files

Function = Callable[[Mapping[str, Any], int], Any]  # of a design point and a seed
_PLAIN = (bool, int, float, complex, str, bytes, type(None), type(...))
_GENERATORS = (np.random.Generator, np.random.RandomState, np.random.BitGenerator, random.Random)
_OF_EVERY_CLASS = {
    "__dict__", "__weakref__", "__module__", "__doc__", "__annotations__", "__annotate_func__",
    "__annotations_cache__", "__firstlineno__", "__static_attributes__", "__abstractmethods__", "_abc_impl",
}  # fmt: skip


@dataclass(frozen=True)
class Dependencies:
    """What the results of a callable object depend on, where its method `dependencies` tells this.

    Attributes:
        values: JSON values.
        files: by names that stay the same wherever they lie.
    """

    values: Any
    files: Mapping[str, Path]


@dataclass(frozen=True)
class Fingerprint:
    """All that a function's result depends on.

    Attributes:
        digest: of it.
        files: the digests of the files among it.
        folder: of the claim file or script that defines it, from where it imports; None where there is none.
        modules: those of the files that may be imported, by the names of their modules.
        libraries: versions of the installed packages that these import, by name.
    """

    digest: str
    files: Mapping[Path, str]
    folder: Path | None
    modules: Mapping[str, Path]
    libraries: Mapping[str, str]

    def changed(self) -> list[Path]:
        """The files that are no longer what they were."""
        return [path for path, was in self.files.items() if not path.is_file() or digest_of(path) != was]


def fingerprint(function: Function) -> Fingerprint:
    """The fingerprint of a function, partial, bound method, or callable object.

    A function whose file is there is known by the text of this file and of the modules that it imports from
    beside it or from other places that are not installed; one without a file, as in a notebook, by its code
    and all that this names. Both are known by what they carry as well: captured and default values, arguments
    of a partial, attributes of an object; and by the plain values that they read of their module.

    Raises:
        ClaimError: it carries what cannot be compared from run to run, such as a lock, an open file or a
            random generator; or its file is no longer what was loaded.
    """
    walk = _Walk(function)
    try:
        found = walk.describe(function)
    except RecursionError as error:
        raise ClaimError(
            f"the response {walk.name} carries values too deeply nested to be compared"
        ) from error
    files = {path: digest_of(path) for path in sorted(walk.files)}
    return Fingerprint(found[:16], files, walk.folder, walk.modules, libraries(walk.modules))


class _Walk:
    """Digests everything that can be reached from a function, each object once."""

    def __init__(self, function: Any) -> None:
        self.name = name_of(function)
        inner = function.func if isinstance(function, partial) else function
        package = str(getattr(inner, "__module__", "")).partition(".")[0]
        self.package = "" if package == __package__ else package  # this one tells its revisions
        self.files: set[Path] = set()
        self.modules: dict[str, Path] = {}
        self.folder: Path | None = None
        self._open: dict[int, int] = {}
        self._known: dict[int, tuple[Any, str]] = {}  # with the object, so that no other one takes its id

    def describe(self, value: Any) -> str:
        """The digest of a value; what contains itself is told by how far above it is."""
        if type(value) in _PLAIN:
            return digest([type(value).__name__, repr(value)])
        if id(value) in self._open:
            return digest(["above", len(self._open) - self._open[id(value)]])
        if id(value) not in self._known:
            self._open[id(value)] = len(self._open)
            self._known[id(value)] = value, digest([*self._parts(value)])
            del self._open[id(value)]
        return self._known[id(value)][1]

    def _all(self, values: Iterable[Any]) -> list[str]:
        return [self.describe(value) for value in values]

    def _parts(self, value: Any) -> Iterable[Any]:
        match value:
            case FunctionType():
                return self._function(value)
            case MethodType():
                return "method", *self._all((value.__func__, value.__self__))
            case partial():
                return "partial", *self._all((value.func, value.args, value.keywords))
            case type():
                return self._class(value)
            case ModuleType():
                return self._module(value)
            case BuiltinFunctionType():
                return "builtin", value.__qualname__, self.describe(value.__self__)
            case staticmethod() | classmethod():
                return type(value).__name__, self.describe(value.__func__)
            case property():
                return "property", *self._all((value.fget, value.fset, value.fdel))
            case cached_property():
                return "property", self.describe(value.func)
            case MemberDescriptorType() | GetSetDescriptorType():
                return "slot", value.__name__
        if type(value) in (tuple, list):
            return type(value).__name__, *self._all(value)
        if type(value) in (dict, MappingProxyType):
            return "mapping", *sorted(self._all(value.items()))
        if type(value) in (set, frozenset):
            return "set", *sorted(self._all(value))
        return self._object(value)

    def _function(self, function: FunctionType) -> Iterator[Any]:
        captured = [cell.cell_contents for cell in function.__closure__ or () if cell != CellType()]
        yield function.__qualname__
        yield self._all((function.__defaults__, function.__kwdefaults__, captured))
        inputs = vars(function).get("inputs", ())  # theorycheck.empirical.marks.depends_on
        self.files.update(inputs)
        yield [[path.name, digest_of(path)] for path in inputs]
        file = Path(function.__code__.co_filename)
        if not file.is_file():
            yield code_digest(function.__code__)
            yield from self._globals(function, lambda value: True)
        elif self._is_edited(function):
            spec = function.__globals__.get("__spec__")
            yield place_in(file, function), self._text(file, spec.name if spec else file.stem, spec is None)
            yield from self._globals(function, self._is_beyond_text)
        else:
            yield function.__module__

    def _globals(self, function: FunctionType, told: Callable[[Any], bool]) -> Iterator[Any]:
        """What a function reads of its module, and of other modules that may be edited."""
        for name in sorted(names_read(function.__code__) & set(function.__globals__)):
            value = function.__globals__[name]
            if told(value):
                yield name, self.describe(value)
            if isinstance(value, ModuleType) and self._is_edited(value):
                used = vars(value).keys() & attributes_read(function.__code__)
                yield name, self.describe({n: v for n in used if self._is_beyond_text(v := vars(value)[n])})

    def _is_beyond_text(self, value: Any) -> bool:
        """Whether a value may be another one than the text of its file tells: given from outside, or edited
        since.
        """
        if isinstance(value, FunctionType | type | ModuleType):
            return self._is_edited(value)
        return isinstance(value, _GENERATORS) or _is_plain(value)

    def _is_edited(self, value: FunctionType | type | ModuleType) -> bool:
        """Whether its file is part of the key: not installed, or of the package of the response."""
        file = Path(file_of(value))
        module = value.__name__ if isinstance(value, ModuleType) else value.__module__
        return file.is_file() and (not is_installed(file) or (module or "").partition(".")[0] == self.package)

    def _text(self, file: Path, module: str, script: bool) -> list[Any]:
        """The digests of a file and of those that it imports, with the versions of packages among these."""
        files = local_files(file.resolve(), module, script)
        if script and self.folder is None:
            self.folder = file.resolve().parent
        self.files.update(files.values())
        self.modules.update(files)
        return [*sorted([name, digest_of(path)] for name, path in files.items()), libraries(files)]

    def _module(self, module: ModuleType) -> Iterator[Any]:
        yield module.__name__
        if self._is_edited(module):
            yield self._text(Path(file_of(module)), module.__name__, module.__spec__ is None)
            own = [value for value in vars(module).values() if isinstance(value, FunctionType)]
            yield sorted(self._all(value for value in own if value.__module__ == module.__name__))

    def _class(self, class_: type) -> Iterator[Any]:
        yield class_.__qualname__
        if is_importable(class_) and not self._is_edited(class_):
            yield class_.__module__
            return
        yield self._all(class_.__bases__)
        members = {name: value for name, value in vars(class_).items() if name not in _OF_EVERY_CLASS}
        text = any(isinstance(value, FunctionType) and self._is_edited(value) for value in members.values())
        yield self.describe(
            {n: v for n, v in members.items() if not text or _is_code(v) or self._is_beyond_text(v)}
        )

    def _object(self, value: Any) -> Iterable[Any]:
        """By class and state, as copying and pickling take them."""
        if isinstance(value, _GENERATORS):
            raise ClaimError(
                f"the response {self.name} carries a random generator, so that results would depend on the"
                " order of trials; make it inside of the function from its seed, as by"
                " numpy.random.default_rng(seed)"
            )
        if hasattr(type(value), "dependencies"):
            told: Dependencies = value.dependencies()
            self.files.update(told.files.values())
            return "told", told.values, sorted([name, digest_of(path)] for name, path in told.files.items())
        if hasattr(value, "__wrapped__"):  # what decorates a function, such as a cache
            return "wrapper", *self._all((type(value), value.__wrapped__))
        torch = sys.modules.get("torch")
        if torch is not None and isinstance(value, torch.Tensor):  # which is pickled with an address
            value = value.detach().cpu().numpy()
        try:
            reduced = value.__reduce_ex__(4)
        except Exception as error:
            raise ClaimError(
                f"the response {self.name} carries a {type(value).__name__}, which cannot be compared from"
                f" run to run ({error}); make it inside of the function"
            ) from error
        if isinstance(reduced, str):
            return "named", type(value).__module__, reduced
        made, arguments, *more = reduced
        state, items, pairs = [*more, None, None, None][:3]
        return "object", *self._all((made, arguments, state, [*(items or ())], [*(pairs or ())]))


def _is_plain(value: Any) -> bool:
    if type(value) in (tuple, list, set, frozenset):
        return all(map(_is_plain, value))
    if type(value) is dict:
        return all(map(_is_plain, value.items()))
    return type(value) in _PLAIN or isinstance(value, np.ndarray | np.generic)


def _is_code(value: Any) -> bool:
    return isinstance(value, FunctionType | staticmethod | classmethod | property | cached_property)
