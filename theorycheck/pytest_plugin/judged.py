"""Verifies the claim of a test, and holds the result against what is expected of it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest

from theorycheck.errors import Interrupted, TheoryCheckError
from theorycheck.pytest_plugin.options import Misused, arguments, line, option, plain
from theorycheck.pytest_plugin.record import PROPERTY, RECORD

if TYPE_CHECKING:
    from theorycheck.api import Result
    from theorycheck.claim import Claim
    from theorycheck.pytest_plugin.baseline import Pin

KEPT = pytest.StashKey["Result"]()
ACCEPT = "`pytest --claims-update` accepts the new truth"


class Unmet(Exception):
    """A claim is refuted, or is no longer what the baseline says."""


def marked(item: pytest.Item) -> tuple[Any, dict[str, Any]] | None:
    """The claim that a test is marked with, and how it is verified; of nested markers the innermost.

    Raises:
        Misused: the marker says what cannot be carried out.
    """
    marks = list(item.iter_markers_with_node("claim"))
    if not marks:
        return None
    node, mark = marks[0]
    if sum(other is node for other, _ in marks) > 1:
        raise Misused(
            f"{line(node.name)} has the marker @pytest.mark.claim twice; write a test for each claim"
        )
    if len(mark.args) != 1:
        raise Misused("@pytest.mark.claim takes the name of one claim, or the path of its file, and keywords")
    return mark.args[0], arguments(mark.kwargs)


def judge(item: pytest.Item, asked: Any, given: Mapping[str, Any]) -> None:
    """Verify a claim, keep the result for the test and the reports, and fail the test that is not as it
    should be.

    Raises:
        Unmet: the claim is REFUTED, or not what the baseline says.
        TheoryCheckError: the claim cannot be verified.
    """
    from theorycheck.pytest_plugin.baseline import pinned, summary

    record = item.config.stash[RECORD]
    pins = (
        [] if record.update else record.pins
    )  # a baseline that cannot be read is told before anything is trained
    result = verify(item.config, asked, given)
    item.stash[KEPT] = result
    now = summary(result)
    item.user_properties.extend(_properties(now))
    before = pinned(pins, now)
    _compare(item.config, before, now)
    _expect(item.config, result, now, accepted=before is not None and before.verdict == "REFUTED")


def verify(config: pytest.Config, asked: Any, given: Mapping[str, Any]) -> Result:
    """Verify a claim with the options of the command line, but for those given; Ctrl-C ends the session."""
    from theorycheck import api

    defaults = {name: option(config, name) for name in ("profile", "seed", "jobs", "store")}
    options: dict[str, Any] = {**defaults, **given}
    options["store"] = config.rootpath / options["store"]
    try:
        return api.verify(_claim(config, asked), **options)
    except Interrupted as error:
        if isinstance(error.__cause__, KeyboardInterrupt):
            pytest.exit(plain(error), returncode=pytest.ExitCode.INTERRUPTED)
        raise
    except TheoryCheckError as error:  # its hints are those of the command line
        error.args = (re.sub(r"(?<!\w)--(store|design|device)\b", _as_asked_here, str(error)),)
        raise


def _as_asked_here(flag: re.Match[str]) -> str:
    return "--claims-store" if flag[1] == "store" else f"{flag[1]}=..."


def _claim(config: pytest.Config, asked: Any) -> Claim | str:
    """A claim, its name, or the path of its file, from the root of the tests."""
    from theorycheck.claim import Claim

    if isinstance(asked, Claim):
        return asked
    if not isinstance(asked, str | os.PathLike) or isinstance(os.fspath(asked), bytes):
        raise Misused(
            f"@pytest.mark.claim takes a claim, its name, or the path of its file, got {type(asked).__name__}"
            f" {asked!r}"
        )
    text = os.fspath(asked)
    if text.endswith(".py"):
        return str(config.rootpath / text)
    if isinstance(asked, os.PathLike):
        raise Misused(f"@pytest.mark.claim takes the path of a claim file, which ends in .py, got {text}")
    return text


def _properties(now: Pin) -> list[tuple[str, object]]:
    """What reports carry, JUnit's among them; the first is for the record."""
    found: list[tuple[str, object]] = [(PROPERTY, now.model_dump_json()), ("verdict", now.verdict)]
    for e in now.exponents:
        variable = line(e.variable)
        found += [
            (f"{variable} estimate", e.estimate),
            (f"{variable} interval", f"[{e.ci_low}, {e.ci_high}]"),
        ]
    return found


def _compare(config: pytest.Config, before: Pin | None, now: Pin) -> None:
    from theorycheck.pytest_plugin.baseline import changes

    moved = changes(before, now) if before else []
    if moved:
        name = config.stash[RECORD].path.name
        raise Unmet("\n".join([f"{now} is not what the baseline {name} says:", *moved, ACCEPT]))


def _expect(config: pytest.Config, result: Result, now: Pin, accepted: bool) -> None:
    """What a verdict means for its test; REFUTED passes where the baseline says so, or is told to."""
    text = f"{now.name} is {now.verdict} over {result.verdict.range}: {result.verdict.judgement.reason}"
    if now.verdict == "REFUTED" and not (accepted or config.getoption("claims_update")):
        raise Unmet(text)
    if now.verdict == "INCONCLUSIVE":
        wanted = option(config, "inconclusive")
        if wanted == "xfail":
            pytest.xfail(plain(text))
        if wanted == "fail":
            raise Unmet(text)
