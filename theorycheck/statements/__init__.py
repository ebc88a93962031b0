"""What a theorem can state, a kind a file; each says itself, observes, judges, draws, and plants itself."""

from theorycheck.statements.base import Statement, Topic
from theorycheck.statements.contrast import Contrast
from theorycheck.statements.direction import Direction
from theorycheck.statements.for_each import ForEach
from theorycheck.statements.limit import Limit
from theorycheck.statements.ordering import Ordering
from theorycheck.statements.predicts import Predicts
from theorycheck.statements.ratio import Ratio
from theorycheck.statements.scaling import BigO, Omega, Scaling, Theta
from theorycheck.statements.transition import Transition
from theorycheck.statements.unknown_limit import UnknownLimit

__all__ = [
    "BigO",
    "Contrast",
    "Direction",
    "ForEach",
    "Limit",
    "Omega",
    "Ordering",
    "Predicts",
    "Ratio",
    "Scaling",
    "Statement",
    "Theta",
    "Topic",
    "Transition",
    "UnknownLimit",
]
