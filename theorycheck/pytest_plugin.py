"""Claims as tests: `@pytest.mark.claim`, the fixture `verdict`, and `pytest --claims`; against a baseline, if any.

Imports the toolkit only when a claim is verified, so that other test suites do not pay for it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from theorycheck.api import Result

OPTIONS = {  # name: (default, help)
    "profile": ("quick", "smoke, quick, standard or full"),
    "seed": (0, "base seed of all trials"),
    "jobs": (1, "worker processes that train"),
    "store": (".theorycheck/store.sqlite", "file of finished trials, relative to the root of the tests"),
    "folder": ("claims", "folder of claim files that --claims collects"),
    "named": ("", "known claims that --claims collects as well, with commas, or 'all'"),
    "baseline": ("claims-baseline.json", "file that pins verdicts and exponents"),
    "inconclusive": ("xfail", "what an INCONCLUSIVE verdict is: xfail, fail or pass"),
}
PROPERTY = "theorycheck-claim"
KEPT = pytest.StashKey["Result"]()
ACCEPT = "`pytest --claims-update` accepts the new truth"


class Unmet(Exception):
    """A claim is refuted, or is no longer what the baseline says."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options, all under one prefix."""
    group = parser.getgroup("theorycheck", "claims of theorems")
    group.addoption("--claims", action="store_true", help="collect claim files and installed claims as tests")
    group.addoption("--claims-update", action="store_true", help="write what is found now to the baseline")
    for name, (default, text) in OPTIONS.items():
        choices = {"choices": ("xfail", "fail", "pass")} if name == "inconclusive" else {}
        group.addoption(f"--claims-{name}", default=default, type=type(default), help=f"{text} ({default})", **choices)


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known, and remember what the baseline says."""
    config.addinivalue_line(
        "markers", "claim(name, profile=..., seed=..., design=...): verify a claim before the test, which REFUTED fails"
    )
    config.pluginmanager.register(Baseline(config), "theorycheck-baseline")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A claim file of the folder of claims as a test."""
    config = parent.config
    folder = config.rootpath / option(config, "folder")
    if config.getoption("claims") and file_path.suffix == ".py" and file_path.parent == folder:
        return ClaimFile.from_parent(parent, path=file_path)
    return None


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """Add known claims to the session's first level."""
    outcome = yield
    if isinstance(collector, pytest.Session) and collector.config.getoption("claims"):
        report = outcome.get_result()  # type: ignore[attr-defined]
        names = _known(collector.config)
        if names and report.passed:
            report.result = [*report.result, KnownClaims.from_parent(collector, name="claims", names=names)]


def _known(config: pytest.Config) -> list[str]:
    """Claims of installed packs, and those asked for by name."""
    from theorycheck import bounds

    asked = option(config, "named")
    named = list(bounds.claims()) if asked == "all" else [name.strip() for name in asked.split(",") if name.strip()]
    return list(dict.fromkeys([*bounds.packed(), *named]))


class ClaimFile(pytest.File):
    """A claim file."""

    def collect(self) -> Iterator[pytest.Item]:
        """Its one claim."""
        yield ClaimItem.from_parent(self, name=self.path.stem, claim=str(self.path))


class KnownClaims(pytest.Collector):
    """Claims that are known by name."""

    def __init__(self, *, names: list[str], **options: Any) -> None:
        super().__init__(**options)
        self.names = names

    def collect(self) -> Iterator[pytest.Item]:
        """An item each."""
        for name in self.names:
            yield ClaimItem.from_parent(self, name=name, claim=name)


class ClaimItem(pytest.Item):
    """A claim as a test: passes when it is SUPPORTED and what the baseline says."""

    def __init__(self, *, claim: str, **options: Any) -> None:
        super().__init__(**options)
        self.claim = claim

    def runtest(self) -> None:
        """Verify the claim."""
        hold(self, verify(self, self.claim, {}))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The message alone, where the claim is at fault."""
        from theorycheck.errors import TheoryCheckError

        if isinstance(excinfo.value, Unmet | TheoryCheckError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Where it is, and its name."""
        return self.path, None, f"claim {self.name}"


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Verify the claim of a marked test before its body runs."""
    marker = item.get_closest_marker("claim")
    if marker is None:
        return
    from theorycheck.errors import TheoryCheckError

    if len(marker.args) != 1:
        pytest.fail("@pytest.mark.claim takes the name of one claim, or the path of its file", pytrace=False)
    message = None
    try:
        hold(item, verify(item, marker.args[0], marker.kwargs))
    except (Unmet, TheoryCheckError) as error:
        message = str(error)
    if message:
        pytest.fail(message, pytrace=False)


@pytest.fixture
def verdict(request: pytest.FixtureRequest) -> Result:
    """The result on the claim that the test is marked with."""
    if KEPT not in request.node.stash:
        pytest.fail('the fixture verdict needs the marker @pytest.mark.claim("NAME") on the test', pytrace=False)
    result: Result = request.node.stash[KEPT]
    return result


def option(config: pytest.Config, name: str) -> Any:
    """The value of an option --claims-NAME."""
    return config.getoption(f"claims_{name}")


def verify(item: pytest.Item, claim: str, given: Mapping[str, Any]) -> Result:
    """Verify a claim with the options of the command line, but for those given."""
    from theorycheck import api

    config = item.config
    path = config.rootpath / claim if claim.endswith(".py") else claim
    options = {
        "profile": option(config, "profile"), "seed": option(config, "seed"), "jobs": option(config, "jobs"),
        "store": config.rootpath / option(config, "store"), **given,
    }  # fmt: skip
    return api.verify(str(path), **options)


def hold(item: pytest.Item, result: Result) -> None:
    """Keep a result for the test and the reports, and fail the test when it is not what it should be.

    Raises:
        Unmet: the claim is REFUTED, or not what the baseline says.
    """
    item.stash[KEPT] = result
    now = summary(result)
    item.user_properties.append((PROPERTY, json.dumps(now)))
    item.user_properties.append(("verdict", now["verdict"]))
    for e in now["exponents"]:
        item.user_properties.append((f"{e['variable']} estimate", e["estimate"]))
        item.user_properties.append((f"{e['variable']} interval", f"[{e['ci_low']}, {e['ci_high']}]"))
    update = item.config.getoption("claims_update")
    baseline: Baseline = item.config.pluginmanager.get_plugin("theorycheck-baseline")  # type: ignore[assignment]
    kept = baseline.known.get(now["name"])
    if not update:
        moved = changes(kept, now)
        if moved:
            raise Unmet(
                "\n".join([f"{now['name']} is not what the baseline {baseline.path.name} says:", *moved, ACCEPT])
            )
    reason = result.verdict.judgement.reason
    pinned = kept is not None and kept["verdict"] == "REFUTED"
    if result.decision == "REFUTED" and not (update or pinned):
        raise Unmet(f"{now['name']} is REFUTED over {result.verdict.range}: {reason}")
    if result.decision == "INCONCLUSIVE":
        wanted = option(item.config, "inconclusive")
        text = f"{now['name']} is INCONCLUSIVE over {result.verdict.range}: {reason}"
        if wanted == "xfail":
            pytest.xfail(text)
        if wanted == "fail":
            raise Unmet(text)


def summary(result: Result) -> dict[str, Any]:
    """What the baseline keeps of a result."""
    document = result.verdict.document()
    design = result.verdict.design
    kept = ("variable", "estimate", "ci_low", "ci_high")
    return {
        "name": document["name"],
        "verdict": document["verdict"],
        "profile": design["profile"],
        "seed": design["seed"],
        "exponents": [{key: e[key] for key in kept} for e in document["exponents"]],
    }


def changes(pinned: Mapping[str, Any] | None, now: Mapping[str, Any]) -> list[str]:
    """What has changed beyond chance since the baseline: the verdict, or an exponent beyond the joint interval.

    The joint interval of a difference of two independent estimates: its half-width is the root of the sum of the
    squares of theirs (Cumming and Finch, American Psychologist 60 (2005) 170).
    """
    if pinned is None:
        return []
    lines = []
    if pinned["verdict"] != now["verdict"]:
        lines.append(f"  verdict   baseline {pinned['verdict']}, now {now['verdict']}")
    before = {e["variable"]: e for e in pinned["exponents"]}
    for e in now["exponents"]:
        old = before.get(e["variable"])
        if old is None or None in (*old.values(), *e.values()):
            continue
        half = ((old["ci_high"] - old["ci_low"]) ** 2 + (e["ci_high"] - e["ci_low"]) ** 2) ** 0.5 / 2
        if abs(e["estimate"] - old["estimate"]) > half:
            texts = (f"{x['estimate']:.3g} [{x['ci_low']:.3g}, {x['ci_high']:.3g}]" for x in (old, e))
            lines.append(f"  {e['variable']}   baseline {next(texts)}, now {next(texts)}")
    return lines


class Baseline:
    """The file that pins verdicts and exponents, read at the start and written, if asked, at the end."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.path = config.rootpath / option(config, "baseline")
        self.known: dict[str, Any] = self._read()
        self.found: dict[str, Any] = {}

    def _read(self) -> dict[str, Any]:
        if not self.path.exists():
            return {}
        try:
            known: dict[str, Any] = json.loads(self.path.read_text(encoding="utf-8"))
            for kept in known.values():
                _ = kept["verdict"], [e["variable"] for e in kept["exponents"]]
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise pytest.UsageError(
                f"the baseline {self.path} cannot be read ({type(error).__name__}: {error}); mend or remove it"
            ) from error
        return known

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect what was found, also from the workers of pytest-xdist."""
        for name, value in report.user_properties:
            if name == PROPERTY:
                found = json.loads(str(value))
                self.found[found.pop("name")] = found

    def pytest_sessionfinish(self) -> None:
        """Write the baseline, once, when asked to."""
        worker = hasattr(self.config, "workerinput")
        if self.config.getoption("claims_update") and not worker and self.found:
            text = json.dumps(dict(sorted({**self.known, **self.found}.items())), indent=2)
            self.path.write_text(text + "\n", encoding="utf-8")

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say what was written."""
        if self.config.getoption("claims_update") and self.found:
            terminalreporter.write_line(f"theorycheck: {len(self.found)} claims pinned in {self.path}")
