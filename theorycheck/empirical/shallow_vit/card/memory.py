"""How many trials a card has room for."""

from __future__ import annotations

import torch

from theorycheck.empirical.shallow_vit.card.shapes import width
from theorycheck.empirical.shallow_vit.performance import TEST_SAMPLES_AT_ONCE
from theorycheck.empirical.shallow_vit.setting import Setting

# Of these two, the first is chosen by arithmetic, and not yet by a measurement: docs/performance.md.
TOGETHER = 64  # trials that an operation takes at once, those that pad them included
SLOTS = 256  # most trials side by side; a multiple of it
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
    """What a trial takes while it trains: samples, weights, and the batches that are drawn."""
    tokens = setting.kept * setting.d if setting.attention else setting.d
    values = (most + 1) * (tokens + 1) + width(setting) + _weights(setting)
    queries = width(setting) * setting.S if setting.attention else 0
    words = STEPS * (6 * queries + 6 * (most if most > width(setting) else 0))
    return values * dtype.itemsize + 8 * (words + 10)


def bytes_of_a_step(setting: Setting, dtype: torch.dtype) -> int:
    """What a step of one trial takes beside; trials that are not taken together share it."""
    return (3 * _weights(setting) + values_of_a_pass(setting, width(setting))) * dtype.itemsize


def _weights(setting: Setting) -> int:
    return setting.m * (setting.d + 1) + 3 * setting.d**2


def slots_for(trials: int, setting: Setting, most: int, dtype: torch.dtype, free: int) -> tuple[int, int]:
    """How many slots a card should have, and how many of them an operation takes at once.

    The latter is the same however few trials there are, as libraries choose other kernels for other numbers:
    so no bit of a trial depends on its company. Where memory is short it is half of that, a quarter, ...

    Args:
        trials: that are to be trained.
        setting: of any of them.
        most: samples that one of them has.
        dtype: of weights and tokens.
        free: bytes that nobody uses.
    """
    held, step = bytes_of_a_slot(setting, most, dtype), bytes_of_a_step(setting, dtype)
    together = TOGETHER
    while together > 1 and together * (held + step) > SHARE * free:
        together //= 2
    room = int(SHARE * free - together * step) // (together * held)
    parts = min(-(-trials // together), room, SLOTS // together)
    return together * max(1, parts), together


def trials_tested(setting: Setting) -> int:
    """Trials that are tested together; it depends on the shape alone."""
    return max(1, min(TRIALS_TESTED, NUMBERS_TESTED // values_of_a_pass(setting, TEST_SAMPLES_AT_ONCE)))
