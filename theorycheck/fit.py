"""The judge on somebody else's table: reads it, judges a law by it, trains nothing."""

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import pandas as pd
from sympy import Symbol

from theorycheck.calibration import error_rates
from theorycheck.claim import Claim
from theorycheck.errors import LawError, TableError
from theorycheck.expression import parse_law
from theorycheck.judgement import Check
from theorycheck.plan import hypothesis
from theorycheck.statements import Scaling, Topic
from theorycheck.statistics.hypothesis import Hypothesis
from theorycheck.table import read_table
from theorycheck.verdict import TableDesign, Verdict

Point = Literal["0", "oo"]
COLUMN = "n"  # of what is searched, in tables that others made


@dataclass(frozen=True)
class Bound:
    """A law as users type it, who may leave it to the table where its variables go.

    Attributes:
        expression, relation: of the law.
        variables: its letters, and their columns.
        points: where they go, 0 or oo; none (taken from the table), one for all, or one each.

    Raises:
        LawError: no or repeated variables, or other points.
    """

    expression: str
    relation: Literal["O", "Omega", "Theta"]
    variables: tuple[str, ...]
    points: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.variables:
            raise LawError("--law needs --variable NAME, a letter of the law and the name of its column")
        if len(set(self.variables)) < len(self.variables):
            raise LawError(f"--variable names {', '.join(self.variables)}; name each variable once")
        if len(self.points) not in (0, 1, len(self.variables)) or not set(self.points) <= {"0", "oo"}:
            got = ", ".join(map(repr, self.points))
            raise LawError(
                f"--as-variable-goes-to takes 0 or oo, once or once for each --variable; got {got}"
            )

    def law(self, table: pd.DataFrame) -> Scaling:
        """The law over a table's levels.

        Raises:
            LawError: the expression is no law, or the levels do not show where a variable goes.
        """
        given = self.points * len(self.variables) if len(self.points) == 1 else self.points
        ends = given or [self._end(name, table[name]) for name in self.variables]
        return parse_law(
            self.expression,
            self.relation,
            {name: "oo" if end == "oo" else "0" for name, end in zip(self.variables, ends, strict=True)},
        )

    def assumption(self, law: Scaling, table: pd.DataFrame) -> Check | None:
        """Where the variables are taken to go, where nobody said it: levels in percent, say, mislead."""
        if self.points:
            return None
        parts = [
            f"{s} -> {point} is assumed, as its levels, {table[s.name].min():g} to {table[s.name].max():g},"
            f" are {'at most' if point == 0 else 'at least'} 1"
            for s, point in law.regime
        ]
        upwards = any(point != 0 for _, point in law.regime)
        detail = f"{'; '.join(parts)} (--as-variable-goes-to says otherwise)"
        return Check("regime", "warning" if upwards else "ok", detail)

    def _end(self, name: str, levels: pd.Series) -> Point:
        low, high = levels.min(), levels.max()
        if low < 1 < high:
            raise LawError(
                f"whether {name} goes to 0 or to oo cannot be seen from its levels, {low:g} to {high:g},"
                " which lie on both sides of 1; say it by --as-variable-goes-to 0 or"
                " --as-variable-goes-to oo"
            )
        return "oo" if low >= 1 else "0"


def fit(
    path: Path, law: Claim | Bound, margin: float | None = None, guess_rate: float | None = None
) -> Verdict:
    """Judge a law by a table of success counts or of measurements.

    Args:
        path: a CSV file with a column for each variable of the law, and n, successes, trials (and maybe
            seed), or value (and maybe censored, seed).
        law: a claim, or a bound, which is judged with no rivals.
        margin: how much worse than claimed an exponent may be; by default the claim's, or the law's standard
            one.
        guess_rate: share of trials that succeed whatever n is; estimated where it is not told.

    Returns:
        The verdict; its plan hash is that of the file, and no trials are trained.

    Raises:
        TableError: the table cannot be read or does not bear a fit, or has no successes that could be
            guessed.
        LawError: the bound is no law of the table's variables.
    """
    started = time.monotonic()
    said: tuple[str, str, str, str]  # name, statement, provenance, source
    if isinstance(law, Claim):
        stated, topic, asked = law.law, law.topic, hypothesis(law, margin, guess_rate)
        table = read_table(path, asked.factors)
        said = law.name, law.statement, law.provenance, str(law.source)
        further = _conditions(law)
    else:
        table = read_table(path, law.variables)
        stated = law.law(table)
        topic = Topic(stated.letters[0], stated.letters[0], "value", stated.standard_margin)
        asked = stated.hypothesis(topic).with_options(margin, guess_rate)
        quantity = Symbol("N*" if "successes" in table else "value")
        said = path.name, stated.statement(quantity, {}), "given", str(path)
        further = law.assumption(stated, table)
    counts = "successes" in table
    if guess_rate and not counts:
        raise TableError(
            f"{path}: asked for a guess rate, which successes have, but these are measurements; leave it out"
        )
    topic = replace(topic, margin=asked.margin, guess_rate=asked.guess_rate, column=COLUMN)
    judgement = stated.judge(table, topic).with_check(error_rates(stated.calibrated_as(not counts)))
    return Verdict(
        *said,
        predictions=stated.predictions(topic),
        relation=asked.relation,
        judgement=judgement.with_check(further) if further else judgement,
        design=_design(path, table, asked),
        trials={
            "total": int(table["trials"].sum()) if counts else len(table),
            "trained": 0,
            "reused": 0,
            "censored": int(table["censored"].sum()) if "censored" in table else 0,
        },
        plan_hash=table.attrs["sha256"],
        seconds=time.monotonic() - started,
    )


def _conditions(claim: Claim) -> Check | None:
    """What a table of counts cannot show."""
    relations = ", ".join(claim.text(condition.relation) for condition in claim.conditions)
    detail = f"the table does not show whether the theorem's conditions held: {relations}"
    return Check("assumptions", "warning", detail) if relations else None


def _design(path: Path, table: pd.DataFrame, asked: Hypothesis) -> TableDesign:
    return TableDesign(
        table=str(path),
        rows=len(table),
        levels={factor: sorted(map(float, table[factor].unique())) for factor in asked.factors},
        samples=sorted(map(int, table[COLUMN].unique())) if "successes" in table else None,
        seeds=int(table["seed"].nunique()) if "seed" in table else None,
        margin=asked.margin,
    )
