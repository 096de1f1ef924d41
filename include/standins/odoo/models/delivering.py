"""Validating deliveries, wholly or in part; the rest becomes a backorder.

Not here: reservations and amendments (see `shipping`), returns.
"""

from collections.abc import Mapping
from decimal import Decimal

from standins.odoo.env import Env
from standins.odoo.errors import UserError
from standins.odoo.models import shipping, stock_quant
from standins.odoo.models.stock_quant import OPEN_PRODUCT
from standins.odoo.values import Row, to_decimal

_ZERO = Decimal(0)


def deliver(env: Env, order_id: int, wanted: Mapping[int, Decimal] | None) -> list[int]:
    """Validate the open deliveries of an order, the rest of a partial one becomes a backorder.

    Args:
        env: The call.
        order_id: The order.
        wanted: Units by line id, None for everything that is reserved.

    Returns:
        The ids of the validated deliveries.

    Raises:
        UserError: When there is nothing to deliver.
    """
    left = dict(wanted) if wanted is not None else None
    done = []
    for picking in env.rows("stock.picking", "sale_id", order_id):
        moves = [
            row for row in env.rows("stock.move", "picking_id", picking["id"]) if row["state"] not in shipping.CLOSED
        ]
        shipped = {row["id"]: _take(row, left) for row in moves}
        if any(shipped.values()):
            _validate(env, picking, moves, shipped)
            done.append(picking["id"])
    if not done or (left and any(left.values())):
        raise UserError("You cannot validate a transfer if no quantities are reserved nor done.")
    return done


def _take(move: Row, left: dict[int, Decimal] | None) -> Decimal:
    held = to_decimal(move["quantity"])
    if left is None:
        return held
    units = min(held, left.get(move["sale_line_id"], _ZERO))
    left[move["sale_line_id"]] = left.get(move["sale_line_id"], _ZERO) - units
    return units


def _validate(env: Env, picking: Row, moves: list[Row], shipped: Mapping[int, Decimal]) -> None:
    rest = [row for row in moves if shipped[row["id"]] < to_decimal(row["product_uom_qty"])]
    backorder = shipping.new_picking(env, env.row("sale.order", picking["sale_id"]), picking) if rest else None
    for move in moves:
        _ship_move(env, move, shipped[move["id"]], backorder)
    env.update("stock.picking", picking["id"], state="done", date_done=env.now_seconds)
    if backorder:
        shipping.refresh_picking(env, backorder["id"])


def _ship_move(env: Env, move: Row, units: Decimal, backorder: Row | None) -> None:
    line = env.row("sale.order.line", move["sale_line_id"])
    demand = to_decimal(move["product_uom_qty"])
    if backorder and not units:
        env.update("stock.move", move["id"], picking_id=backorder["id"], reference=backorder["name"])
        return
    shipping.release_down_to(env, move, _ZERO)
    if env.row("product.product", move["product_id"])["is_storable"]:
        stock_quant.add(env, move["product_id"], move["location_id"], -units)
    shipped = {"product_uom_qty": float(units), "quantity": float(units), "picked": True, "date": env.now_seconds}
    env.update("stock.move", move["id"], state="done", reserved=[], **shipped, **{OPEN_PRODUCT: None})
    env.update("sale.order.line", line["id"], qty_delivered=float(to_decimal(line["qty_delivered"]) + units))
    env.update("sale.order", line["order_id"])
    if backorder and units < demand:
        shipping.reserve(env, shipping.new_move(env, line, backorder, demand - units))
