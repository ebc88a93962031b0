"""How much of a claim's design is carried out."""

from dataclasses import dataclass
from typing import Literal

from theorycheck.placement.rules import Adaptive, Grid
from theorycheck.statistics.hypothesis import Hypothesis

ProfileName = Literal["smoke", "quick", "standard", "full"]


@dataclass(frozen=True)
class Profile:
    """How much of a claim's design is carried out.

    Attributes:
        width: of the exponent's 95 % interval that is narrow enough, in margins of the claim, where trials
            are placed adaptively; the profile full places nothing so.
        budget: most trials of an adaptive placement.
        share: of the design's replicates, where every design point is tried alike.
    """

    width: float
    budget: int
    share: float

    def place(
        self,
        cells: tuple[tuple[float, float], ...],
        hypothesis: Hypothesis,
        decides: bool = True,
        most: int | None = None,
    ) -> Adaptive:
        """The placement of trials, at most so many, that tests a hypothesis to this extent; `decides` as
        there.
        """
        budget = self.budget if most is None else min(most, self.budget)
        return Adaptive(cells, hypothesis, self.width * hypothesis.margin, budget, decides)

    def repeat(self, cells: tuple[tuple[float, float], ...], replicates: int) -> Grid:
        """The placement that tries all cells alike, to this extent; at least twice, to see overdispersion."""
        return Grid(cells, max(2, round(self.share * replicates)))


PROFILES: dict[ProfileName, Profile] = {
    "smoke": Profile(width=1, budget=40, share=0.1),
    "quick": Profile(width=1, budget=240, share=0.4),
    "standard": Profile(width=1, budget=2400, share=1),
    "full": Profile(width=0, budget=0, share=4),  # of one threshold: every N at every level, see `plan`
}
