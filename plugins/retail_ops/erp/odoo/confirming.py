"""Confirms quotations, puts their dates back and reads what the warehouse reserved.

Every step looks at the state first, so a crash in any gap is repaired by the next call: a confirmed order whose date
is not its own gets it back.

Source: measured on Odoo 18: `action_confirm` overwrites `date_order` with now, refuses the whole batch for one order
in a wrong state, and is not stopped by short stock.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from retail_ops.contracts.errors import AmbiguousError, RejectedError, ThrottledError, TransientError
from retail_ops.contracts.ids import EntityKey
from retail_ops.contracts.order import Order
from retail_ops.erp.odoo.client import Caller
from retail_ops.erp.odoo.loading import Deferred, Pause, patiently, postponed, resolve
from retail_ops.erp.odoo.names import order_name
from retail_ops.erp.odoo.reservations import describe_reservations
from retail_ops.erp.odoo.results import applied, deferred, key_of, not_placed, rejected
from retail_ops.erp.odoo.rows import CANCELLED, CONFIRMED, QUOTATIONS, OrderRow, fetch_moves, fetch_orders, to_moment
from retail_ops.erp.odoo.transitions import Obstacles, transition
from retail_ops.ports.erp import Problem, WriteResult


def confirm_orders(caller: Caller, orders: Sequence[Order], *, pause: Pause = time.sleep) -> list[WriteResult]:
    """Confirm each order that is still a quotation; results in the order of `orders`.

    Idempotent: by state; a confirmed order is left as it is, its date is restored if it differs.
    """
    try:
        return _confirm(caller, orders, pause)
    except (TransientError, AmbiguousError, ThrottledError) as error:
        return [deferred(key_of(order), postponed(error)) for order in orders]


def _confirm(caller: Caller, orders: Sequence[Order], pause: Pause) -> list[WriteResult]:
    names = {key_of(order): order_name(order.account, order.external_id) for order in orders}
    known = resolve(caller, "sale.order", list(names.values()))
    ids = {key: known[name] for key, name in names.items() if name in known}
    rows = fetch_orders(caller, list(ids.values()))
    drafts = [row.order_id for row in rows.values() if row.state in QUOTATIONS]
    obstacles = transition(caller, "action_confirm", drafts, pause=pause)
    if drafts:
        rows = fetch_orders(caller, list(ids.values()))
    dates = {ids[key]: to_moment(order.placed_at) for order in orders if (key := key_of(order)) in ids}
    rows = _restore_dates(caller, rows, dates, obstacles, pause=pause)
    confirmed = [row for row in rows.values() if row.state == CONFIRMED]
    moves = fetch_moves(caller, [row.order_id for row in confirmed]) if confirmed else []
    receipts = describe_reservations(caller, confirmed, moves)
    return [_result(order, ids, rows, obstacles, receipts=receipts) for order in orders]


def _restore_dates(
    caller: Caller, rows: dict[int, OrderRow], dates: Mapping[int, str], obstacles: Obstacles, *, pause: Pause
) -> dict[int, OrderRow]:
    moved: dict[str, list[int]] = {}
    for row in rows.values():
        if row.state == CONFIRMED and to_moment(row.placed_at) != dates[row.order_id]:
            moved.setdefault(dates[row.order_id], []).append(row.order_id)
    for moment, order_ids in moved.items():
        try:
            _write_date(caller, order_ids, moment, pause)
        except RejectedError as error:
            obstacles.update(dict.fromkeys(order_ids, Problem(error.code, "placed_at", error.detail)))
        except (TransientError, AmbiguousError, ThrottledError) as error:
            obstacles.update(dict.fromkeys(order_ids, postponed(error)))
    changed = [order_id for order_ids in moved.values() for order_id in order_ids]
    return rows | fetch_orders(caller, changed)


def _write_date(caller: Caller, order_ids: Sequence[int], moment: str, pause: Pause) -> None:
    patiently(lambda: caller.push("sale.order", "write", list(order_ids), {"date_order": moment}), pause)


def _result(
    order: Order,
    ids: Mapping[EntityKey, int],
    rows: Mapping[int, OrderRow],
    obstacles: Obstacles,
    *,
    receipts: Mapping[int, Mapping[str, object]],
) -> WriteResult:
    key = key_of(order)
    row = rows.get(ids.get(key, 0))
    if row is None:
        return not_placed(key)
    if row.state == CONFIRMED and to_moment(row.placed_at) == to_moment(order.placed_at):
        return applied(key, row, receipts[row.order_id])
    if row.state == CANCELLED:
        return rejected(key, Problem("cancelled", "", "the order is cancelled in Odoo"))
    obstacle = obstacles.get(row.order_id, Deferred(f"the order is still in state {row.state}, or not at its date"))
    return rejected(key, obstacle) if isinstance(obstacle, Problem) else deferred(key, obstacle)
