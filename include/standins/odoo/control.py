"""The control interface: master data, stock, deliveries, faults, and every order for independent checking.

Amounts leave here as decimal strings.  Not here: what clients of Odoo call (see `service`).
"""

from collections.abc import Mapping
from decimal import Decimal

from standins.odoo import seeding, xmlids
from standins.odoo.env import Env
from standins.odoo.errors import OdooValueError, RefusedError
from standins.odoo.faults import FaultQueue
from standins.odoo.models import delivering
from standins.odoo.service import Service
from standins.odoo.values import Row, Value, to_decimal


class Control:
    """What a holder of the control token may do."""

    def __init__(self, service: Service, faults: FaultQueue) -> None:
        self._service = service
        self._faults = faults

    def handle(self, method: str, path: str, body: Row) -> Value:
        """Answer a request.

        Args:
            method: The HTTP method.
            path: The path below ``/control``.
            body: The JSON body, empty without one.

        Returns:
            The JSON answer.

        Raises:
            OdooError: When the request does not fit.
        """
        match method, path:
            case "POST", "/seed":
                return self._seed(body)
            case "POST", "/stock":
                return self._stock(body)
            case "POST", "/deliver":
                return self._deliver(body)
            case "GET", "/orders":
                return {"orders": self._service.as_admin(orders)}
            case "POST", "/faults":
                self._faults.add(body)
            case "DELETE", "/faults":
                self._faults.clear()
            case "GET", "/faults":
                pass
            case _:
                raise RefusedError(f"{method} /control{path}")
        return {"waiting": self._faults.waiting()}

    def _seed(self, body: Row) -> Value:
        ids = self._service.as_admin(lambda env: seeding.seed(env, body))
        if body.get("custom_fields"):
            self._service.reload_fields()
        return {"ids": ids}

    def _stock(self, body: Row) -> Value:
        def work(env: Env) -> Value:
            found = env.model("product.product").find([["default_code", "=", body["sku"]]], active_test=False)
            if not found:
                raise RefusedError(f"stock of the unknown product {body['sku']!r}")
            seeding.set_stock(env, found[0], body["warehouse"], body["quantity"])
            return {"product_id": found[0]}

        return self._service.as_admin(work)

    def _deliver(self, body: Row) -> Value:
        lines: Mapping[str, Value] | None = body.get("lines")
        wanted = None if lines is None else {int(line): Decimal(str(units)) for line, units in lines.items()}

        def work(env: Env) -> Value:
            return {"picking_ids": delivering.deliver(env, _order_id(env, body["order_id"]), wanted)}

        return self._service.as_admin(work)


def _order_id(env: Env, key: Value) -> int:
    if isinstance(key, int):
        return int(env.row("sale.order", key)["id"])
    known = xmlids.resolve(env, *xmlids.split(str(key), "__import__"))
    if known is None or known.model != "sale.order":
        raise OdooValueError(f"External ID not found in the system: {key}")
    return known.record_id


def orders(env: Env) -> list[Row]:
    """Describe every order.

    Args:
        env: A call of the administrator.

    Returns:
        The orders by id, amounts and quantities as decimal strings.
    """
    return [_order(env, record_id) for record_id in sorted(env.tx.all_ids("sale.order"))]


def _order(env: Env, order_id: int) -> Row:
    row = env.row("sale.order", order_id)
    currency = env.row("res.currency", row["currency_id"])
    digits = currency["decimal_places"]
    lines = env.rows("sale.order.line", "order_id", order_id)
    return {
        "id": order_id,
        "name": row["name"],
        "xmlid": xmlids.of_record(env, "sale.order", order_id),
        "partner_id": row["partner_id"],
        "client_order_ref": row["client_order_ref"],
        "origin": row["origin"],
        "state": row["state"],
        "date_order": row["date_order"],
        "currency": currency["name"],
        **{key: _amount(row[key], digits) for key in ("amount_untaxed", "amount_tax", "amount_total")},
        "lines": [_line(env, line, digits) for line in lines],
    }


def _line(env: Env, line: Row, digits: int) -> Row:
    product = env.tx.get("product.product", line["product_id"] or 0)
    moves = [row for row in env.rows("stock.move", "sale_line_id", line["id"]) if row["state"] != "cancel"]
    reserved = sum((to_decimal(row["quantity"]) for row in moves if row["state"] != "done"), Decimal(0))
    return {
        "id": line["id"],
        "xmlid": xmlids.of_record(env, "sale.order.line", line["id"]),
        "sku": product["default_code"] if product else None,
        "name": line["name"],
        "display_type": line["display_type"],
        "is_delivery": line["is_delivery"],
        "quantity": str(to_decimal(line["product_uom_qty"])),
        "quantity_delivered": str(to_decimal(line["qty_delivered"])),
        "quantity_reserved": str(reserved),
        "price_unit": str(to_decimal(line["price_unit"])),
        "discount": str(to_decimal(line["discount"])),
        "taxes": [env.row("account.tax", tax_id)["name"] for tax_id in line["tax_id"]],
        "price_subtotal": _amount(line["price_subtotal"], digits),
        "price_total": _amount(line["price_total"], digits),
    }


def _amount(number: float, digits: int) -> str:
    return f"{to_decimal(number):.{digits}f}"
