"""Settlements as a flow would make them, and what the outbox says of a command."""

from __future__ import annotations

from retail_ops.ports.store import Command, Settlement
from store.making import Store


def done(command: Command, **more: object) -> Settlement:
    values = {"state": "quotation", "reason": "placed", "published": True, "reference": f"S{command.key.external_id}"}
    return Settlement(command, "done", **(values | more))


def row(store: Store, command: Command) -> tuple:
    return store.rows(
        "SELECT status, attempt, crashes, worker_id FROM ops.outbox WHERE outbox_id = %s", command.outbox_id
    )[0]
