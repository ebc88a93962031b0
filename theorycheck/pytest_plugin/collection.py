"""What `--claims` collects: the claim files of a folder, the claims of installed packs, and known claims by
name.
"""

import contextlib
import difflib
import fnmatch
import os
import symtable
import warnings
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from theorycheck.errors import TheoryCheckError
from theorycheck.pytest_plugin.judged import judge
from theorycheck.pytest_plugin.options import OPTIONS, line, option

SHARED = "theorycheck"  # what workers of pytest-xdist tell of their collection


class Collection:
    """Adds claims to the tests that are collected, and knows whether all tests of the project were."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.folder = _real(config.rootpath / option(config, "folder"))
        self.known: list[str] = []  # claims of installed packs, and those asked for by name
        self.collected = 0  # files of claims, and claims by name
        self.partial = False
        self._before = 0
        source = pytest.Config.ArgsSource
        here = config.invocation_params.dir == config.rootpath
        self._all_asked = {source.ARGS: False, source.INVOCATION_DIR: here}.get(config.args_source, True)

    @property
    def complete(self) -> bool:
        """Whether no test of the project was left out, by a path, an option, or another plugin."""
        options = ("lf", "ignore", "ignore_glob", "collectonly")
        left_out = self.partial or any(self.config.getoption(name, None) for name in options)
        return self._all_asked and not left_out

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Have the folder collected, wherever the tests are; refuse a run that would find no claim."""
        from theorycheck import bounds

        named = option(self.config, "named")
        try:
            asked = bounds.claims() if named == "all" else filter(None, map(str.strip, named.split(",")))
            self.known = list(dict.fromkeys([*bounds.packed(), *asked]))
        except TheoryCheckError as error:
            raise pytest.UsageError(line(error)) from error
        self._check()
        here = self.config.invocation_params.dir
        paths = [_real(here / arg.partition("::")[0]) for arg in self.config.args]
        chosen = any(p.is_relative_to(self.folder) or self.folder.is_relative_to(p) for p in paths)
        if os.path.isdir(self.folder) and not chosen:
            self.config.args.append(str(self.folder))

    def _check(self) -> None:
        named, root = option(self.config, "folder"), self.config.rootpath
        default, there = named == OPTIONS["folder"][0], os.path.isdir(self.folder)
        looked = "there is no claim file in" if there else "there is no folder"
        looked += f" {self.folder} (relative to the rootdir {root})"
        if not default and not there:
            folders = [path.name for path in root.iterdir() if path.is_dir()]
            near = difflib.get_close_matches(named, folders, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise pytest.UsageError(line(f"--claims-folder {named}: {looked}{hint}"))
        if not (default and self.known) and not any(map(self._is_claim_file, self.folder.glob("*.py"))):
            count = len(self.known)
            packs = f"{count} claims are installed or named" if count else "no pack of claims is installed"
            repair = "name a folder by --claims-folder, or known claims by --claims-named"
            raise pytest.UsageError(line(f"--claims found no claim: {looked}; {packs}; {repair}"))

    @pytest.hookimpl(wrapper=True)
    def pytest_collect_file(
        self, file_path: Path, parent: pytest.Collector
    ) -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
        """A claim file as a test, and as no module of tests, unless it is named like one."""
        others = yield
        if not self._is_claim_file(file_path):
            return others
        self.collected += 1
        tests = _named_like_tests(file_path, self.config)
        kept = [other for other in others if tests or type(other) is not pytest.Module]
        return [ClaimFile.from_parent(parent, path=file_path), *kept]

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Add known claims to the session's first level."""
        report = yield
        if isinstance(collector, pytest.Session) and self.known and report.passed:
            self.collected += 1
            report.result.append(KnownClaims.from_parent(collector, name="claims", names=self.known))
        return report

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A module that is skipped as a whole is not collected; one that speaks of claims may have marked
        tests.
        """
        if report.skipped:
            with contextlib.suppress(OSError):
                path = self.config.rootpath / report.nodeid.partition("::")[0]
                self.partial |= b"claim" in path.read_bytes()

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: Sequence[pytest.Item]) -> None:
        """Count the tests that verify claims before some are deselected."""
        self._before = _of_claims(items)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Count them again."""
        self.partial |= _of_claims(session.items) < self._before

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Tell the controller of pytest-xdist what this worker has collected."""
        if hasattr(self.config, "workeroutput"):
            self.config.workeroutput[SHARED] = (self.collected, self.partial)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Hear it."""
        collected, partial = getattr(node, "workeroutput", {}).get(SHARED, (0, True))
        self.collected += collected
        self.partial |= partial

    def _is_claim_file(self, path: Path) -> bool:
        """Whether a file lies in the folder and names a claim at its top level; others there are helpers and
        tests.
        """
        if path.suffix != ".py" or _real(path.parent) != self.folder:
            return False
        try:
            with warnings.catch_warnings(action="ignore"):
                table = symtable.symtable(path.read_text(encoding="utf-8"), str(path), "exec")
        except (OSError, SyntaxError, ValueError, RecursionError):
            return True  # and the test says what is wrong
        names = table.get_identifiers()  # those at the top level; the file is not run
        return "claim" in names or ("Claim" in names and not _named_like_tests(path, self.config))


def _of_claims(items: Sequence[pytest.Item]) -> int:
    return sum("claim" in item.keywords for item in items)


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))  # which takes loops of links and names that are too long as they are


def _named_like_tests(path: Path, config: pytest.Config) -> bool:
    return any(
        fnmatch.fnmatch(path.name, pattern) for pattern in [*config.getini("python_files"), "conftest.py"]
    )


class ClaimFile(pytest.File):
    """A claim file."""

    def collect(self) -> Iterator[pytest.Item]:
        """Its one claim."""
        yield ClaimItem.from_parent(self, name=line(self.path.stem), claim=str(self.path))


class KnownClaims(pytest.Collector):
    """Claims that are known by name."""

    def __init__(self, *, names: list[str], **options: Any) -> None:
        super().__init__(**options)
        self.names = names

    def collect(self) -> Iterator[pytest.Item]:
        """An item each."""
        for name in self.names:
            yield ClaimItem.from_parent(self, name=line(name), claim=name)


class ClaimItem(pytest.Item):
    """A claim as a test: passes when it is SUPPORTED and what the baseline says."""

    def __init__(self, *, claim: str, **options: Any) -> None:
        super().__init__(**options)
        self.claim = claim
        self.keywords["claim"] = True  # as a marked test has

    def runtest(self) -> None:
        """Verify the claim."""
        judge(self, self.claim, {})

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The message alone, where the claim is at fault."""
        if isinstance(excinfo.value, TheoryCheckError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Where it is, and its name."""
        return self.path, None, f"claim {self.name}"
