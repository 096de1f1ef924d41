"""The supervisor over tiny components, in this process."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from local.conftest import eventually, kill_hard
from retail_ops.local.child import StartError
from retail_ops.local.component import Completed, Component, check_components, stop_waves
from retail_ops.local.health import Alive, TcpHealth
from retail_ops.local.layout import Layout
from retail_ops.local.ports import PortTakenError, choose_port
from retail_ops.local.process import find_marked
from retail_ops.local.state import ComponentState, Phase, instance_of
from retail_ops.local.supervisor import Supervisor

SLEEP = ("sleep", "600")


def python(code: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code, *arguments)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout(tmp_path / "var")
    made.create()
    return made


@pytest.fixture
def supervise(layout: Layout) -> Iterator[Callable[[Sequence[Component]], Supervisor]]:
    made: list[Supervisor] = []

    def make(components: Sequence[Component], on_change: Callable[[ComponentState], None] | None = None) -> Supervisor:
        made.append(Supervisor(components, layout, on_change=on_change))
        made[-1].start()
        return made[-1]

    yield make
    for supervisor in made:
        supervisor.stop()


def phase(supervisor: Supervisor, name: str) -> Phase:
    return next(state.phase for state in supervisor.states() if state.name == name)


def test_a_component_starts_only_after_what_it_needs_has_succeeded(layout: Layout, supervise: Callable) -> None:
    mark = layout.data / "mark"
    wait_then_mark = python("import pathlib, sys, time; time.sleep(0.3); pathlib.Path(sys.argv[1]).touch()", str(mark))
    refuse_without_mark = python("import pathlib, sys; sys.exit(not pathlib.Path(sys.argv[1]).exists())", str(mark))
    supervisor = supervise(
        [
            Component("first", wait_then_mark),
            Component("second", refuse_without_mark, needs=("first",)),
            Component("third", SLEEP, health=Alive(), needs=("second",)),
        ]
    )

    supervisor.wait_ready()

    assert [state.phase for state in supervisor.states()] == [Phase.DONE, Phase.DONE, Phase.READY]


def test_without_the_need_the_same_command_fails(layout: Layout, supervise: Callable) -> None:
    """Negative control of the test above: the order comes from `needs`, not from luck."""
    mark = layout.data / "mark"
    wait_then_mark = python("import pathlib, sys, time; time.sleep(3); pathlib.Path(sys.argv[1]).touch()", str(mark))
    refuse_without_mark = python("import pathlib, sys; sys.exit(not pathlib.Path(sys.argv[1]).exists())", str(mark))
    supervisor = supervise([Component("first", wait_then_mark), Component("second", refuse_without_mark)])

    with pytest.raises(StartError, match="second failed with exit code 1"):
        supervisor.wait_ready()


def test_a_failed_command_tells_its_exit_code_and_the_end_of_its_log(supervise: Callable) -> None:
    supervisor = supervise([Component("migrate", python("import sys; print('no such table'); sys.exit(9)"))])

    with pytest.raises(StartError, match=r"(?s)migrate failed with exit code 9.*no such table"):
        supervisor.wait_ready()


def test_a_program_that_does_not_exist_is_named(supervise: Callable) -> None:
    supervisor = supervise([Component("ghost", ("/nonexistent/program",), health=Alive())])

    with pytest.raises(StartError, match="ghost cannot be started"):
        supervisor.wait_ready()


def test_a_server_that_never_listens_is_given_up_at_its_deadline(supervise: Callable) -> None:
    port = choose_port()
    supervisor = supervise([Component("deaf", SLEEP, health=TcpHealth(port), deadline_s=0.3)])

    with pytest.raises(StartError, match="deaf was not healthy within"):
        supervisor.wait_ready()


def test_a_command_that_hangs_is_given_up_at_its_deadline(supervise: Callable) -> None:
    supervisor = supervise([Component("stuck", SLEEP, deadline_s=0.3)])

    with pytest.raises(StartError, match="stuck did not finish within"):
        supervisor.wait_ready()


def test_a_server_that_keeps_dying_before_it_was_healthy_is_given_up(supervise: Callable) -> None:
    supervisor = supervise([Component("flaky", python("raise SystemExit(5)"), health=TcpHealth(choose_port()))])

    with pytest.raises(StartError, match="flaky ended 3 times, exit code 5"):
        supervisor.wait_ready()


def test_a_taken_port_is_told_apart_from_a_failure(supervise: Callable) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as squatter:
        port = squatter.getsockname()[1]
        supervisor = supervise([Component("server", SLEEP, health=TcpHealth(port), port=port)])
        with pytest.raises(PortTakenError):
            supervisor.wait_ready()


def test_a_component_that_dies_again_and_again_waits_longer_each_time(supervise: Callable) -> None:
    seen: list[tuple[float, Phase]] = []
    component = Component("mortal", python("import time; time.sleep(0.2)"), health=Alive())
    supervise([component], lambda state: seen.append((time.monotonic(), state.phase)))

    eventually(lambda: [phase for _, phase in seen].count(Phase.BACKOFF) >= 3)
    down = [at for at, phase in seen if phase is Phase.BACKOFF]
    again = [next(at for at, phase in seen if phase is Phase.STARTING and at > since) for since in down[:-1]]
    waits = [end - begin for begin, end in zip(down, again, strict=False)]

    assert waits[0] < waits[1]


def test_a_component_restarted_after_its_need_died_waits_for_the_need(supervise: Callable) -> None:
    base = Component("base", SLEEP, health=Alive())
    supervisor = supervise([base, Component("top", SLEEP, health=Alive(), needs=("base",))])
    supervisor.wait_ready()
    order: list[str] = []
    before = {state.name: state.process for state in supervisor.states()}
    assert before["base"] is not None
    assert before["top"] is not None

    kill_hard(before["base"].pid)
    kill_hard(before["top"].pid)

    def both_new() -> bool:
        now = {state.name: state for state in supervisor.states()}
        for name, state in now.items():
            if state.process not in {None, before[name]} and name not in order:
                order.append(name)
        return len(order) == 2

    eventually(both_new)
    assert order == ["base", "top"]


def test_stop_sends_the_component_its_own_signal(layout: Layout, supervise: Callable) -> None:
    mark, ready = layout.data / "signal", layout.data / "ready"
    code = (
        "import pathlib, signal, sys, time\n"
        "def note(number, frame):\n    pathlib.Path(sys.argv[1]).write_text(str(number)); sys.exit(0)\n"
        "signal.signal(signal.SIGINT, note); signal.signal(signal.SIGTERM, note)\n"
        "pathlib.Path(sys.argv[2]).touch(); time.sleep(600)"
    )
    command = python(code, str(mark), str(ready))
    supervisor = supervise([Component("server", command, health=Alive(), stop_signal=signal.SIGINT)])
    eventually(ready.exists)

    supervisor.stop()

    assert mark.read_text() == str(int(signal.SIGINT))


def test_a_component_that_ignores_the_signal_is_killed_after_its_grace(layout: Layout, supervise: Callable) -> None:
    ready = layout.data / "ready"
    code = (
        "import pathlib, signal, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN); pathlib.Path(sys.argv[1]).touch(); time.sleep(600)"
    )
    supervisor = supervise([Component("deaf", python(code, str(ready)), health=Alive(), grace_s=0.3)])
    eventually(ready.exists)

    supervisor.stop()

    assert find_marked(instance_of(layout)) == []


def test_stop_ends_strays_that_hide_in_a_session_of_their_own(layout: Layout, supervise: Callable) -> None:
    code = "import subprocess; subprocess.Popen(['sleep', '600'], start_new_session=True)"
    supervisor = supervise([Component("forker", python(code))])
    supervisor.wait_ready()

    strays = supervisor.stop()

    assert find_marked(instance_of(layout)) == []
    assert len(strays) <= 1  # ended at the component's own end already, or by the last sweep
    assert supervisor.stop() == []


def test_logs_are_rotated_at_start_once_they_are_large(layout: Layout, supervise: Callable) -> None:
    from retail_ops.local.process import LOG_CAP_BYTES

    log = layout.log / "noisy.log"
    log.write_bytes(b"x" * (LOG_CAP_BYTES + 1))
    supervise([Component("noisy", ("echo", "fresh"))]).wait_ready()

    assert log.read_bytes() == b"fresh\n"
    assert log.with_name("noisy.log.1").stat().st_size == LOG_CAP_BYTES + 1


def test_a_component_sees_nothing_of_the_callers_configuration(
    layout: Layout, supervise: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (
        "AIRFLOW__CORE__EXECUTOR",
        "PGPASSWORD",
        "PYTHONDONTWRITEBYTECODE",
        "AWS_SECRET_ACCESS_KEY",
        "HTTPS_PROXY",
    ):
        monkeypatch.setenv(name, "from the caller")
    supervise([Component("show", ("env",), {"OWN": "1"})]).wait_ready()

    shown = (layout.log / "show.log").read_text()
    assert "from the caller" not in shown
    assert "OWN=1" in shown


def test_stop_goes_from_the_users_to_the_used() -> None:
    components = [
        Component("db", SLEEP),
        Component("api", SLEEP, needs=("db",)),
        Component("worker", SLEEP, uses=("api",)),
        Component("shop", SLEEP),
    ]

    assert [[part.name for part in wave] for wave in stop_waves(components)] == [["shop", "worker"], ["api"], ["db"]]


@pytest.mark.parametrize(
    ("components", "message"),
    [
        ([Component("a", SLEEP, needs=("b",)), Component("b", SLEEP)], "a needs b"),
        ([Component("a", SLEEP, uses=("a",))], "a needs a"),
        ([Component("a", SLEEP), Component("a", SLEEP)], "two components are called a"),
    ],
)
def test_a_list_that_cannot_be_started_in_order_is_refused(components: list[Component], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_components(components)


def test_secrets_do_not_show_in_a_components_repr() -> None:
    assert "hunter2" not in repr(Component("a", SLEEP, {"PASSWORD": "hunter2"}, Completed()))
