"""The stored amounts of orders and their lines, recomputed when lines change.

Not here: the arithmetic (see `taxes`).
"""

from decimal import Decimal

from standins.odoo import taxes
from standins.odoo.env import Env
from standins.odoo.values import Row, to_decimal


def refresh_order(env: Env, order_id: int) -> None:
    """Store an order's totals.

    Args:
        env: The call.
        order_id: The order.
    """
    order = env.row("sale.order", order_id)
    unit, method = _rounding(env, order)
    rows = env.rows("sale.order.line", "order_id", order_id)
    lines = [_line(env, row) for row in rows if not row["display_type"]]
    amounts = taxes.order_amounts(lines, unit, method)
    env.update(
        "sale.order",
        order_id,
        amount_untaxed=float(amounts.untaxed),
        amount_tax=float(amounts.tax),
        amount_total=float(amounts.total),
    )


def refresh_lines(env: Env, order_id: int) -> None:
    """Store the amounts of every line of an order, after its currency changed.

    Args:
        env: The call.
        order_id: The order.
    """
    for row in env.rows("sale.order.line", "order_id", order_id):
        env.update("sale.order.line", row["id"], **of_line(env, row))
    env.later["sale.order", order_id] = refresh_order


def of_line(env: Env, row: Row) -> Row:
    """Compute what a line shows.

    Args:
        env: The call.
        row: The line.

    Returns:
        price_subtotal, price_tax and price_total; the tax is the difference of two floats, as Odoo's is.
    """
    if row["display_type"]:
        return {"price_subtotal": 0.0, "price_tax": 0.0, "price_total": 0.0}
    unit, method = _rounding(env, env.row("sale.order", row["order_id"]))
    amounts = taxes.line_amounts(_line(env, row), unit, method)
    subtotal, total = float(amounts.untaxed), float(amounts.total)
    return {"price_subtotal": subtotal, "price_tax": total - subtotal, "price_total": total}


def _rounding(env: Env, order: Row) -> tuple[Decimal, str]:
    company = env.row("res.company", order["company_id"])
    currency = env.row("res.currency", order["currency_id"])
    return to_decimal(currency["rounding"]), str(company["tax_calculation_rounding_method"])


def _line(env: Env, row: Row) -> taxes.Line:
    applied = (env.row("account.tax", tax_id) for tax_id in row["tax_id"])
    return taxes.Line(
        to_decimal(row["product_uom_qty"]),
        to_decimal(row["price_unit"]),
        to_decimal(row["discount"]),
        tuple(taxes.Tax(tax["id"], to_decimal(tax["amount"]), tax["price_include"]) for tax in applied),
    )
