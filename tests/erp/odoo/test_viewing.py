"""What Odoo has comes back in the words of the port: orders, SKUs and free units."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from erp.odoo.making import VAT, Maker, to_document
from erp.odoo.running import StandIn
from retail_ops.contracts.ids import EntityKey
from retail_ops.contracts.money import Money
from retail_ops.contracts.order import Order
from retail_ops.erp.odoo.client import CompanyCaller, Json
from retail_ops.erp.odoo.orders import OdooOrders
from retail_ops.erp.odoo.products import fetch_skus
from retail_ops.erp.odoo.results import key_of

UK = Maker()
Names = Callable[[], str]


def placed(erp: OdooOrders, fresh: Names) -> Order:
    name = fresh()
    order = UK.order(name, (UK.line(f"{name}-a", 1200, 2, UK.tax(VAT, 400)), UK.line(f"{name}-b", 600, 1)))
    erp.place_orders([to_document(order)])
    return order


def test_orders_are_read_as_odoo_has_them(erp: OdooOrders, standin: StandIn, fresh: Names) -> None:
    order = placed(erp, fresh)
    missing = EntityKey("shopify_uk", "order", "gid://shopify/Order/nowhere")
    found = erp.read_orders([key_of(order), missing])
    assert list(found) == [key_of(order)]
    view, row = found[key_of(order)], standin.orders("shopify_uk", order.external_id)[0]
    assert (view.reference, view.number, view.state, view.processed) == (
        str(row["id"]),
        row["name"],
        "quotation",
        False,
    )
    assert (view.total, view.placed_at) == (
        Money(minor=3000, currency="GBP"),
        datetime(2026, 11, 20, 14, 5, 6, tzinfo=UTC),
    )
    assert [(line.erp_line_id, line.units) for line in view.lines] == [
        (str(row["lines"][0]["id"]), 2),
        (str(row["lines"][1]["id"]), 1),
    ]


def test_state_processing_and_version_follow_the_order(erp: OdooOrders, standin: StandIn, fresh: Names) -> None:
    order = placed(erp, fresh)
    key, seen = key_of(order), []
    seen.append(erp.read_orders([key])[key])
    erp.confirm_orders([order])
    seen.append(erp.read_orders([key])[key])
    row = standin.orders("shopify_uk", order.external_id)[0]
    CompanyCaller(standin.client()).push(
        "sale.order.line", "write", [row["lines"][0]["id"]], {"product_uom_qty": 3, "price_unit": 12.0}
    )
    seen.append(erp.read_orders([key])[key])
    standin.control("POST", "deliver", {"order_id": row["id"]})
    seen.append(erp.read_orders([key])[key])
    assert [view.state for view in seen] == ["quotation", "confirmed", "confirmed", "confirmed"]
    assert [view.processed for view in seen] == [False, False, False, True]
    assert [line.delivered_units for line in seen[-1].lines] == [3, 1]
    assert len({view.version for view in seen}) == 4


def test_many_orders_of_which_most_are_missing(erp: OdooOrders, fresh: Names) -> None:
    order = placed(erp, fresh)
    keys = [EntityKey("shopify_uk", "order", f"gid://shopify/Order/none-{n}") for n in range(60)]
    assert list(erp.read_orders([*keys, key_of(order)])) == [key_of(order)]
    assert erp.read_orders([]) == {}


def test_a_sku_that_is_unknown_or_archived_is_absent(erp: OdooOrders, standin: StandIn) -> None:
    standin.control("POST", "seed", {"products": [{"sku": "OLD-1", "active": False}]})
    found = erp.find_skus(["TS-001", "RO-TIP", "OLD-1", "NOPE"])
    assert {sku: fact.stocked for sku, fact in found.items()} == {"TS-001": True, "RO-TIP": False}


class Twins:
    """Two active products with one SKU, which the stand-in's seed cannot make."""

    def fetch(self, model: str, method: str, *args: Json, context: Mapping[str, Json] | None = None) -> Any:
        assert (model, method) == ("product.product", "search_read")
        products = [(1, "TWIN-1"), (2, "TWIN-1"), (3, "SOLE-1")]
        return [{"id": number, "default_code": sku, "is_storable": True} for number, sku in products]

    def push(self, model: str, method: str, *args: Json, context: Mapping[str, Json] | None = None) -> Any:
        raise AssertionError("looking up products writes nothing")


def test_a_sku_of_two_active_products_is_absent() -> None:
    assert list(fetch_skus(Twins(), ["TWIN-1", "SOLE-1"])) == ["SOLE-1"]


def test_free_units_are_what_is_not_reserved(erp: OdooOrders, standin: StandIn, fresh: Names) -> None:
    standin.control("POST", "seed", {"products": [{"sku": "FREE-1", "stock": {"WH": "10"}}]})
    name = fresh()
    order = UK.order(name, (UK.line(f"{name}-a", 1000, 4, sku="FREE-1"),))
    erp.place_orders([to_document(order)])
    assert erp.free_units(["FREE-1", "RO-TIP", "NOPE"]) == {"FREE-1": 10}
    erp.confirm_orders([order])
    assert erp.free_units(["FREE-1"]) == {"FREE-1": 6}
