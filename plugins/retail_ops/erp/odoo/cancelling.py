"""Cancels orders that nobody has processed yet. Not here: whether they should be.

Source: measured on Odoo 18: on a confirmed order `action_cancel` answers with a wizard and does nothing unless the
context says `disable_cancel_warning`; a locked order must be unlocked first; a delivered order is cancelled without a
word, so delivered and invoiced units are checked here.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Final

from retail_ops.contracts.errors import AmbiguousError, ThrottledError, TransientError
from retail_ops.contracts.ids import EntityKey
from retail_ops.contracts.order import Order
from retail_ops.erp.odoo.client import Caller, Json
from retail_ops.erp.odoo.loading import Deferred, Pause, postponed, resolve
from retail_ops.erp.odoo.names import order_name
from retail_ops.erp.odoo.results import applied, deferred, facts_of, key_of, not_placed, rejected
from retail_ops.erp.odoo.rows import CANCELLED, LineRow, OrderRow, fetch_lines, fetch_orders
from retail_ops.erp.odoo.transitions import Obstacles, transition
from retail_ops.ports.erp import Problem, WriteResult

_WITHOUT_WIZARD: Final[Mapping[str, Json]] = {"disable_cancel_warning": True}


def cancel_orders(caller: Caller, orders: Sequence[Order], *, pause: Pause = time.sleep) -> list[WriteResult]:
    """Cancel each order; results in the order of `orders`.

    Idempotent: by state; a cancelled order is left as it is.
    """
    try:
        return _cancel(caller, orders, pause)
    except (TransientError, AmbiguousError, ThrottledError) as error:
        return [deferred(key_of(order), postponed(error)) for order in orders]


def _cancel(caller: Caller, orders: Sequence[Order], pause: Pause) -> list[WriteResult]:
    names = {key_of(order): order_name(order.account, order.external_id) for order in orders}
    known = resolve(caller, "sale.order", list(names.values()))
    ids = {key: known[name] for key, name in names.items() if name in known}
    rows = fetch_orders(caller, list(ids.values()))
    lines = fetch_lines(caller, list(rows)) if rows else {}
    obstacles: Obstacles = {
        order_id: _already_processed(lines[order_id])
        for order_id, row in rows.items()
        if row.state != CANCELLED and any(line.delivered or line.invoiced for line in lines[order_id])
    }
    open_rows = [row for row in rows.values() if row.state != CANCELLED and row.order_id not in obstacles]
    locked = [row.order_id for row in open_rows if row.locked]
    obstacles |= transition(caller, "action_unlock", locked, pause=pause)
    wanted = [row.order_id for row in open_rows if row.order_id not in obstacles]
    obstacles |= transition(caller, "action_cancel", wanted, pause=pause, context=_WITHOUT_WIZARD)
    if wanted:
        rows = rows | fetch_orders(caller, wanted)
    return [_result(order, ids, rows, obstacles) for order in orders]


def _already_processed(lines: Sequence[LineRow]) -> Problem:
    delivered, invoiced = sum(line.delivered for line in lines), sum(line.invoiced for line in lines)
    return Problem("already_processed", "", f"{delivered:f} units are delivered and {invoiced:f} invoiced")


def _result(
    order: Order, ids: Mapping[EntityKey, int], rows: Mapping[int, OrderRow], obstacles: Obstacles
) -> WriteResult:
    key = key_of(order)
    row = rows.get(ids.get(key, 0))
    if row is None:
        return not_placed(key)
    if row.state == CANCELLED:
        return applied(key, row)
    obstacle = obstacles.get(row.order_id, Deferred(f"the order is still in state {row.state}"))
    return rejected(key, obstacle, facts_of(row)) if isinstance(obstacle, Problem) else deferred(key, obstacle)
