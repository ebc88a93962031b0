"""Sequences of two letters, and whether ab and ba occur in them an even number of times."""

from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np


@dataclass(frozen=True)
class Language:
    """All sequences of length 1 to L; every length weighs the same, as do the sequences of one length.

    Attributes:
        tokens: number of each letter at its position, 2 * position + letter, (sequence, L); 0 behind the end.
        present: which positions a sequence has, (sequence, L).
        last: token at the end of each sequence, (sequence,).
        labels: +1 for an even number of changes between letters, else -1, (sequence,).
        weights: (sequence,).
    """

    tokens: np.ndarray
    present: np.ndarray
    last: np.ndarray
    labels: np.ndarray
    weights: np.ndarray


def even_pairs(L: int) -> Language:
    """The language up to length L.

    Example:
        >>> even_pairs(2).labels.tolist()  # a, b, aa, ab, ba, bb
        [1, 1, 1, -1, -1, 1]
    """
    sequences = [s for length in range(1, L + 1) for s in product((0, 1), repeat=length)]
    lengths = np.array([len(s) for s in sequences])
    tokens = np.zeros((len(sequences), L), int)
    for i, s in enumerate(sequences):
        tokens[i, : len(s)] = 2 * np.arange(len(s)) + s
    changes = np.array([sum(a != b for a, b in pairwise(s)) for s in sequences])
    return Language(
        tokens,
        np.arange(L) < lengths[:, None],
        tokens[np.arange(len(sequences)), lengths - 1],
        np.where(changes % 2, -1, 1),
        0.5**lengths / L,
    )
