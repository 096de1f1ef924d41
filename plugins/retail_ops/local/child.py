"""The life of one component: started, healthy, died, started again with back-off.

NOT here: the order among components and the loop (`supervisor`).
"""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from retail_ops.contracts.errors import ConfigurationError
from retail_ops.local.component import Component
from retail_ops.local.layout import Layout
from retail_ops.local.ports import PortTakenError, port_is_free
from retail_ops.local.process import (
    COMPONENT_MARKER,
    MARKER,
    ProcessId,
    end_processes,
    find_marked,
    signal_group,
    start_process,
)
from retail_ops.local.state import ComponentState, Phase

HEALTH_EVERY_S = 10.0
BACKOFF_FIRST_S, BACKOFF_CAP_S = 0.5, 30.0
STABLE_AFTER_S = 60.0
START_TRIES = 3
ORPHAN_GRACE_S = 1.0
TAIL_LINES, TAIL_BYTES = 15, 16_384


class StartError(ConfigurationError):
    """A component does not come up; the message carries the end of its log."""


def system_clock() -> datetime:
    """Return the moment, UTC."""
    return datetime.now(UTC)


class Child:
    """One component and the process that is its present incarnation.

    Attributes:
        component: What is run.
        phase: Where it stands.
        restarts: How often it was started again after it died.
    """

    def __init__(
        self,
        component: Component,
        layout: Layout,
        env: Mapping[str, str],
        *,
        clock: Callable[[], datetime] = system_clock,
    ) -> None:
        self.component = component
        self.phase = Phase.WAITING
        self.restarts = 0
        self._layout = layout
        self._env = {**env, **component.env, COMPONENT_MARKER: component.name}
        self._clock = clock
        self._process: subprocess.Popen[bytes] | None = None
        self._identity: ProcessId | None = None
        self._started_at: datetime | None = None
        self._started_s = self._asked_s = self._ready_s = self._retry_s = 0.0
        self._failures = 0
        self._was_ready = False

    @property
    def is_up(self) -> bool:
        """True when components that need this one may start."""
        return self.phase in {Phase.READY, Phase.DONE}

    @property
    def state(self) -> ComponentState:
        """A snapshot for the state file."""
        alive = self._process is not None and self.phase in {Phase.STARTING, Phase.READY, Phase.UNHEALTHY}
        return ComponentState(
            name=self.component.name,
            phase=self.phase,
            process=self._identity if alive else None,
            started_at=self._started_at,
            restarts=self.restarts,
            port=self.component.port,
            log=self._log,
        )

    @property
    def _log(self) -> Path:
        return self._layout.log / f"{self.component.name}.log"

    def advance(self) -> None:
        """Take the next step of its life; called often, never blocks longer than one health question.

        Raises:
            StartError: It cannot come up, and was never up.
            PortTakenError: Its port was taken before it was ever up.
        """
        if self.phase in {Phase.WAITING, Phase.BACKOFF}:
            if time.monotonic() >= self._retry_s:
                self._start()
        elif self.phase in {Phase.STARTING, Phase.READY, Phase.UNHEALTHY} and self._process is not None:
            code = self._process.poll()
            if code is not None:
                self._ended(self._process.pid, code)
            elif not self.component.runs_once:
                self._ask()
            elif self._is_late():
                raise StartError(
                    f"{self.component.name} did not finish within {self.component.deadline_s:.0f} s\n{self._tail()}"
                )

    def hurry(self) -> None:
        """Start at the next step even if the back-off is not over."""
        self._retry_s = 0.0

    def send(self, number: signal.Signals) -> None:
        """Send a signal to its process group.

        Idempotent: without a running process nothing happens.
        """
        if self._process is not None and self._process.poll() is None:
            signal_group(self._process.pid, number)

    def has_ended(self) -> bool:
        """Tell whether no process of it runs."""
        return self._process is None or self._process.poll() is not None

    def mark_stopped(self) -> None:
        """Note that it was ended on purpose."""
        self.phase = Phase.STOPPED

    def _start(self) -> None:
        port = self.component.port
        if port is not None and not port_is_free(port):
            self._port_taken(port)
            return
        self._started_at, self._started_s = self._clock(), time.monotonic()
        try:
            self._process = start_process(self.component.command, env=self._env, log=self._log, cwd=self._layout.run)
        except OSError as error:
            raise StartError(f"{self.component.name} cannot be started: {error}") from error
        self._identity = ProcessId.of(self._process.pid)
        self.phase = Phase.STARTING

    def _ask(self) -> None:
        now = time.monotonic()
        if self.phase is not Phase.STARTING and now - self._asked_s < HEALTH_EVERY_S:
            return
        since = self._started_at or self._clock()
        healthy, self._asked_s = self.component.health.is_healthy(since=since), now
        if healthy and self.phase is Phase.STARTING:
            self._ready_s, self._was_ready = now, True
        if healthy:
            self.phase = Phase.READY
        elif self.phase is Phase.READY:
            self.phase = Phase.UNHEALTHY
        elif self.phase is Phase.STARTING and self._is_late():
            self._too_late()

    def _is_late(self) -> bool:
        return time.monotonic() - self._started_s > self.component.deadline_s

    def _too_late(self) -> None:
        if not self._was_ready:
            raise StartError(
                f"{self.component.name} was not healthy within {self.component.deadline_s:.0f} s\n{self._tail()}"
            )
        self.send(signal.SIGKILL)  # the next step sees it dead and starts it again

    def _ended(self, leader: int, code: int) -> None:
        # Children of a dead leader must not meet those of the next one.
        signal_group(leader, signal.SIGKILL)
        end_processes(find_marked(self._env[MARKER], self.component.name), grace_s=ORPHAN_GRACE_S)
        if self.component.runs_once:
            self.phase = Phase.DONE if code == 0 else Phase.FAILED
            if code != 0:
                raise StartError(f"{self.component.name} failed with exit code {code}\n{self._tail()}")
            return
        port = self.component.port
        if not self._was_ready and port is not None and not port_is_free(port):
            self._port_taken(port)
            return
        if self.phase is not Phase.STARTING and time.monotonic() - self._ready_s > STABLE_AFTER_S:
            self._failures = 0
        self._back_off()
        if not self._was_ready and self._failures >= START_TRIES:
            self.phase = Phase.FAILED
            raise StartError(f"{self.component.name} ended {START_TRIES} times, exit code {code}\n{self._tail()}")

    def _port_taken(self, port: int) -> None:
        if not self._was_ready:
            raise PortTakenError(f"port {port} of {self.component.name} was taken by another process")
        self._back_off()

    def _back_off(self) -> None:
        self._failures += 1
        self.restarts += 1
        self.phase = Phase.BACKOFF
        self._retry_s = time.monotonic() + min(BACKOFF_CAP_S, BACKOFF_FIRST_S * 2.0 ** (self._failures - 1))

    def _tail(self) -> str:
        if not self._log.exists():
            return ""
        with self._log.open("rb") as stream:
            stream.seek(max(0, self._log.stat().st_size - TAIL_BYTES))
            lines = stream.read().decode("utf-8", errors="replace").splitlines()[-TAIL_LINES:]
        return f"end of {self._log}:\n" + "\n".join(f"  {line}" for line in lines)
