"""The digits of scikit-learn, which ship with this package: 1,797 images of 8 x 8 pixels, of 13 writers.

They are the test set of E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine
Learning Repository, 1998 (CC BY 4.0), as `sklearn.datasets.load_digits` gives them; `digits.npz` holds them
unchanged, 0 to 16 a pixel. It has no split of its own: of every class each third image is a test image.
"""

from functools import cache
from pathlib import Path

import numpy as np

from theorycheck.empirical.images.sources.image_set import ImageSet

SERVES = "digits (shipped with theorycheck)"
EMBEDDED = ("digits",)
# Two that are told apart in 90 % of tests by 2 to 230 images at 4 of 4 and at 4 of 40 tokens: by pilot seeds.
PAIR = ("0", "3")
FULL = 15  # of 255, for a sixteenth of the ink


def serves(name: str) -> bool:
    """Whether this file knows the source."""
    return name in EMBEDDED


@cache
def load(name: str) -> ImageSet:
    """The digits."""
    with np.load(Path(__file__).with_name("digits.npz")) as found:
        images, labels = found["images"], found["labels"]
    by_class = {str(k): images[labels == k][..., None] * np.uint8(FULL) for k in range(10)}
    third = {name: np.arange(len(of)) % 3 == 2 for name, of in by_class.items()}
    split = {
        "train": {name: of[~third[name]] for name, of in by_class.items()},
        "test": {name: of[third[name]] for name, of in by_class.items()},
    }
    return ImageSet(name, split)
