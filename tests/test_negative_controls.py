"""Trained models that can have learned nothing, and laws that are wrong: no claim is SUPPORTED by them.

One claim of every kind of statement, with models small enough to train in seconds: on the labels of their
samples, on shuffled labels, and on their own labels with a law that they do not follow.
"""

import re
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from sympy import Symbol, sqrt
from test_contract import KINDS

from theorycheck import bounds
from theorycheck.claim import Search
from theorycheck.executors.local import ThisProcess
from theorycheck.session import Session
from theorycheck.statements import (
    BigO,
    Contrast,
    Direction,
    ForEach,
    Limit,
    Omega,
    Ordering,
    Predicts,
    Ratio,
    Theta,
    Transition,
    UnknownLimit,
)

PAGE = Path(__file__).parents[1] / "docs/calibration.md"
SMALL = {"L": 20, "d": 8, "M": 3, "m": 40, "S": 5, "test_size": 100}
FRACTIONS = (0.1, 0.15, 0.2, 0.3, 0.45, 0.6)
SAMPLES = (2, 4, 6, 8, 12, 16, 24, 32, 48, 64)
ALPHA = next(symbol for symbol, _ in bounds.find("sample_complexity").law.regime)
ITERATIONS = bounds.find("training_iterations").law
FEWER = {"removed": 4}
WHOLE = {"removed": 0}


@dataclass(frozen=True)
class Control:
    """A claim of a kind of statement, its small design, the law that is right and one that is wrong.

    Attributes:
        own, shuffled, wrong: what is decided with own and shuffled labels, and by the wrong law.
    """

    claim: str
    design: dict
    wrong_law: object
    own: str
    shuffled: str
    wrong: str = "REFUTED"
    law: object = None
    held: dict = field(default_factory=dict)

    def stated(self, labels, law):
        """The claim with small models, on own or shuffled labels, and a law."""
        claim = bounds.find(self.claim)
        held = {**claim.design.held, **SMALL, **self.held, "labels": labels}
        design = claim.design.model_copy(update={**self.design, "held": held})
        return claim.model_copy(update={"design": design, "law": law or self.law or claim.law})


def of_iterations(kind, power):
    """A law of the iterations, and one whose exponents are those of another power."""
    design = {"levels": FRACTIONS, "crossed": {"eta": (0.1, 0.2, 0.4)}, "replicates": 8}
    right, wrong = (kind(ITERATIONS.expression**p, *ITERATIONS.regime) for p in (1, power))
    return Control(
        "training_iterations", design, wrong, "SUPPORTED", "INCONCLUSIVE", law=right, held={"N": 16}
    )


def turned(contrast):
    """The same bounds, of the other group each."""
    (first, one), (second, other) = contrast.first, contrast.second
    return Contrast(contrast.variable, contrast.group, (second, one), (first, other))


LAWS = {name: claim.law for name, claim in bounds.claims().items()}
CONTROLS = {
    BigO: of_iterations(BigO, 1 / 2),
    Omega: of_iterations(Omega, 2),
    Theta: of_iterations(Theta, 2),
    Direction: Control(
        "token_noise",
        {"search": Search("N", (*SAMPLES, 96, 128)), "replicates": 25},
        Direction(LAWS["token_noise"].variable, grows=False),
        "SUPPORTED",
        "INCONCLUSIVE",
        held={"alpha_relevant": 0.3},
    ),
    Contrast: Control(
        "attention_advantage",
        {"levels": FRACTIONS, "search": Search("N", SAMPLES)},
        turned(LAWS["attention_advantage"]),
        "INCONCLUSIVE",
        "INCONCLUSIVE",
        "INCONCLUSIVE",
    ),
    ForEach: Control(
        "training_iterations",
        {"levels": FRACTIONS, "crossed": {"eta": (0.1, 0.2, 0.4)}, "replicates": 8},
        ForEach("eta", (0.1, 0.2, 0.4), BigO(sqrt(1 / ALPHA), (ALPHA, 0))),
        "SUPPORTED",
        "INCONCLUSIVE",
        law=ForEach("eta", (0.1, 0.2, 0.4), BigO(1 / ALPHA, (ALPHA, 0))),
        held={"N": 16},
    ),
    Limit: Control(
        "attention_concentration",
        {"replicates": 10},
        Limit(0, tolerance=0.1, rate=1, start=20),
        "REFUTED",
        "REFUTED",
        held={"N": 32},
    ),
    Transition: Control(
        "confusion_tokens",
        {"levels": (6, 8, 12), "replicates": 25},
        Transition(LAWS["confusion_tokens"].expression, 2),
        "SUPPORTED",
        "REFUTED",
        held={"L": 100},
    ),
    Ordering: Control(
        "spurious_correlation",
        {"levels": (0, 4), "replicates": 12},
        Ordering(((WHOLE, FEWER),)),
        "SUPPORTED",
        "INCONCLUSIVE",
        law=Ordering(((FEWER, WHOLE),)),
        held={"M": 6, "N": 16},
    ),
}
CONTROLS[UnknownLimit] = Control(
    "sparse_attention",
    {"levels": (0.02, 0.05, 0.15, 0.5), "replicates": 10},
    replace(LAWS["sparse_attention"], falls=("own_query",)),
    "REFUTED",
    "REFUTED",
    held={"N": 32},
)
C = Symbol("C", positive=True)
CONTROLS[Predicts] = Control(
    "training_iterations",
    {"levels": FRACTIONS, "crossed": {"eta": (0.2, 0.4)}, "replicates": 20},
    Predicts(C * ITERATIONS.expression**2, tolerance=0.5, prefactor=C),
    "SUPPORTED",
    "INCONCLUSIVE",
    law=Predicts(C * ITERATIONS.expression, tolerance=0.5, prefactor=C),
    held={"N": 16},
)
CONTROLS[Ratio] = Control(
    "attention_saving",
    {"levels": (0.15, 0.2, 0.3), "search": Search("N", SAMPLES), "replicates": 50},
    replace(LAWS["attention_saving"], at_most=0.25),
    "SUPPORTED",
    "INCONCLUSIVE",
    law=replace(LAWS["attention_saving"], at_most=4),
)
SLOW = {Direction, Contrast, Ratio, Transition}  # over ten seconds of training
controls = pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=pytest.mark.slow if kind in SLOW else ()) for kind in CONTROLS]
)


@pytest.fixture(scope="module")
def decided(tmp_path_factory):
    """Verifies a claim; trials are kept from one test to the next."""
    session = Session(tmp_path_factory.mktemp("controls") / "s.sqlite", ThisProcess())
    return lambda claim: (
        session.examine(claim, "smoke" if isinstance(claim.law, Contrast) else "quick").decision
    )


def test_every_kind_of_statement_has_a_control_and_the_page_tells_it():
    assert set(CONTROLS) == set(KINDS)
    text = PAGE.read_text()
    for kind, control in CONTROLS.items():
        told = (f"`{kind.__name__}`", control.claim, control.own, control.shuffled, "[^|]+", control.wrong)
        row = r" \| ".join(told)
        assert re.search(rf"\| {row} \|", text), kind


@controls
def test_shuffled_labels_support_no_claim(kind, decided):
    control = CONTROLS[kind]
    assert control.shuffled != "SUPPORTED"
    assert decided(control.stated("shuffled", None)) == control.shuffled


@controls
def test_a_wrong_law_is_not_supported(kind, decided):
    """By trials that do support the right one, where so few can."""
    control = CONTROLS[kind]
    assert control.wrong != "SUPPORTED"
    assert decided(control.stated("own", None)) == control.own
    assert decided(control.stated("own", control.wrong_law)) == control.wrong
