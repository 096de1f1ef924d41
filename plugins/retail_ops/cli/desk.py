"""`trace`, `cases`, `replay`, `release`: look one thing up, see what waits for a person, put it on its way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any

import typer

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
    app.command()(release)


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


def release(case: Annotated[int, typer.Argument(help="Number of the case, from `retail-ops cases`.")]) -> None:
    """Let an order past the routing rule that its case names, e.g. after the buyer was called.

    The order is decided again at once: every other rule still holds. Bound to this version of the order: a newer one
    is asked about again. Needs the permission `release`; who released it stands in the audit trail.
    """
    with reported():
        settings, connections = wired()
        with open_desk(settings, connections) as desk:
            plan = desk.release(case)
    out.print(f"done: {plan}")


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
    out.rule(f"{entity['account']} {entity['number']}")
    reference = f", Odoo id {entity['erp_reference']}" if entity["erp_reference"] else ""
    _line(f"{entity['external_id']}: {entity['state']} ({entity['reason'] or '-'}){reference}")
    for moment, what, text in sorted(_events(trace)):
        _line(f"{_time(moment)}  {what:<12} {text}")
    for row in trace.cases:
        _line(case_text({**row, "account": entity["account"], "number": entity["number"]}))


def _events(trace: Trace) -> Iterator[tuple[datetime, str, str]]:
    """Yield everything that happened to the order: when, to what, what."""
    for row in trace.messages:
        yield row["received_at"], f"message {row['inbox_id']}", f"received; now {row['state']}"
        if row["source_at"]:
            yield row["source_at"], "channel", f"the version that message {row['inbox_id']} carries"
    for row in trace.revisions:
        text = f"version {row['number']} from message {row['inbox_id']}, sha256 {row['hash'][:12]}; now {row['state']}"
        yield row["staged_at"], f"revision {row['revision_id']}", text
    for row in trace.verdicts:
        yield row["finished_at"], f"revision {row['revision_id']}", f"gate {row['gate']}: {row['outcome']}"
    for row in trace.commands:
        yield row["enqueued_at"], f"command {row['outbox_id']}", f"{row['action']} for revision {row['revision_id']}"
        if row["settled_at"]:
            yield row["settled_at"], f"command {row['outbox_id']}", _settled(row)
        elif row["status"] == "parked":
            yield row["next_at"], f"command {row['outbox_id']}", f"parked, a case holds it: {row['last_error']}"
        elif row["status"] == "ready":
            text = f"due; last: {row['last_error'] or 'not tried yet'}"
            yield row["next_at"], f"command {row['outbox_id']}", text
    for row in trace.audit:
        body = ", ".join(f"{key} {value}" for key, value in row["body"].items())
        yield row["happened_at"], f"audit {row['seq']}", f"{row['action']} by {row['actor']}: {body}"


def _settled(row: Row) -> str:
    receipt = ", ".join(f"{key} {value}" for key, value in _shown(row["receipt"] or {}).items())
    tries = f" at attempt {row['attempt']}" if row["attempt"] > 1 else ""
    return f"{row['action']} {row['status']}{tries}: {row['last_error'] or ''}  {receipt}"


def _shown(receipt: Row) -> Row:
    """Return a receipt with its amounts as people write them."""
    currency = receipt.get("currency")
    amounts = {
        key: Money(minor=receipt[key], currency=currency)
        for key in ("total", "tax", "rounding")
        if isinstance(currency, str) and isinstance(receipt.get(key), int)
    }
    return {key: amounts.get(key, value) for key, value in receipt.items() if key != "currency"}


def _line(text: str) -> None:
    out.print(text, markup=False, soft_wrap=True)


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}Z"
