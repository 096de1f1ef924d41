"""Start, stop and ask for the local runtime of one checkout: what `retail-ops up`, `down`, `status`, `demo` call.

NOT here: the command line and its printing.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

from retail_ops.contracts.errors import ConfigurationError
from retail_ops.local.child import StartError
from retail_ops.local.endpoints import Endpoints
from retail_ops.local.layout import VAR_VARIABLE, Layout, inherited_environment, locate_layout
from retail_ops.local.leftovers import end_leftovers
from retail_ops.local.process import ProcessId, start_process, wait_until
from retail_ops.local.session import NUDGE_SIGNAL, hold
from retail_ops.local.stack import StackOptions, local_stack
from retail_ops.local.state import ComponentState, Phase, RunState, lock_holder, read_present_state, sole_supervisor
from retail_ops.local.status import Status, status

ALREADY_RUNNING_EXIT = 3
READY_WITHIN_S = 300.0
STOPPED_WITHIN_S = 90.0


def run_foreground(
    on_ready: Callable[[Endpoints], int | None],
    *,
    layout: Layout | None = None,
    options: StackOptions | None = None,
    exit_after: bool = False,
    on_change: Callable[[ComponentState], None] | None = None,
) -> int:
    """Start everything, do the work, keep running until Ctrl-C or SIGTERM, stop everything.

    Args:
        on_ready: The work, called in this thread once everything is healthy; its result is the exit code, None is 0.
        layout: Which runtime, None for this checkout's.
        options: What differs from the default stack.
        exit_after: True stops after the work.
        on_change: Called from another thread at every change of a component's phase, to show progress.

    Returns:
        The exit code; 128 + signal when a signal ended it before the work was done.

    Raises:
        AlreadyRunningError: A supervisor runs already.
        StartError: A component does not come up; the message carries the end of its log.
    """
    where = layout or locate_layout()
    blueprint = local_stack(where, options or StackOptions())
    return hold(blueprint, where, on_ready=on_ready, exit_after=exit_after, on_change=on_change)


def up(*, layout: Layout | None = None, options: StackOptions | None = None) -> Status:
    """Start everything in the background; when it runs already, make sure that every component is alive.

    Args:
        layout: Which runtime, None for this checkout's.
        options: What differs from the default stack; a runtime that runs already keeps its own.

    Returns:
        The status once everything is healthy.

    Raises:
        StartError: A component does not come up.

    Idempotent: a healthy runtime is left as it is, a dead component is started again at once.
    """
    where = layout or locate_layout()
    where.create()
    holder = lock_holder(where)
    if holder is not None:
        os.kill(holder.pid, NUDGE_SIGNAL)
        await_ready(where, None)
    else:
        command = background_command(options or StackOptions())
        await_ready(where, start_background(where, command))
    return status(layout=where)


def background_command(options: StackOptions) -> tuple[str, ...]:
    """Return the command line of a supervisor in the background."""
    shown = json.dumps({"latency": options.latency, "durable": options.durable})
    return (sys.executable, "-m", "retail_ops.local.background", shown)


def start_background(layout: Layout, command: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start a supervisor in a session of its own; its log is `supervisor.log`."""
    env = {**inherited_environment(), VAR_VARIABLE: str(layout.var)}
    return start_process(command, env=env, log=layout.log / "supervisor.log", cwd=layout.run)


def await_ready(layout: Layout, process: subprocess.Popen[bytes] | None) -> None:
    """Block until the runtime is ready with every component up.

    Args:
        layout: Which runtime.
        process: The supervisor when the caller started it, else None.

    Raises:
        StartError: The supervisor ended, or it took more than five minutes.
    """
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        state = read_present_state(layout)
        if state is not None and state.ready and not _down_components(state):
            return
        code = process.poll() if process is not None else None
        if code == ALREADY_RUNNING_EXIT:
            process = None  # another `up` was faster: wait for its supervisor
        elif code is not None or (process is None and lock_holder(layout) is None):
            raise StartError(f"the supervisor ended: see {layout.log / 'supervisor.log'}\n{_end_of_log(layout)}")
        time.sleep(0.2)
    raise StartError(f"not ready after {READY_WITHIN_S:.0f} s: see {layout.log}")


def down(*, layout: Layout | None = None) -> int:
    """Stop everything, and end what a killed supervisor left behind.

    Args:
        layout: Which runtime, None for this checkout's.

    Returns:
        How many processes had to be ended one by one because their supervisor was gone or did not answer.

    Raises:
        ConfigurationError: The supervisor belongs to another user.

    Idempotent: nothing runs afterwards, whatever ran before.
    """
    where = layout or locate_layout()
    if not where.run.exists():
        return 0
    holder = lock_holder(where)
    if holder is not None and not _stop_supervisor(holder):
        os.kill(holder.pid, signal.SIGKILL)
        wait_until(lambda: not holder.is_alive(), STOPPED_WITHIN_S)
    with sole_supervisor(where):
        return len(end_leftovers(where))


def _down_components(state: RunState) -> list[str]:
    up_phases = {Phase.READY, Phase.DONE}
    return [
        item.name
        for item in state.components
        if item.phase not in up_phases or (item.process is not None and not item.process.is_alive())
    ]


def _stop_supervisor(holder: ProcessId) -> bool:
    try:
        os.kill(holder.pid, signal.SIGTERM)
    except ProcessLookupError:
        return True
    except PermissionError as error:
        raise ConfigurationError(f"process {holder.pid} runs this checkout for another user") from error
    return wait_until(lambda: not holder.is_alive(), STOPPED_WITHIN_S)


def _end_of_log(layout: Layout) -> str:
    text = (layout.log / "supervisor.log").read_text(encoding="utf-8", errors="replace")
    return "\n".join(text.splitlines()[-20:])
