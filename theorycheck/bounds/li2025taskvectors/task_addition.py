"""Theorem 1: start + D_1 + lambda D_2 solves both tasks where lambda >= 1 - alpha + beta."""

from theorycheck.bounds.li2025taskvectors import NOTATION, PAPER, alpha, mu
from theorycheck.claim import Claim, Design, Source
from theorycheck.statements import Ordering

LEVELS = (0.1, 0.3, 0.5, 0.7, 0.9)

claim = Claim(
    name="task_addition",
    title="How much of a second task vector can be left out, by the alignment of the tasks",
    source=Source(paper=PAPER, place="multi-task learning, lambda >= 1 - alpha + beta, alpha >= 0"),
    provenance="stated",
    # lambda* is the smallest factor at which both tasks are solved. By the theorem it is 1 - alpha at most,
    # with beta, which the paper leaves open, taken for 0.
    quantity=mu,
    law=Ordering(tuple(({alpha: a, "by": "theorem"}, {alpha: a, "by": "training"}) for a in LEVELS)),
    response="share_left_out",
    design=Design(
        factor=alpha,
        levels=LEVELS,
        crossed={"by": ("theorem", "training")},
        replicates=20,
        held={
            **{"d": 12, "irrelevant": 6, "L": 8, "relevant": 3, "opposite": 1, "noise": 0.1},
            **{"m": 20, "scale": 0.05, "N": 60, "eta": 2, "T": 100, "test_size": 200, "tolerance": 0.1},
        },
        note="Sizes and the loss that counts as learned are chosen: the source gives orders alone.",
    ),
    refuted_by="at some alpha, 1 - alpha is too small a factor on average, with 95 % confidence",
    notation=NOTATION,
    variations={
        "loss at most 0.02": {"tolerance": 0.02},
        "60 neurons": {"m": 60},
        "twice the steps": {"T": 200},
    },
)
