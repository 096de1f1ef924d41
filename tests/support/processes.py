"""Starts a process, waits until it is ready, and is sure to end it."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
READY_S = 60.0


@contextmanager
def running(
    command: Sequence[str], *, log: Path, ready: Callable[[], bool], env: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `command` in a session of its own until the block ends."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            list(command),
            env=env,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        wait_for(lambda: ready() or died(process, log), what=command[0])
        yield process
    finally:
        stop(process)


def died(process: subprocess.Popen[bytes], log: Path) -> bool:
    if process.poll() is not None:
        raise RuntimeError(f"exit code {process.returncode}: {log.read_text(errors='replace')[-1500:]}")
    return False


def stop(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(15)


def wait_for(condition: Callable[[], bool], *, what: str, seconds: float = READY_S) -> None:
    """Poll until `condition` holds; a deadline, never a fixed pause."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} took longer than {seconds} s")
        time.sleep(0.02)
