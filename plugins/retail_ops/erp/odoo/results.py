"""Builds the results of writes. Not here: which one applies."""

from __future__ import annotations

from collections.abc import Mapping

from retail_ops.contracts.ids import EntityKey
from retail_ops.contracts.money import Money
from retail_ops.contracts.order import Order
from retail_ops.erp.odoo.loading import Deferred
from retail_ops.erp.odoo.rows import STATES, OrderRow
from retail_ops.ports.erp import Problem, WriteResult


def key_of(order: Order) -> EntityKey:
    """Return the business identity of an order."""
    return EntityKey(order.account, "order", order.external_id)


def applied(key: EntityKey, row: OrderRow, receipt: Mapping[str, object] | None = None) -> WriteResult:
    """Return that the far side is as wanted; the receipt always carries what was read back of the order."""
    return WriteResult(key, "applied", reference=str(row.order_id), receipt={**facts_of(row), **(receipt or {})})


def rejected(key: EntityKey, problem: Problem, receipt: Mapping[str, object] | None = None) -> WriteResult:
    """Return that this write is a data problem."""
    return WriteResult(key, "rejected", problem=problem, receipt=receipt or {})


def deferred(key: EntityKey, why: Deferred) -> WriteResult:
    """Return that the same call may succeed later."""
    return WriteResult(key, "deferred", problem=Problem("deferred", "", why.reason), retry_after_s=why.retry_after_s)


def not_placed(key: EntityKey) -> WriteResult:
    """Return that Odoo does not know the order."""
    return rejected(key, Problem("not_placed", "", "the order does not exist in Odoo"))


def total_differs(key: EntityKey, wanted: Money, row: OrderRow) -> WriteResult:
    """Return that Odoo computed another total than the order has."""
    detail = f"Odoo has {row.total}, the order {wanted}"
    same = row.total.currency == wanted.currency
    problem = Problem("total_differs", "totals.total", detail, wanted - row.total if same else None)
    return rejected(key, problem, facts_of(row))


def facts_of(row: OrderRow) -> dict[str, object]:
    """Return what a receipt says of an order; amounts in minor units."""
    return {
        "name": row.number,
        "state": STATES[row.state],
        "total": row.total.minor,
        "tax": row.tax.minor,
        "currency": row.total.currency,
    }
