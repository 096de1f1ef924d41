"""Deliberately broken variants of the order flow. Each behaves like the real one until something goes wrong at the
wrong moment, and is what the proof must catch. Applied in the parent, inherited by the forked runs.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from retail_ops.erp.odoo import amending, cancelling, confirming, placing, viewing
from retail_ops.erp.odoo.client import Caller
from retail_ops.erp.odoo.loading import Record
from retail_ops.flows.orders.publish import PublishFlow
from retail_ops.flows.orders.stage import STREAM, StageFlow
from retail_ops.ports.channel import Window
from retail_ops.ports.store import Command, Settlement
from retail_ops.store import outbox
from retail_ops.store.unit import Transaction, UnitOfWork


def create_without_looking(patch: pytest.MonkeyPatch) -> None:
    """Orders are placed with a plain `create`: no external id, no look-up before it."""
    patch.setattr(placing, "Loader", _PlainCreator)
    patch.setattr(viewing, "resolve", lambda *_args: {})
    for module in (confirming, cancelling, amending):
        patch.setattr(module, "resolve", _resolve_by_origin)


def cancel_without_looking(patch: pytest.MonkeyPatch) -> None:
    """What the store has not published is taken to be absent from the ERP: a cancellation needs no look there."""
    patch.setattr(viewing, "resolve", lambda *_args: {})


def acknowledge_before_sending(patch: pytest.MonkeyPatch) -> None:
    """Commands are done before the ERP is called."""
    carry_out = PublishFlow._carry_out

    def acknowledge(flow: PublishFlow, commands: Sequence[Command]) -> Sequence[Settlement]:
        with flow.store._unit.caching() as tx:
            tx.conn.execute(
                "UPDATE ops.outbox SET status = 'done', worker_id = NULL, lease_until = NULL, settled_at = %s "
                "WHERE outbox_id = ANY(%s)",
                [flow.clock.now(), [command.outbox_id for command in commands]],
            )
        return carry_out(flow, commands)

    patch.setattr(PublishFlow, "_carry_out", acknowledge)
    settle_without_fence(patch)


def settle_without_fence(patch: pytest.MonkeyPatch) -> None:
    """Whoever comes may settle a command."""

    def settle(tx: Transaction, _worker_id: int, settlement: Settlement, now: Any) -> bool:
        command = settlement.command
        receipt = Jsonb(dict(settlement.receipt)) if settlement.receipt else None
        tx.conn.execute(
            "UPDATE ops.outbox SET status = 'done', worker_id = NULL, lease_until = NULL, settled_at = %s,"
            " receipt = %s, last_error = %s WHERE outbox_id = %s",
            [now, receipt, settlement.reason, command.outbox_id],
        )
        tx.sql.key_settle(tx.conn, receipt=receipt, now=now, outbox_id=command.outbox_id)
        body = {"command": command.outbox_id, "attempt": command.attempt, "reason": settlement.reason}
        tx.record(command.key.account, f"{command.action}.{settlement.status}", command.key.external_id, body)
        return True

    patch.setattr(outbox, "_settle_command", settle)


def advance_before_keeping(patch: pytest.MonkeyPatch) -> None:
    """The cursor moves before what it passes is durable."""

    def fetch(flow: StageFlow) -> int:
        account, reach, now = flow.channel.account, flow.channel.capabilities, flow.clock.now()
        known = flow.store.position(account, STREAM)
        flow.store.advance(account, STREAM, now - reach.visibility_lag)
        window = Window(known - reach.overlap if known else flow.first_position, now)
        return sum(flow.store.receive(account, page) for page in flow.channel.fetch_orders(window))

    patch.setattr(StageFlow, "fetch", fetch)


def write_the_entry_first(patch: pytest.MonkeyPatch) -> None:
    """The audit entry is committed by itself before its change."""
    append = UnitOfWork._append_audit

    def before(unit: UnitOfWork, tx: Transaction) -> None:
        with unit._connect() as conn:
            conn.row_factory = dict_row
            append(unit, Transaction(conn, tx.sql, tx.entries))
            conn.commit()

    patch.setattr(UnitOfWork, "_append_audit", before)


def write_the_entry_later(patch: pytest.MonkeyPatch) -> None:
    """The audit entry is committed by itself after its change."""
    append = UnitOfWork._append_audit

    def after(unit: UnitOfWork, tx: Transaction) -> None:
        tx.conn.commit()
        append(unit, tx)

    patch.setattr(UnitOfWork, "_append_audit", after)


def believe_everybody_alive(patch: pytest.MonkeyPatch) -> None:
    """Nobody looks whether a worker's session is gone: its commands come back when their lease runs out."""
    _believe(patch, gone=False)


def believe_everybody_dead(patch: pytest.MonkeyPatch) -> None:
    """Every worker takes the others for dead and takes their commands."""
    _believe(patch, gone=True)


def _believe(patch: pytest.MonkeyPatch, *, gone: bool) -> None:
    claim = outbox.claim

    def believing(tx: Transaction, *args: Any, **kwargs: Any) -> tuple[Command, ...]:
        told = Transaction(tx.conn, _Believing(tx.sql, gone=gone), tx.entries)
        return claim(told, *args, **kwargs)

    patch.setattr(outbox, "claim", believing)


class _Believing:
    """The named statements, with an answer of its own to who is alive."""

    def __init__(self, sql: Any, *, gone: bool) -> None:
        self._sql, self._gone = sql, gone

    def outbox_other_workers(self, *args: Any, **kwargs: Any) -> list[dict[str, Any]]:
        return [{**row, "gone": self._gone} for row in self._sql.outbox_other_workers(*args, **kwargs)]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sql, name)


class _PlainCreator:
    """Takes the place of the loader of orders."""

    def __init__(self, caller: Caller, model: str, columns: Sequence[str], **_: Any) -> None:
        self._caller, self._model, self._columns = caller, model, columns

    def load(self, records: Sequence[Record]) -> dict[str, int]:
        if not records:
            return {}
        values = [self._values(record) for record in records]
        return dict(zip((r.name for r in records), self._caller.push(self._model, "create", values), strict=True))

    def _values(self, record: Record) -> dict[str, Any]:
        cells = [dict(zip(self._columns, row, strict=True)) for row in record.rows]
        header = {name: cell for name, cell in cells[0].items() if not name.startswith("order_line/")}
        lines = [
            {name.removeprefix("order_line/"): cell for name, cell in row.items() if name.startswith("order_line/")}
            for row in cells
        ]
        return {**_converted(header), "order_line": [(0, 0, _converted(line)) for line in lines]}


def _converted(cells: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for column, cell in cells.items():
        name = column.removesuffix("/.id")
        if name == "tax_id":
            found[name] = [(6, 0, [int(tax) for tax in cell.split(",") if tax])]
        elif column.endswith("/.id"):
            found[name] = int(cell)
        elif name in {"product_uom_qty", "price_unit", "discount", "sequence"}:
            found[name] = float(cell)
        elif name != "id":
            found[name] = cell == "1" if name == "is_delivery" else cell
    return found


def _resolve_by_origin(caller: Caller, model: str, names: Sequence[str]) -> dict[str, int]:
    found = {}
    for name in names:
        _, account, external_id = name.split("/", 2)
        rows = caller.fetch(model, "search_read", [["origin", "=", f"{account}:{external_id}"]], ["id"])
        if rows:
            found[name] = rows[0]["id"]
    return found
