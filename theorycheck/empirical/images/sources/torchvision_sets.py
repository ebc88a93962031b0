"""CIFAR-10 and Fashion-MNIST by torchvision, which downloads them on first use.

`cifar10:FOLDER` names the folder that they lie in, or are downloaded to.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from theorycheck.empirical.images.sources.image_set import CACHE, ImageSet
from theorycheck.errors import DesignError

SERVES = "cifar10 and fashion_mnist (by torchvision), or cifar10:FOLDER where they lie"
EMBEDDED = ()
# Class of torchvision.datasets, and what to put where, where there is no network.
SETS = {
    "cifar10": ("CIFAR10", "cifar-10-python.tar.gz of www.cs.toronto.edu/~kriz into {folder}"),
    "fashion_mnist": (
        "FashionMNIST",
        "the four files *-ubyte.gz of zalandoresearch/fashion-mnist into {folder}/FashionMNIST/raw",
    ),
}


def serves(name: str) -> bool:
    """Whether this file knows the source."""
    return name.partition(":")[0] in SETS


def load(name: str) -> ImageSet:
    """The images, downloaded where they are not there.

    Raises:
        DesignError: torchvision is not installed, or they cannot be downloaded.
    """
    source, _, place = name.partition(":")
    called, put = SETS[source]
    folder = Path(place).expanduser() if place else CACHE
    try:
        from torchvision import datasets
    except ImportError as error:
        raise DesignError(
            f"{source} needs torchvision, which is not installed; install theorycheck[images], or name a"
            " folder of images by --data folder:PATH"
        ) from error
    try:
        splits = {
            split: getattr(datasets, called)(str(folder), train=split == "train", download=True)
            for split in ("train", "test")
        }
    except (OSError, RuntimeError) as error:
        where = put.format(folder=folder.absolute())
        raise DesignError(f"{source} cannot be had ({error}); put {where}, and try again") from error
    return ImageSet(source, {split: _by_class(of) for split, of in splits.items()})


def _by_class(found: Any) -> dict[str, np.ndarray]:
    images, labels = np.asarray(found.data), np.asarray(found.targets)
    images = images if images.ndim == 4 else images[..., None]  # (n, side, side, channels)
    return {name: images[labels == k] for k, name in enumerate(found.classes)}
