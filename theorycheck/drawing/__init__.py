"""What figures are drawn with; readable in grey and to the colour-blind, with uncertainty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from theorycheck.claim import Claim
    from theorycheck.judgement import Judgement


@dataclass(frozen=True)
class Shown:
    """What figures show.

    Attributes:
        judgement: what was found.
        claim: the claim that makes the statement.
        evidence: what the judge saw.
        words: what the response calls things, by the name of a letter, or "measured".
    """

    judgement: Judgement
    claim: Claim
    evidence: pd.DataFrame
    words: Mapping[str, str]
