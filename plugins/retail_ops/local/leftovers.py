"""Ends what a killed supervisor left behind, and nothing else.

NOT here: the ordinary stop (`supervisor`).
"""

from __future__ import annotations

import logging

from retail_ops.local.layout import Layout
from retail_ops.local.process import ProcessId, end_processes, find_inside, find_marked
from retail_ops.local.state import forget_state, instance_of, read_state

log = logging.getLogger(__name__)

GRACE_S = 10.0


def find_leftovers(layout: Layout) -> list[ProcessId]:
    """Return living processes of a runtime.

    They are the ones noted in the state file (same id AND same start time), those that carry the marker, and
    PostgreSQL processes in its data directory.
    """
    state = read_state(layout)
    noted = [item.process for item in state.components if item.process is not None] if state else []
    marked = find_marked(instance_of(layout))
    servers = find_inside(layout.postgres / "data", "postgres")
    unique = {target.pid: target for target in [*noted, *marked, *servers] if target.is_alive()}
    return list(unique.values())


def end_leftovers(layout: Layout) -> list[ProcessId]:
    """End the processes of a dead supervisor; to be called while holding the lock.

    Returns:
        Those that were ended.

    Idempotent: without leftovers nothing happens.
    """
    ended = end_processes(find_leftovers(layout), grace_s=GRACE_S)
    if ended:
        log.warning("ended %d processes that a killed supervisor left behind", len(ended))
    forget_state(layout)
    return ended
