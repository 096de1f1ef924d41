"""Orders become documents whose total, as Odoo will compute it, is the order's to the cent; or a named problem."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from erp.odoo.making import (
    COUNTY_TAX,
    PRODUCTS,
    SKUS,
    STATE_TAX,
    VAT,
    Maker,
    directory,
)
from erp.odoo.running import mapping_of
from retail_ops.contracts.money import Money
from retail_ops.contracts.order import Order
from retail_ops.erp.odoo.document import Document, build_document
from retail_ops.ports.erp import Problem

UK, US, JP = Maker(), Maker(account="shopify_us", currency="USD"), Maker(currency="JPY")


def build(order: Order, *, rounding: str = "round_per_line", **mapping: Any) -> Document | Problem:
    return build_document(order, mapping_of(**mapping), directory(rounding=rounding), SKUS)


def built(order: Order, **changes: Any) -> Document:
    document = build(order, **changes)
    assert isinstance(document, Document), document
    return document


def shape(document: Document) -> list[tuple[str, int, int, Decimal, tuple[int, ...]]]:
    return [
        (line.key.split("/")[0], line.product_id, line.units, line.price, tuple(tax.tax_id for tax in line.taxes))
        for line in document.lines
    ]


def test_a_discount_is_a_negative_line_with_the_taxes_of_its_line() -> None:
    order = UK.order("1", (UK.line("a", 1999, 3, UK.tax(VAT, 916), discount=500),))
    assert shape(built(order)) == [
        ("line", 11, 3, Decimal("19.99"), (1,)),
        ("line-discount", PRODUCTS["discount"], 1, Decimal("-5.00"), (1,)),
    ]


def test_every_kind_of_charge_has_its_product() -> None:
    order = UK.order(
        "1",
        (UK.line("a", 1000, 1, UK.tax(VAT, 167)),),
        shipping=(UK.charge("s", 495, UK.tax(VAT, 58), discount=145),),
        duties=(UK.charge("d", 300),),
        tips=(UK.charge("t", 200),),
        fees=(UK.charge("f", 100),),
        rounding=(UK.charge("r", -2),),
    )
    assert shape(built(order))[1:] == [
        ("shipping", PRODUCTS["shipping"], 1, Decimal("4.95"), (1,)),
        ("shipping-discount", PRODUCTS["discount"], 1, Decimal("-1.45"), (1,)),
        ("duty", PRODUCTS["duty"], 1, Decimal("3.00"), ()),
        ("tip", PRODUCTS["tip"], 1, Decimal("2.00"), ()),
        ("fee", PRODUCTS["fee"], 1, Decimal("1.00"), ()),
        ("rounding", PRODUCTS["rounding"], 1, Decimal("-0.02"), ()),
    ]
    assert [line.is_delivery for line in built(order).lines] == [False, True, False, False, False, False, False]


def test_custom_and_gift_card_lines_stand_on_their_service_products() -> None:
    lines = (
        UK.line("a", 700, 1, UK.tax(VAT, 117), kind="custom", sku=None, title="Engraving"),
        UK.line("b", 5000, 1, kind="gift_card", sku="GIFT", title=""),
    )
    document = built(UK.order("1", lines))
    assert [(line.product_id, line.description) for line in document.lines] == [
        (PRODUCTS["custom"], "Engraving"),
        (PRODUCTS["gift_card"], "GIFT"),
    ]


def test_lines_without_units_are_left_out() -> None:
    order = UK.order("1", (UK.line("a", 1000, 0), UK.line("b", 500, 1)))
    assert [line.line_id for line in built(order).lines] == ["gid://shopify/LineItem/b"]


def test_free_shipping_stays_and_an_empty_tip_goes() -> None:
    order = UK.order("1", (UK.line("a", 500, 1),), shipping=(UK.charge("s", 0),), tips=(UK.charge("t", 0),))
    assert [line.key.split("/")[0] for line in built(order).lines] == ["line", "shipping"]


def test_added_tax_that_the_channel_pays_is_no_part_of_the_document() -> None:
    order = US.order("1", (US.line("a", 1000, 1, US.tax(STATE_TAX, 73, liable="channel")),))
    document = built(order)
    assert (shape(document)[0][4], document.total.minor, document.rounding.minor) == ((), 1000, 0)
    assert order.totals.total.presentment.minor == 1073


def test_several_taxes_stand_on_one_line() -> None:
    order = US.order("1", (US.line("a", 999, 1, US.tax(STATE_TAX, 72), US.tax(COUNTY_TAX, 22)),))
    document = built(order)
    assert (shape(document)[0][4], document.total.minor, document.rounding.minor) == ((2, 3), 1093, 0)


def test_a_tax_is_found_whatever_the_case_of_its_title_and_the_digits_of_its_rate() -> None:
    order = UK.order("1", (UK.line("a", 1200, 1, UK.tax(("Vat", "0.200", True), 200)),))
    assert shape(built(order))[0][4] == (1,)


@pytest.mark.parametrize(("difference", "price"), [(1, "0.01"), (-1, "-0.01")])
def test_a_difference_within_the_tolerance_becomes_one_tax_free_line(difference: int, price: str) -> None:
    order = US.order("1", (US.line("a", 999, 1, US.tax(STATE_TAX, 72 + difference)),))
    document = built(order)
    last = document.lines[-1]
    assert (last.key, last.price, last.taxes, last.product_id) == (
        "tax-rounding",
        Decimal(price),
        (),
        PRODUCTS["rounding"],
    )
    assert (last.description, document.rounding) == ("tax rounding", Money(minor=difference, currency="USD"))


def test_a_difference_after_an_edit_names_the_pro_rating() -> None:
    line = US.line("a", 999, 2, US.tax(STATE_TAX, 146), ordered_units=3)
    assert built(US.order("1", (line,), edited=True)).lines[-1].description == "tax rounding, edit pro-rating"


@pytest.mark.parametrize(("taxed_lines", "difference"), [(1, 2), (2, 3), (1, -2)])
def test_a_difference_beyond_the_tolerance_is_a_problem_with_its_amount(taxed_lines: int, difference: int) -> None:
    lines = tuple(US.line(str(n), 1000, 1, US.tax(STATE_TAX, 73)) for n in range(taxed_lines))
    order = US.order("1", lines)
    total = order.totals.total.presentment.minor + difference
    problem = build(US.order("1", lines, total=total))
    assert isinstance(problem, Problem)
    assert (problem.code, problem.difference) == ("tax_difference", Money(minor=difference, currency="USD"))


def test_without_taxed_lines_nothing_may_differ() -> None:
    problem = build(UK.order("1", (UK.line("a", 1000, 1),), total=1001))
    assert isinstance(problem, Problem)
    assert problem.code == "tax_difference"


def test_a_mapping_without_tolerance_allows_no_rounding_line() -> None:
    order = US.order("1", (US.line("a", 999, 1, US.tax(STATE_TAX, 73)),))
    problem = build(order, rounding_minor_per_line=0)
    assert isinstance(problem, Problem)
    assert problem.code == "tax_difference"


def test_global_rounding_is_predicted_too() -> None:
    lines = tuple(UK.line(str(n), 99, 1, UK.tax(VAT, 17)) for n in range(7))
    assert built(UK.order("1", lines)).rounding.minor == 0
    assert built(UK.order("1", lines), rounding="round_globally").rounding.minor == -1


def test_yen_have_no_decimals() -> None:
    order = JP.order("1", (JP.line("a", 1234, 3, JP.tax(VAT, 617)),))
    document = built(order)
    assert (document.lines[0].price, document.total, document.pricelist_id) == (
        Decimal("1234.00"),
        Money(minor=3702, currency="JPY"),
        103,
    )


def test_the_document_follows_the_currency_of_the_mapping() -> None:
    maker = Maker(currency="JPY", shop="GBP")
    order = maker.order("1", (maker.line("a", 1000, 2),))
    shop = built(order, document_currency="shop")
    assert (built(order).currency, built(order).lines[0].price) == ("JPY", Decimal("1000.00"))
    assert (shop.currency, shop.lines[0].price, shop.total.minor) == ("GBP", Decimal("30.00"), 6000)


KWD = Maker(currency="KWD")
PROBLEMS: list[tuple[Order, str, str]] = [
    (UK.order("1", (UK.line("a", 100, 1, sku="NOPE"),)), "unknown_sku", "lines[0].sku"),
    (
        UK.order("1", (UK.line("z", 100), UK.line("a", 100, 1, UK.tax(VAT, 17), UK.tax(("VAT", "0.05", True), 5)))),
        "unmapped_tax",
        "lines[1].taxes[1]",
    ),
    (UK.order("1", (UK.line("a", 100, 1, UK.tax(("VAT", "0.2", False), 20)),)), "unmapped_tax", "lines[0].taxes[0]"),
    (
        UK.order("1", (), shipping=(UK.charge("s", 9, UK.tax(STATE_TAX, 1), UK.tax(("X", "1", True), 1)),)),
        "unmapped_tax",
        "shipping[0].taxes[1]",
    ),
    (
        UK.order("1", (UK.line("a", 100, 1, UK.tax(VAT, 17), kind="gift_card"),)),
        "taxed_gift_card",
        "lines[0].taxes",
    ),
    (KWD.order("1", (KWD.line("a", 1234, 1),)), "price_digits", "lines[0].unit_price"),
    (KWD.order("1", (KWD.line("a", 1230, 1, discount=5),)), "price_digits", "lines[0].discount"),
    (Maker(currency="CHF").order("1", ()), "unmapped_currency", ""),
    (UK.order("1", (UK.line("a", 100), UK.line("a", 100))), "duplicate_line_id", ""),
]


@pytest.mark.parametrize(("order", "code", "field"), PROBLEMS)
def test_what_does_not_fit_is_a_problem_that_names_its_field(order: Order, code: str, field: str) -> None:
    problem = build(order)
    assert isinstance(problem, Problem), problem
    assert (problem.code, problem.field) == (code, field)


def test_a_charge_that_the_mapping_has_no_product_for_is_held() -> None:
    order = UK.order("1", (), tips=(UK.charge("t", 100),))
    found = build_document(order, mapping_of(), directory(products={"shipping": 1}), SKUS)
    assert isinstance(found, Problem)
    assert (found.code, found.field) == ("unmapped_product", "tips[0]")


def test_prices_in_dinars_that_fit_two_digits_pass() -> None:
    assert built(KWD.order("1", (KWD.line("a", 1230, 1),))).lines[0].price == Decimal("1.23")
