"""Composes the parts: plan, train what is missing, judge, report."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from theorycheck import bounds
from theorycheck.calibration import error_rates
from theorycheck.claim import Claim
from theorycheck.empirical import sweep
from theorycheck.empirical.store import DEFAULT_STORE, Store
from theorycheck.law import Law
from theorycheck.plan import Plan, ProfileName, make_plan
from theorycheck.reports import DEFAULT_OUT
from theorycheck.reports.report import write_report
from theorycheck.statistics.judge import judge
from theorycheck.statistics.kinds import holm
from theorycheck.statistics.question import Question, Variable
from theorycheck.verdict import Judgement, Prediction, Verdict

# Given what is done and how many times, shows progress until the block ends.
Progress = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]


@contextmanager
def silent(task: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show nothing."""
    yield lambda trained: None


def verify(
    claim: Claim | str,
    profile: ProfileName = "standard",
    *,
    seed: int = 0,
    jobs: int = 1,
    device: str = "cpu",
    store: Path = DEFAULT_STORE,
    out: Path = DEFAULT_OUT,
    progress: Progress = silent,
) -> Verdict:
    """Train what a claim speaks about, judge it, and write a report.

    Args:
        claim: a claim, the name of one, or the path of a claim file.
        profile: how much of the design is carried out: smoke, quick, standard or full.
        seed: base seed of all trials.
        jobs: worker processes, one thread each.
        device: "cpu" or "cuda".
        store: file of finished trials; those found there are not trained again.
        out: folder of reports; this one goes to its subfolder named like the claim.
        progress: shows the training's progress.

    Returns:
        The verdict. The result does not depend on `jobs` or on what the store held.

    Raises:
        ClaimError, DesignError: the claim or its design cannot be carried out.
        StoreError: store or folder cannot be written.
        Interrupted: training was cut short; calling again continues it.
    """
    started = time.monotonic()
    plan = make_plan(bounds.find(claim) if isinstance(claim, str) else claim, profile, seed, device)
    with Store(store) as opened:
        stored = opened.find(trial.key for _, trial in plan.trials)
        missing = [trial for _, trial in plan.trials if trial.key not in stored]
        run = opened.start_run(plan.hash, plan.claim.name, plan.document, len(plan.trials) - len(missing))
        if missing:
            with progress(f"train {plan.claim.name}", len(missing)) as advance:
                sweep.run(missing, opened, jobs, advance)
            stored |= opened.find(trial.key for trial in missing)
        table = tabulate(plan, stored)
        cells = count(table, plan)
        judgement = judge(cells, question(plan.claim)).with_check(error_rates(measured=False))
        opened.finish_run(run, len(missing), judgement.decision)
    verdict = describe(plan, judgement, table, len(missing), time.monotonic() - started)
    return write_report(verdict, plan.claim, table, cells, out / plan.claim.name)


def tabulate(plan: Plan, measurements: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """One row a trial, in the plan's order: factor, n, replicate, in_regime, the measurement, and the trial's key."""
    rows = []
    for cell, trial in plan.trials:
        where = {plan.claim.design.factor: cell.level, "n": cell.n, "replicate": trial.replicate}
        rows.append({**where, "in_regime": cell.in_regime, **measurements[trial.key], "key": trial.key})
    return pd.DataFrame(rows)


def count(table: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """Count outcomes in each cell inside the theorem's regime: factor, n, successes, trials, unfitted."""
    inside = table[table["in_regime"]]
    outcomes = pd.DataFrame(
        {
            "successes": inside["outcome"] == "success",
            "trials": inside["outcome"] != "unfitted",
            "unfitted": inside["outcome"] == "unfitted",
        }
    ).astype(int)
    by = [inside[plan.claim.design.factor], inside["n"]]
    return outcomes.groupby(by).sum().reset_index()


def as_drawn(table: pd.DataFrame, plan: Plan) -> dict[str, tuple[float, float]]:
    """Smallest and largest ratio, over the levels, of each realised parameter to the value asked for.

    A response reports what it could only draw at random under `realised_` and the parameter's name.
    """
    asked = {cell.level: cell.parameters for cell in plan.cells}
    means = table.groupby(plan.claim.design.factor)[[c for c in table if c.startswith("realised_")]].mean()
    ratios = {}
    for column in means:
        name = column.removeprefix("realised_")
        over_levels = [means.loc[level, column] / asked[level][name] for level in plan.levels if asked[level][name]]
        if over_levels:
            ratios[name] = (float(min(over_levels)), float(max(over_levels)))
    return ratios


def question(asked: Claim | Law) -> Question:
    """A law in the numbers that the judge needs; a bare one has the default margin and no rivals."""
    claim = asked if isinstance(asked, Claim) else None
    law = asked.law if isinstance(asked, Claim) else asked
    variables = tuple(
        Variable(
            factor=symbol.name,
            letter=claim.text(symbol) if claim else symbol.name,
            exponent=float(law.exponents[symbol]),
            goes_to="0" if point == 0 else "oo",
            rivals=claim.rivals if claim else (),
        )
        for symbol, point in law.regime
    )
    return Question(variables, law.relation, claim.margin) if claim else Question(variables, law.relation)


def predictions(asked: Question) -> tuple[Prediction, ...]:
    """What the law says of each variable."""
    return tuple(Prediction(v.factor, v.letter, v.exponent) for v in asked.variables)


def describe(plan: Plan, judgement: Judgement, table: pd.DataFrame, trained: int, seconds: float) -> Verdict:
    """Put the judgement together with what it is about."""
    claim = plan.claim
    unfitted = int((table["outcome"] == "unfitted").sum())
    return Verdict(
        name=claim.name,
        statement=claim.statement,
        provenance=claim.provenance,
        source=str(claim.source),
        predictions=predictions(question(claim)),
        relation=claim.law.relation,
        judgement=judgement,
        design={**plan.design, "as_drawn": as_drawn(table, plan)},
        trials={"total": len(table), "trained": trained, "reused": len(table) - trained, "censored": unfitted},
        plan_hash=plan.hash,
        seconds=seconds,
    )


def jointly(verdicts: Sequence[Verdict]) -> dict[str, float]:
    """P-values of the decided claims, adjusted for their number (Holm); from 0.05 on they hold on their own only."""
    judgements = {v.name: v.judgement for v in verdicts}
    decided = {
        name: j.p_supported if j.decision == "SUPPORTED" else j.p_refuted
        for name, j in judgements.items()
        if j.decision != "INCONCLUSIVE"
    }
    return holm(decided) if decided else {}
