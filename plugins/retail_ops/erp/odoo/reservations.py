"""What the warehouse set aside for orders: short stock never stops a confirmation, so it is read back.

Source: measured on Odoo 18. Units are those of the moves: for a kit, of its components.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from retail_ops.erp.odoo.client import Caller
from retail_ops.erp.odoo.products import fetch_sku_names
from retail_ops.erp.odoo.rows import MoveRow, OrderRow


def describe_reservations(
    caller: Caller, orders: Sequence[OrderRow], moves: Sequence[MoveRow]
) -> dict[int, Mapping[str, object]]:
    """Return wanted and reserved units and the SKUs that are short, by order id, as receipts carry them."""
    by_order = {order.order_id: [move for move in moves if move.line_id in order.line_ids] for order in orders}
    short = {order_id: _short(own) for order_id, own in by_order.items()}
    names = fetch_sku_names(caller, {product for products in short.values() for product in products})
    return {
        order_id: {
            "wanted_units": int(sum((move.wanted for move in own), Decimal(0))),
            "reserved_units": int(sum((move.reserved for move in own), Decimal(0))),
            "short_skus": sorted(names[product] for product in short[order_id]),
        }
        for order_id, own in by_order.items()
    }


def _short(moves: Sequence[MoveRow]) -> set[int]:
    wanted: dict[int, Decimal] = {}
    for move in moves:
        wanted[move.product_id] = wanted.get(move.product_id, Decimal(0)) + move.wanted - move.reserved
    return {product for product, missing in wanted.items() if missing > 0}
