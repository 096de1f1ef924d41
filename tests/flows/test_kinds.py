"""Every kind of order, through the whole flow in one run, as Odoo has it in the end."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from flows.sights import Row, Scene, amounts, tax_of
from support.world import purchase

VAT = [{"title": "VAT", "rate": "0.2"}]
PLAIN = purchase(("TS-001", 1, "10.00"))


def line(title: str, units: int, price: str, **more: Any) -> Row:
    return {"title": title, "units": units, "unit_price": price, "taxes": VAT, **more}


def goods(units: int = 1, price: str = "10.00", sku: str = "TS-001", **more: Any) -> Row:
    return line(f"Goods {sku}", units, price, sku=sku, **more)


COMPANY = {"key": "acme", "name": "Acme Ltd", "location_key": "acme-leeds", "location_name": "Leeds"}
KIT = {"key": "kit", "title": "Starter kit", "units": 1}
KINDS: dict[str, Row] = {
    "ordinary": purchase(("TS-001", 2, "10.00")),
    "euro": purchase(("TS-001", 3, "11.99"), presentment_currency="EUR", shop_rate="0.86"),
    "yen": purchase(
        ("TS-001", 3, "1999"),
        presentment_currency="JPY",
        shop_rate="0.005",
        shipping=[{"title": "Air", "price": "800", "taxes": VAT}],
    ),
    "discounts": purchase(
        lines=[goods(3, "9.99"), goods(1, "0.50", "TS-002"), goods(2, "3.33", "TS-003")],
        discounts=[
            {"kind": "code", "title": "Ten off", "scope": "lines", "lines": [0], "percentage": "10"},
            {"kind": "manual", "title": "Spring", "scope": "order", "amount": "1.00"},
        ],
    ),
    "shipping discount": {
        **PLAIN,
        "discounts": [{"kind": "code", "title": "Free post", "scope": "shipping", "percentage": "100"}],
    },
    "gift card sold": {
        **PLAIN,
        "lines": [
            {"title": "Gift card", "units": 1, "unit_price": "50.00", "gift_card": True, "requires_shipping": False}
        ],
        "shipping": [],
    },
    "gift card used": {**PLAIN, "payments": [{"amount": "5.00", "gateway": "gift_card"}, {}]},
    "tip": {**PLAIN, "tip": "2.50", "lines": [goods(), goods(2, "3.00", "TS-002")]},
    "duties": {**PLAIN, "lines": [goods(duties=[{"amount": "3.21", "code": "61091000", "origin": "CN"}])]},
    "fee": {**PLAIN, "fees": [{"name": "Gift wrap", "amount": "1.50", "taxes": VAT}]},
    "business": {**PLAIN, "company": COMPANY, "terms": {"name": "Net 30", "due_in_days": 30}, "po_number": "PO-7"},
    "guest with address": {**PLAIN, "customer": None},
    "guest without address": {**PLAIN, "customer": None, "shipping_address": None, "billing_address": None},
    "same variant twice": purchase(("TS-001", 1, "10.00"), ("TS-001", 2, "10.00")),
    "custom line": {
        **PLAIN,
        "lines": [goods(), line("Engraving", 1, "7.00", custom=True)],
        "source": "shopify_draft_order",
    },
    "deleted product": {**PLAIN, "lines": [goods(deleted_product=True)]},
    "bundle": {**PLAIN, "lines": [goods(group=KIT), goods(2, "4.00", "TS-002", group=KIT)]},
    "point of sale": {
        **PLAIN,
        "source": "pos",
        "retail_location": "Leeds",
        "lines": [goods(1, "9.98", requires_shipping=False)],
        "shipping": [],
        "customer": None,
        "shipping_address": None,
        "billing_address": None,
        "payments": [
            {"amount": "20.00", "gateway": "cash", "rounding": "0.02"},
            {"kind": "CHANGE", "amount": "10.00", "gateway": "cash"},
        ],
    },
    "300 lines": {**PLAIN, "lines": [goods(1, f"{1 + number / 100:.2f}") for number in range(300)]},
    "given away": {
        **PLAIN,
        "discounts": [{"kind": "manual", "title": "Ours", "scope": "order", "percentage": "100"}],
        "shipping": [],
    },
    "test": {**PLAIN, "test": True},
}


@pytest.fixture(scope="module")
def kinds(scenes: Callable[..., Scene]) -> tuple[Scene, dict[str, str], Row]:
    scene = scenes()
    ids = scene.shop.place(*KINDS.values())
    counts = scene.run()
    return scene, dict(zip(KINDS, ids, strict=True)), counts


@pytest.fixture(scope="module")
def documents(kinds: tuple[Scene, dict[str, str], Row]) -> dict[str, Row]:
    """Odoo's documents by kind; each order has exactly one."""
    scene, ids, _ = kinds
    return {name: scene.document(ids[name]) for name in KINDS if name != "test"}


@pytest.mark.parametrize("name", [name for name in KINDS if name != "test"])
def test_the_order_is_confirmed_once_with_the_shops_total(name, kinds, documents):
    scene, ids, _ = kinds
    listed = {row["id"]: row for row in scene.shop.control("orders")["orders"]}[ids[name]]
    document = documents[name]
    assert scene.state(ids[name]) == ("released", "released")
    assert scene.cases(ids[name]) == []
    assert (document["state"], document["currency"]) == ("sale", listed["presentment_currency"])
    rounding = Decimal("0.02") if name == "point of sale" else 0
    assert Decimal(document["amount_total"]) == Decimal(listed["current_total"]["presentment"]) + rounding


def test_every_document_keeps_the_moment_of_the_sale(kinds, documents):
    scene, ids, _ = kinds
    created = {row["id"]: row["created_at"] for row in scene.shop.control("orders")["orders"]}
    for name, document in documents.items():
        assert document["date_order"] == created[ids[name]].replace("T", " ").removesuffix("Z")


def test_the_counters_tell_what_became_of_every_message(kinds):
    _, _, counts = kinds
    placed = len(KINDS) - 1
    assert counts["stage"] == {"received": placed + 1, "staged": placed, "ignored": 1}
    assert counts["judge"] == {"batches": 1, "batches_passed": 1, "passed": placed}
    assert counts["publish"] == {"done": 2 * placed, "order.publish": placed, "order.confirm": placed}


def test_a_test_order_is_ignored(kinds):
    scene, ids, _ = kinds
    assert scene.state(ids["test"]) == ("ignored", "test_order")
    assert scene.documents(ids["test"]) == []
    assert scene.commands(ids["test"]) == []


def test_an_included_tax_is_the_one_of_the_mapping(documents):
    document = documents["ordinary"]
    assert tax_of(document, "TS-001") == tax_of(document, "RO-SHIPPING") == ["UK VAT 20% incl"]
    assert (document["amount_untaxed"], document["amount_tax"]) == ("20.79", "4.16")


def test_yen_have_no_decimals(documents):
    assert documents["yen"]["amount_total"] == "6797"


def test_discounts_are_lines_to_the_last_cent(documents):
    document = documents["discounts"]
    found = [Decimal(line["price_total"]) for line in document["lines"] if line["sku"] == "RO-DISCOUNT"]
    # 10% of 29.97, rounded up to 3.00, and 1.00 over all three lines.
    assert (sum(found), len(found)) == (Decimal("-4.00"), 3)
    assert amounts(document, "TS-001") == [("3.0", "29.97")]


def test_free_shipping_stays_visible(documents):
    document = documents["shipping discount"]
    assert amounts(document, "RO-SHIPPING") == [("1.0", "4.95")]
    assert amounts(document, "RO-DISCOUNT") == [("1.0", "-4.95")]


def test_a_gift_card_sold_is_an_untaxed_liability(documents):
    document = documents["gift card sold"]
    assert (amounts(document, "RO-GIFTCARD"), tax_of(document, "RO-GIFTCARD")) == ([("1.0", "50.00")], [])


def test_a_gift_card_used_is_a_payment_and_no_discount(documents):
    assert [line["sku"] for line in documents["gift card used"]["lines"]] == ["TS-001", "RO-SHIPPING"]


def test_a_tip_stays_by_itself(documents):
    document = documents["tip"]
    assert (amounts(document, "RO-TIP"), tax_of(document, "RO-TIP")) == ([("1.0", "2.50")], [])
    assert (amounts(document, "TS-001"), amounts(document, "TS-002")) == ([("1.0", "10.00")], [("2.0", "6.00")])


@pytest.mark.parametrize(("name", "sku", "price"), [("duties", "RO-DUTY", "3.21"), ("fee", "RO-FEE", "1.50")])
def test_amounts_beside_the_lines_have_their_own_product(name, sku, price, documents):
    assert amounts(documents[name], sku) == [("1.0", price)]


def test_a_business_buyer_and_a_person_are_two_partners(documents):
    assert documents["business"]["partner_id"] != documents["ordinary"]["partner_id"]


def test_orders_of_one_mail_share_a_partner(documents):
    assert documents["tip"]["partner_id"] == documents["ordinary"]["partner_id"]


def test_only_an_order_without_anybody_goes_to_the_guest_partner(documents):
    guests = {documents[name]["partner_id"] for name in ("guest without address", "point of sale")}
    assert len(guests) == 1
    assert documents["guest with address"]["partner_id"] not in {*guests, documents["ordinary"]["partner_id"]}


def test_two_lines_of_one_variant_stay_two(documents):
    assert amounts(documents["same variant twice"], "TS-001") == [("1.0", "10.00"), ("2.0", "20.00")]


def test_a_custom_line_goes_to_its_product_under_its_own_words(documents):
    lines = {line["sku"]: line["name"] for line in documents["custom line"]["lines"]}
    assert lines["RO-CUSTOM"] == "Engraving"


def test_components_of_a_bundle_are_lines(documents):
    document = documents["bundle"]
    assert (amounts(document, "TS-001"), amounts(document, "TS-002")) == ([("1.0", "10.00")], [("2.0", "8.00")])


def test_cash_rounding_is_a_line_without_tax(documents):
    document = documents["point of sale"]
    assert (amounts(document, "RO-ROUNDING"), tax_of(document, "RO-ROUNDING")) == ([("1.0", "0.02")], [])


def test_every_line_of_a_large_order_arrives(documents):
    lines = [line["xmlid"] for line in documents["300 lines"]["lines"]]
    assert len(lines) == len(set(lines)) == 301


def test_released_units_are_reserved(kinds, documents):
    scene, ids, _ = kinds
    (line,) = [line for line in documents["ordinary"]["lines"] if line["sku"] == "TS-001"]
    assert line["quantity_reserved"] == "2.0"
    receipt = scene.receipt(ids["ordinary"], "order.confirm")
    assert (receipt["wanted_units"], receipt["reserved_units"], receipt["short_skus"]) == (2, 2, [])


US_TAXES = [{"title": "New York State Tax", "rate": "0.04"}, {"title": "New York City Tax", "rate": "0.045"}]
NEW_YORK = {
    "first_name": "Zoe",
    "last_name": "Quill",
    "address1": "5 Broadway",
    "city": "New York",
    "zip_code": "10004",
    "country_code": "US",
    "province_code": "NY",
    "province": "New York",
}


def test_taxes_on_top_are_added_and_the_channels_own_are_a_memo(scenes):
    scene = scenes("shopify_us", currency="USD", presentment=("USD",), taxes_included=False)
    parts = {"presentment_currency": "USD", "shipping": [], "shipping_address": NEW_YORK, "billing_address": NEW_YORK}
    ours = [goods(2, "19.99", taxes=US_TAXES)]
    theirs = [goods(2, "19.99", taxes=[{**tax, "channel_liable": True} for tax in US_TAXES])]
    seller, channel = scene.shop.place(purchase(lines=ours, **parts), purchase(lines=theirs, **parts))
    scene.run()
    listed = {row["id"]: row["current_total"]["presentment"] for row in scene.shop.control("orders")["orders"]}
    assert scene.state(seller) == scene.state(channel) == ("released", "released")
    assert listed[seller] == listed[channel] == "43.38"
    document = scene.document(seller)
    assert (document["amount_untaxed"], document["amount_tax"], document["amount_total"]) == ("39.98", "3.40", "43.38")
    assert tax_of(document, "TS-001") == ["US NY State 4%", "US NY City 4.5%"]
    memo = scene.document(channel)
    assert (memo["amount_total"], memo["amount_tax"], tax_of(memo, "TS-001")) == ("39.98", "0.00", [])
