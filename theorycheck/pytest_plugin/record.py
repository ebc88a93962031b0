"""What was found in a session, held against the baseline: claims that clash, that are not pinned, or gone."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pytest

from theorycheck.errors import TheoryCheckError
from theorycheck.pytest_plugin.options import OPTIONS, line, option
from theorycheck.text import listed

if TYPE_CHECKING:
    from theorycheck.pytest_plugin.baseline import Key, Pin
    from theorycheck.pytest_plugin.collection import Collection

PROPERTY = "theorycheck-claim"
RECORD = pytest.StashKey["Record"]()


class Record:
    """Collects what is found, also from the workers of pytest-xdist, and writes the baseline, if asked, at
    the end.
    """

    def __init__(self, config: pytest.Config, collection: Collection | None) -> None:
        self.config = config
        self.collection = collection
        self.path = config.rootpath / option(config, "baseline")
        self.update: bool = config.getoption("claims_update")
        self.found: dict[Key, tuple[Pin, str]] = {}
        self.skipped = False  # a test that would have verified a claim
        self.errors: dict[str, None] = {}  # a set that keeps the order
        self.notes: list[str] = []

    @cached_property
    def pins(self) -> dict[Key, Pin]:
        """The entries of the baseline by their keys, read when the first claim is verified.

        Raises:
            BaselineError: it cannot be read, or was named and is not there.
        """
        from theorycheck.pytest_plugin.baseline import BaselineError, read

        if os.path.lexists(self.path):
            return read(self.path)
        if not self.update and option(self.config, "baseline") != OPTIONS["baseline"][0]:
            raise BaselineError(
                f"there is no baseline {self.path}; `pytest --claims --claims-update` writes it"
            )
        return {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Refuse a baseline that cannot be read, before claims are verified against it or it is replaced."""
        if self.collection or self.update:
            try:
                _ = self.pins
            except TheoryCheckError as error:
                raise pytest.UsageError(line(error)) from error

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take down what was found, and whether it was found before, otherwise."""
        texts = [str(value) for name, value in report.user_properties if name == PROPERTY]
        self.skipped |= report.skipped and "claim" in report.keywords and not texts
        if not texts:
            return
        from theorycheck.pytest_plugin.baseline import Pin

        pin = Pin.model_validate_json(texts[-1])
        first, where = self.found.setdefault(pin.key, (pin, report.nodeid))
        if first != pin:
            self.errors[
                f"{pin} has two results, by {where} and by {report.nodeid}: claims of equal names cannot be "
                "pinned; rename one"
            ] = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Compare and write, once, and fail a session that passed over claims."""
        if hasattr(self.config, "workerinput"):
            return
        ended_well = session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
        if self.found or self.update:
            self._finish(session, ended_well)
        status = pytest.ExitCode.TESTS_FAILED
        if ended_well and self.collection and not self.collection.collected:
            status = pytest.ExitCode.NO_TESTS_COLLECTED
            self.errors[
                "--claims found no claim: the paths and settings of pytest (norecursedirs, --ignore,"
                f" collect_ignore) leave out the claim files in {self.collection.folder}"
            ] = None
        if self.errors and ended_well:
            session.exitstatus = status

    def _finish(self, session: pytest.Session, ended_well: bool) -> None:
        passed = session.exitstatus == pytest.ExitCode.OK
        whole = passed and not self.skipped and self.collection and self.collection.complete
        try:
            gone = self._gone() if whole else []
            if not self.update:
                self._tell(gone)
            elif self.errors:
                self.errors[f"{self.path} was not written, and is as it was"] = None
            elif self.found:
                self._write(gone, passed)
            elif ended_well and not self.config.getoption("collectonly"):
                self.errors[f"--claims-update: no claim was verified, so {self.path} was not written"] = None
        except TheoryCheckError as error:
            self.errors[str(error)] = None

    def _gone(self) -> list[Pin]:
        """Entries of this profile and seed that no test has verified, although none was left out; notes the
        others.
        """
        from theorycheck import bounds

        untested = [pin for key, pin in self.pins.items() if key not in self.found]
        here = option(self.config, "profile"), option(self.config, "seed")
        known = bounds.claims() if untested else {}
        gone = [pin for pin in untested if pin.name not in known and (pin.profile, pin.seed) == here]
        if others := [str(pin) for pin in untested if pin not in gone]:
            self.notes.append(
                f"{len(others)} of {len(self.pins)} pins are of other runs, by --claims-named, profile or"
                f" seed: {listed(others)}"
            )
        return gone

    def _tell(self, gone: list[Pin]) -> None:
        if gone:
            self.errors[
                f"pinned in {self.path}, but no test verifies {listed([*map(str, gone)])}; restore the claim,"
                " or let `pytest --claims --claims-update` remove the pin"
            ] = None
        new = [str(now) for key, (now, _) in self.found.items() if key not in self.pins]
        if new and self.pins:
            self.notes.append(f"not in {self.path}, so not compared: {listed(new)}; --claims-update pins")

    def _write(self, gone: list[Pin], passed: bool) -> None:
        from theorycheck.pytest_plugin.baseline import write

        self.__dict__.pop("pins", None)  # another session may have written meanwhile
        kept = [pin for key, pin in self.pins.items() if key not in self.found and pin not in gone]
        write(self.path, [*kept, *(pin for pin, _ in self.found.values())])
        others = "" if passed else ", those of the tests that gave no verdict are kept"
        self.notes.append(f"{len(self.found)} claims pinned in {self.path}{others}")
        if gone:
            self.notes.append(f"pins removed, which no test verifies any more: {listed([*map(str, gone)])}")

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say what was written, and what is amiss."""
        for note in self.notes:
            terminalreporter.write_line(f"theorycheck: {line(note)}")
        for error in self.errors:
            terminalreporter.write_line(f"ERROR: theorycheck: {line(error)}", red=True)
