"""What runs in a runtime, verified against the living processes.

NOT here: printing it (`retail_ops.cli`), what the supervisor writes down (`state`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from retail_ops.local.child import system_clock
from retail_ops.local.endpoints import Endpoints, describe_endpoints
from retail_ops.local.layout import Layout, locate_layout
from retail_ops.local.leftovers import find_leftovers
from retail_ops.local.state import ComponentState, Phase, RunState, lock_holder, read_present_state


@dataclass(frozen=True)
class ComponentStatus:
    """One component for people.

    Attributes:
        name: Its name.
        phase: Where it stands, verified against the living processes.
        pid: Its process, None while it has none.
        uptime: Since its process started, None while it has none.
        restarts: How often it was started again after it died.
        port: Loopback port it listens on, None when nowhere.
        log: Its log file.
    """

    name: str
    phase: Phase
    pid: int | None
    uptime: timedelta | None
    restarts: int
    port: int | None
    log: Path


@dataclass(frozen=True, kw_only=True)
class Status:
    """The runtime of one checkout.

    Attributes:
        ready: Everything was healthy since it started, and is now.
        supervisor_pid: Its process, None when it does not run.
        components: In order of start; empty when it does not run.
        leftovers: Processes that a killed supervisor left behind; the next `up` or `down` ends them.
        endpoints: Addresses and log-ins, None when it does not run.
        log_dir: Where the logs are.
    """

    ready: bool
    supervisor_pid: int | None
    log_dir: Path
    components: tuple[ComponentStatus, ...] = ()
    leftovers: int = 0
    endpoints: Endpoints | None = None

    @property
    def running(self) -> bool:
        """True while a supervisor is alive."""
        return self.supervisor_pid is not None


def status(*, layout: Layout | None = None, clock: Callable[[], datetime] = system_clock) -> Status:
    """Return what runs, verified against the living processes."""
    where = layout or locate_layout()
    holder, state = lock_holder(where), read_present_state(where)
    if holder is None or state is None:
        leftovers = len(find_leftovers(where)) if holder is None else 0
        return Status(
            ready=False, supervisor_pid=holder.pid if holder else None, leftovers=leftovers, log_dir=where.log
        )
    components = tuple(_component_status(item, clock()) for item in state.components)
    ready = state.ready and all(item.phase in {Phase.READY, Phase.DONE} for item in components)
    return Status(
        ready=ready,
        supervisor_pid=holder.pid,
        components=components,
        endpoints=_endpoints(where, state),
        log_dir=where.log,
    )


def _endpoints(layout: Layout, state: RunState) -> Endpoints | None:
    known = {"postgres", "airflow", "odoo"}
    if not known <= set(state.ports):
        return None
    return describe_endpoints(layout, state.ports, tuple(name for name in state.ports if name not in known))


def _component_status(item: ComponentState, now: datetime) -> ComponentStatus:
    alive = item.process is not None and item.process.is_alive()
    phase = Phase.BACKOFF if item.process is not None and not alive else item.phase
    uptime = now - item.started_at if alive and item.started_at is not None else None
    pid = item.process.pid if alive and item.process is not None else None
    return ComponentStatus(item.name, phase, pid, uptime, item.restarts, item.port, item.log)
