"""The barest client that puts orders into Odoo: odoorpc, `create` with lists, `action_confirm`.

What it leaves out is what the product is for: it finds nothing again (a second run makes every order twice), checks no
total, restores no date, reads nothing back, and one bad order takes its batch down.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import odoorpc

from benchmarks.measuring import BenchmarkError
from retail_ops.erp.odoo.rows import to_moment
from retail_ops.ports.channel import MappedOrder
from support.standins import KEY, Standin

_TIMEOUT_S = 180
_CONTEXT = {"lang": "en_US", "tz": "UTC", "tracking_disable": True}


class BareOdoo:
    """One log-in; ids of the master data are read before anything is timed."""

    def __init__(self, standin: Standin) -> None:
        self._odoo = odoorpc.ODOO("127.0.0.1", "jsonrpc", standin.port, timeout=_TIMEOUT_S, version="18.0")
        self._odoo.login("demo", "integration", KEY)
        self.warm_up()

    def warm_up(self) -> None:
        """Read the ids that orders name."""
        if not (self._products and self._ids):
            raise BenchmarkError("Odoo has no master data")

    def place_together(self, orders: Sequence[MappedOrder]) -> None:
        """Create and confirm all orders of a batch: four calls.

        Raises:
            BenchmarkError: Odoo made fewer orders than asked.
        """
        partners = self._call("res.partner", "create", [_partner(mapped) for mapped in orders])
        addresses = [self._address(mapped, parent) for mapped, parent in zip(orders, partners, strict=True)]
        places = self._call("res.partner", "create", addresses)
        wanted = [self._order(*parts) for parts in zip(orders, partners, places, strict=True)]
        made = self._call("sale.order", "create", wanted)
        self._call("sale.order", "action_confirm", made)
        if len(set(made)) != len(orders):
            raise BenchmarkError(f"{len(orders)} orders became {len(set(made))}")

    def place_one_by_one(self, orders: Sequence[MappedOrder]) -> None:
        """Create and confirm each order by itself: four calls an order."""
        for mapped in orders:
            self.place_together([mapped])

    @cached_property
    def _products(self) -> Mapping[str, int]:
        rows = self._call("product.product", "search_read", [["default_code", "!=", False]], ["default_code"])
        return {row["default_code"]: row["id"] for row in rows}

    @cached_property
    def _ids(self) -> Mapping[str, int]:
        return {
            "warehouse": self._find("stock.warehouse", "code", "WH"),
            "pricelist": self._find("product.pricelist", "name", "Shopify GBP"),
            "tax": self._find("account.tax", "name", "UK VAT 20% incl"),
            "country": self._find("res.country", "code", "GB"),
        }

    def _find(self, model: str, field: str, value: str) -> int:
        return int(self._call(model, "search_read", [[field, "=", value]], ["id"])[0]["id"])

    def _call(self, model: str, method: str, *args: Any) -> Any:  # noqa: ANN401 - what odoorpc takes and gives
        return self._odoo.execute_kw(model, method, list(args), {"context": _CONTEXT})

    def _address(self, mapped: MappedOrder, parent: int) -> dict[str, Any]:
        address = mapped.personal.addresses["delivery"]
        return {
            "parent_id": parent, "type": "other", "name": address.name, "street": address.street,
            "zip": address.postcode, "city": address.city, "country_id": self._ids["country"],
        }  # fmt: skip

    def _order(self, mapped: MappedOrder, partner: int, place: int) -> dict[str, Any]:
        order, delivery = mapped.order, self._products["RO-SHIPPING"]
        lines = [
            self._line(
                self._products[line.sku or ""], line.title, line.current_units, line.unit_price.presentment.minor
            )
            for line in order.lines
        ]
        lines += [
            self._line(delivery, charge.title, 1, charge.price.presentment.minor) | {"is_delivery": True}
            for charge in order.shipping
        ]
        return {
            "partner_id": partner, "partner_invoice_id": place, "partner_shipping_id": place,
            "warehouse_id": self._ids["warehouse"], "pricelist_id": self._ids["pricelist"],
            "client_order_ref": order.number, "origin": f"bare:{order.external_id}",
            "date_order": to_moment(order.placed_at), "x_channel": order.account,
            "order_line": [[0, 0, line] for line in lines],
        }  # fmt: skip

    def _line(self, product: int, title: str, units: int, minor: int) -> dict[str, Any]:
        return {
            "product_id": product, "name": title, "product_uom_qty": units, "price_unit": minor / 100,
            "tax_id": [[6, 0, [self._ids["tax"]]]],
        }  # fmt: skip


def _partner(mapped: MappedOrder) -> dict[str, Any]:
    return {"name": mapped.personal.name, "email": mapped.personal.email}
