"""Runtimes for the tests, always ended: by the test, or after it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from retail_ops.local.layout import Layout
from retail_ops.local.leftovers import end_leftovers, find_leftovers
from retail_ops.local.process import ProcessId, wait_until
from retail_ops.local.state import ComponentState, read_state

DUMMY = Path(__file__).with_name("dummy_runtime.py")
DEADLINE_S = 30.0


def eventually(condition: Callable[[], object], timeout_s: float = DEADLINE_S) -> None:
    assert wait_until(lambda: bool(condition()), timeout_s), "did not become true in time"


@dataclass
class DummyRuntime:
    """Runs `dummy_runtime.py` in a directory of its own."""

    layout: Layout
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, str(DUMMY), str(self.layout.var), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.started.append(process)
        return process

    def start_ready(self) -> subprocess.Popen[bytes]:
        process = self.start()
        eventually(lambda: process.poll() is not None or self.is_ready())
        assert process.poll() is None, process.communicate()[1].decode()
        # The state file speaks of `parent`; its child takes a moment longer.
        eventually(lambda: len(self.processes()) == 3)
        return process

    def is_ready(self) -> bool:
        state = read_state(self.layout)
        return state is not None and state.ready

    def component(self, name: str) -> ComponentState:
        state = read_state(self.layout)
        assert state is not None
        return next(item for item in state.components if item.name == name)

    def processes(self) -> list[ProcessId]:
        return find_leftovers(self.layout)

    def end(self) -> None:
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.communicate()
        end_leftovers(self.layout)


@pytest.fixture
def make_runtime(tmp_path: Path) -> Iterator[Callable[[str], DummyRuntime]]:
    made: list[DummyRuntime] = []

    def make(name: str) -> DummyRuntime:
        layout = Layout(tmp_path / name)
        layout.create()
        made.append(DummyRuntime(layout))
        return made[-1]

    yield make
    for runtime in made:
        runtime.end()


@pytest.fixture
def runtime(make_runtime: Callable[[str], DummyRuntime]) -> DummyRuntime:
    return make_runtime("var")


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    """A process that is none of ours and has to survive."""
    with subprocess.Popen(["sleep", "600"], start_new_session=True) as process:
        yield process
        process.kill()


def identity(pid: int) -> ProcessId:
    found = ProcessId.of(pid)
    assert found is not None
    return found


def kill_hard(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
