"""What Odoo has of orders, in the words of the port. Reads only.

Source: Odoo 18 external API: `get_external_id` of any model names records by their external ids.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from urllib.parse import unquote

from retail_ops.contracts.errors import ConfigurationError
from retail_ops.contracts.ids import EntityKey
from retail_ops.erp.odoo.client import Caller, search_read
from retail_ops.erp.odoo.loading import resolve
from retail_ops.erp.odoo.names import NAMESPACE, line_name, order_name
from retail_ops.erp.odoo.rows import (
    STATES,
    LineRow,
    MoveRow,
    OrderRow,
    fetch_lines,
    fetch_moves,
    fetch_orders,
    is_processed,
    to_money,
    version_of,
)
from retail_ops.ports.erp import ErpLine, ErpOrder, ErpOrderFact

logger = logging.getLogger(__name__)


def read_orders(caller: Caller, keys: Sequence[EntityKey]) -> dict[EntityKey, ErpOrder]:
    """Return each order that exists, by key.

    Asked by origin first: one cheap search, where resolving names that do not exist is a load that fails.
    """
    origins = {f"{key.account}:{key.external_id}": key for key in keys}
    candidates = search_read(caller, "sale.order", [["origin", "in", list(origins)]], ("origin",))
    present = {origins[row["origin"]] for row in candidates}
    names = {key: order_name(key.account, key.external_id) for key in keys if key in present}
    if not names:
        return {}
    known = resolve(caller, "sale.order", list(names.values()))
    rows = fetch_orders(caller, list(known.values()))
    if not rows:
        return {}
    lines, moves = fetch_lines(caller, list(rows)), fetch_moves(caller, list(rows))
    external = _fetch_names(caller, [line.line_id for own in lines.values() for line in own])
    found: dict[EntityKey, ErpOrder] = {}
    for key, name in names.items():
        row = rows.get(known.get(name, 0))
        if row is not None:
            own = [move for move in moves if move.line_id in row.line_ids]
            found[key] = _order(key, row, lines[row.order_id], own, names=external)
    return found


def line_id_of(key: EntityKey, name: str) -> str | None:
    """Return the channel's line id behind the external id of an Odoo line; None when it was made from no line."""
    prefix = f"{NAMESPACE}.{line_name(key.account, key.external_id, 'line/')}"
    return unquote(name.removeprefix(prefix)) if name.startswith(prefix) else None


def _fetch_names(caller: Caller, line_ids: Sequence[int]) -> dict[int, str]:
    if not line_ids:
        return {}
    try:
        answer = caller.fetch("sale.order.line", "get_external_id", list(line_ids))
    except ConfigurationError as error:
        # Line ids are a convenience of the view; states, units and totals do not depend on them.
        logger.warning("odoo_line_names_unavailable", extra={"detail": str(error)})
        return {}
    return {int(line_id): str(name or "") for line_id, name in answer.items()}


def _order(
    key: EntityKey, row: OrderRow, lines: Sequence[LineRow], moves: Sequence[MoveRow], *, names: Mapping[int, str]
) -> ErpOrder:
    return ErpOrder(
        key=key,
        reference=str(row.order_id),
        number=row.number,
        state=STATES[row.state],
        processed=is_processed(lines, moves),
        total=row.total,
        placed_at=row.placed_at,
        version=version_of(row, lines),
        lines=tuple(_line(line, line_id_of(key, names.get(line.line_id, ""))) for line in lines),
    )


def _line(line: LineRow, line_id: str | None) -> ErpLine:
    return ErpLine(
        erp_line_id=str(line.line_id),
        line_id=line_id,
        units=int(line.units),
        delivered_units=int(line.delivered),
        invoiced_units=int(line.invoiced),
    )


def list_orders(caller: Caller, account: str) -> tuple[ErpOrderFact, ...]:
    """Return every order whose origin names `account`, found by its text and not by its external id."""
    prefix = f"{account}:"
    fields = ("name", "origin", "state", "amount_total", "currency_id")
    # `=like` takes `_` for any character: what it finds too much is sorted out by the prefix itself.
    rows = search_read(caller, "sale.order", [["origin", "=like", f"{prefix}%"]], fields)
    return tuple(
        ErpOrderFact(
            external_id=row["origin"].removeprefix(prefix),
            reference=str(row["id"]),
            number=row["name"],
            state=STATES[row["state"]],
            total=to_money(row["amount_total"], row["currency_id"][1]),
        )
        for row in rows
        if row["origin"].startswith(prefix)
    )
