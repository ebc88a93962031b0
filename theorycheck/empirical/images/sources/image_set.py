"""A set of images by split and class, its digest, and the file in which worker processes find it."""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from theorycheck.errors import DesignError

CACHE = Path(".theorycheck/data")  # beside the store of trials
SPLITS = ("train", "test")


@dataclass(frozen=True)
class ImageSet:
    """Images of several classes.

    Attributes:
        name: of the source, without where it lies.
        images: by split and class, 8 bits a channel, (n, side, side, channels).
    """

    name: str
    images: Mapping[str, Mapping[str, np.ndarray]] = field(repr=False)

    def __post_init__(self) -> None:
        for split in SPLITS:
            of = self.images.get(split, {})
            if missing := [name for name in self.classes if not len(of.get(name, ()))]:
                raise DesignError(
                    f"{self.name}: the split {split} has no images of the class {missing[0]}; add some"
                )
        if len(self.classes) < 3:
            raise DesignError(
                f"{self.name}: two classes are told apart among patches of others, found {self.classes};"
                " add a class"
            )
        sizes = {of.shape[1:] for split in SPLITS for of in self.images[split].values()}
        if len(sizes) > 1:
            raise DesignError(f"{self.name}: images must have one size, found {sorted(sizes)}; resize them")
        height, width, _ = next(iter(sizes))
        if height != width or height % 2:
            raise DesignError(
                f"{self.name}: images must be square with an even side, found {height} x {width}; resize them"
            )

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of all classes, in order."""
        return tuple(sorted({name for split in self.images.values() for name in split}))

    @property
    def side(self) -> int:
        """Pixels of a side."""
        return int(self.images["train"][self.classes[0]].shape[1])

    @cached_property
    def digest(self) -> str:
        """Of what it contains: 16 hexadecimal digits of a SHA-256."""
        told = hashlib.sha256()
        for split in SPLITS:
            for name in self.classes:
                images = self.images[split][name]
                told.update(f"{split} {name} {images.shape}".encode())
                told.update(np.ascontiguousarray(images).data)
        return told.hexdigest()[:16]

    @property
    def identity(self) -> str:
        """Its name and digest, for the specification of a trial."""
        return f"{self.name}:{self.digest}"

    def keep(self) -> None:
        """Write it where `kept` finds it."""
        path = _path(self.identity)
        if path.exists():
            return
        arrays = {f"{split}/{name}": of for split in SPLITS for name, of in self.images[split].items()}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            beside = path.with_name(f"{path.stem}.{os.getpid()}.npz")
            np.savez(beside, **arrays)  # type: ignore[arg-type]
            beside.replace(path)  # whole or not at all
        except OSError as error:
            raise DesignError(f"{path} cannot be written: {error.strerror}; make room for it") from error

    @classmethod
    def kept(cls, identity: str) -> ImageSet | None:
        """What was kept of a name and digest; None where nothing was.

        Raises:
            DesignError: it is damaged.
        """
        path, images = _path(identity), {split: dict[str, np.ndarray]() for split in SPLITS}
        if not path.is_file():
            return None
        try:
            with np.load(path) as found:
                for split, _, name in (key.partition("/") for key in found.files):
                    images[split][name] = found[f"{split}/{name}"]
            whole = cls(identity.partition(":")[0], images)
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise DesignError(f"{path} is damaged ({error}); remove it, and verify with --data") from error
        if whole.identity != identity:
            raise DesignError(f"{path} holds {whole.identity}; remove it, and verify with --data")
        return whole


def _path(identity: str) -> Path:
    return CACHE / f"{identity.replace(':', '-')}.npz"
