"""A skipped test has to be excused: its reason is listed in `tests/allowed_skips.txt`, or the session fails.

A suite that skips what it cannot run looks green while it proves nothing. Each line of the list is the beginning of
a reason; `#` begins a comment.
"""

from __future__ import annotations

from pathlib import Path

import pytest

ALLOWED = Path(__file__).resolve().parents[1] / "allowed_skips.txt"


class SkipGuard:
    """Collects skips and judges them at the end."""

    def __init__(self, allowed: tuple[str, ...]) -> None:
        self._allowed = allowed
        self._unexcused: dict[str, str] = {}

    def note(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if report.outcome != "skipped" or hasattr(report, "wasxfail"):
            return
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reason = reason.removeprefix("Skipped: ")
        if not any(reason.startswith(start) for start in self._allowed):
            self._unexcused[report.nodeid] = reason

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.note(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self.note(report)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if self._unexcused and exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._unexcused:
            terminalreporter.section("skips without an excuse", red=True)
            for nodeid, reason in sorted(self._unexcused.items()):
                terminalreporter.line(f"{nodeid}: {reason!r} is not in {ALLOWED.name}")


def read_allowed(file: Path) -> tuple[str, ...]:
    lines = (line.strip() for line in file.read_text(encoding="utf-8").splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # under xdist, only the controller sees every report
        config.pluginmanager.register(SkipGuard(read_allowed(ALLOWED)), "skip-guard")
