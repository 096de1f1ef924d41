"""`up`, `down` and `status` on a running runtime of small programs."""

from __future__ import annotations

import os
import signal
import sys
from datetime import timedelta

import pytest

from local.conftest import DummyRuntime, eventually, kill_hard
from retail_ops.local.child import StartError, system_clock
from retail_ops.local.runtime import ALREADY_RUNNING_EXIT, await_ready, background_command, down, start_background, up
from retail_ops.local.stack import StackOptions
from retail_ops.local.state import Phase
from retail_ops.local.status import Status, status


def by_name(found: Status) -> dict[str, Phase]:
    return {item.name: item.phase for item in found.components}


def test_status_of_a_runtime_that_never_ran(runtime: DummyRuntime) -> None:
    found = status(layout=runtime.layout)

    assert (found.running, found.ready, found.supervisor_pid, found.components) == (False, False, None, ())


def test_status_tells_what_runs_since_when_and_where(runtime: DummyRuntime) -> None:
    process = runtime.start_ready()

    found = status(layout=runtime.layout, clock=lambda: system_clock() + timedelta(hours=1))

    assert (found.running, found.ready, found.supervisor_pid) == (True, True, process.pid)
    assert by_name(found) == {"once": Phase.DONE, "server": Phase.READY, "parent": Phase.READY}
    server = found.components[1]
    assert server.pid is not None
    assert server.uptime is not None
    assert timedelta(minutes=59) < server.uptime < timedelta(minutes=61)
    assert server.port == runtime.component("server").port
    assert server.log.exists()


def test_status_does_not_trust_a_state_file_whose_process_is_gone(runtime: DummyRuntime) -> None:
    process = runtime.start_ready()
    server = runtime.component("server").process
    assert server is not None
    process.send_signal(signal.SIGSTOP)  # the supervisor cannot note the death
    try:
        kill_hard(server.pid)
        found = status(layout=runtime.layout)
    finally:
        process.send_signal(signal.SIGCONT)

    assert by_name(found)["server"] is Phase.BACKOFF
    assert not found.ready


def test_status_after_a_killed_supervisor_counts_what_it_left(runtime: DummyRuntime) -> None:
    process = runtime.start_ready()
    process.kill()
    process.wait()

    found = status(layout=runtime.layout)

    assert (found.running, found.components, found.leftovers) == (False, (), 3)


def test_down_stops_everything_and_may_be_repeated(runtime: DummyRuntime) -> None:
    process = runtime.start_ready()

    assert down(layout=runtime.layout) == 0

    assert process.wait(5) == 0
    assert runtime.processes() == []
    assert down(layout=runtime.layout) == 0


def test_down_ends_what_a_killed_supervisor_left(runtime: DummyRuntime) -> None:
    process = runtime.start_ready()
    process.kill()
    process.wait()

    assert down(layout=runtime.layout) == 3
    assert runtime.processes() == []


def test_up_on_a_running_runtime_revives_a_dead_component_and_keeps_the_others(runtime: DummyRuntime) -> None:
    process = runtime.start_ready()
    server, parent = runtime.component("server").process, runtime.component("parent").process
    assert server is not None
    kill_hard(server.pid)

    found = up(layout=runtime.layout)

    assert found.ready
    assert found.supervisor_pid == process.pid
    assert [item.restarts for item in found.components] == [0, 1, 0]
    assert runtime.component("parent").process == parent


def test_a_supervisor_that_ends_while_starting_is_reported_with_its_log(runtime: DummyRuntime) -> None:
    command = (sys.executable, "-c", "import sys; print('no disk'); sys.exit(1)")

    with pytest.raises(StartError, match=r"(?s)the supervisor ended.*no disk"):
        await_ready(runtime.layout, start_background(runtime.layout, command))


def test_a_second_start_waits_for_the_first(runtime: DummyRuntime) -> None:
    runtime.start_ready()
    second = start_background(runtime.layout, background_command(StackOptions()))
    eventually(lambda: second.poll() is not None)

    assert second.returncode == ALREADY_RUNNING_EXIT
    await_ready(runtime.layout, second)


def test_the_background_supervisor_leaves_the_callers_session(runtime: DummyRuntime) -> None:
    process = start_background(runtime.layout, ("sleep", "600"))
    try:
        assert os.getsid(process.pid) == process.pid
    finally:
        process.kill()
        process.wait()
