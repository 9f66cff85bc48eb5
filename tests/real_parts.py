"""Counts the tests that touch a real part: start a process, use a socket, or use a fixture that did.

A plugin of pytest. Python itself tells of every such deed (``sys.addaudithook``), so no test has to say it.
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from typing import Any

import pytest

DEEDS = frozenset({"socket.bind", "socket.connect", "subprocess.Popen"})
"""What is a real part's: see the table of audit events in Python's documentation."""

REAL = "touches a real part"


class RealParts:
    """Looks on at one run, in each of its processes."""

    def __init__(self) -> None:
        self._deeds = 0
        self._real_fixtures: set[pytest.FixtureDef[Any]] = set()
        sys.addaudithook(self._note)

    def _note(self, event: str, _: tuple[Any, ...]) -> None:
        if event in DEEDS:
            self._deeds += 1

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, object, object]:
        """Notes a fixture that is, or has, a real part: who uses it later does no such deed again."""
        before = self._deeds
        result = yield
        if self._deeds > before:
            self._real_fixtures.add(fixturedef)
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        before = self._deeds
        item.config.stash[_BEFORE] = before
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, object, object]:
        """Writes it into the test's report, which goes to the process that prints."""
        fixtures = getattr(item, "_fixtureinfo", None)
        used = [one for found in fixtures.name2fixturedefs.values() for one in found] if fixtures else []
        if self._deeds > item.config.stash[_BEFORE] or not self._real_fixtures.isdisjoint(used):
            item.user_properties.append((REAL, True))
        return (yield)


_BEFORE = pytest.StashKey[int]()


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(RealParts(), "real parts in this process")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """How many of the tests did."""
    ended = [
        report
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", "") == "teardown"
    ]
    real = sum((REAL, True) in map(tuple, report.user_properties) for report in ended)
    terminalreporter.write_line(f"{real} of {len(ended)} tests touched a real process, server or socket")
