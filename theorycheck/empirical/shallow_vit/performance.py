"""How a trained model does on fresh samples, which are drawn in pieces until the outcome is certain."""

from __future__ import annotations

from math import inf
from typing import Any, NamedTuple

from theorycheck.empirical.shallow_vit.setting import Setting
from theorycheck.empirical.shallow_vit.training import Trained

TEST_SAMPLES_AT_ONCE = 250


class Performance(NamedTuple):
    """On the fresh samples so far.

    Attributes:
        loss: sum of their hinge losses.
        wrong: how many are misclassified.
        tested: how many they are.
    """

    loss: float = 0.0
    wrong: int = 0
    tested: int = 0

    def counted(self, setting: Setting) -> float:
        """The sum that the criterion speaks of."""
        return self.loss if setting.criterion == "hinge" else float(self.wrong)

    def still(self, setting: Setting, to_the_end: bool) -> int:
        """Samples to be tested next; 0 once all are, or the losses add up to a failure."""
        most = inf if to_the_end else setting.tolerance * setting.test_size
        if not self.counted(setting) <= most:  # nor is a loss that is no number
            return 0
        return min(TEST_SAMPLES_AT_ONCE, setting.test_size - self.tested)

    def after(self, n: int, loss: float, wrong: int) -> Performance:
        """On n more samples."""
        return Performance(self.loss + loss, self.wrong + wrong, self.tested + n)

    def measurement(self, trained: Trained, setting: Setting) -> dict[str, Any]:
        """What is stored of a trial."""
        success = self.counted(setting) <= setting.tolerance * self.tested
        return {
            "outcome": "unfitted" if not trained.fitted else "success" if success else "failure",
            "test_loss": self.loss / self.tested,
            "test_error": self.wrong / self.tested,
            "test_samples": self.tested,
            "iterations": trained.iterations,
        }
