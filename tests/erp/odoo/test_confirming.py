"""Quotations are confirmed in batches; their dates come back, short stock is reported, and every gap heals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from erp.odoo.making import VAT, Maker, to_document
from erp.odoo.running import StandIn
from retail_ops.contracts.order import Order
from retail_ops.erp.odoo.client import CompanyCaller
from retail_ops.erp.odoo.orders import OdooOrders

UK = Maker()
Names = Callable[[], str]
DATE = "2026-11-20 14:05:06"


def placed(erp: OdooOrders, fresh: Names, count: int = 1, **line: Any) -> list[Order]:
    orders = [_shirt(fresh(), **line) for _ in range(count)]
    assert {result.outcome for result in erp.place_orders([to_document(order) for order in orders])} == {"applied"}
    return orders


def _shirt(name: str, units: int = 2, **line: Any) -> Order:
    return UK.order(name, (UK.line(f"{name}-a", 1200, units, UK.tax(VAT, units * 200), **line),))


def rows_of(standin: StandIn, orders: Sequence[Order]) -> list[dict[str, Any]]:
    return standin.orders("shopify_uk", *(order.external_id for order in orders))


def caller_of(standin: StandIn) -> CompanyCaller:
    return CompanyCaller(standin.client())


def test_a_confirmed_order_keeps_its_date_and_has_its_goods(erp: OdooOrders, standin: StandIn, fresh: Names) -> None:
    orders = placed(erp, fresh, 3)
    results = erp.confirm_orders(orders)
    assert [result.outcome for result in results] == ["applied"] * 3
    assert {(row["state"], row["date_order"]) for row in rows_of(standin, orders)} == {("sale", DATE)}
    facts = {name: results[0].receipt[name] for name in ("state", "wanted_units", "reserved_units", "short_skus")}
    assert facts == {"state": "confirmed", "wanted_units": 2, "reserved_units": 2, "short_skus": []}


def test_short_stock_does_not_stop_an_order_but_is_reported(erp: OdooOrders, standin: StandIn, fresh: Names) -> None:
    standin.control("POST", "stock", {"sku": "SHORT-1", "warehouse": "WH", "quantity": "2"})
    (order,) = placed(erp, fresh, units=5, sku="SHORT-1")
    (result,) = erp.confirm_orders([order])
    assert result.outcome == "applied"
    assert (result.receipt["wanted_units"], result.receipt["reserved_units"]) == (5, 2)
    assert result.receipt["short_skus"] == ["SHORT-1"]
    erp.cancel_orders([order])


def test_confirming_again_changes_nothing(erp: OdooOrders, standin: StandIn, fresh: Names) -> None:
    orders = placed(erp, fresh, 2)
    first = erp.confirm_orders(orders)
    before = standin.read("sale.order", [int(result.reference or 0) for result in first], "write_date", "date_order")
    assert erp.confirm_orders(orders) == first
    after = standin.read("sale.order", [int(result.reference or 0) for result in first], "write_date", "date_order")
    assert after == before


def test_a_date_that_a_crash_left_wrong_is_put_back(erp: OdooOrders, standin: StandIn, fresh: Names) -> None:
    (order,) = placed(erp, fresh)
    caller = caller_of(standin)
    (row,) = rows_of(standin, [order])
    caller.push("sale.order", "action_confirm", [row["id"]])
    assert rows_of(standin, [order])[0]["date_order"] != DATE
    (result,) = erp.confirm_orders([order])
    assert (result.outcome, rows_of(standin, [order])[0]["date_order"]) == ("applied", DATE)


def test_one_order_that_cannot_be_confirmed_does_not_hold_the_rest(
    erp: OdooOrders, standin: StandIn, fresh: Names
) -> None:
    orders = placed(erp, fresh, 4)
    erp.cancel_orders(orders[1:2])
    unknown = _shirt(fresh())
    results = erp.confirm_orders([*orders, unknown])
    assert [result.outcome for result in results] == ["applied", "rejected", "applied", "applied", "rejected"]
    assert [result.problem.code for result in results if result.problem] == ["cancelled", "not_placed"]


def test_a_batch_that_odoo_refuses_is_halved(erp: OdooOrders, standin: StandIn, fresh: Names) -> None:
    """The order is cancelled by somebody else between our look and the confirmation."""
    orders = placed(erp, fresh, 5)
    caller, victim = caller_of(standin), rows_of(standin, orders[2:3])[0]["id"]
    original = erp._ready().caller.push

    def push(model: str, method: str, *args: Any, **named: Any) -> Any:
        if method == "action_confirm" and len(args[0]) == 5:
            caller.push("sale.order", "action_cancel", [victim])
        return original(model, method, *args, **named)

    erp._ready().caller.push = push  # type: ignore[method-assign]
    results = erp.confirm_orders(orders)
    assert [result.outcome for result in results] == ["applied", "applied", "rejected", "applied", "applied"]


@pytest.mark.parametrize("method", ["action_confirm", "write"])
@pytest.mark.parametrize("fault", ["reset_before", "reset_after_effect", "http_500", "malformed_json"])
def test_every_gap_heals_on_the_next_call(
    erp: OdooOrders, standin: StandIn, fresh: Names, method: str, fault: str
) -> None:
    orders = placed(erp, fresh, 2)
    standin.control("POST", "faults", {"fault": fault, "model": "sale.order", "method": method})
    first = erp.confirm_orders(orders)
    assert {result.outcome for result in first} <= {"applied", "deferred"}
    assert [result.outcome for result in erp.confirm_orders(orders)] == ["applied"] * 2
    assert {(row["state"], row["date_order"]) for row in rows_of(standin, orders)} == {("sale", DATE)}


def test_an_unknown_outcome_that_took_effect_is_seen_at_once(erp: OdooOrders, standin: StandIn, fresh: Names) -> None:
    orders = placed(erp, fresh, 2)
    standin.control(
        "POST", "faults", {"fault": "reset_after_effect", "model": "sale.order", "method": "action_confirm"}
    )
    assert [result.outcome for result in erp.confirm_orders(orders)] == ["applied"] * 2


def test_reads_that_fail_defer_everything(erp: OdooOrders, standin: StandIn, fresh: Names) -> None:
    orders = placed(erp, fresh, 2)
    standin.control("POST", "faults", {"fault": "http_500", "model": "stock.move", "method": "search_read"})
    assert [result.outcome for result in erp.confirm_orders(orders)] == ["deferred"] * 2
