"""Sources of images, each by a name that `verify --data` takes. Loads no torch.

A file beside this serves some names, by its `serves`, `load` and `SERVES`. What trials are told of a source
is its name and a digest of its content, never where it lies: another content is other trials.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

from theorycheck.empirical.images.sources.image_set import CACHE, ImageSet
from theorycheck.errors import DesignError

LETTERS = ("data", "first", "second", "grid")  # of a design, that a source decides
COARSE = 16  # pixels; smaller images are cut into 2 x 2 patches, others into 4 x 4


def held(name: str) -> Mapping[str, Any]:
    """What a design holds of the source of a name, such as "digits" or "folder:photographs".

    The first two classes are told apart, where the source names no PAIR; the others are background. Images
    that do not ship with this package are kept in a file, by their digest, where worker processes find them.

    Raises:
        DesignError: there is no such source, or its images cannot be used.
    """
    module = _serving(name)
    images: ImageSet = module.load(name)
    if name not in module.EMBEDDED:
        images.keep()
    first, second = getattr(module, "PAIR", images.classes[:2])
    grid = 2 if images.side < COARSE else 4
    return dict(zip(LETTERS, (images.identity, first, second, grid), strict=True))


@lru_cache(maxsize=4)
def opened(identity: str) -> ImageSet:
    """The images of a name and digest, as a trial tells them.

    Raises:
        DesignError: they are not on this machine, or no longer the same.
    """
    name = identity.partition(":")[0]
    for module in _modules():
        if name in module.EMBEDDED:
            images: ImageSet = module.load(name)
            if images.identity == identity:
                return images
    kept = ImageSet.kept(identity)
    if kept is None:
        raise DesignError(
            f"asked for the images {identity}, which are not in {CACHE.absolute()}; verify a claim with"
            f" --data {name} (of a folder, --data folder:PATH) in this folder first"
        )
    return kept


def _serving(name: str) -> ModuleType:
    modules = _modules()
    for module in modules:
        if module.serves(name):
            return module
    known = "; ".join(module.SERVES for module in modules)
    raise DesignError(f"asked for the data {name!r}, which there are not; there is {known}")


def _modules() -> list[ModuleType]:
    names = [found.name for found in pkgutil.iter_modules([str(Path(__file__).parent)], f"{__name__}.")]
    return [module for module in map(importlib.import_module, names) if hasattr(module, "serves")]
