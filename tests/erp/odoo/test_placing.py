"""Orders arrive in Odoo as quotations, balanced to the cent, and one bad order never holds the rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from erp.odoo.making import (
    COUNTY_TAX,
    STATE_TAX,
    VAT,
    Maker,
    address,
    address_ref,
    buyer,
    personal,
    to_document,
)
from erp.odoo.running import StandIn, mapping_of
from retail_ops.contracts.money import Money
from retail_ops.contracts.order import Order
from retail_ops.erp.odoo import placing as placing_module
from retail_ops.erp.odoo.document import Document
from retail_ops.erp.odoo.loading import Record
from retail_ops.erp.odoo.orders import OdooOrders
from retail_ops.erp.odoo.placing import order_record as placing_order_record
from retail_ops.ports.erp import WriteResult

UK, US = Maker(), Maker(account="shopify_us", currency="USD")
Names = Callable[[], str]


def shirt(name: str, maker: Maker = UK, **changes: Any) -> Order:
    return maker.order(name, (maker.line(f"{name}-a", 1200, 2, maker.tax(VAT, 400)),), **changes)


def only(erp: OdooOrders, order: Order, data: Any = None) -> WriteResult:
    (result,) = erp.place_orders([to_document(order, data)])
    return result


def problem_of(result: WriteResult) -> tuple[str, str]:
    assert result.problem is not None
    return result.problem.code, result.problem.field


def test_an_order_becomes_a_quotation_with_all_its_facts(erp: OdooOrders, standin: StandIn, fresh: Names) -> None:
    name = fresh()
    order = UK.order(
        name,
        (UK.line(f"{name}-a", 1999, 3, UK.tax(VAT, 916), discount=500),),
        shipping=(UK.charge(f"{name}-s", 495, UK.tax(VAT, 83)),),
    )
    result = only(erp, order)
    (row,) = standin.orders("shopify_uk", order.external_id)
    assert (result.outcome, result.reference, row["state"]) == ("applied", str(row["id"]), "draft")
    assert result.receipt == {"name": row["name"], "state": "quotation", "total": 5992, "tax": 1000, "currency": "GBP"}
    assert (row["client_order_ref"], row["date_order"], row["amount_total"]) == (
        f"#{name}",
        "2026-11-20 14:05:06",
        "59.92",
    )
    lines = [
        (line["sku"], line["quantity"], line["price_unit"], line["taxes"], line["is_delivery"]) for line in row["lines"]
    ]
    vat = ["UK VAT 20% incl"]
    assert lines == [
        ("TS-001", "3.0", "19.99", vat, False),
        ("RO-DISCOUNT", "1.0", "-5.0", vat, False),
        ("RO-SHIPPING", "1.0", "4.95", vat, True),
    ]


def test_a_line_without_tax_never_inherits_the_products_taxes(erp: OdooOrders, standin: StandIn, fresh: Names) -> None:
    name = fresh()
    order = UK.order(name, (UK.line(f"{name}-a", 1000),), tips=(UK.charge(f"{name}-t", 100),))
    assert only(erp, order).outcome == "applied"
    (row,) = standin.orders("shopify_uk", order.external_id)
    assert [line["taxes"] for line in row["lines"]] == [[], []]


def test_two_us_taxes_and_a_rounding_line_of_one_cent(erp: OdooOrders, standin: StandIn, fresh: Names) -> None:
    name = fresh()
    line = US.line(f"{name}-a", 999, 1, US.tax(STATE_TAX, 73), US.tax(COUNTY_TAX, 22))
    order = US.order(name, (line,), tax_included=False)
    result = only(erp, order)
    (row,) = standin.orders("shopify_us", order.external_id)
    assert (result.outcome, result.receipt["rounding"], row["amount_total"]) == ("applied", 1, "10.94")
    last = row["lines"][-1]
    assert (last["sku"], last["price_unit"], last["taxes"], last["name"]) == ("RO-ROUNDING", "0.01", [], "tax rounding")


def test_yen_arrive_without_decimals(erp: OdooOrders, standin: StandIn, fresh: Names) -> None:
    maker, name = Maker(currency="JPY", shop="GBP"), fresh()
    order = maker.order(name, (maker.line(f"{name}-a", 1234, 3, maker.tax(VAT, 617)),))
    result = only(erp, order)
    (row,) = standin.orders("shopify_uk", order.external_id)
    assert (row["currency"], row["amount_total"], result.receipt["total"]) == ("JPY", "3702", 3702)


def test_dinars_below_two_digits_are_held(erp: OdooOrders, standin: StandIn, fresh: Names) -> None:
    maker, name = Maker(currency="KWD"), fresh()
    order = maker.order(name, (maker.line(f"{name}-a", 1234),))
    assert problem_of(only(erp, order)) == ("price_digits", "lines[0].unit_price")
    assert standin.orders("shopify_uk", order.external_id) == []


def test_one_bad_order_of_twenty_five_is_rejected_and_the_rest_is_placed(
    erp: OdooOrders, standin: StandIn, fresh: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders = [shirt(fresh()) for _ in range(24)]
    name = fresh()
    bad = UK.order(name, (UK.line(f"{name}-a", 1000, 1),))
    documents = [to_document(order) for order in (*orders[:7], bad, *orders[7:])]
    monkeypatch.setattr(placing_module, "order_record", _with_a_bad_product(bad))
    results = erp.place_orders(documents)
    assert [result.outcome for result in results] == ["applied"] * 7 + ["rejected"] + ["applied"] * 17
    assert problem_of(results[7])[0] == "odoo_refused"
    assert [result.key for result in results] == [document.key for document in documents]
    assert len(standin.orders("shopify_uk", *(order.external_id for order in (*orders, bad)))) == 24


def _with_a_bad_product(bad: Order) -> Callable[..., Record]:
    """Only Odoo can refuse this order: its product vanishes between our look-up and the insertion."""

    def order_record(document: Document, *args: Any) -> Record:
        if document.order == bad:
            lines = tuple(replace(line, product_id=999_999) for line in document.lines)
            document = replace(document, lines=lines)
        return placing_order_record(document, *args)

    return order_record


def test_a_tax_that_nobody_mapped_holds_only_its_order(erp: OdooOrders, fresh: Names) -> None:
    name = fresh()
    odd = UK.order(name, (UK.line(f"{name}-a", 100, 1, UK.tax(("Sugar levy", "0.1", True), 9)),))
    results = erp.place_orders([to_document(odd), to_document(shirt(fresh()))])
    assert [result.outcome for result in results] == ["rejected", "applied"]
    assert problem_of(results[0]) == ("unmapped_tax", "lines[0].taxes[0]")


def test_a_country_that_odoo_does_not_know_holds_only_its_order(erp: OdooOrders, fresh: Names) -> None:
    odd = shirt(fresh(), buyer=buyer("x", mail=fresh()), delivery=address_ref("x", "QQ"))
    results = erp.place_orders([to_document(odd), to_document(shirt(fresh()))])
    assert [result.outcome for result in results] == ["rejected", "applied"]
    assert problem_of(results[0]) == ("unknown_country", "delivery.country")


def test_buyers_and_addresses_are_shared_between_orders(erp: OdooOrders, standin: StandIn, fresh: Names) -> None:
    mail, home = fresh(), address_ref(fresh())
    data = personal(addresses={"billing": address(), "delivery": address()})
    person = buyer("x", mail=mail)
    orders = [shirt(fresh(), buyer=person, billing=home, delivery=home) for _ in range(3)]
    first = erp.place_orders([to_document(order, data) for order in orders[:2]])
    renamed = personal(name="Ann Smith", addresses={"billing": address(), "delivery": address()})
    second = erp.place_orders([to_document(orders[2], renamed)])
    assert {result.outcome for result in (*first, *second)} == {"applied"}
    ids = [int(result.reference or 0) for result in (*first, *second)]
    rows = standin.read("sale.order", ids, "partner_id", "partner_invoice_id", "partner_shipping_id")
    assert (
        len({(row["partner_id"][0], row["partner_invoice_id"][0], row["partner_shipping_id"][0]) for row in rows}) == 1
    )
    (partner,) = standin.read("res.partner", [rows[0]["partner_id"][0]], "name", "child_ids", "is_company")
    (child,) = standin.read("res.partner", partner["child_ids"], "type", "city", "country_id")
    assert (partner["name"], partner["is_company"], child["type"], child["city"]) == (
        "Ann Lee",
        False,
        "other",
        "London",
    )
    assert child["country_id"][1] == "United Kingdom"


def test_orders_without_buyer_and_address_share_the_guest_partner(
    erp: OdooOrders, standin: StandIn, fresh: Names
) -> None:
    results = erp.place_orders([to_document(shirt(fresh())) for _ in range(2)])
    rows = standin.read("sale.order", [int(result.reference or 0) for result in results], "partner_id")
    assert {row["partner_id"][1] for row in rows} == {"Shop guests"}


def test_a_guest_with_an_address_is_a_partner_of_its_own(erp: OdooOrders, standin: StandIn, fresh: Names) -> None:
    names = [fresh(), fresh()]
    data = personal(addresses={"delivery": address()})
    orders = [shirt(name, buyer=buyer(name), delivery=address_ref("same")) for name in names]
    results = erp.place_orders([to_document(order, data) for order in orders])
    rows = standin.read("sale.order", [int(result.reference or 0) for result in results], "partner_id")
    assert len({row["partner_id"][0] for row in rows}) == 2


def test_a_business_order_belongs_to_the_company(erp: OdooOrders, standin: StandIn, fresh: Names) -> None:
    data = personal(company="ACME Ltd", addresses={"billing": address(), "delivery": address(city="Leeds")})
    refs: dict[str, Any] = {"billing": address_ref(fresh()), "delivery": address_ref(fresh())}
    order = shirt(fresh(), buyer=buyer("x", mail="m", company=f"gid://shopify/Company/{fresh()}"), **refs)
    result = only(erp, order, data)
    (row,) = standin.read(
        "sale.order", [int(result.reference or 0)], "partner_id", "partner_invoice_id", "partner_shipping_id"
    )
    (company,) = standin.read("res.partner", [row["partner_id"][0]], "name", "is_company", "email")
    assert (company["name"], company["is_company"], company["email"]) == ("ACME Ltd", True, False)
    ids = [row["partner_invoice_id"][0], row["partner_shipping_id"][0]]
    children = standin.read("res.partner", ids, "type", "city", "parent_id")
    assert [(child["type"], child["city"], child["parent_id"][0]) for child in children] == [
        ("invoice", "London", company["id"]),
        ("delivery", "Leeds", company["id"]),
    ]


def test_an_order_that_odoo_totals_differently_is_rejected_with_the_difference(standin: StandIn, fresh: Names) -> None:
    erp, name = OdooOrders(standin.client(), mapping_of(), pause=lambda _: None), fresh()
    order = shirt(name)
    assert only(erp, order).outcome == "applied"
    grown = UK.order(name, (UK.line(f"{name}-a", 1200, 3, UK.tax(VAT, 600)),))
    result = only(erp, grown)
    assert result.problem is not None
    assert (result.outcome, result.problem.code) == ("rejected", "total_differs")
    assert result.problem.difference == Money(minor=1200, currency="GBP")


def test_an_order_without_lines_is_placed(erp: OdooOrders, standin: StandIn, fresh: Names) -> None:
    order = UK.order(fresh(), ())
    assert only(erp, order).outcome == "applied"
    assert standin.orders("shopify_uk", order.external_id)[0]["lines"] == []


def test_more_orders_than_one_batch_are_placed_in_order(erp: OdooOrders, fresh: Names) -> None:
    orders = [shirt(fresh()) for _ in range(57)]
    results = erp.place_orders([to_document(order) for order in orders])
    assert [result.key.external_id for result in results] == [order.external_id for order in orders]
    assert {result.outcome for result in results} == {"applied"}


@pytest.mark.parametrize("fault", ["reset_before", "reset_after_effect", "http_500", "html_503", "malformed_json"])
@pytest.mark.parametrize("model", ["res.partner", "sale.order"])
def test_an_unknown_outcome_is_looked_up_by_the_same_call(
    erp: OdooOrders, standin: StandIn, fresh: Names, fault: str, model: str
) -> None:
    order = shirt(fresh(), buyer=buyer("x", mail=fresh()), delivery=address_ref("d"))
    erp.check()
    standin.control("POST", "faults", {"fault": fault, "model": model, "method": "load"})
    assert only(erp, order).outcome == "applied"
    assert len(standin.orders("shopify_uk", order.external_id)) == 1


def test_a_client_that_gave_up_finds_what_the_server_finished(standin: StandIn, fresh: Names) -> None:
    erp = OdooOrders(standin.client(write_timeout_s=0.3), mapping_of(), pause=lambda _: None)
    orders = [shirt(fresh()) for _ in range(5)]
    erp.check()
    fault = {"fault": "time_out_after_effect", "model": "sale.order", "method": "load", "seconds": 1.5}
    standin.control("POST", "faults", fault)
    results = erp.place_orders([to_document(order) for order in orders])
    assert {result.outcome for result in results} == {"applied"}
    rows = standin.orders("shopify_uk", *(order.external_id for order in orders))
    assert [len(row["lines"]) for row in rows] == [1] * 5


def test_conflicts_are_tried_again_and_then_deferred(erp: OdooOrders, standin: StandIn, fresh: Names) -> None:
    order = shirt(fresh())
    erp.check()
    fault = {"fault": "serialization_message", "model": "sale.order", "method": "load"}
    standin.control("POST", "faults", {**fault, "times": 3})
    refused = only(erp, order)
    assert (refused.outcome, refused.reference) == ("deferred", None)
    assert refused.retry_after_s > 0
    assert standin.orders("shopify_uk", order.external_id) == []
    standin.control("POST", "faults", {**fault, "times": 2})
    assert only(erp, order).outcome == "applied"


def test_a_read_back_that_fails_defers_and_the_next_call_finds_the_order(
    erp: OdooOrders, standin: StandIn, fresh: Names
) -> None:
    order = shirt(fresh())
    erp.check()
    standin.control("POST", "faults", {"fault": "http_500", "model": "sale.order", "method": "read"})
    assert only(erp, order).outcome == "deferred"
    assert only(erp, order).outcome == "applied"
    assert len(standin.orders("shopify_uk", order.external_id)) == 1
