"""Composes the parts: plans a claim, trains what is missing, judges it, writes the report."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from theorycheck import bounds
from theorycheck.claim import Claim
from theorycheck.empirical import sweep
from theorycheck.empirical.store import DEFAULT_STORE, Store
from theorycheck.empirical.trial import Repeat, Trial
from theorycheck.errors import ClaimError, DesignError, Interrupted, StoreError
from theorycheck.executors import Executor, started
from theorycheck.finding import Finding, conclude
from theorycheck.observation import Outcomes
from theorycheck.plan import Plan, make_plan, response_of
from theorycheck.profiles import PROFILES, ProfileName
from theorycheck.repeats import chosen, compared
from theorycheck.reports.document import Part
from theorycheck.reports.report import Format, write_report
from theorycheck.rounds import Made
from theorycheck.stopping import cause_of, stoppable
from theorycheck.verdict import Variation

# Given what is done, shows progress until the block ends; told how many are done now, and how many more there
# will be. Where that has a method `tell` which is not None, it is told the estimate after every round.
Progress = Callable[[str], AbstractContextManager[Callable[[int, int], None]]]


@contextmanager
def silent(task: str) -> Iterator[Callable[[int, int], None]]:
    """Show nothing."""
    yield lambda done, more: None


@dataclass(frozen=True)
class Session:
    """Where trials are kept, and what carries them out.

    Attributes:
        store: file of finished trials; those found there are not trained again.
        executor: of trials, anything with `submit` as in concurrent.futures; or a number of worker processes,
            one thread each. The result does not depend on it.
        progress: shows the training's progress.
    """

    store: Path = DEFAULT_STORE
    executor: Executor | int = 1
    progress: Progress = silent

    def examine(
        self,
        claim: Claim | str,
        profile: ProfileName = "standard",
        *,
        design: str | None = None,
        data: str | None = None,
        seed: int = 0,
        device: str = "cpu",
        sensitivity: bool = False,
    ) -> Finding:
        """Train what a claim speaks about and judge it; arguments and errors are those of
        `theorycheck.verify`.
        """
        found = bounds.find(claim) if isinstance(claim, str) else claim
        asked = on_data(found.of_design(design), data)
        return self.carry_out(make_plan(asked, profile, seed, device), sensitivity)

    def carry_out(self, plan: Plan, sensitivity: bool = False) -> Finding:
        """The same for a claim that is planned already."""
        claim = plan.claim
        if sensitivity and not claim.variations:
            raise ClaimError(
                f"{claim.name} names no variations, so there is no sensitivity to look at; see"
                " docs/claim-files.md"
            )
        with Store(self.store) as opened:
            finding, varied = self._settle(plan, opened), []
            for name in claim.variations if sensitivity else ():
                other = make_plan(claim.varied(name), plan.profile, plan.seed, plan.device)
                found = self._settle(other, opened)
                varied.append(Variation(name, found.decision, found.estimates))
        return replace(finding, verdict=replace(finding.verdict, sensitivity=tuple(varied)))

    def replay(self, run: int, claim: Claim | str | None = None) -> Finding:
        """Judge the stored trials of a run anew; train nothing.

        Args:
            run: its number, as `theorycheck runs` lists it.
            claim: what it was about, where that is no claim known by its name. A store is data and runs no
                code, so a claim file is loaded only where it is named here.

        Raises:
            StoreError: there is no such run, or some of its trials are missing or damaged.
            ClaimError: the claim is unknown, or no longer what the run was planned for.
        """
        with Store(self.store, read_only=True) as opened:
            kept = opened.plan_of(run)
            claim = claim or _known(kept["claim"], run)
            found = bounds.find(claim) if isinstance(claim, str) else claim
            design = kept["design"]
            if design["profile"] not in PROFILES or design["device"] not in ("cpu", "cuda"):
                raise StoreError(
                    f"the plan of run {run} in the store {self.store} is damaged; verify its claim again"
                )
            asked = on_kept_data(found.of_design(design.get("name")), design["held"])
            for candidate in (asked, *(asked.varied(name) for name in asked.variations)):
                plan = make_plan(candidate, design["profile"], design["seed"], design["device"])
                if plan.hash == kept["hash"]:
                    table, begun = collect(plan, opened), time.monotonic()
                    repeated = compared(plan, chosen(plan, table), opened)
                    return conclude(plan, table, 0, begun, repeated)
        raise ClaimError(
            f"run {run} was planned for another version of {found.name} or of theorycheck, or for another"
            " claim; verify the claim again"
        )

    def _settle(self, plan: Plan, store: Store) -> Finding:
        """Train a plan's trials, but those that are stored, and judge them."""
        begun, trained = time.monotonic(), 0
        run = store.start_run(plan.hash, plan.claim.name, plan.document)
        with (
            _continued(store),
            started(self.executor, isolated=plan.measured.isolated) as workers,
            self.progress(f"train {plan.claim.name}") as advance,
        ):

            def finish(missing: list[Trial], known: int) -> None:
                nonlocal trained
                advance(known, known + len(missing))
                trained += sweep.run(missing, store, workers, lambda done: advance(done, 0), plan.measured)

            tell = getattr(advance, "tell", None)
            table = collect(plan, store, finish, tell and (lambda made: _tell_estimate(plan, made, tell)))
            repeats = chosen(plan, table)
            known = store.find(Repeat(trial).key for trial, _ in repeats)
            again = [trial for trial, _ in repeats if Repeat(trial).key not in known]
            sweep.run(again, store, workers, lambda done: None, plan.measured, Repeat)
        finding = conclude(plan, table, trained, begun, compared(plan, repeats, store))
        store.finish_run(run, trained, len(table) - trained, finding.decision)
        return finding


def _tell_estimate(plan: Plan, made: pd.DataFrame, tell: Callable[[str], None]) -> None:
    """Say what the trials so far estimate, not what they decide; nothing depends on it."""
    law = plan.claim.law
    with suppress(Exception):  # of a fit that has too little yet
        judged = law.judge(law.observe(Outcomes(plan, _sorted(made, plan))), plan.claim.topic)
        found = "; ".join(e.text for e in judged.estimates if math.isfinite(e.value))
        tell(f"{law.estimated} {found or 'not yet estimated'} after {len(made)} trials")


def _sorted(table: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    return table.sort_values([*plan.columns, "replicate"], ignore_index=True)


def collect(
    plan: Plan,
    store: Store,
    finish: Callable[[list[Trial], int], None] | None = None,
    watch: Callable[[pd.DataFrame], None] | None = None,
) -> pd.DataFrame:
    """The trials of a plan, round by round, as by `tabulate`: by level, n and replicate.

    Args:
        plan: says which trials follow on those before.
        store: where they are.
        finish: makes and stores the trials that are missing, and is told how many of the round are there;
            without it all must be there.
        watch: is shown all trials so far, after every round in which some were made.

    Raises:
        StoreError: trials are missing, and nothing makes them.
    """
    made = Made(plan)
    while following := made.following():
        trials = [trial for _, trial in following]
        stored = store.find(trial.key for trial in trials)
        missing = [trial for trial in trials if trial.key not in stored]
        if finish is not None:
            finish(missing, len(stored))
        elif missing:
            raise StoreError(
                f"{len(missing)} trials of {plan.claim.name} are not stored; verify the claim to train them"
            )
        if missing:
            stored |= store.find(trial.key for trial in missing)
        made.add(following, stored)
        if watch and missing:
            watch(made.table)
    return _sorted(made.table, plan)


def on_data(claim: Claim, name: str | None, if_taken: bool = False) -> Claim:
    """The same claim on the data of a source, or as it is where none is named.

    Args:
        claim: the claim.
        name: of the source.
        if_taken: whether a claim that takes no data is left as it is.

    Raises:
        DesignError: there is no such source, or the claim takes none.
    """
    sources = response_of(claim).sources
    if name is None or (sources is None and if_taken):
        return claim
    if sources is None:
        raise DesignError(f"asked for the data {name!r}, but {claim.name} draws its own; leave --data out")
    return claim.holding(sources.held(name), name)


def on_kept_data(claim: Claim, held: Mapping[str, Any]) -> Claim:
    """The same claim on the data that the held values of a run name."""
    sources = response_of(claim).sources
    letters = sources.letters if sources else ()
    return claim.holding({name: held[name] for name in letters if name in held}) if letters else claim


def folder_of(claim: Claim, out: Path) -> Path:
    """Where the report on a claim goes."""
    return out / "-".join(filter(None, (claim.name, claim.design_name)))


def write(finding: Finding, folder: Path, formats: Sequence[Format] | None, fragment: bool = False) -> Part:
    """Write the report on a finding; return what it says, with a verdict that knows its artifacts."""
    return write_report(
        finding.verdict, finding.claim, finding.trials, finding.observed, folder, formats, fragment
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
