"""Composes the parts: plan, train what is missing, judge, report."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from theorycheck import bounds
from theorycheck.calibration import error_rates
from theorycheck.claim import Claim
from theorycheck.empirical import sweep
from theorycheck.empirical.executor import Workers
from theorycheck.empirical.store import DEFAULT_STORE, Store
from theorycheck.errors import ClaimError, Interrupted, StoreError
from theorycheck.law import Law
from theorycheck.observation import (
    as_drawn,
    check_hope,
    count,
    no_evidence,
    observed,
    report_no_evidence,
    tabulate,
)
from theorycheck.plan import PROFILES, Plan, ProfileName, hypothesis, make_plan, response_of
from theorycheck.reports import DEFAULT_OUT
from theorycheck.reports.report import Format, available, write_report
from theorycheck.statistics.judge import judge
from theorycheck.statistics.statements import Topic, judge_statement
from theorycheck.statistics.tests import holm
from theorycheck.stopping import cause_of, stoppable
from theorycheck.verdict import Check, Judgement, Prediction, Variation, Verdict

# Given what is done, shows progress until the block ends; told how many are done now, and how many more there
# will be.
Progress = Callable[[str], AbstractContextManager[Callable[[int, int], None]]]


@contextmanager
def silent(task: str) -> Iterator[Callable[[int, int], None]]:
    """Show nothing."""
    yield lambda done, more: None


@dataclass(frozen=True)
class Finding:
    """The verdict on a claim, the claim as it was tested, its trials, and what the judge saw of them."""

    verdict: Verdict
    claim: Claim
    trials: pd.DataFrame
    observed: pd.DataFrame


def examine(
    claim: Claim | str,
    profile: ProfileName = "standard",
    *,
    design: str | None = None,
    seed: int = 0,
    jobs: int = 1,
    device: str = "cpu",
    store: Path = DEFAULT_STORE,
    sensitivity: bool = False,
    progress: Progress = silent,
) -> Finding:
    """Train what a claim speaks about and judge it; write no report. As `verify` otherwise."""
    found = bounds.find(claim) if isinstance(claim, str) else claim
    asked = found if design is None else found.with_design(design)
    if sensitivity and not asked.variations:
        raise ClaimError(
            f"{asked.name} names no variations, so there is no sensitivity to look at; see"
            " docs/claim-files.md"
        )
    with Store(store) as opened:
        finding = settle(make_plan(asked, profile, seed, device), opened, jobs, progress)
        varied = []
        for name in asked.variations if sensitivity else ():
            other = settle(make_plan(asked.varied(name), profile, seed, device), opened, jobs, progress)
            varied.append(
                Variation(name, other.verdict.judgement.decision, other.verdict.judgement.estimates)
            )
    return replace(finding, verdict=replace(finding.verdict, sensitivity=tuple(varied)))


def recall(run: int, store: Path = DEFAULT_STORE, claim: Claim | str | None = None) -> Finding:
    """Judge the stored trials of a run anew; train nothing.

    Args:
        run: its number, as `theorycheck runs` lists it.
        store: where its trials are.
        claim: what it was about, where that is no claim known by its name. A store is data and runs no code,
            so a claim file is loaded only where it is named here.

    Raises:
        StoreError: there is no such run, or some of its trials are missing or damaged.
        ClaimError: the claim is unknown, or no longer what the run was planned for.
    """
    with Store(store, read_only=True) as opened:
        kept = opened.plan_of(run)
        found = (
            _known(kept["claim"], run)
            if claim is None
            else bounds.find(claim)
            if isinstance(claim, str)
            else claim
        )
        design = kept["design"]
        if design["profile"] not in PROFILES or design["device"] not in ("cpu", "cuda"):
            raise StoreError(f"the plan of run {run} in the store {store} is damaged; verify its claim again")
        asked = found.with_design(design["name"]) if design.get("name") else found
        for candidate in (asked, *(asked.varied(name) for name in asked.variations)):
            plan = make_plan(candidate, design["profile"], design["seed"], design["device"])
            if plan.hash == kept["hash"]:
                return settle(plan, opened, jobs=0)
    raise ClaimError(
        f"run {run} was planned for another version of {found.name} or of theorycheck, or for another claim;"
        " verify the claim again"
    )


def _known(name: str, run: int) -> Claim:
    """The claim that a store names, never by running a file that the store chose."""
    known = bounds.claims()
    if name not in known:
        raise ClaimError(
            f"run {run} was about {name[:200]!a}, which is no claim known by its name; if it is that of a"
            f" file, name the file: theorycheck report {run} --claim PATH"
        )
    return known[name]


def verify(
    claim: Claim | str,
    profile: ProfileName = "standard",
    *,
    design: str | None = None,
    seed: int = 0,
    jobs: int = 1,
    device: str = "cpu",
    store: Path = DEFAULT_STORE,
    out: Path = DEFAULT_OUT,
    sensitivity: bool = False,
    formats: Sequence[Format] | None = ("md",),
    progress: Progress = silent,
) -> Verdict:
    """Train what a claim speaks about, judge it, and write a report.

    Args:
        claim: a claim, the name of one, or the path of a claim file.
        profile: how much of the design is carried out: smoke, quick, standard or full.
        design: another experiment of the claim, by its name.
        seed: base seed of all trials.
        jobs: worker processes, one thread each.
        device: "cpu" or "cuda".
        store: file of finished trials; those found there are not trained again.
        out: folder of reports; this one goes to its subfolder named like the claim, and the design if there
            is one.
        sensitivity: whether the claim is verified under its variations as well.
        formats: of the report: md, html, tex, pdf; None for all that can be made here.
        progress: shows the training's progress.

    Returns:
        The verdict. The result does not depend on `jobs` or on what the store held.

    Raises:
        ClaimError, DesignError: the claim or its design cannot be carried out.
        ReportError: a format of the report cannot be made here.
        StoreError: store or folder cannot be written.
        Interrupted: training was cut short; calling again continues it.
    """
    available(formats)
    finding = examine(
        claim,
        profile,
        design=design,
        seed=seed,
        jobs=jobs,
        device=device,
        store=store,
        sensitivity=sensitivity,
        progress=progress,
    )
    return write(finding, folder_of(finding.claim, design, out), formats)


def folder_of(claim: Claim, design: str | None, out: Path) -> Path:
    """Where the report on a claim goes."""
    return out / "-".join(filter(None, (claim.name, design)))


def write(
    finding: Finding, folder: Path, formats: Sequence[Format] | None, fragment: bool = False
) -> Verdict:
    """Write the report on a finding; the verdict that is returned knows its artifacts."""
    return write_report(
        finding.verdict, finding.claim, finding.trials, finding.observed, folder, formats, fragment
    )


def settle(plan: Plan, store: Store, jobs: int, progress: Progress = silent) -> Finding:
    """Train a plan's trials, but those that are stored, and judge them; with 0 jobs nothing is trained or
    recorded.
    """
    started = time.monotonic()
    run = store.start_run(plan.hash, plan.claim.name, plan.document) if jobs else None
    table, trained = carry_out(plan, store, jobs, progress)
    evidence = observed(table, plan)
    judgement = report_no_evidence(answer(evidence, plan.claim), table, plan).with_check(
        _error_rates(plan.claim)
    )
    if plan.claim.design.outside_regime:
        judgement = judgement.with_check(_outside(plan))
    if run is not None:
        store.finish_run(run, trained, len(table) - trained, judgement.decision)
    verdict = describe(plan, judgement, table, trained, time.monotonic() - started)
    return Finding(verdict, plan.claim, table, evidence)


def _outside(plan: Plan) -> Check:
    """Which conditions of the theorem fail in a design that tries such points as well."""
    parts = [
        f"{plan.claim.text(c.relation)} fails at {len(plan.levels) - plan.holding(c)} of {len(plan.levels)}"
        " levels"
        for c in plan.claim.conditions
        if plan.holding(c) < len(plan.levels)
    ]
    if not parts:
        return Check("assumptions", "ok", "the theorem's conditions hold at every level")
    return Check(
        "assumptions", "warning", f"{'; '.join(parts)}: this verdict is on the design, not on the theorem"
    )


def _error_rates(claim: Claim) -> Check:
    measured = response_of(claim).value is not None
    if isinstance(claim.law, Law):
        return error_rates("measured" if measured else "counts")
    return error_rates(type(claim.law).__name__.lower())


def answer(evidence: pd.DataFrame, claim: Claim) -> Judgement:
    """Judge what a claim states by what was observed."""
    if isinstance(claim.law, Law):
        return judge(evidence, hypothesis(claim))
    factor = claim.design.factor
    topic = Topic(factor, claim.text(factor), claim.text(claim.quantity), claim.margin, claim.design.varied)
    return judge_statement(claim.law, evidence, topic)


def carry_out(plan: Plan, store: Store, jobs: int, progress: Progress = silent) -> tuple[pd.DataFrame, int]:
    """Train a plan's trials, round by round, but those that are stored; with 0 jobs all must be.

    Returns:
        The trials as by `tabulate`, by level, N and replicate, and how many of them were trained now.
    """
    trained, rounds = 0, []
    table = tabulate(plan, [], {})
    with _continued(store), Workers(jobs) as workers, progress(f"train {plan.claim.name}") as advance:
        while following := plan.next_trials(count(table, plan)):
            trials = [trial for _, trial in following]
            stored = store.find(trial.key for trial in trials)
            missing = [trial for trial in trials if trial.key not in stored]
            advance(len(trials) - len(missing), len(trials))
            if missing and jobs == 0:
                raise StoreError(
                    f"{len(missing)} trials of {plan.claim.name} are not stored; verify the claim to train"
                    " them"
                )
            if missing:
                sweep.run(missing, store, workers, lambda done: advance(done, 0), plan.measured)
                stored |= store.find(trial.key for trial in missing)
            trained += len(missing)
            rounds.append(tabulate(plan, following, stored))
            table = pd.concat(rounds)
            check_hope(table, plan)
    return table.sort_values([*plan.columns, "replicate"], ignore_index=True), trained


@contextmanager
def _continued(store: Store) -> Iterator[None]:
    """Answer Ctrl-C, SIGTERM and SIGHUP, also between two rounds."""
    try:
        with stoppable(again=True):
            yield
    except KeyboardInterrupt as error:
        cause, status = cause_of(error)
        raise Interrupted(
            f"{cause}: what was trained is stored in {store.path}; run the same command again to go on",
            status,
        ) from error


def predictions(asked: Claim | Law, margin: float | None = None) -> tuple[Prediction, ...]:
    """What a law says of each variable; of a statement of another kind, the number that it claims, if any.

    Args:
        asked: the claim, or a law.
        margin: another than the claim's.
    """
    if isinstance(asked, Claim):
        if not isinstance(asked.law, Law):
            factor = asked.design.factor
            return (Prediction(factor, asked.text(factor), asked.law.claimed),)
        law = asked.law
    else:
        law = asked
    judged = hypothesis(asked, margin)
    derived = zip(judged.variables, law.notes.values(), strict=True)
    return tuple(Prediction(v.factor, v.letter, v.exponent, note, judged.margin) for v, note in derived)


def describe(plan: Plan, judgement: Judgement, table: pd.DataFrame, trained: int, seconds: float) -> Verdict:
    """Put the judgement together with what it is about."""
    claim = plan.claim
    unfitted = (table["outcome"] == "unfitted") & ~no_evidence(table, plan)
    return Verdict(
        name=claim.name,
        statement=claim.statement,
        provenance=claim.provenance,
        source=str(claim.source),
        predictions=predictions(claim),
        relation=claim.law.relation,
        estimated=claim.law.estimated,
        judgement=judgement,
        design={**plan.design, "as_drawn": as_drawn(table, plan), "words": dict(response_of(claim).words)},
        trials={
            "total": len(table),
            "trained": trained,
            "reused": len(table) - trained,
            "censored": int(unfitted.sum()),
        },
        plan_hash=plan.hash,
        seconds=seconds,
    )


def jointly(verdicts: Sequence[Verdict]) -> dict[str, float]:
    """P-values of the decided claims, adjusted for their number (Holm); from 0.05 on they hold on their own
    only.
    """
    judgements = {v.name: v.judgement for v in verdicts}
    decided = {
        name: j.p_supported if j.decision == "SUPPORTED" else j.p_refuted
        for name, j in judgements.items()
        if j.decision != "INCONCLUSIVE"
    }
    return holm(decided) if decided else {}
