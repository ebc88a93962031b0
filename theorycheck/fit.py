"""The judge on somebody else's table: reads it, judges a law by it, trains nothing."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import Any

import pandas as pd
from sympy import Symbol

from theorycheck.calibration import error_rates
from theorycheck.claim import Claim
from theorycheck.law import Law
from theorycheck.plan import question
from theorycheck.statistics.judge import judge
from theorycheck.statistics.question import Question
from theorycheck.table import read_table
from theorycheck.verdict import Check, Verdict
from theorycheck.verification import predictions


def fit(path: Path, law: Claim | Law) -> Verdict:
    """Judge a law by a table of success counts or of measurements.

    Args:
        path: a CSV file with a column for each variable of the law, and n, successes, trials (and maybe seed), or value
            (and maybe censored, seed).
        law: a claim, or a bare law, which is judged with a margin of 0.25 and no rivals.

    Returns:
        The verdict; its plan hash is that of the file, and no trials are trained.

    Raises:
        TableError: the table cannot be read or does not bear a fit.
    """
    started = time.monotonic()
    claim = law if isinstance(law, Claim) else None
    asked = question(law)
    table = read_table(path, asked.factors)
    counts = "successes" in table
    judgement = judge(table, asked).with_check(error_rates("counts" if counts else "measured"))
    if claim and claim.conditions:
        judgement = judgement.with_check(_conditions(claim))
    statement = law.statement if isinstance(law, Claim) else law.statement(Symbol("N*" if counts else "value"))
    return Verdict(
        name=claim.name if claim else path.name,
        statement=statement,
        provenance=claim.provenance if claim else "given",
        source=str(claim.source) if claim else str(path),
        predictions=predictions(law),
        relation=asked.relation,
        judgement=judgement,
        design=_design(path, table, asked),
        trials={
            "total": int(table["trials"].sum()) if counts else len(table),
            "trained": 0,
            "reused": 0,
            "censored": int(table["censored"].sum()) if "censored" in table else 0,
        },
        plan_hash=hashlib.sha256(path.read_bytes()).hexdigest(),
        seconds=time.monotonic() - started,
    )


def _conditions(claim: Claim) -> Check:
    """What a table of counts cannot show."""
    relations = ", ".join(claim.text(condition.relation) for condition in claim.conditions)
    return Check(
        "assumptions", "warning", f"the table does not show whether the theorem's conditions held: {relations}"
    )


def _design(path: Path, table: pd.DataFrame, asked: Question) -> dict[str, Any]:
    levels = {factor: sorted(map(float, table[factor].unique())) for factor in asked.factors}
    samples = {"samples": sorted(map(int, table["n"].unique()))} if "successes" in table else {}
    seeds = {"seeds": int(table["seed"].nunique())} if "seed" in table else {}
    return {"table": str(path), "rows": len(table), "levels": levels, **samples, **seeds, "margin": asked.margin}
