"""Processes: started in a session of their own, recognised again later, ended with everything they started.

A process is recognised by its id AND its start time, because ids are used again. What belongs to a runtime carries
its marker in the environment, which children inherit, so that nothing is lost when a parent dies first.
NOT here: when to start or end something (`supervisor`, `leftovers`).
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

MARKER = "RETAIL_OPS_INSTANCE"
COMPONENT_MARKER = "RETAIL_OPS_COMPONENT"
LOG_CAP_BYTES = 10 * 1024 * 1024
# The start time follows the clock: a correction of the clock must not make a process look like another one.
START_TOLERANCE_S = 2.0
POLL_S = 0.05


@dataclass(frozen=True)
class ProcessId:
    """A process that can be recognised later.

    Attributes:
        pid: Process id.
        started: Start time as psutil tells it, seconds since the epoch.
    """

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> ProcessId | None:
        """Identify a running process, None when there is none (a zombie counts as none)."""
        try:
            process = psutil.Process(pid)
            return None if process.status() == psutil.STATUS_ZOMBIE else cls(pid, process.create_time())
        except psutil.NoSuchProcess:
            return None

    def is_alive(self) -> bool:
        """Tell whether this very process still runs, not one that was given its id later."""
        now = ProcessId.of(self.pid)
        return now is not None and abs(now.started - self.started) < START_TOLERANCE_S


def this_process() -> ProcessId:
    """Identify the calling process."""
    return ProcessId(os.getpid(), psutil.Process().create_time())


def start_process(command: Sequence[str], *, env: Mapping[str, str], log: Path, cwd: Path) -> subprocess.Popen[bytes]:
    """Start a command in a session of its own, with both output streams in its log.

    Args:
        command: Program and arguments, without secrets.
        env: Its whole environment.
        log: File to append to; rotated to `<name>.1` when it passed 10 MiB.
        cwd: Working directory.

    Raises:
        OSError: The program cannot be started.
    """
    if log.exists() and log.stat().st_size > LOG_CAP_BYTES:
        log.replace(log.with_name(log.name + ".1"))
    with log.open("ab") as stream:
        return subprocess.Popen(  # noqa: S603 - the command comes from the component list
            list(command), env=dict(env), cwd=cwd, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream,
            start_new_session=True,
        )  # fmt: skip


def signal_group(leader: int, number: signal.Signals) -> None:
    """Send a signal to the process group of a session's leader.

    Idempotent: a group that is gone is left in peace.
    """
    try:
        os.killpg(leader, number)
    except ProcessLookupError:
        return
    except PermissionError:
        # macOS answers so when only zombies are left in the group.
        if ProcessId.of(leader) is not None:
            raise


def wait_until(condition: Callable[[], bool], timeout_s: float, *, poll_s: float = POLL_S) -> bool:
    """Poll a condition until it holds.

    Args:
        condition: Asked at least once.
        timeout_s: Seconds to keep asking.
        poll_s: Seconds between two questions.

    Returns:
        False when it still did not hold after `timeout_s` seconds.
    """
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(poll_s)
    return True


def find_marked(instance: str, component: str | None = None) -> list[ProcessId]:
    """Return every living process that carries the marker of a runtime.

    Args:
        instance: Value of the marker variable.
        component: Only what this component started, None for all.
    """
    wanted = {MARKER: instance} | ({COMPONENT_MARKER: component} if component is not None else {})
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE and wanted.items() <= process.environ().items():
                found.append(ProcessId(process.pid, process.create_time()))
        except (psutil.NoSuchProcess, psutil.AccessDenied, OSError):
            continue  # gone meanwhile, or another user's: not ours
    return found


def find_inside(directory: Path, program: str) -> list[ProcessId]:
    """Return living processes of a program that work inside a directory.

    PostgreSQL overwrites its environment with its title, so its processes are found by their data directory.

    Args:
        directory: Working directory to look for.
        program: Name of the executable, so that a shell standing in the directory is left alone.
    """
    found = []
    for process in psutil.process_iter():
        try:
            if (
                process.name() == program
                and process.status() != psutil.STATUS_ZOMBIE
                and process.cwd() == str(directory)
            ):
                found.append(ProcessId(process.pid, process.create_time()))
        except (psutil.NoSuchProcess, psutil.AccessDenied, OSError):
            continue  # gone meanwhile, or another user's: not ours
    return found


def end_processes(targets: Iterable[ProcessId], *, grace_s: float) -> list[ProcessId]:
    """End processes that need not be children: SIGTERM, and SIGKILL for those that outlive the grace.

    Args:
        targets: Whom to end; one whose id belongs to another process by now is left alone.
        grace_s: Seconds between the two signals.

    Returns:
        Those that were alive and got a signal.

    Idempotent: processes that are gone are skipped.
    """
    hit = [target for target in targets if _send(target, signal.SIGTERM)]
    if not wait_until(lambda: not any(target.is_alive() for target in hit), grace_s):
        for target in hit:
            _send(target, signal.SIGKILL)
        wait_until(lambda: not any(target.is_alive() for target in hit), grace_s)
    return hit


def _send(target: ProcessId, number: signal.Signals) -> bool:
    if not target.is_alive():
        return False
    try:
        os.kill(target.pid, number)
    except ProcessLookupError:
        return False
    return True
