"""An unprocessed order follows its channel in one write; a processed one is left alone and says what differs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from erp.odoo.making import STATE_TAX, VAT, Maker, address, address_ref, buyer, personal, to_document
from erp.odoo.running import StandIn
from retail_ops.contracts.order import Order, OrderLine
from retail_ops.erp.odoo.client import CompanyCaller
from retail_ops.erp.odoo.orders import OdooOrders
from retail_ops.ports.erp import WriteResult

UK = Maker()
Names = Callable[[], str]


def line(name: str, units: int, price: int = 1200, **changes: Any) -> OrderLine:
    gross = price * units - changes.get("discount", 0)
    return UK.line(name, price, units, UK.tax(VAT, (gross * 2 + 6) // 12), **changes)


def start(erp: OdooOrders, name: str, *, confirm: bool) -> Order:
    order = UK.order(name, (line(f"{name}-a", 2), line(f"{name}-b", 1, sku="TS-002")))
    assert erp.place_orders([to_document(order)])[0].outcome == "applied"
    if confirm:
        assert erp.confirm_orders([order])[0].outcome == "applied"
    return order


def edited(name: str, *lines: OrderLine, **changes: Any) -> Order:
    return UK.order(name, lines, edited=True, **changes)


def amend(erp: OdooOrders, order: Order, data: Any = None) -> WriteResult:
    return erp.amend_order(to_document(order, data))


def row_of(standin: StandIn, order: Order) -> dict[str, Any]:
    (row,) = standin.orders("shopify_uk", order.external_id)
    return row


def lines_of(standin: StandIn, order: Order) -> list[tuple[str, str, str, str]]:
    return [
        (each["sku"], each["quantity"], each["price_unit"], each["discount"])
        for each in row_of(standin, order)["lines"]
    ]


def grown(name: str) -> Order:
    """The first line grows and has a discount now, the second is gone, a third is new."""
    return edited(
        name,
        line(f"{name}-a", 3, discount=300),
        line(f"{name}-b", 0, sku="TS-002"),
        line(f"{name}-c", 4, 500, sku="TS-003"),
    )


def test_a_quotation_is_brought_to_the_edited_order(erp: OdooOrders, standin: StandIn, fresh: Names) -> None:
    name = fresh()
    start(erp, name, confirm=False)
    order = grown(name)
    result = amend(erp, order)
    assert (result.outcome, result.receipt["total"], result.receipt["changed"]) == ("applied", 5300, True)
    assert sorted(lines_of(standin, order)) == [
        ("RO-DISCOUNT", "1.0", "-3.0", "0.0"),
        ("TS-001", "3.0", "12.0", "0.0"),
        ("TS-003", "4.0", "5.0", "0.0"),
    ]


def test_a_confirmed_order_keeps_the_removed_line_at_zero_and_reserves_the_rest(
    erp: OdooOrders, standin: StandIn, fresh: Names
) -> None:
    name = fresh()
    start(erp, name, confirm=True)
    order = grown(name)
    result = amend(erp, order)
    assert (result.outcome, result.receipt["total"]) == ("applied", 5300)
    assert (result.receipt["wanted_units"], result.receipt["reserved_units"]) == (7, 7)
    assert ("TS-002", "0.0", "12.0", "0.0") in lines_of(standin, order)
    assert (row_of(standin, order)["state"], row_of(standin, order)["date_order"]) == ("sale", "2026-11-20 14:05:06")


def test_control_a_quantity_alone_would_reset_the_price(erp: OdooOrders, standin: StandIn, fresh: Names) -> None:
    name = fresh()
    order = start(erp, name, confirm=False)
    target = row_of(standin, order)["lines"][0]["id"]
    CompanyCaller(standin.client()).push("sale.order.line", "write", [target], {"product_uom_qty": 3})
    assert ("TS-001", "3.0", "10.0", "0.0") in lines_of(standin, order)


@pytest.mark.parametrize("confirm", [False, True])
def test_amending_again_writes_nothing(erp: OdooOrders, standin: StandIn, fresh: Names, confirm: bool) -> None:
    name = fresh()
    start(erp, name, confirm=confirm)
    order = grown(name)
    first = amend(erp, order)
    before = standin.read("sale.order", [int(first.reference or 0)], "write_date", "order_line")
    second = amend(erp, order)
    after = standin.read("sale.order", [int(first.reference or 0)], "write_date", "order_line")
    assert (second.outcome, second.receipt["changed"], second.receipt["version"]) == (
        "applied",
        False,
        first.receipt["version"],
    )
    assert after == before


def test_a_line_that_people_added_in_odoo_goes(erp: OdooOrders, standin: StandIn, fresh: Names) -> None:
    name = fresh()
    order = start(erp, name, confirm=False)
    caller = CompanyCaller(standin.client())
    product = caller.fetch("product.product", "search", [["default_code", "=", "TS-003"]])[0]
    caller.push(
        "sale.order", "write", [row_of(standin, order)["id"]], {"order_line": [[0, 0, {"product_id": product}]]}
    )
    assert len(lines_of(standin, order)) == 3
    assert amend(erp, order).outcome == "applied"
    assert len(lines_of(standin, order)) == 2


def test_addresses_follow(erp: OdooOrders, standin: StandIn, fresh: Names) -> None:
    name, mail = fresh(), fresh()
    person = buyer(name, mail=mail)
    first = UK.order(name, (line(f"{name}-a", 2),), buyer=person, delivery=address_ref(f"old {name}"))
    erp.place_orders([to_document(first, personal(addresses={"delivery": address()}))])
    moved = UK.order(name, first.lines, buyer=person, delivery=address_ref(f"new {name}"))
    result = amend(erp, moved, personal(addresses={"delivery": address(city="Leeds")}))
    assert (result.outcome, result.receipt["changed"]) == ("applied", True)
    (order,) = standin.read("sale.order", [int(result.reference or 0)], "partner_shipping_id")
    (child,) = standin.read("res.partner", [order["partner_shipping_id"][0]], "city")
    assert child["city"] == "Leeds"


def test_a_delivered_order_is_left_alone_and_the_difference_is_told(
    erp: OdooOrders, standin: StandIn, fresh: Names
) -> None:
    name = fresh()
    order = start(erp, name, confirm=True)
    standin.control("POST", "deliver", {"order_id": row_of(standin, order)["id"]})
    before = row_of(standin, order)
    result = amend(erp, grown(name))
    assert result.problem is not None
    assert (result.outcome, result.problem.code) == ("rejected", "already_processed")
    difference: Any = result.receipt["difference"]
    assert [(each["line"], each["units"], each.get("erp_units")) for each in difference] == [
        (f"line/gid://shopify/LineItem/{name}-a", 3, 2),
        (f"line-discount/gid://shopify/LineItem/{name}-a", 1, None),
        (f"line/gid://shopify/LineItem/{name}-c", 4, None),
        (None, 0, 1),
    ]
    assert row_of(standin, order) == before


def test_a_delivered_order_that_fits_is_applied(erp: OdooOrders, standin: StandIn, fresh: Names) -> None:
    name = fresh()
    order = start(erp, name, confirm=True)
    standin.control("POST", "deliver", {"order_id": row_of(standin, order)["id"]})
    assert amend(erp, order).outcome == "applied"


def test_a_delivered_order_keeps_its_addresses(erp: OdooOrders, standin: StandIn, fresh: Names) -> None:
    name = fresh()
    person = buyer(name, mail=name)
    order = UK.order(name, (line(f"{name}-a", 2),), buyer=person)
    erp.place_orders([to_document(order)])
    erp.confirm_orders([order])
    reference = row_of(standin, order)["id"]
    standin.control("POST", "deliver", {"order_id": reference})
    moved = UK.order(name, order.lines, buyer=person, delivery=address_ref(f"new {name}"))
    before = standin.read("sale.order", [reference], "partner_shipping_id", "partner_invoice_id")
    result = amend(erp, moved, personal(addresses={"delivery": address(city="Leeds")}))
    assert result.problem is not None
    assert result.problem.code == "already_processed"
    assert result.receipt["difference"] == [{"address": "partner_shipping_id"}, {"address": "partner_invoice_id"}]
    assert standin.read("sale.order", [reference], "partner_shipping_id", "partner_invoice_id") == before


def test_a_partly_delivered_order_is_processed(erp: OdooOrders, standin: StandIn, fresh: Names) -> None:
    name = fresh()
    order = start(erp, name, confirm=True)
    row = row_of(standin, order)
    standin.control("POST", "deliver", {"order_id": row["id"], "lines": {str(row["lines"][0]["id"]): "1"}})
    result = amend(erp, grown(name))
    assert result.problem is not None
    assert result.problem.code == "already_processed"


@pytest.mark.parametrize(("method", "code"), [("action_lock", "locked"), ("action_cancel", "cancelled")])
def test_locked_and_cancelled_orders_are_left_alone(
    erp: OdooOrders, standin: StandIn, fresh: Names, method: str, code: str
) -> None:
    name = fresh()
    order = start(erp, name, confirm=False)
    CompanyCaller(standin.client()).push("sale.order", method, [row_of(standin, order)["id"]])
    before = row_of(standin, order)
    result = amend(erp, grown(name))
    assert result.problem is not None
    assert (result.outcome, result.problem.code) == ("rejected", code)
    assert row_of(standin, order) == before


def test_a_rounding_line_comes_and_goes(erp: OdooOrders, standin: StandIn, fresh: Names) -> None:
    maker, name = Maker(account="shopify_uk", currency="USD"), fresh()

    def taxed(tax: int) -> Order:
        return maker.order(name, (maker.line(f"{name}-a", 999, 1, maker.tax(STATE_TAX, tax)),), tax_included=False)

    erp.place_orders([to_document(taxed(72))])
    assert amend(erp, taxed(73)).receipt["total"] == 1072
    assert [each[0] for each in lines_of(standin, taxed(72))] == ["TS-001", "RO-ROUNDING"]
    assert amend(erp, taxed(72)).receipt["total"] == 1071
    assert [each[0] for each in lines_of(standin, taxed(72))] == ["TS-001"]


def test_a_change_between_look_and_write_is_seen(erp: OdooOrders, standin: StandIn, fresh: Names) -> None:
    """Somebody changes a quantity right before our write: we look again, compare again and still end balanced."""
    name = fresh()
    order = start(erp, name, confirm=False)
    target = row_of(standin, order)["lines"][0]["id"]
    amending, hand = erp._ready().amending, CompanyCaller(standin.client())
    original, looks = amending._look, [0]

    def look(order_id: int) -> Any:
        looks[0] += 1
        if looks[0] == 2:
            hand.push("sale.order.line", "write", [target], {"product_uom_qty": 9, "price_unit": 1.0})
        return original(order_id)

    amending._look = look  # type: ignore[method-assign]
    result = amend(erp, edited(name, line(f"{name}-a", 5), line(f"{name}-b", 1, sku="TS-002")))
    assert (result.outcome, result.receipt["total"]) == ("applied", 7200)
    assert looks[0] >= 5


@pytest.mark.parametrize("fault", ["reset_before", "reset_after_effect", "http_500", "malformed_json"])
@pytest.mark.parametrize(("model", "method"), [("sale.order", "write"), ("sale.order.line", "load")])
@pytest.mark.parametrize("confirm", [False, True])
def test_every_gap_heals_without_doubled_lines(
    erp: OdooOrders, standin: StandIn, fresh: Names, fault: str, model: str, method: str, confirm: bool
) -> None:
    name = fresh()
    start(erp, name, confirm=confirm)
    order = grown(name)
    standin.control("POST", "faults", {"fault": fault, "model": model, "method": method})
    assert amend(erp, order).outcome in {"applied", "deferred"}
    result = amend(erp, order)
    assert (result.outcome, result.receipt["total"]) == ("applied", 5300)
    present = [each for each in lines_of(standin, order) if each[1] != "0.0"]
    assert sorted(each[0] for each in present) == ["RO-DISCOUNT", "TS-001", "TS-003"]


def test_claimed_lines_change_no_amount_until_the_write(erp: OdooOrders, standin: StandIn, fresh: Names) -> None:
    name = fresh()
    order = start(erp, name, confirm=True)
    before = row_of(standin, order)
    standin.control("POST", "faults", {"fault": "reset_before", "model": "sale.order", "method": "write"})
    assert amend(erp, grown(name)).outcome == "deferred"
    after = row_of(standin, order)
    assert len(after["lines"]) == len(before["lines"]) + 2
    assert (after["amount_total"], after["amount_tax"]) == (before["amount_total"], before["amount_tax"])
    assert {each["quantity_reserved"] for each in after["lines"][2:]} == {"0"}


def test_an_order_that_odoo_does_not_know_is_named(erp: OdooOrders, fresh: Names) -> None:
    result = amend(erp, grown(fresh()))
    assert result.problem is not None
    assert result.problem.code == "not_placed"
