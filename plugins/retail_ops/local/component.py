"""What a component is: a command, its environment, what it needs first and how its health is asked.

NOT here: processes (`process`), the loop that keeps them alive (`supervisor`), the real list (`stack`).
"""

from __future__ import annotations

import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


class Health(Protocol):
    """Asks one component whether it does its work."""

    def is_healthy(self, *, since: datetime) -> bool:
        """Tell whether the component works.

        Args:
            since: When this process was started, UTC: older signs of life belong to its predecessor.
        """


@dataclass(frozen=True)
class Completed:
    """Health of a component that runs once: exit code 0 is success, it is never restarted."""

    def is_healthy(self, *, since: datetime) -> bool:  # noqa: ARG002 - the port's signature
        """Return False: only its exit tells."""
        return False


@dataclass(frozen=True)
class Component:
    """One process, or group of processes, under the supervisor.

    Attributes:
        name: Name in logs, status and `needs`; also the stem of its log file.
        command: Program and arguments; carries no secret, because every user of the machine can read it.
        env: Variables added to the inherited ones; may carry secrets.
        health: How to ask whether it works; `Completed()` for a command that runs once.
        needs: Names of components that must be healthy, or completed, before this one starts.
        uses: Names of components that it talks to while it runs: they end after it, but may start after it too.
        port: Loopback port it listens on, None when it listens nowhere.
        stop_signal: Sent first when it has to end.
        grace_s: Seconds between that signal and SIGKILL.
        deadline_s: Seconds from its start within which it has to become healthy.
    """

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    health: Health = Completed()
    needs: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    port: int | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    grace_s: float = 15.0
    deadline_s: float = 120.0

    @property
    def runs_once(self) -> bool:
        """True for a command that ends by itself."""
        return isinstance(self.health, Completed)


def check_components(components: Sequence[Component]) -> None:
    """Refuse a list that cannot be started from first to last.

    Raises:
        ValueError: A name is used twice, or something needed or used is not an earlier component.
    """
    known: set[str] = set()
    for component in components:
        missing = {*component.needs, *component.uses} - known
        if component.name in known:
            raise ValueError(f"two components are called {component.name}")
        if missing:
            raise ValueError(f"{component.name} needs {', '.join(sorted(missing))}, which does not come before it")
        known.add(component.name)


def stop_waves(components: Sequence[Component]) -> list[list[Component]]:
    """Group components for stopping: nobody in a wave is needed or used by anybody in a later one.

    Returns:
        Waves, first to stop first; inside a wave the reverse order of start.
    """
    left = list(components)
    waves: list[list[Component]] = []
    while left:
        needed = {name for component in left for name in (*component.needs, *component.uses)}
        wave = [component for component in reversed(left) if component.name not in needed]
        waves.append(wave)
        left = [component for component in left if component.name in needed]
    return waves
