"""What the judge sees of trials: tables, counts by cell, measured values, and which are no evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from theorycheck.empirical.trial import Trial
from theorycheck.errors import ClaimError
from theorycheck.plan import Cell, Plan, response_of
from theorycheck.statements import Contrast, Limit, Ordering, Transition
from theorycheck.verdict import Check, Judgement

HOPELESS = 24  # trials; were half of all trials evidence, that none is would happen once in 2^24
WANTED_EVIDENCE = 0.95  # share of trials, below which a reader is warned


def tabulate(
    plan: Plan, trials: Sequence[tuple[Cell, Trial]], measurements: Mapping[str, Mapping[str, Any]]
) -> pd.DataFrame:
    """One row a trial: what is varied, n (where something is searched), replicate, measurement, work, and
    key.
    """
    factor, measured = plan.claim.design.factor, response_of(plan.claim)
    names = {name for _, trial in trials for name in measurements[trial.key]}
    if clash := sorted(names & set(plan.columns)):
        raise ClaimError(
            f"{measured.name} returns {', '.join(clash)}, which the design varies; give it another name"
        )

    def searched(cell: Cell) -> dict[str, float]:
        return {"n": cell.n} if plan.claim.design.samples else {}

    rows = [
        {
            **{factor: cell.level, **cell.group, **searched(cell), "replicate": trial.replicate},
            **measurements[trial.key],
            **{"work": measured.work(cell.parameters, measurements[trial.key]), "key": trial.key},
        }
        for cell, trial in trials
    ]
    return pd.DataFrame(rows) if rows else pd.DataFrame(columns=[*plan.columns, "outcome", "work"])


def count(table: pd.DataFrame, plan: Plan, *more: str) -> pd.DataFrame:
    """Count outcomes in each cell, and at each value of more columns.

    The columns are what is varied, n, those more, successes, trials, unfitted, and the work of all.
    """
    outcomes = pd.DataFrame(
        {
            "successes": (table["outcome"] == "success").astype(int),
            "trials": (table["outcome"] != "unfitted").astype(int),
            "unfitted": (table["outcome"] == "unfitted").astype(int),
            "work": table["work"].astype(float),
        }
    )
    return outcomes.groupby([table[name] for name in (*plan.columns, *more)]).sum().reset_index()


def no_evidence(table: pd.DataFrame, plan: Plan) -> pd.Series:
    """Which trials measured nothing: where values are measured, those that have none, as their function
    returned None.

    Where trials succeed or fail, those that are no evidence are counted as unfitted.
    """
    value = response_of(plan.claim).value
    unfitted = table["outcome"] == "unfitted"
    if value is None:
        return unfitted & False
    return unfitted & table[value].isna() if value in table else unfitted


def check_hope(table: pd.DataFrame, plan: Plan) -> None:
    """Raise ClaimError where trials were made, and none of them tells success or failure."""
    if (
        response_of(plan.claim).value is None
        and len(table) >= HOPELESS
        and (table["outcome"] == "unfitted").all()
    ):
        raise ClaimError(
            f"no trial of {plan.claim.name} is evidence: none of the first {len(table)} fitted its training"
            " data, or a function returned None in all; change the response, or what its training needs"
        )


def observed(table: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """What the judge sees of the trials: counts by cell, measured values, or one row a trial where trials are
    compared.

    Measured values have the columns of what is varied, value and censored; those that are compared seed by
    seed have seed, and are of trials that fitted; those that were looked at over the iterations a row for
    each look, with t. Trials that measured nothing are left out.

    Raises:
        ClaimError: the response returns something else than the design is about.
    """
    if response_of(plan.claim).value is None:
        return _counts(table, plan)
    return _values(table[~no_evidence(table, plan)], plan)


def _counts(table: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """Counts by cell, with the ratio that a transition is about, or the pairs of a contrast."""
    law, name, counts = plan.claim.law, response_of(plan.claim).name, count(table, plan)
    if not counts["trials"].any():
        raise ClaimError(
            f"no trial of {plan.claim.name} is evidence: all {len(table)} were unfitted, or returned None"
        )
    if "value" in table and table["value"].notna().any():
        raise ClaimError(
            f"{name} returns numbers, but {plan.claim.name} searches a threshold; return success"
        )
    if isinstance(law, Transition):
        parameters = {(c.place, *c.group.values()): c.parameters for c in plan.cells}
        keys = counts[[plan.claim.design.factor, "n", *plan.claim.design.crossed]].itertuples(index=False)
        return counts.assign(ratio=[law.ratio(parameters[(level, n), *group]) for level, n, *group in keys])
    if isinstance(law, Contrast):
        pair = table.groupby([plan.claim.design.factor, "n", "replicate"]).ngroup()
        return count(table.assign(pair=pair), plan, "pair")
    return counts


def _values(table: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """Measured values of trials that have one."""
    law, measured = plan.claim.law, response_of(plan.claim)
    if table.empty:
        raise ClaimError(
            f"no trial of {plan.claim.name} is evidence: {measured.name} returned None at every one"
        )
    if measured.value not in table or table[measured.value].isna().any():
        raise ClaimError(
            f"{measured.name} returns no numbers, but {plan.claim.name} searches no threshold; name samples"
        )
    values = table.assign(value=table[measured.value], seed=table["replicate"])
    if isinstance(law, Limit):
        return _over_time(values, measured.name, law)
    if lists := looked_at(values[["value"]]):
        raise ClaimError(
            f"{measured.name} returns {lists[0]} over t, which only a Limit is about; return the last one"
        )
    if isinstance(law, Ordering):
        return values[values["outcome"] != "unfitted"]
    if (values["value"] <= 0).any():
        raise ClaimError(
            f"{measured.name} measured {values['value'].min():g}; a measured value must be positive, as its"
            " logarithm is taken"
        )
    return values.assign(censored=(table["outcome"] == "unfitted").astype(int)).drop(columns="seed")


def _over_time(values: pd.DataFrame, name: str, law: Limit) -> pd.DataFrame:
    """A row for each look at a trial."""
    lists = looked_at(values)
    if missing := [column for column in ("t", "value", *law.falls) if column not in lists]:
        raise ClaimError(
            f"{name} returns no list {', '.join(missing)}; a Limit needs a mapping of lists over t, as in "
            f"{{'t': [1, 2, 4], {', '.join(f'{column!r}: [...]' for column in ('value', *law.falls))}}}"
        )
    if mixed := [
        column for column in lists if not values[column].map(lambda value: isinstance(value, list)).all()
    ]:
        raise ClaimError(
            f"{name} returns {', '.join(mixed)} as a list in some trials only; return one in all"
        )
    return values.explode(lists, ignore_index=True).astype(dict.fromkeys(lists, float))


def looked_at(table: pd.DataFrame) -> list[str]:
    """The columns that hold a list over the iterations."""
    return [name for name in table if table[name].map(lambda value: isinstance(value, list)).any()]


def report_no_evidence(judgement: Judgement, table: pd.DataFrame, plan: Plan) -> Judgement:
    """With a check on the trials that measured nothing, if there are some.

    A limit is claimed at every level, so that it is not supported where a level has no evidence.
    """
    missing = no_evidence(table, plan)
    if not missing.any():
        return judgement
    shares = missing.groupby([table[name] for name in plan.columns]).mean()
    most = shares.index[shares.argmax()]
    places = zip(plan.columns, most if isinstance(most, tuple) else (most,), strict=True)
    where = ", ".join(
        f"{plan.claim.text(name)} = {value:g}" if isinstance(value, float) else f"{name} = {value}"
        for name, value in places
    )
    detail = (
        f"{missing.sum()} of {len(table)} trials returned None and were left out, most of them, "
        f"{shares.max():.0%}, at {where}"
    )
    few = missing.mean() > 1 - WANTED_EVIDENCE or (shares == 1).any()
    judged = judgement.with_check(Check("no evidence", "warning" if few else "ok", detail))
    if judged.decision == "SUPPORTED" and isinstance(plan.claim.law, Limit) and (shares == 1).any():
        return replace(
            judged, decision="INCONCLUSIVE", reason=f"There is no evidence at {where}. {judged.reason}"
        )
    return judged


def as_drawn(table: pd.DataFrame, plan: Plan) -> dict[str, tuple[float, float]]:
    """Smallest and largest ratio of each realised parameter to the value asked for.

    A response reports what it could only draw at random under `realised_` and the parameter's name.
    """
    count_of_columns = len(plan.columns)
    asked = {(c.level, *c.group.values(), c.n)[:count_of_columns]: c.parameters for c in plan.cells}
    places = list(table[plan.columns].itertuples(index=False, name=None))
    ratios = {}
    for column in [column for column in table if column.startswith("realised_")]:
        name = column.removeprefix("realised_")
        wanted = [asked[place][name] for place in places]
        means = {value: mean / value for value, mean in table[column].groupby(wanted).mean().items() if value}
        if means:
            ratios[name] = (float(min(means.values())), float(max(means.values())))
    return ratios
