"""What a running supervisor tells others: the lock that makes it the only one, and the state file.

NOT here: deciding anything from it (`session`, `leftovers`, `runtime`).
"""

from __future__ import annotations

import fcntl
import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from retail_ops.contracts.errors import ConfigurationError
from retail_ops.local.layout import Layout
from retail_ops.local.process import ProcessId, this_process
from retail_ops.local.secret_files import write_private


class AlreadyRunningError(ConfigurationError):
    """Another supervisor runs this checkout; the message names its process."""


class Phase(StrEnum):
    """Where a component stands."""

    WAITING = "waiting"  # for what it needs
    STARTING = "starting"  # runs, not yet healthy
    READY = "ready"
    UNHEALTHY = "unhealthy"  # runs, was healthy before, does not answer now
    BACKOFF = "backoff"  # died, starts again soon
    DONE = "done"  # ran once and succeeded
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(frozen=True)
class ComponentState:
    """One component at one moment.

    Attributes:
        name: Its name.
        phase: Where it stands.
        process: Its process, None while it has none.
        started_at: When that process was started, UTC; None before the first start.
        restarts: How often it was started again after it died.
        port: Loopback port it listens on, None when nowhere.
        log: Its log file.
    """

    name: str
    phase: Phase
    process: ProcessId | None
    started_at: datetime | None
    restarts: int
    port: int | None
    log: Path


@dataclass(frozen=True)
class RunState:
    """One supervisor and its components.

    Attributes:
        instance: Marker of the runtime, see `instance_of`.
        supervisor: Who wrote it; a state that outlived its supervisor says what was, not what is.
        ready: True once everything was healthy.
        ports: Loopback port by name.
        components: In order of start.
    """

    instance: str
    supervisor: ProcessId
    ready: bool
    ports: Mapping[str, int]
    components: tuple[ComponentState, ...] = field(default=())


def instance_of(layout: Layout) -> str:
    """Return the marker of a runtime: derived from its path, so that a copied checkout is another one."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, layout.var.as_uri()))


def write_state(layout: Layout, state: RunState) -> None:
    """Replace the state file.

    Idempotent: the last state wins, a reader never sees half of one.
    """
    write_private(layout.run / "state.json", json.dumps(asdict(state), indent=2, default=str) + "\n")


def read_state(layout: Layout) -> RunState | None:
    """Return the last state that was written for THIS runtime, None when there is none."""
    try:
        raw = json.loads((layout.run / "state.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    if raw.get("instance") != instance_of(layout):
        return None  # came along with a copy of the checkout: those processes are the original's
    components = tuple(_component(item) for item in raw["components"])
    return RunState(raw["instance"], ProcessId(**raw["supervisor"]), raw["ready"], raw["ports"], components)


def read_present_state(layout: Layout) -> RunState | None:
    """Return the state of the supervisor that runs now, None when none runs or it has written none yet."""
    state, holder = read_state(layout), lock_holder(layout)
    return state if state is not None and state.supervisor == holder else None


def forget_state(layout: Layout) -> None:
    """Remove the state file.

    Idempotent: a missing file is fine.
    """
    (layout.run / "state.json").unlink(missing_ok=True)


def _component(raw: Mapping[str, Any]) -> ComponentState:
    process, started_at = raw["process"], raw["started_at"]
    return ComponentState(
        name=raw["name"],
        phase=Phase(raw["phase"]),
        process=ProcessId(**process) if process else None,
        started_at=datetime.fromisoformat(started_at) if started_at else None,
        restarts=raw["restarts"],
        port=raw["port"],
        log=Path(raw["log"]),
    )


@contextmanager
def sole_supervisor(layout: Layout) -> Iterator[None]:
    """Hold the lock of a runtime; the kernel releases it when the holder dies, however it dies.

    The file then names the calling process, for `lock_holder`.

    Raises:
        AlreadyRunningError: Somebody else holds it.
    """
    with (layout.run / "lock").open("a+", encoding="utf-8") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = lock_holder(layout)
            who = f"process {holder.pid}" if holder else "another process"
            raise AlreadyRunningError(f"{who} already runs {layout.var}") from error
        stream.truncate(0)
        stream.write(json.dumps(asdict(this_process())))
        stream.flush()
        yield
        stream.truncate(0)


def lock_holder(layout: Layout) -> ProcessId | None:
    """Return the living supervisor of a runtime, None when there is none."""
    try:
        holder = ProcessId(**json.loads((layout.run / "lock").read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None
    return holder if holder.is_alive() else None
