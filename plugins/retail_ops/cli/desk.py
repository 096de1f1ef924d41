"""`trace`, `cases`, `replay`: look one thing up, see what waits for a person, put it on its way again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.table import Table

from retail_ops.cli.wiring import open_desk, out, reported, wired
from retail_ops.contracts.errors import DataError
from retail_ops.contracts.money import Money
from retail_ops.store.desk import Trace

Row = Mapping[str, Any]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command()(trace)
    app.command()(cases)
    app.command()(replay)


def trace(
    order: Annotated[str, typer.Argument(help="Order number as the buyer sees it, or the channel's id.")],
) -> None:
    """Follow one order from its first message to its last command.

    Shows every message that came, the revisions made of it, the gate's verdicts, the commands sent to Odoo with their
    receipts, the cases and the audit trail. Never shows personal data.

    Example: `retail-ops trace '#1001'`
    """
    with reported():
        settings, connections = wired()
        with open_desk(settings, connections) as desk:
            found = desk.find(order)
            if not found:
                raise DataError("unknown_order", "order", f"no order has the number or id {order!r}")
            for entity in found:
                _print_trace(desk.trace(entity))


def cases(
    account: Annotated[str | None, typer.Option(help="Only this account.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Closed cases too.")] = False,  # noqa: FBT002 - typer's way
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 200,
) -> None:
    """List what waits for a person, the most urgent first.

    Each case names its order, the field that is wrong, the money at stake, its owner and its deadline.
    `retail-ops replay CASE` puts it on its way again once the cause is mended.
    """
    with reported():
        settings, connections = wired()
        with open_desk(settings, connections) as desk:
            rows = desk.cases(account, None if everything else "open", limit)
    for row in rows:
        out.print(case_text(row), markup=False, soft_wrap=True)
    out.print(f"{len(rows)} cases")


def replay(
    case: Annotated[int, typer.Argument(help="Number of the case, from `retail-ops cases`.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen, change nothing.")] = False,  # noqa: FBT002
) -> None:
    """Put what a case holds back on its way again, at the step where it stopped.

    A message that did not fit is mapped again, a revision that the gate refused is judged again, a command that Odoo
    refused is carried out again. Needs the permission `replay`. Safe to repeat: nothing is published twice.
    """
    with reported():
        settings, connections = wired()
        with open_desk(settings, connections) as desk:
            plan = desk.replay(case, dry_run=dry_run)
    out.print(f"{'would happen' if dry_run else 'done'}: {plan}")


def case_text(row: Row) -> str:
    """Return a case as two lines: what it is about, and what is wrong with it."""
    value = ""
    if row.get("value_minor") is not None:
        value = f", {Money(minor=row['value_minor'], currency=row['currency'])}"
    due = f", due {_time(row['deadline_at'])}" if row.get("deadline_at") else ""
    closed = " (closed)" if row.get("state") == "closed" else ""
    where = f"{row['field']}: " if row["field"] else ""
    head = f"case {row['case_id']}{closed}: {row['account']} {row['number'] or row['external_id']}{value}"
    return f"{head}  {row['class']}/{row['code']}, owner {row['owner']}{due}\n    {where}{row['detail']}"


def _print_trace(trace: Trace) -> None:
    entity = trace.entity
    out.rule(f"{entity['account']} {entity['number']}  {entity['external_id']}")
    out.print(
        f"state: {entity['state']} ({entity['reason'] or '-'})   Odoo id: {entity['erp_reference'] or '-'}"
        f"   last change: {_time(entity['changed_at'])}"
    )
    _table("messages", trace.messages, ("inbox_id", "state", "source_at", "received_at", "handled_at"))
    _table("revisions", trace.revisions, ("revision_id", "number", "inbox_id", "state", "source_at", "staged_at"))
    _table("verdicts", trace.verdicts, ("revision_id", "gate", "outcome", "run_outcome", "finished_at"))
    columns = ("outbox_id", "revision_id", "action", "status", "attempt", "last_error", "settled_at", "receipt")
    _table("commands", trace.commands, columns)
    _table("cases", trace.cases, ("case_id", "class", "code", "field", "detail", "owner", "state"))
    _table("audit", trace.audit, ("seq", "happened_at", "actor", "action", "body"))


def _table(title: str, rows: Sequence[Row], columns: Sequence[str]) -> None:
    if not rows:
        return
    table = Table(*columns, title=title, title_justify="left")
    for row in rows:
        table.add_row(*(_text(row[column]) for column in columns))
    out.print(table)


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return _time(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={item}" for key, item in value.items())
    return "" if value is None else str(value)


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}Z"
