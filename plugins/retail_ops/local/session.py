"""One life of a runtime: lock, leftovers, ports, components, work, stop. Generic over what is run.

NOT here: the retail components (`stack`), starting in the background (`runtime`).
"""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from types import FrameType
from typing import Generic, TypeVar

from retail_ops.local.component import Component
from retail_ops.local.layout import Layout
from retail_ops.local.leftovers import end_leftovers
from retail_ops.local.ports import PortTakenError, choose_ports
from retail_ops.local.state import ComponentState, sole_supervisor
from retail_ops.local.supervisor import Supervisor

log = logging.getLogger(__name__)

T = TypeVar("T")
PORT_TRIES = 5
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
NUDGE_SIGNAL = signal.SIGUSR1
SIGNAL_EXIT_BASE = 128


@dataclass(frozen=True)
class Blueprint(Generic[T]):
    """What is to be run.

    Attributes:
        port_names: Who needs a loopback port.
        build: Makes the components, and what the work needs to know about them, from the chosen ports.
    """

    port_names: tuple[str, ...]
    build: Callable[[Mapping[str, int]], tuple[Sequence[Component], T]]


class StopRequestedError(BaseException):
    """A signal asks to stop; no `except Exception` of the work may hide it.

    Attributes:
        number: The signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def hold(
    blueprint: Blueprint[T],
    layout: Layout,
    *,
    on_ready: Callable[[T], int | None] | None = None,
    exit_after: bool = False,
    on_change: Callable[[ComponentState], None] | None = None,
) -> int:
    """Run everything until a signal, or until the work is done. To be called from the main thread.

    Args:
        blueprint: What is to be run.
        layout: Where it keeps its files.
        on_ready: The work, called once everything is healthy; its result is the exit code, None means 0.
        exit_after: True stops after the work, False keeps running until a signal.
        on_change: Called from the supervisor's thread at every change of a component's phase.

    Returns:
        The work's exit code; 128 + signal when a signal ended it before the work was done.

    Raises:
        AlreadyRunningError: Another supervisor runs this layout.
        StartError: A component does not come up.
    """
    layout.create()
    code = 0 if on_ready is None else None
    with sole_supervisor(layout), _signals_raise():
        try:
            end_leftovers(layout)
            with ExitStack() as cleanup:
                supervisor, subject = _start(blueprint, layout, on_change, cleanup)
                code = 0 if on_ready is None else on_ready(subject) or 0
                if not exit_after:
                    supervisor.wait()
        except StopRequestedError as stop:
            code = SIGNAL_EXIT_BASE + stop.number if code is None else code
    return code or 0


def _start(
    blueprint: Blueprint[T],
    layout: Layout,
    on_change: Callable[[ComponentState], None] | None,
    cleanup: ExitStack,
) -> tuple[Supervisor, T]:
    """Start everything, with other ports when one was taken meanwhile; `cleanup` stops it, whatever happens."""
    for _ in range(PORT_TRIES):
        ports = choose_ports(blueprint.port_names, layout.run / "ports.json")
        components, subject = blueprint.build(ports)
        supervisor = Supervisor(components, layout, ports=ports, on_change=on_change)
        cleanup.callback(_stop_undisturbed, supervisor)
        cleanup.enter_context(_handlers({NUDGE_SIGNAL: partial(_nudge, supervisor)}))
        supervisor.start()
        try:
            supervisor.wait_ready()
        except PortTakenError as taken:
            log.warning("%s; choosing other ports", taken)
            supervisor.stop()
        else:
            return supervisor, subject
    raise PortTakenError(f"ports were taken {PORT_TRIES} times in a row")


def _nudge(supervisor: Supervisor, _number: int, _frame: FrameType | None) -> None:
    supervisor.nudge()


def _stop_undisturbed(supervisor: Supervisor) -> None:
    """Keep an impatient second Ctrl-C from leaving half of the processes behind."""
    with _handlers(dict.fromkeys(STOP_SIGNALS, signal.SIG_IGN)):
        supervisor.stop()


@contextmanager
def _signals_raise() -> Iterator[None]:
    def handler(number: int, _frame: FrameType | None) -> None:
        for known in STOP_SIGNALS:
            signal.signal(known, signal.SIG_IGN)
        raise StopRequestedError(number)

    with _handlers(dict.fromkeys(STOP_SIGNALS, handler)):
        yield


Handler = Callable[[int, FrameType | None], None] | signal.Handlers


@contextmanager
def _handlers(wanted: Mapping[signal.Signals, Handler]) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number, handler in wanted.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
