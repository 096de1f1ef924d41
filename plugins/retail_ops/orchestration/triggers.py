"""The event sensors that start the lanes. How an answer becomes a run is in `bell.py`, who listens is in `assets.py`.

Triggers of one account share one poll, whatever DAG or asset they belong to. A restart or a short overlap of two
triggerers fires once too often, never once too little: a run without work finds none and ends.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Hashable
from contextlib import aclosing
from functools import partial
from typing import Any

from airflow.triggers.base import BaseEventTrigger, TriggerEvent
from typing_extensions import override

from retail_ops.bootstrap import order_doorbell
from retail_ops.orchestration.bell import Bell, Chime, Doorbell, answers
from retail_ops.orchestration.connections import AirflowConnections


class OrdersTrigger(BaseEventTrigger):
    """Fires when an account has orders to bring in or due commands to carry out.

    At once when the work is new, again every `sweep_s` while the same work is still there, never without work.

    Args:
        account: Id of the account in `channels.yaml`.
        poll_s: Seconds between two questions, > 0.
        sweep_s: Seconds after which unchanged work rings again, > 0.
    """

    def __init__(self, account: str, *, poll_s: int, sweep_s: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow gives it no types
        self.account = account
        self.poll_s = poll_s
        self.sweep_s = sweep_s

    @override
    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return class path and arguments; credentials are read when the poll opens."""
        arguments = {"account": self.account, "poll_s": self.poll_s, "sweep_s": self.sweep_s}
        return f"{type(self).__module__}.{type(self).__qualname__}", arguments

    @override
    def shared_stream_key(self) -> Hashable:
        """Return what triggers must have in common to share one poll."""
        return ("retail_ops.orders", self.account, self.poll_s)

    @override
    @classmethod
    async def open_shared_stream(cls, kwargs: dict[str, Any]) -> AsyncGenerator[str | None, None]:
        """Yield the account's signature of work at every poll, None when there is no work."""
        account = str(kwargs["account"])
        bell = Bell(partial(open_doorbell, account))
        async with aclosing(answers(bell, account=account, poll_s=kwargs["poll_s"])) as stream:
            async for signature in stream:
                yield signature

    @override
    async def filter_shared_stream(self, shared_stream: AsyncIterator[Any]) -> AsyncGenerator[TriggerEvent, None]:
        """Yield an event for each answer that starts a run."""
        chime = Chime(self.sweep_s, time.monotonic)
        async for signature in shared_stream:
            if reason := chime.hear(signature):
                payload = {"account": self.account, "reason": reason, "signature": signature}
                yield TriggerEvent(payload)  # type: ignore[no-untyped-call]  # Airflow gives it no types

    @override
    async def run(self) -> AsyncGenerator[TriggerEvent, None]:
        """Poll alone, where Airflow does not share streams."""
        async with aclosing(self.open_shared_stream(self.serialize()[1])) as stream:
            async for event in self.filter_shared_stream(stream):
                yield event


def open_doorbell(account: str) -> Doorbell:
    """Return the account's doorbell; called and used on the bell's own thread, because asking Airflow blocks."""
    return order_doorbell(account, AirflowConnections())
