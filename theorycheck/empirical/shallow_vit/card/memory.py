"""How many trials a card has room for."""

from __future__ import annotations

import torch

from theorycheck.empirical.shallow_vit.card.shapes import width
from theorycheck.empirical.shallow_vit.performance import TEST_SAMPLES_AT_ONCE
from theorycheck.empirical.shallow_vit.setting import Setting

SLOTS = 128  # trials side by side: chosen by arithmetic, not yet by a measurement (docs/performance.md)
STEPS = 16  # taken between two looks at which trials have ended, and drawn together
SHARE = 0.5  # of the free memory: the rest is for libraries, fragments and other processes
NUMBERS_DRAWN = 2**22  # of training samples at once; a word and what becomes of it take about 40 bytes
NUMBERS_TESTED = 2**26  # values of a test at once
TRIALS_TESTED = 16


def values_of_a_pass(setting: Setting, samples: int) -> int:
    """Values that a forward and a backward pass over some samples hold."""
    queries = samples * setting.S if setting.attention else samples
    tokens = setting.kept * setting.d if setting.attention else setting.d
    scores = 3 * queries * setting.kept if setting.attention else 0
    return samples * tokens + scores + queries * (setting.m + 8 * setting.d)


def bytes_of_a_slot(setting: Setting, most: int, dtype: torch.dtype) -> int:
    """What a trial takes while it trains: samples, weights and their step, a pass, and drawn batches."""
    tokens = setting.kept * setting.d if setting.attention else setting.d
    weights = 4 * (setting.m * setting.d + 3 * setting.d**2)
    values = most * tokens + weights + values_of_a_pass(setting, width(setting))
    queries = width(setting) * setting.S if setting.attention else 0
    words = STEPS * (6 * queries + 6 * (most if most > width(setting) else 0))
    return values * dtype.itemsize + 8 * words


def slots_for(setting: Setting, most: int, dtype: torch.dtype, free: int) -> int:
    """Slots on a card: as many as are of use, or half of these, a quarter, ... where memory is short.

    Args:
        setting: of any of the trials.
        most: samples that one of them has.
        dtype: of weights and tokens.
        free: bytes that nobody uses.
    """
    slots, size = SLOTS, bytes_of_a_slot(setting, most, dtype)
    while slots > 1 and slots * size > SHARE * free:
        slots //= 2
    return slots


def trials_tested(setting: Setting) -> int:
    """Trials that are tested together; it depends on the shape alone."""
    return max(1, min(TRIALS_TESTED, NUMBERS_TESTED // values_of_a_pass(setting, TEST_SAMPLES_AT_ONCE)))
