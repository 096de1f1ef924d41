"""One life of a runtime, seen from outside: real processes, real signals."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, replace

import psutil
import pytest

from local.conftest import DUMMY, DummyRuntime, eventually, identity, kill_hard
from retail_ops.local.leftovers import end_leftovers, find_leftovers
from retail_ops.local.ports import LOOPBACK
from retail_ops.local.process import MARKER
from retail_ops.local.state import instance_of, lock_holder, read_present_state, read_state, write_state


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything_and_leaves_no_process(runtime: DummyRuntime, number: signal.Signals) -> None:
    process = runtime.start_ready()

    process.send_signal(number)

    assert process.wait(30) == 0
    assert runtime.processes() == []
    assert read_state(runtime.layout) is None
    assert lock_holder(runtime.layout) is None


def test_a_second_signal_does_not_interrupt_the_stop(runtime: DummyRuntime) -> None:
    process = runtime.start_ready()

    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)

    assert process.wait(30) == 0
    assert runtime.processes() == []


def test_the_check_for_strays_sees_what_ending_the_leaders_alone_leaves(runtime: DummyRuntime) -> None:
    """Negative control: without the marker, the child in a session of its own would be lost."""
    process = runtime.start_ready()
    state = read_state(runtime.layout)
    assert state is not None
    process.kill()
    process.wait()
    for item in state.components:
        if item.process is not None:
            os.killpg(item.process.pid, signal.SIGKILL)

    eventually(lambda: len(find_leftovers(runtime.layout)) == 1)


def test_the_work_decides_the_exit_code(runtime: DummyRuntime) -> None:
    assert runtime.start("7").wait(30) == 7
    assert runtime.processes() == []


def test_a_signal_during_the_start_ends_with_its_number(runtime: DummyRuntime) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", WORK_THAT_WAITS, str(DUMMY.parent), str(runtime.layout.var)], stdout=subprocess.PIPE
    )
    runtime.started.append(process)
    assert process.stdout is not None
    assert process.stdout.readline() == b"working\n"

    process.terminate()

    assert process.wait(30) == 128 + signal.SIGTERM
    assert runtime.processes() == []


WORK_THAT_WAITS = """
import pathlib, sys, time
sys.path.insert(0, sys.argv[1])
from dummy_runtime import Blueprint, Layout, build, hold
def work(ports):
    print("working", flush=True)
    try:
        time.sleep(600)
    except Exception:
        pass  # work that swallows everything must not swallow the stop
sys.exit(hold(Blueprint(("server",), build), Layout(pathlib.Path(sys.argv[2])), on_ready=work))
"""


def test_after_a_killed_supervisor_the_next_start_ends_the_leftovers_and_works(runtime: DummyRuntime) -> None:
    first = runtime.start_ready()
    first.kill()
    first.wait()
    left = runtime.processes()
    assert len(left) == 3  # server, parent and parent's child all outlived it

    second = runtime.start()
    eventually(lambda: (now := read_present_state(runtime.layout)) and now.supervisor.pid == second.pid and now.ready)

    assert not any(target.is_alive() for target in left)


def test_a_process_that_was_given_a_noted_id_later_is_left_alone(
    runtime: DummyRuntime, bystander: subprocess.Popen[bytes]
) -> None:
    process = runtime.start_ready()
    state = read_state(runtime.layout)
    assert state is not None
    process.terminate()
    process.wait()
    now = identity(bystander.pid)
    server = replace(state.components[1], process=replace(now, started=now.started - 3600))
    write_state(runtime.layout, replace(state, components=(server,)))

    assert end_leftovers(runtime.layout) == []
    assert bystander.poll() is None


def test_a_noted_process_with_its_own_start_time_is_ended(
    runtime: DummyRuntime, bystander: subprocess.Popen[bytes]
) -> None:
    """Negative control of the test above: the start time is what spares the bystander there."""
    process = runtime.start_ready()
    state = read_state(runtime.layout)
    assert state is not None
    process.terminate()
    process.wait()
    server = replace(state.components[1], process=identity(bystander.pid))
    write_state(runtime.layout, replace(state, components=(server,)))

    assert [target.pid for target in end_leftovers(runtime.layout)] == [bystander.pid]


def test_a_copied_state_file_does_not_reach_the_original(make_runtime: Callable[[str], DummyRuntime]) -> None:
    original, copy = make_runtime("original"), make_runtime("copy")
    process = original.start_ready()
    content = (original.layout.run / "state.json").read_text()
    (copy.layout.run / "state.json").write_text(content)
    (copy.layout.run / "ports.json").write_text((original.layout.run / "ports.json").read_text())

    copy.start_ready()

    assert process.poll() is None
    assert len(original.processes()) == 3


def test_two_runtimes_run_side_by_side_and_stop_alone(make_runtime: Callable[[str], DummyRuntime]) -> None:
    left, right = make_runtime("left"), make_runtime("right")
    first, second = left.start_ready(), right.start_ready()
    assert left.component("server").port != right.component("server").port

    first.terminate()
    first.wait(30)

    assert left.processes() == []
    assert second.poll() is None
    assert len(right.processes()) == 3


def test_a_second_supervisor_of_one_runtime_refuses_and_harms_nothing(runtime: DummyRuntime) -> None:
    first = runtime.start_ready()

    second = runtime.start()
    assert second.wait(30) != 0

    assert f"process {first.pid} already runs" in second.communicate()[1].decode()
    assert first.poll() is None
    assert len(runtime.processes()) == 3


def test_a_remembered_port_that_is_taken_is_chosen_again(runtime: DummyRuntime) -> None:
    with socket.create_server((LOOPBACK, 0)) as squatter:
        taken = squatter.getsockname()[1]
        (runtime.layout.run / "ports.json").write_text(json.dumps({"server": taken}))
        runtime.start_ready()
        assert runtime.component("server").port != taken


def test_a_port_taken_between_choice_and_start_is_chosen_again(runtime: DummyRuntime) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SQUATTED, str(DUMMY.parent), str(runtime.layout.var)], stdout=subprocess.PIPE
    )
    runtime.started.append(process)
    output, _ = process.communicate(timeout=30)

    first, used = json.loads(output)
    assert process.returncode == 0
    assert first != used


SQUATTED = """
import json, pathlib, socket, sys
sys.path.insert(0, sys.argv[1])
from dummy_runtime import Blueprint, Layout, build, hold
squatters = []
def squat_first(ports):
    if not squatters:
        squatters.append(socket.create_server(("127.0.0.1", ports["server"])))
    return build(ports)
def work(ports):
    print(json.dumps([squatters[0].getsockname()[1], ports["server"]]))
    return 0
sys.exit(hold(Blueprint(("server",), squat_first), Layout(pathlib.Path(sys.argv[2])), on_ready=work, exit_after=True))
"""


def test_a_killed_component_is_started_again_and_its_children_are_not_doubled(runtime: DummyRuntime) -> None:
    runtime.start_ready()
    before = runtime.component("parent").process
    assert before is not None

    kill_hard(before.pid)

    eventually(lambda: (now := runtime.component("parent")).restarts == 1 and now.process not in {None, before})
    eventually(lambda: runtime.component("parent").phase == "ready")
    eventually(lambda: len(runtime.processes()) == 3)


def test_a_nudge_skips_the_back_off(runtime: DummyRuntime) -> None:
    process = runtime.start_ready()
    for _ in range(3):
        before = runtime.component("server").process
        assert before is not None
        kill_hard(before.pid)
        eventually(lambda: runtime.component("server").phase == "backoff")
        process.send_signal(signal.SIGUSR1)
        eventually(lambda old=before: runtime.component("server").process not in {None, old})
        eventually(lambda: runtime.component("server").phase == "ready")

    assert runtime.component("server").restarts == 3


def test_every_component_leads_a_session_and_carries_the_marker(runtime: DummyRuntime) -> None:
    process = runtime.start_ready()
    for name in ("server", "parent"):
        item = runtime.component(name).process
        assert item is not None
        assert os.getsid(item.pid) == item.pid != os.getsid(process.pid)
        assert psutil.Process(item.pid).environ()[MARKER] == instance_of(runtime.layout)


def test_the_state_file_and_the_lock_name_nothing_secret(runtime: DummyRuntime) -> None:
    process = runtime.start_ready()
    lock = json.loads((runtime.layout.run / "lock").read_text())
    assert lock == asdict(identity(process.pid))
    assert (runtime.layout.run / "state.json").stat().st_mode & 0o777 == 0o600
