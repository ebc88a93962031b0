"""What the judge sees of trials: tables, counts by cell, measured values, and which are no evidence."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from theorycheck.empirical.trial import Trial
from theorycheck.errors import ClaimError
from theorycheck.judgement import Check, Judgement
from theorycheck.plan import Cell, Plan

HOPELESS = 24  # trials; were half of all trials evidence, that none is would happen once in 2^24
WANTED_EVIDENCE = 0.95  # share of trials, below which a reader is warned: a convention


@dataclass(frozen=True)
class Outcomes:
    """The trials of a plan, one row a trial, and what a statement may ask of them.

    Attributes:
        plan: what was tried.
        table: as `tabulate` makes it.
    """

    plan: Plan
    table: pd.DataFrame

    @property
    def columns(self) -> list[str]:
        """What distinguishes design points in tables: what is varied, and what is searched."""
        return self.plan.columns

    @property
    def no_evidence(self) -> pd.Series:
        """Which trials measured nothing: where values are measured, those without, as None was returned.

        Where trials succeed or fail, those that are no evidence are counted as unfitted.
        """
        value = self.plan.measured.value
        unfitted = self.table["outcome"] == "unfitted"
        if value is None:
            return unfitted & False
        return unfitted & self.table[value].isna() if value in self.table else unfitted

    def evidence(self) -> pd.DataFrame:
        """Counts by cell where a threshold is searched, else positive values, with those that are bounds."""
        if self.plan.measured.value is None:
            return self.counts()
        values = self.values()
        if (values["value"] <= 0).any():
            raise ClaimError(
                f"{self.plan.measured.name} measured {values['value'].min():g}; a measured value must be"
                " positive, as its logarithm is taken"
            )
        censored = (values["outcome"] == "unfitted").astype(int)
        return values.assign(censored=censored).drop(columns="seed")

    def counts(self, **pairs: Sequence[str]) -> pd.DataFrame:
        """Counts by cell: what is varied and searched, successes, trials, unfitted, and the work of all.

        Args:
            pairs: a further column, which numbers the combinations of some columns of the trials; cells are
                then counted apart by it.

        Raises:
            ClaimError: no trial is evidence, or they measured numbers.
        """
        counts = count(self.table, self.plan)
        name = self.plan.claim.name
        if not counts["trials"].any():
            raise ClaimError(
                f"no trial of {name} is evidence: all {len(self.table)} were unfitted, or returned None"
                f"{_first_failure(self.table)}"
            )
        if "value" in self.table and self.table["value"].notna().any():
            raise ClaimError(
                f"{self.plan.measured.name} returns numbers, but {name} searches a threshold; return success"
            )
        if not pairs:
            return counts
        numbered = {name: self.table.groupby(list(columns)).ngroup() for name, columns in pairs.items()}
        return count(self.table.assign(**numbered), self.plan, *pairs)

    def values(self) -> pd.DataFrame:
        """Measured values of the trials that have one, one row a trial, with the columns value and seed.

        Raises:
            ClaimError: there are none, or the response returns something else.
        """
        values = self._measured()
        if lists := over_iterations(values[["value"]]):
            raise ClaimError(
                f"{self.plan.measured.name} returns {lists[0]} over t, which only a Limit is about; return"
                " the last one"
            )
        return values

    def over_time(self, others: Sequence[str]) -> pd.DataFrame:
        """One row for every time at which a trial was measured: t, value, and other lists.

        Raises:
            ClaimError: the response returns no such lists.
        """
        values, name = self._measured(), self.plan.measured.name
        lists = over_iterations(values)
        if missing := [column for column in ("t", "value", *others) if column not in lists]:
            raise ClaimError(
                f"{name} returns no list {', '.join(missing)}; a Limit needs a mapping of lists over t, as in"
                f" {{'t': [1, 2, 4], {', '.join(f'{column!r}: [...]' for column in ('value', *others))}}}"
            )
        if mixed := [name for name in lists if not values[name].map(lambda v: isinstance(v, list)).all()]:
            raise ClaimError(
                f"{name} returns {', '.join(mixed)} as a list in some trials only; return one in all"
            )
        return values.explode(lists, ignore_index=True).astype(dict.fromkeys(lists, float))

    def parameters(self, cells: pd.DataFrame) -> Iterator[Mapping[str, Any]]:
        """All parameters of the response at each row of a table that has the columns of design points."""
        places = cells[self.columns].itertuples(index=False, name=None)
        return (self.plan.cell_at[place].parameters for place in places)

    def _measured(self) -> pd.DataFrame:
        table, measured, name = self.table[~self.no_evidence], self.plan.measured, self.plan.claim.name
        if table.empty:
            raise ClaimError(_unmeasured(self.table, self.plan))
        if measured.value not in table or table[measured.value].isna().any():
            raise ClaimError(
                f"{measured.name} returns no numbers, but {name} searches no threshold; name a search"
            )
        return table.assign(value=table[measured.value], seed=table["replicate"])


def tabulate(
    plan: Plan, trials: Sequence[tuple[Cell, Trial]], measurements: Mapping[str, Mapping[str, Any]]
) -> pd.DataFrame:
    """One row a trial: what is varied, what is searched, replicate, measurement, work, and key."""
    measured = plan.measured
    names = {name for _, trial in trials for name in measurements[trial.key]}
    if clash := sorted(names & set(plan.columns)):
        raise ClaimError(
            f"{measured.name} returns {', '.join(clash)}, which the design varies or searches; give it"
            " another name"
        )
    rows = [
        {
            **cell.named,
            "replicate": trial.replicate,
            **measurements[trial.key],
            "work": measured.work(cell.parameters, measurements[trial.key]),
            "key": trial.key,
        }
        for cell, trial in trials
    ]
    return pd.DataFrame(rows) if rows else pd.DataFrame(columns=[*plan.columns, "outcome", "work"])


def count(table: pd.DataFrame, plan: Plan, *more: str) -> pd.DataFrame:
    """Count outcomes in each cell, and at each value of more columns.

    The columns are what is varied and searched, those more, successes, trials, unfitted, and the work of all.
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


def check_hope(table: pd.DataFrame, plan: Plan) -> None:
    """Raise ClaimError where trials were made, and none of them tells success, failure or a value."""
    value = plan.measured.value
    measured = value in table and table[value].notna().any()
    if measured or len(table) < HOPELESS or (table["outcome"] != "unfitted").any():
        return
    if value is not None:
        raise ClaimError(_unmeasured(table, plan))
    raise ClaimError(
        f"no trial of {plan.claim.name} is evidence: none of the first {len(table)} fitted its training"
        " data, or a function returned None in all; change the response, or what its training needs"
        f"{_first_failure(table)}"
    )


def over_iterations(table: pd.DataFrame) -> list[str]:
    """The columns that hold a list over the iterations."""
    return [name for name in table if table[name].map(lambda value: isinstance(value, list)).any()]


def report_no_evidence(judgement: Judgement, outcomes: Outcomes) -> Judgement:
    """With a check on the trials that measured nothing, if there are some."""
    missing, table, claim = outcomes.no_evidence, outcomes.table, outcomes.plan.claim
    if not missing.any():
        return judgement
    shares = missing.groupby([table[name] for name in outcomes.columns]).mean()
    most = shares.index[shares.argmax()]
    places = zip(outcomes.columns, most if isinstance(most, tuple) else (most,), strict=True)
    where = ", ".join(
        f"{claim.text(name)} = {value:g}" if isinstance(value, float) else f"{name} = {value}"
        for name, value in places
    )
    detail = (
        f"{missing.sum()} of {len(table)} trials returned None and were left out, most of them, "
        f"{shares.max():.0%}, at {where}"
    )
    nowhere = bool((shares == 1).any())
    few = missing.mean() > 1 - WANTED_EVIDENCE or nowhere
    told = judgement.with_check(Check("no evidence", "warning" if few else "ok", detail))
    return claim.law.without_evidence(told, where) if nowhere else told


def report_machines(judgement: Judgement, outcomes: Outcomes) -> Judgement:
    """With a check on the machines that trials were made on, if they are not alike."""
    table = outcomes.table
    machines = table["machine"].value_counts() if "machine" in table else pd.Series()
    if len(machines) < 2:
        return judgement
    shares = "; ".join(f"{made} on {machine}" for machine, made in machines.items())
    detail = f"{shares}; numbers may differ between them in their last digits"
    return judgement.with_check(Check("machines", "ok", detail))


def report_failures(judgement: Judgement, outcomes: Outcomes) -> Judgement:
    """With checks on trials that failed, and on how trials were carried out, where their response says so."""
    table = outcomes.table
    noted, failed = (table[table[c].notna()] if c in table else table[:0] for c in ("note", "failed"))
    if len(noted):
        detail = f"{len(noted)} of {len(table)} trials: {noted['note'].iloc[0]}"
        judgement = judgement.with_check(Check("how trials ran", "ok", detail))
    if len(failed):
        counted = "failures" if (failed["outcome"] == "failure").any() else "no evidence"
        detail = f"{len(failed)} of {len(table)} trials failed and count as {counted}; the first"
        judgement = judgement.with_check(
            Check("failed trials", "warning", f"{detail}: {failed['failed'].iloc[0]}")
        )
    return judgement


def _unmeasured(table: pd.DataFrame, plan: Plan) -> str:
    return (
        f"no trial of {plan.claim.name} is evidence: {plan.measured.name} returned None at every one"
        f"{_first_failure(table)}"
    )


def _first_failure(table: pd.DataFrame) -> str:
    """What the first trial said that failed, for a message."""
    told = next(iter(table["failed"].dropna()), None) if "failed" in table else None
    return f"; the first that failed: {told}" if told else ""


def as_drawn(outcomes: Outcomes) -> dict[str, tuple[float, float]]:
    """Smallest and largest ratio of each realised parameter to the value asked for.

    A response reports what it could only draw at random under `realised_` and the parameter's name.
    """
    table, ratios = outcomes.table, {}
    for column in [column for column in table if column.startswith("realised_")]:
        name = column.removeprefix("realised_")
        wanted = [parameters[name] for parameters in outcomes.parameters(table)]
        means = {value: mean / value for value, mean in table[column].groupby(wanted).mean().items() if value}
        if means:
            ratios[name] = (float(min(means.values())), float(max(means.values())))
    return ratios
