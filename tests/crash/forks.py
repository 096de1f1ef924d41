"""Forked processes: each run of a flow, and each stand-in, is a process of its own that starts in milliseconds.

The heavy libraries are imported once, in the parent. A child never returns into the test that forked it, and does not
outlive it. Not here: what a run does.
"""

import ctypes
import gc
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crash.boundaries import Watch

FAILED, LONGEST_S = 1, 120.0
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Ending:
    """How a child ended: its exit code (minus the signal's number when one ended it), and what it reported."""

    code: int
    report: dict[str, Any]

    @property
    def trouble(self) -> str:
        """The error that ended it, empty when there was none."""
        return str(self.report.get("error", "" if self.code == 0 else f"exit code {self.code}"))


@dataclass
class Child:
    """A forked run."""

    pid: int
    folder: Path
    ended: int | None = None

    @property
    def note(self) -> str:
        """Where a fault met it; empty when none did."""
        path = note_of(self.folder)
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def wait(self) -> Ending:
        """Wait for its end."""
        until(lambda: self._poll(0), what=f"the end of child {self.pid}")
        path = self.folder / "report"
        report = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        return Ending(self.ended if self.ended is not None else FAILED, report)

    def wait_until_stopped(self) -> bool:
        """Wait until it stands still; False when it ended instead."""
        until(lambda: self._poll(os.WUNTRACED), what=f"child {self.pid} to stand still")
        return self.ended is None

    def proceed(self) -> None:
        """Let it go on."""
        os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """End it at once and take its place in the process table away. Idempotent."""
        if self.ended is None:
            os.kill(self.pid, signal.SIGKILL)
            until(lambda: self._poll(0), what=f"the end of child {self.pid}")

    def _poll(self, options: int) -> bool:
        if self.ended is not None:
            return True
        pid, status = os.waitpid(self.pid, os.WNOHANG | options)
        if pid and not os.WIFSTOPPED(status):
            self.ended = os.waitstatus_to_exitcode(status)
        return bool(pid)


def until(condition: Callable[[], bool], *, what: str, seconds: float = LONGEST_S) -> None:
    """Poll until `condition` holds; a deadline, never a fixed pause."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds} s for {what}")
        time.sleep(0.001)


def note_of(folder: Path) -> Path:
    """Where a fault leaves its note."""
    return folder / "note"


def start(work: Callable[[], object], folder: Path, watch: Watch) -> Child:
    """Fork a child that does `work` under `watch` and reports what it passed."""
    folder.mkdir(parents=True)
    pid = _fork()
    if pid:
        return Child(pid, folder)
    try:
        _report(work, folder, watch)
    finally:
        os._exit(FAILED)


def _report(work: Callable[[], object], folder: Path, watch: Watch) -> None:
    code, report = 0, {}
    try:
        watch.install()
        report = {"result": work()}
    except BaseException as error:  # noqa: BLE001 - the child's border: it is reported
        code = FAILED
        kinds = [kind.__name__ for kind in type(error).__mro__]
        report = {"error": "".join(traceback.format_exception(error)), "kinds": kinds}
    report |= {"passed": watch.passed, "open": watch.open_across_http}
    (folder / "report").write_text(json.dumps(report, default=str), encoding="utf-8")
    os._exit(code)


def serve(main: Callable[[], object], folder: Path) -> Child:
    """Fork a server that writes its port to `folder/port`."""
    (folder / "port").unlink(missing_ok=True)
    pid = _fork()
    if not pid:
        _serve(main, folder / "log")
    return Child(pid, folder)


def port_of(server: Child) -> int:
    """Wait for the port of a server."""
    until(lambda: _has_port(server), what=f"a port in {server.folder}")
    return int((server.folder / "port").read_text())


def shut_down(server: Child) -> None:
    """Ask a server to end, so that its files are whole; end it if it does not."""
    try:
        os.kill(server.pid, signal.SIGTERM)
        until(lambda: server._poll(0), what="a server's end", seconds=15)
    finally:
        server.kill()


def _has_port(server: Child) -> bool:
    if server._poll(0):
        raise RuntimeError(f"exit code {server.ended}: {(server.folder / 'log').read_text()[-1500:]}")
    path = server.folder / "port"
    return path.exists() and path.read_text().isdigit()


def _serve(main: Callable[[], object], log: Path) -> None:
    code = FAILED
    try:
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(output, 1)
        os.dup2(output, 2)
        sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
        main()
        code = 0
    except BaseException:  # noqa: BLE001 - the child's border: it is logged
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _fork() -> int:
    parent = os.getpid()
    gc.freeze()  # what is there now is shared with the child for as long as nobody writes to it
    pid = os.fork()
    if pid == 0:
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(FAILED)
    return pid
