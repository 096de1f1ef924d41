"""Turns order nodes of an answer into messages for the inbox. Not here: fetching (`adapter`), mapping (`mapper`)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from retail_ops.contracts.errors import TransientError
from retail_ops.ports.channel import RawMessage

PAGE_TRANSACTIONS = 20

Row = dict[str, object]


def take_connection(data: Mapping[str, object], root: str) -> tuple[list[Row], str | None]:
    """Return the rows of a connection and the cursor of the next page, None on the last one.

    Raises:
        TransientError: The answer is no such connection.
    """
    connection = data.get(root)
    rows = connection.get("nodes") if isinstance(connection, dict) else None
    info = connection.get("pageInfo") if isinstance(connection, dict) else None
    if not isinstance(rows, list) or not isinstance(info, dict) or not all(isinstance(row, dict) for row in rows):
        raise TransientError(f"the answer holds no readable {root}")
    if not info.get("hasNextPage"):
        return rows, None
    cursor = info.get("endCursor")
    if not isinstance(cursor, str) or not rows:
        raise TransientError(f"the answer announces more {root} and says not where")
    return rows, cursor


def lacks_lines(row: Row) -> bool:
    """Return whether an order has lines beyond those it carries."""
    lines = row.get("lineItems")
    info = lines.get("pageInfo") if isinstance(lines, dict) else None
    return isinstance(info, dict) and bool(info.get("hasNextPage"))


def is_cut(row: Row) -> bool:
    """Return whether an order of a page may have more lines or payments than the page carries."""
    transactions = row.get("transactions")
    return lacks_lines(row) or (isinstance(transactions, list) and len(transactions) >= PAGE_TRANSACTIONS)


def to_message(row: Row) -> RawMessage:
    """Return the message of one complete order."""
    external_id = row.get("id")
    return RawMessage(
        kind="order",
        external_id=external_id if isinstance(external_id, str) and external_id else None,
        source_at=version_of(row),
        body=_canonical(row),
    )


def version_of(row: Row) -> datetime | None:
    """Return when the order was last updated, None when that cannot be read."""
    value = row.get("updatedAt")
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        return moment.astimezone(UTC) if moment is not None and moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _canonical(row: Row) -> bytes:
    """Return sorted JSON without the cursors of the lines: they differ from answer to answer."""
    lines = row.get("lineItems")
    info = lines.get("pageInfo") if isinstance(lines, dict) else None
    if isinstance(lines, dict) and isinstance(info, dict):
        kept = {name: value for name, value in info.items() if name != "endCursor"}
        row = {**row, "lineItems": {**lines, "pageInfo": kept}}
    # ASCII: a lone surrogate survives as its escape, so that the mapper can name the field.
    return json.dumps(row, ensure_ascii=True, separators=(",", ":"), sort_keys=True, allow_nan=False).encode("ascii")
