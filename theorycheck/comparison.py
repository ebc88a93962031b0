"""A run beside somebody else's table: whether it reproduces what they found, by docs/compare.md."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from theorycheck import __version__
from theorycheck.calibration import error_rates
from theorycheck.empirical.response import response
from theorycheck.errors import TableError
from theorycheck.judgement import Check, Estimate, Interval
from theorycheck.reports.lines import columns
from theorycheck.reports.terminal import indented
from theorycheck.statistics import agreement
from theorycheck.statistics.agreement import Agreement, Place
from theorycheck.statistics.hypothesis import SIGNIFICANCE
from theorycheck.table import read_table
from theorycheck.text import one_line

WITHIN_RATIO, WITHIN_VALUE = 1.5, 0.05  # differences that matter, where nobody says otherwise: conventions
ALIKE = 1e-3  # relative difference of levels that are the same, as tables round them
STATUS = {"REPRODUCED": 0, "NOT REPRODUCED": 1, "PARTLY": 3, "INCONCLUSIVE": 3}


class Run(NamedTuple):
    """The name of the claim, its design as in result.json, and one row a trial as in trials.csv."""

    claim: str
    design: dict[str, Any]
    trials: pd.DataFrame


@dataclass(frozen=True)
class Comparison:
    """A run beside a table.

    Attributes:
        run, table: their paths.
        claim: what was run.
        kind: "thresholds" or "values".
        within: ratio of thresholds, or difference of values, that matters.
        agreement: REPRODUCED, PARTLY, NOT REPRODUCED or INCONCLUSIVE.
        places: levels, or times, that both have.
        exponents: ours, theirs, and ours less theirs, over the levels that both have; none of curves, and
            where the counts do not determine them.
        checks: on the cells, and how often such a comparison is wrong.
    """

    run: str
    table: str
    claim: str
    kind: str
    within: float
    agreement: Agreement
    places: tuple[Place, ...]
    exponents: tuple[Estimate, ...]
    checks: tuple[Check, ...]

    @property
    def reason(self) -> str:
        """Where the two agree and differ, in a sentence."""
        named = {
            where: ", ".join(f"{place.at:.4g}" for place in self.places if place.where == where)
            for where in ("agrees", "differs", "open")
        }
        what = "a ratio of thresholds of" if self.kind == "thresholds" else "a difference of"
        said = [
            f"{verb} {named[where]}"
            for where, verb in (
                ("agrees", "they agree at"),
                ("differs", "differ at"),
                ("open", "cannot be told apart or together at"),
            )
            if named[where]
        ]
        return f"By {what} {self.within:g}, {', '.join(said)}."

    @property
    def status(self) -> int:
        """The exit status of the command: 0 REPRODUCED, 1 NOT REPRODUCED, else 3."""
        return STATUS[self.agreement]

    @property
    def text(self) -> str:
        """For a terminal."""
        difference = "ratio" if self.kind == "thresholds" else "difference"
        rows = [("at", "ours", "theirs", difference, "")]
        rows += [(f"{p.at:.4g}", p.ours, p.theirs, p.text, p.where) for p in self.places]
        blocks = {
            "table": columns(rows),
            "exponents": ["; ".join(f"{one.name} {one.text}" for one in self.exponents)]
            * bool(self.exponents),
            "checks": columns([(check.status, check.name, check.detail) for check in self.checks]),
        }
        lines = [f"{self.claim}   {self.run} beside {self.table}", *indented(blocks)]
        return "\n".join(map(one_line, [*lines, f"  {self.agreement}: {self.reason}"]))

    def document(self) -> str:
        """One JSON document."""
        places = [
            {
                "at": place.at,
                "ours": place.ours,
                "theirs": place.theirs,
                **_told("difference", place.difference, place.interval),
                "where": place.where,
            }
            for place in self.places
        ]
        exponents = {one.name: _told("exponent", one.value, one.interval) for one in self.exponents}
        own = {**asdict(self), "places": places, "exponents": exponents}
        found: dict[str, Any] = {"theorycheck": __version__, **own}
        return json.dumps({**found, "reason": self.reason}, indent=2)


def _told(name: str, value: float, interval: Interval) -> dict[str, float | None]:
    ends = {"ci_low": _finite(interval.low), "ci_high": _finite(interval.high)}
    return {name: _finite(value), **ends, "confidence": interval.confidence}


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def compare(
    run: Path | str, table: Path | str, within: float | None = None, level: float | None = None
) -> Comparison:
    """Compare a run with somebody else's table of success counts, or with their curve.

    Args:
        run: folder of a run, as `verify` writes it, or its trials.csv.
        table: a CSV file: the run's factor, n, successes, trials; or t, value, for a run that was looked at
            over time.
        within: difference that matters: a ratio of thresholds above 1, by default 1.5, or a difference of
            values, by default 0.05.
        level: of the run's factor, whose trials are compared with a curve; needed where it has several.

    Raises:
        TableError: one of them cannot be read, or they have no place in common.
    """
    return beside(read_run(Path(run)), str(run), Path(table), within, level)


def beside(
    run: Run, named: str, path: Path, within: float | None = None, level: float | None = None
) -> Comparison:
    """The same for a run that is read already; `named` says where it stands."""
    claim, design, trials = run
    trials = trials[trials["outcome"].notna()]
    factor, searched = design["factor"], design["searched"]
    if searched:
        matters = _mattering(within, WITHIN_RATIO, 1.0)
        theirs = read_table(path, [factor])
        if "trials" not in theirs:
            raise TableError(f"{path}: the run has success counts; give a table with n, successes, trials")
        ours = _counts(trials, factor, searched)
        theirs = _aligned(theirs.rename(columns={"n": "searched"}), factor, ours[factor].unique())
        places = agreement.thresholds(ours, theirs, factor, matters)
        exponents = agreement.exponents(ours, theirs, factor)
        checks = [_cells(agreement.cells(ours, theirs, factor))]
    else:
        matters = _mattering(within, WITHIN_VALUE, 0.0)
        theirs = read_table(path, ["t"], logarithms=False)
        if "value" not in theirs:
            raise TableError(f"{path}: the run has values over time; give a table with t, value")
        places = agreement.values(_curves(named, trials, design, level), theirs, matters)
        exponents, checks = [], []
    if not places:
        raise TableError(
            f"{path}: no level of {factor} is one of the run's, {_listed(trials[factor])}; compare a run with"
            " the levels of the table"
        )
    found, concluded = agreement.concluded(places)
    checks.append(error_rates("compare"))
    kind = "thresholds" if searched else "values"
    return Comparison(
        named, str(path), claim, kind, matters, found, concluded, tuple(exponents), tuple(checks)
    )


def _mattering(within: float | None, usual: float, least: float) -> float:
    if within is None:
        return usual
    if not least < within < np.inf:
        raise TableError(f"--within is a difference that matters, above {least:g}; got {within:g}")
    return within


def read_run(run: Path) -> Run:
    """The name of the claim, its design and the trials of a run, by its folder or a file of that.

    Raises:
        TableError: the folder holds no run of one claim.
    """
    folder = run.parent if run.is_file() else run
    try:
        (claim,) = json.loads((folder / "result.json").read_text(encoding="utf-8"))["claims"]
        trials = pd.read_csv(folder / "trials.csv")
        return Run(claim["name"], claim["design"], trials)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TableError(
            f"{folder} is no folder of a run ({error}); give the one that `theorycheck verify` wrote for the"
            " claim, with result.json and trials.csv"
        ) from error


def _counts(trials: pd.DataFrame, factor: str, searched: str) -> pd.DataFrame:
    known = trials[trials["outcome"].isin(("success", "failure"))]
    rows = known.assign(searched=known[searched], successes=(known["outcome"] == "success") * 1, trials=1)
    return rows.groupby([factor, "searched"], as_index=False)[["successes", "trials"]].sum()


def _aligned(theirs: pd.DataFrame, factor: str, levels: np.ndarray) -> pd.DataFrame:
    """Their rows at our levels, by our numbers."""
    nearest = levels[np.abs(np.subtract.outer(theirs[factor].to_numpy(), levels)).argmin(1)]
    alike = np.isclose(theirs[factor], nearest, rtol=ALIKE, atol=0)
    return theirs.assign(**{factor: nearest})[alike]


def _curves(run: str, trials: pd.DataFrame, design: dict[str, Any], level: float | None) -> pd.DataFrame:
    """One row a look: key, t and value of the trials at a level."""
    factor, levels = design["factor"], sorted(trials[design["factor"]].unique())
    value = response(design["response"].partition(":")[0], measures=True).value
    if "t" not in trials or value not in trials:
        raise TableError(f"{run}: the run was not looked at over time, so that it has no curve to compare")
    if level is None and len(levels) > 1:
        raise TableError(
            f"{run}: the run has several levels of {factor}, {_listed(trials[factor])}; name one by --level"
        )
    chosen = levels[0] if level is None else level
    rows = trials[np.isclose(trials[factor], chosen, rtol=ALIKE, atol=0)]
    if rows.empty:
        raise TableError(
            f"{run}: asked for {factor} = {chosen:g}, but its levels are {_listed(trials[factor])}"
        )
    lists = rows.assign(t=rows["t"].map(json.loads), value=rows[value].map(json.loads))
    return lists[["key", "t", "value"]].explode(["t", "value"]).astype({"t": float, "value": float})


def _listed(levels: pd.Series) -> str:
    return ", ".join(f"{level:g}" for level in sorted(levels.unique()))


def _cells(cells: pd.DataFrame) -> Check:
    """How many cells that both tried differ."""
    factor = cells.columns[0]
    odd = cells[cells["p_holm"] < SIGNIFICANCE]
    where = "; ".join(
        f"{k} of {n} against {l} of {m} at {factor} = {x:.4g}, N = {s:g}"
        for x, s, k, n, l, m in odd.head(5).iloc[:, :6].itertuples(index=False)
    )
    detail = f"{len(odd)} of {len(cells)} cells differ by Fisher's exact test, corrected (Holm)"
    return Check("cells", "warning" if len(odd) else "ok", f"{detail}: {where}" if where else detail)
