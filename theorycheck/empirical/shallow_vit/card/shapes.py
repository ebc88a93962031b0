"""Which trials share a batch on a card, and how wide its mini-batches are. Loads no torch.

A trial is padded to a shape that depends on its setting alone, so that its result does not depend on the
trials beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from theorycheck.errors import DesignError

if TYPE_CHECKING:
    from theorycheck.empirical.shallow_vit.setting import Setting

NARROWEST = 8  # samples of a padded mini-batch: below it, a step takes the time in which it is started
TRIALS_OF_A_BATCH = 2048  # that the sweep hands over, and whose results are stored together


def width(setting: Setting) -> int:
    """Samples of a padded mini-batch: its size rounded up to a power of two."""
    return max(NARROWEST, power_of_two(setting.batch_size))


def power_of_two(n: int) -> int:
    """The smallest that is not less than n."""
    return 1 << (n - 1).bit_length()


def shape(setting: Setting) -> tuple[Any, ...]:
    """What trials of one batch share: all that tells which numbers are drawn, but N and B only by the width
    and by whether mini-batches are gathered.
    """
    if setting.fractions == "independent":
        raise DesignError(
            "asked for independent fractions, which are drawn on the CPU alone; use --device cpu"
        )
    names = ("L", "d", "M", "m", "S", "attention", "removed", "removal", "noise", "fractions", "labels")
    chosen = tuple(getattr(setting, name) for name in names)
    branches = (setting.noisy > 0, setting.alpha_spurious > 0, setting.steps_per_epoch > 1)
    return (*chosen, *branches, width(setting))
