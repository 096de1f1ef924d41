"""From a confirmed order to its delivery: transfers, moves, reservations, amendments, validation.

Short stock never blocks: a move that finds too little is ``partially_available`` or ``confirmed``.
Source: measured on Odoo 18, one-step delivery.  Not here: negative quantities, returns, kits.
"""

from decimal import Decimal

from standins.odoo.env import Env
from standins.odoo.errors import RefusedError, UserError
from standins.odoo.models import stock_quant
from standins.odoo.models.stock_quant import OPEN_PRODUCT
from standins.odoo.values import Row, to_decimal

_ZERO = Decimal(0)
CLOSED = {"done", "cancel"}
_BELOW_DELIVERED = (
    "The ordered quantity of a sale order line cannot be decreased below the amount already delivered. "
    "Instead, create a return in your inventory."
)


def ships(env: Env, line: Row) -> bool:
    """Tell whether a line is delivered from stock.

    Args:
        env: The call.
        line: An order line.

    Returns:
        False for services, sections and notes.
    """
    product_id = line.get("product_id")
    return bool(product_id) and env.row("product.product", int(product_id))["type"] == "consu"  # type: ignore[arg-type]


def procure(env: Env, line: Row) -> None:
    """Bring the open moves of a line to what is ordered and not yet delivered.

    Args:
        env: The call.
        line: A line of a confirmed order.

    Raises:
        UserError: When less is ordered than was delivered.
    """
    if not ships(env, line):
        return
    ordered, delivered = to_decimal(line["product_uom_qty"]), to_decimal(line["qty_delivered"])
    if ordered < delivered:
        raise UserError(_BELOW_DELIVERED)
    moves = [row for row in env.rows("stock.move", "sale_line_id", line["id"]) if row["state"] not in CLOSED]
    missing = ordered - delivered - sum((to_decimal(row["product_uom_qty"]) for row in moves), _ZERO)
    if missing > 0:
        _extend(env, line, moves, missing)
    elif missing < 0:
        _shrink(env, moves, -missing)


def _extend(env: Env, line: Row, moves: list[Row], units: Decimal) -> None:
    if moves:
        demand = to_decimal(moves[0]["product_uom_qty"]) + units
        move = env.update("stock.move", moves[0]["id"], product_uom_qty=float(demand))
    else:
        move = new_move(env, line, _picking(env, line), units)
    reserve(env, move)
    refresh_picking(env, move["picking_id"])


def _shrink(env: Env, moves: list[Row], units: Decimal) -> None:
    for row in moves:
        demand = to_decimal(row["product_uom_qty"])
        if units >= demand:
            cancel_move(env, row)
        elif units > 0:
            move = env.update("stock.move", row["id"], product_uom_qty=float(demand - units))
            release_down_to(env, move, demand - units)
        units = max(units - demand, _ZERO)
        refresh_picking(env, row["picking_id"])


def _picking(env: Env, line: Row) -> Row:
    order = env.row("sale.order", line["order_id"])
    for row in env.rows("stock.picking", "sale_id", order["id"]):
        if row["state"] not in CLOSED:
            return row
    return new_picking(env, order, None)


def new_picking(env: Env, order: Row, backorder_of: Row | None) -> Row:
    """Add a delivery to an order.

    Args:
        env: The call.
        order: The order.
        backorder_of: The delivery whose rest it takes over, or None.

    Returns:
        The delivery, without moves.

    Raises:
        RefusedError: When the order has no warehouse.
    """
    if not order["warehouse_id"]:
        raise RefusedError("confirming an order without a warehouse")
    house = env.row("stock.warehouse", order["warehouse_id"])
    number = env.tx.store.next(f"stock.picking/{house['code']}")
    reference = order["client_order_ref"]
    values = {
        "name": f"{house['code']}/OUT/{number:05d}",
        "origin": f"{order['name']} - {reference}" if reference else order["name"],
        "state": "confirmed",
        "picking_type_code": "outgoing",
        "scheduled_date": env.now_seconds,
        "date_done": None,
        "sale_id": order["id"],
        "partner_id": order["partner_shipping_id"],
        "carrier_id": order["carrier_id"],
        "carrier_tracking_ref": None,
        "location_id": house["lot_stock_id"],
        "location_dest_id": env.model("stock.location").find([["usage", "=", "customer"]])[0],
        "backorder_id": backorder_of["id"] if backorder_of else None,
        "company_id": order["company_id"],
    }
    return env.row("stock.picking", env.insert("stock.picking", values))


def new_move(env: Env, line: Row, picking: Row, units: Decimal) -> Row:
    """Add a move to a delivery.

    Args:
        env: The call.
        line: The order line.
        picking: The delivery.
        units: The demand.

    Returns:
        The move, nothing reserved.
    """
    product = env.row("product.product", line["product_id"])
    values = {
        "name": env.model("product.product").display_name(product),
        "reference": picking["name"],
        "origin": picking["origin"],
        "state": "confirmed",
        "product_id": product["id"],
        OPEN_PRODUCT: product["id"],
        "product_uom_qty": float(units),
        "quantity": 0.0,
        "reserved": [],
        "picked": False,
        "is_inventory": False,
        "sequence": line["sequence"],
        "date": env.now_seconds,
        "picking_id": picking["id"],
        "sale_line_id": line["id"],
        "location_id": picking["location_id"],
        "location_dest_id": picking["location_dest_id"],
        "company_id": picking["company_id"],
    }
    return env.row("stock.move", env.insert("stock.move", values))


def reserve(env: Env, move: Row) -> None:
    """Reserve what a move still lacks, as far as there is stock.

    Args:
        env: The call.
        move: An open move.
    """
    held = to_decimal(move["quantity"])
    wanted = to_decimal(move["product_uom_qty"]) - held
    if env.row("product.product", move["product_id"])["is_storable"]:
        taken = stock_quant.reserve(env, move["product_id"], move["location_id"], wanted)
    else:
        taken = [[0, float(wanted)]]
    held += sum((to_decimal(units) for _, units in taken), _ZERO)
    _set_held(env, move, [*move["reserved"], *taken], held)


def _set_held(env: Env, move: Row, reserved: list[list[float]], held: Decimal) -> None:
    full = held >= to_decimal(move["product_uom_qty"])
    state = "assigned" if full else "partially_available" if held > 0 else "confirmed"
    env.update("stock.move", move["id"], reserved=reserved, quantity=float(held), state=state)


def release_down_to(env: Env, move: Row, keep: Decimal) -> None:
    """Give back what a move holds above a quantity.

    Args:
        env: The call.
        move: An open move.
        keep: Units it may hold.
    """
    kept: list[list[float]] = []
    held = _ZERO
    for quant_id, units in move["reserved"]:
        stays = min(to_decimal(units), keep - held)
        if quant_id and stays < to_decimal(units):
            stock_quant.release(env, int(quant_id), to_decimal(units) - stays)
        if stays > 0:
            kept.append([quant_id, float(stays)])
            held += stays
    _set_held(env, move, kept, held)


def cancel_move(env: Env, move: Row) -> None:
    """Cancel a move and give back what it reserved.

    Args:
        env: The call.
        move: An open move.
    """
    release_down_to(env, move, _ZERO)
    env.update("stock.move", move["id"], state="cancel", **{OPEN_PRODUCT: None})


def cancel_order(env: Env, order_id: int) -> None:
    """Cancel the open deliveries of an order.

    Args:
        env: The call.
        order_id: The order.
    """
    for picking in env.rows("stock.picking", "sale_id", order_id):
        for move in env.rows("stock.move", "picking_id", picking["id"]):
            if move["state"] not in CLOSED:
                cancel_move(env, move)
        refresh_picking(env, picking["id"])


def refresh_picking(env: Env, picking_id: int) -> None:
    """Derive a delivery's state from its moves.

    Args:
        env: The call.
        picking_id: The delivery.
    """
    picking = env.row("stock.picking", picking_id)
    states = {row["state"] for row in env.rows("stock.move", "picking_id", picking_id)}
    if picking["state"] in CLOSED or not states:
        return
    still_open = states - CLOSED
    if not still_open:
        state = "done" if "done" in states else "cancel"
    else:
        state = "assigned" if still_open & {"assigned", "partially_available"} else "confirmed"
    if state != picking["state"]:
        env.update("stock.picking", picking_id, state=state)


def delivery_status(env: Env, order: Row) -> str | None:
    """Derive how far an order is delivered.

    Args:
        env: The call.
        order: The order.

    Returns:
        None without deliveries, else pending, partial or full.
    """
    states = [row["state"] for row in env.rows("stock.picking", "sale_id", order["id"])]
    states = [state for state in states if state != "cancel"]
    if not states:
        return None
    if all(state == "done" for state in states):
        return "full"
    return "partial" if "done" in states else "pending"
