"""A folder of images in the layout of torchvision's ImageFolder: train/CLASS/*.png and test/CLASS/*.png."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from theorycheck.empirical.images.sources.image_set import SPLITS, ImageSet
from theorycheck.errors import DesignError

SERVES = "folder:PATH (with train/CLASS/ and test/CLASS/, images of one size)"
EMBEDDED = ()
ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".ppm", ".pgm", ".tif", ".tiff", ".webp")


def serves(name: str) -> bool:
    """Whether this file knows the source."""
    return name.startswith("folder:")


def load(name: str) -> ImageSet:
    """The images of a folder, in the order of their files' names.

    Raises:
        DesignError: it lacks a split or the images of a class, or a file is no image or of another size.
    """
    folder = Path(name.partition(":")[2]).expanduser()
    if not folder.is_dir():
        raise DesignError(f"asked for the images in {folder}, which is no folder; name one that is there")
    splits = {split: dict(_classes(folder / split)) for split in SPLITS}
    side = next((images.shape[1:] for of in splits.values() for images in of.values()), None)
    if side is None:
        raise DesignError(f"{folder} holds no images; put them into train/CLASS/ and test/CLASS/")
    return ImageSet("folder", splits)


def _classes(folder: Path) -> Iterator[tuple[str, np.ndarray]]:
    if not folder.is_dir():
        raise DesignError(
            f"asked for the images in {folder}, which is no folder; make it, one folder a class"
        )
    for of in sorted(path for path in folder.iterdir() if path.is_dir()):
        files = sorted(path for path in of.iterdir() if path.suffix.lower() in ENDINGS)
        if not files:
            raise DesignError(f"the class {of} has no images; add some ({', '.join(ENDINGS)})")
        yield of.name, np.stack(list(_alike(files)))


def _alike(files: list[Path]) -> Iterator[np.ndarray]:
    """The images of some files, which must have one size."""
    size = None
    for path in files:
        image = _read(path)
        size = size or image.shape
        if image.shape != size:
            raise DesignError(
                f"{path} has {_size(image.shape)} pixels, {files[0].name} beside it {_size(size)}; resize one"
            )
        yield image


def _read(path: Path) -> np.ndarray:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB"))
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError, ValueError) as error:
        raise DesignError(f"{path} cannot be read as an image ({error}); remove or replace it") from error


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[1]} x {shape[0]}"
