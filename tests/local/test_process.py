"""Processes are recognised, found and ended; others are not touched."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from local.conftest import eventually, identity
from retail_ops.local.layout import Layout
from retail_ops.local.ports import HIGHEST, LOWEST, choose_port, choose_ports, port_is_free
from retail_ops.local.process import MARKER, ProcessId, end_processes, find_marked
from retail_ops.local.secret_files import keep_secret, write_private
from retail_ops.local.state import instance_of

IGNORES_SIGTERM = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(600)"
)


def test_a_reused_id_is_another_process(bystander: subprocess.Popen[bytes]) -> None:
    now = identity(bystander.pid)

    assert now.is_alive()
    assert not ProcessId(now.pid, now.started - 60).is_alive()


def test_a_reused_id_is_not_signalled(bystander: subprocess.Popen[bytes]) -> None:
    now = identity(bystander.pid)

    assert end_processes([ProcessId(now.pid, now.started - 60)], grace_s=1) == []
    assert bystander.poll() is None
    assert end_processes([now], grace_s=5) == [now]  # negative control: with its start time it is ended
    assert bystander.wait(5) == -signal.SIGTERM


def test_a_process_that_ignores_sigterm_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", IGNORES_SIGTERM], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        end_processes([identity(process.pid)], grace_s=0.2)
        assert process.wait(5) == -signal.SIGKILL


def test_a_zombie_counts_as_gone() -> None:
    with subprocess.Popen(["true"]) as process:
        eventually(lambda: ProcessId.of(process.pid) is None)


def test_only_processes_with_this_runtimes_marker_are_found(bystander: subprocess.Popen[bytes], tmp_path: Path) -> None:
    mine, other = instance_of(Layout(tmp_path / "mine")), instance_of(Layout(tmp_path / "other"))
    with subprocess.Popen(["sleep", "600"], env={MARKER: mine, "PATH": "/usr/bin:/bin"}) as process:
        eventually(lambda: find_marked(mine) == [identity(process.pid)])
        assert find_marked(other) == []
        assert bystander.pid not in {found.pid for found in find_marked(mine)}
        process.kill()


def test_ports_are_distinct_free_outside_the_ephemeral_range_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    chosen = choose_ports(("a", "b", "c"), file)

    assert len(set(chosen.values())) == 3
    assert all(LOWEST <= port < HIGHEST and port_is_free(port) for port in chosen.values())
    assert choose_ports(("a", "b", "c"), file) == chosen


def test_a_half_written_port_file_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    file.write_text('{"a": 2')

    assert port_is_free(choose_ports(("a",), file)["a"])


def test_a_listening_port_is_not_free() -> None:
    import socket

    port = choose_port()
    with socket.create_server(("127.0.0.1", port)):
        assert not port_is_free(port)
    assert port_is_free(port)


def test_secrets_are_private_from_their_first_moment_and_kept(tmp_path: Path) -> None:
    first = keep_secret(tmp_path / "secret")

    assert keep_secret(tmp_path / "secret") == first
    assert len(first) >= 24
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600
    write_private(tmp_path / "secret", "changed")
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]
