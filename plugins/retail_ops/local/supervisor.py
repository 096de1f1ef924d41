"""Keeps a list of components alive: starts them by need, asks their health, restarts the dead, ends them in reverse.

One thread does all of it, so that the caller's thread stays free for signals and for the work to be done meanwhile.
NOT here: lock, leftovers, ports (`session`); what the components are (`stack`).
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from retail_ops.local.child import Child
from retail_ops.local.component import Component, check_components, stop_waves
from retail_ops.local.layout import Layout, inherited_environment
from retail_ops.local.process import (
    MARKER,
    POLL_S,
    ProcessId,
    end_processes,
    find_marked,
    this_process,
)
from retail_ops.local.state import ComponentState, Phase, RunState, forget_state, instance_of, write_state

log = logging.getLogger(__name__)

STARTING_EVERY_S, READY_EVERY_S = 0.1, 0.5
STRAY_GRACE_S = 3.0


class Supervisor:
    """Runs components until told to stop."""

    def __init__(
        self,
        components: Sequence[Component],
        layout: Layout,
        *,
        ports: Mapping[str, int] | None = None,
        on_change: Callable[[ComponentState], None] | None = None,
    ) -> None:
        """Prepare; nothing is started yet.

        Args:
            components: In order of start; needs point backwards.
            layout: Where logs and state go; its directories exist.
            ports: Noted in the state file.
            on_change: Called from the supervisor's thread at every change of a component's phase.

        Raises:
            ValueError: The list cannot be started in this order.
        """
        check_components(components)
        self._layout = layout
        self._instance, self._me = instance_of(layout), this_process()
        self._ports = dict(ports or {})
        self._on_change = on_change
        # Airflow's processes set their title, which would overwrite the environment that carries the marker.
        env = {**inherited_environment(), MARKER: self._instance, "SPT_NOENV": "1"}
        self._children = [Child(component, layout, env) for component in components]
        self._by_name = {child.component.name: child for child in self._children}
        self._wake, self._ready, self._halt = threading.Event(), threading.Event(), threading.Event()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="supervisor")
        self._loop: Future[None] | None = None

    def start(self) -> None:
        """Begin to start the components; returns at once."""
        self._loop = self._thread.submit(self._run)

    def wait_ready(self) -> None:
        """Block until every component is healthy or completed.

        Raises:
            StartError: A component does not come up.
            PortTakenError: A port was taken between choice and start.
        """
        while not self._ready.wait(STARTING_EVERY_S):
            self._raise_if_broken()

    def wait(self) -> None:
        """Block for as long as the loop runs; a signal handler that raises is the way out.

        Raises:
            Exception: Whatever broke the loop.
        """
        while True:
            time.sleep(READY_EVERY_S)
            self._raise_if_broken()

    def nudge(self) -> None:
        """Look at every component now and start dead ones without waiting for their back-off."""
        for child in self._children:
            child.hurry()
        self._wake.set()

    def states(self) -> tuple[ComponentState, ...]:
        """Return a snapshot of every component."""
        return tuple(child.state for child in self._children)

    def stop(self) -> list[ProcessId]:
        """End everything in reverse order of need, and what it left behind.

        Returns:
            Strays: processes of this runtime that outlived their leader and were ended one by one.

        Idempotent: a second call finds nothing to do.
        """
        self._halt.set()
        self._wake.set()
        self._thread.shutdown(wait=True)
        for wave in stop_waves([child.component for child in self._children]):
            self._stop_wave([self._by_name[component.name] for component in wave])
        strays = end_processes(find_marked(self._instance), grace_s=STRAY_GRACE_S)
        if strays:
            log.warning("ended %d stray processes", len(strays))
        forget_state(self._layout)
        return strays

    def _raise_if_broken(self) -> None:
        if self._loop is not None and self._loop.done():
            self._loop.result()

    def _run(self) -> None:
        before: tuple[ComponentState, ...] = ()
        while not self._halt.is_set():
            for child in self._children:
                if self._halt.is_set():
                    return
                if child.phase not in {Phase.WAITING, Phase.BACKOFF} or self._needs_are_up(child):
                    child.advance()
            states = self.states()
            if states != before:
                self._report(before, states)
                before = states
            self._wake.wait(READY_EVERY_S if self._ready.is_set() else STARTING_EVERY_S)
            self._wake.clear()

    def _needs_are_up(self, child: Child) -> bool:
        return all(self._by_name[name].is_up for name in child.component.needs)

    def _report(self, before: Sequence[ComponentState], states: tuple[ComponentState, ...]) -> None:
        complete = all(child.is_up for child in self._children)
        write_state(
            self._layout, RunState(self._instance, self._me, complete or self._ready.is_set(), self._ports, states)
        )
        old = {state.name: state.phase for state in before}
        for state in states:
            if old.get(state.name) is not state.phase:
                log.info("component %s is %s, restarts %d", state.name, state.phase, state.restarts)
                if self._on_change is not None:
                    self._on_change(state)
        if complete:
            self._ready.set()

    @staticmethod
    def _stop_wave(wave: Sequence[Child]) -> None:
        begin = time.monotonic()
        running = {child.component.name: child for child in wave if not child.has_ended()}
        for child in running.values():
            child.send(child.component.stop_signal)
        while running:
            for name, child in list(running.items()):
                waited_s = time.monotonic() - begin
                if child.has_ended():
                    log.info("component %s is stopped after %.1f s", name, waited_s)
                    del running[name]
                elif waited_s > child.component.grace_s:
                    log.warning("component %s outlived its grace of %.0f s", name, child.component.grace_s)
                    child.send(signal.SIGKILL)
            time.sleep(POLL_S)
        for child in wave:
            child.mark_stopped()
