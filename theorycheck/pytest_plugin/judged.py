"""Verifies the claim of a test, and holds the result against what is expected of it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest

from theorycheck.errors import Interrupted, TheoryCheckError
from theorycheck.pytest_plugin.options import Misused, arguments, line, option
from theorycheck.pytest_plugin.record import PROPERTY, RECORD
from theorycheck.text import neutral

if TYPE_CHECKING:
    from theorycheck.api import Result
    from theorycheck.claim import Claim
    from theorycheck.pytest_plugin.baseline import Pin

KEPT = pytest.StashKey["Result"]()


class Unmet(TheoryCheckError):
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
        Unmet: the claim is not what the baseline says, or REFUTED where that does not say so.
        TheoryCheckError: the claim cannot be verified.
    """
    from theorycheck.pytest_plugin.baseline import changes, summary

    record = item.config.stash[RECORD]
    pins = {} if record.update else record.pins  # one that cannot be read is told before anything is trained
    result = verify(item.config, asked, given)
    item.stash[KEPT] = result
    now = summary(result)
    item.user_properties.extend(_properties(now))
    before = pins.get(now.key)
    if before and (moved := changes(before, now)):
        told = f"{now} is not what the baseline {record.path.name} says:"
        raise Unmet("\n".join([told, *moved, "`pytest --claims-update` accepts the new truth"]))
    text = f"{now.name} is {now.verdict} over {result.verdict.range}: {result.verdict.judgement.reason}"
    wanted = option(item.config, "inconclusive") if now.verdict == "INCONCLUSIVE" else "pass"
    if wanted == "xfail":
        pytest.xfail(neutral(text))
    if wanted == "fail" or (now.verdict == "REFUTED" and not (before or record.update)):
        raise Unmet(text)


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
            pytest.exit(str(error), returncode=pytest.ExitCode.INTERRUPTED)
        raise
    except TheoryCheckError as error:  # its hints are those of the command line
        told = re.sub(r"(?<!\w)--store\b", "--claims-store", str(error))
        error.args = (re.sub(r"(?<!\w)--(design|device)\b", r"\1=...", told),)
        raise


def _claim(config: pytest.Config, asked: Any) -> Claim | str:
    """A claim, its name, or the path of its file, from the root of the tests."""
    from theorycheck.claim import Claim

    if isinstance(asked, Claim):
        return asked
    if not isinstance(asked, str | os.PathLike):
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
        found.append((f"{line(e.variable)} estimate", e.estimate))
        found.append((f"{line(e.variable)} interval", f"[{e.ci_low}, {e.ci_high}]"))
    return found
