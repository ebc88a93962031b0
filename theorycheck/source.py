"""Where a statement stands."""

from typing import Literal

from theorycheck.fields import Frozen, Text

Provenance = Literal["stated", "recalled"]


class Paper(Frozen):
    """A publication: BibTeX key, short name for terminals, full reference for reports."""

    key: Text
    short: Text
    reference: Text


class Source(Frozen):
    """Where a statement stands: paper and place, such as "Theorem 1"."""

    paper: Paper
    place: Text

    def __str__(self) -> str:
        return f"{self.paper.short}, {self.place}"
