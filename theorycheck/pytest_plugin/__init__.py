"""Claims as tests: `@pytest.mark.claim`, the fixture `verdict`, and `pytest --claims`; against a baseline, if
any.

Imports the toolkit only when a claim is verified, so that other test suites do not pay for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from theorycheck.errors import TheoryCheckError
from theorycheck.pytest_plugin.collection import Collection
from theorycheck.pytest_plugin.judged import KEPT, judge, marked
from theorycheck.pytest_plugin.options import OPTIONS, check_options
from theorycheck.pytest_plugin.record import RECORD, Record

if TYPE_CHECKING:
    from theorycheck.api import Result


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options, all under one prefix."""
    group = parser.getgroup("theorycheck", "claims of theorems")
    group.addoption("--claims", action="store_true", help="collect claim files and installed claims as tests")
    group.addoption("--claims-update", action="store_true", help="write what is found now to the baseline")
    for name, (default, text) in OPTIONS.items():
        choices = {"choices": ("xfail", "fail", "pass")} if name == "inconclusive" else {}
        group.addoption(
            f"--claims-{name}", default=default, type=type(default), help=f"{text} ({default})", **choices
        )


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known, collect claims if asked to, and keep a record of what is found."""
    config.addinivalue_line(
        "markers",
        "claim(name, profile=..., seed=..., design=...): verify a claim before the test, which REFUTED fails",
    )
    collection = Collection(config) if config.getoption("claims") else None
    config.stash[RECORD] = Record(config, collection)
    config.pluginmanager.register(config.stash[RECORD], "theorycheck-record")
    if collection:
        config.pluginmanager.register(collection, "theorycheck-collection")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Refuse what cannot be carried out before anything is collected."""
    check_options(session.config)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Verify the claim of a marked test before its body runs."""
    try:
        if asked := marked(item):
            judge(item, *asked)
    except TheoryCheckError as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None


@pytest.fixture
def verdict(request: pytest.FixtureRequest) -> Result:
    """The result on the claim that the test is marked with."""
    if KEPT not in request.node.stash:
        pytest.fail(
            'the fixture verdict needs the marker @pytest.mark.claim("NAME") on the test', pytrace=False
        )
    result: Result = request.node.stash[KEPT]
    return result
