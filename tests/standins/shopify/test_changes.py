"""What happens to an order after it was placed."""

import pytest

from standins.shopify.config import Clock
from standins.shopify.order_book import OrderBook
from standins.shopify.order_store import OrderStore
from standins.shopify.purchase import Line, Purchase

BAG = "{ presentmentMoney { amount } shopMoney { amount } }"
MONEY = f"""displayFinancialStatus fullyPaid unpaid totalPriceSet {BAG} originalTotalPriceSet {BAG}
  currentTotalPriceSet {BAG}
  totalReceivedSet {BAG} totalRefundedSet {BAG} netPaymentSet {BAG}
  totalOutstandingSet {BAG} totalCapturableSet {BAG}"""


def buyer(bag):
    return bag["presentmentMoney"]["amount"]


def test_an_edit_keeps_what_was_and_shows_what_is(shop, mug, pen):
    discount = {"kind": "code", "title": "X", "scope": "order", "percentage": "10"}
    mug = {**mug, "unit_price": "6.00"}
    gid = shop.place(lines=[mug, pen], discounts=[discount], payments=[{}])
    before = shop.order(gid, f"edited {MONEY}")
    assert (before["edited"], buyer(before["totalPriceSet"])) == (False, "25.2")
    shop.change(
        gid,
        "edit",
        units=[{"line": 0, "current_units": 1}, {"line": 1, "current_units": 0}],
        add=[{**pen, "sku": "INK"}],
    )
    order = shop.order(
        gid, f"edited {MONEY} totalTaxSet {BAG} currentTotalTaxSet {BAG} currentTotalDiscountsSet {BAG} "
        f"lineItems(first: 5) {{ nodes {{ sku quantity currentQuantity priceAfterAllDiscountsBeforeTaxesSet {BAG} "
        f"taxLines {{ priceSet {BAG} }} discountAllocations {{ allocatedAmountSet {BAG} }} }} }}"
    )  # fmt: skip
    assert order["edited"]
    first, second, added = order["lineItems"]["nodes"]
    assert [(item["sku"], item["quantity"], item["currentQuantity"]) for item in (first, second, added)] == [
        ("MUG", 3, 1),
        ("PEN", 1, 0),
        ("INK", 1, 1),
    ]
    # Tax and allocation of the first line still cover its three units: 18.00 less 1.80, of it 2.70 tax.
    assert buyer(first["taxLines"][0]["priceSet"]) == "2.7"
    assert buyer(first["discountAllocations"][0]["allocatedAmountSet"]) == "1.8"
    assert buyer(first["priceAfterAllDiscountsBeforeTaxesSet"]) == "4.5"
    assert added["discountAllocations"] == []
    assert buyer(order["originalTotalPriceSet"]) == "25.2"
    assert buyer(order["totalPriceSet"]) == "35.2"
    assert buyer(order["currentTotalPriceSet"]) == "15.4"
    assert buyer(order["currentTotalDiscountsSet"]) == "0.6"
    assert buyer(order["currentTotalTaxSet"]) == "2.57"
    assert buyer(order["totalOutstandingSet"]) == "-9.8"


def test_an_edit_cannot_give_more_than_was_ordered(shop, mug):
    number = shop.place(lines=[mug]).rsplit("/", 1)[1]
    for units in ({"line": 0, "current_units": 4}, {"line": 1, "current_units": 0}, {"line": 0, "current_units": -1}):
        assert shop.control("POST", f"orders/{number}/edit", {"units": [units]}).status_code == 422


@pytest.mark.parametrize(
    ("payments", "status"),
    [
        ([], "PENDING"),
        ([{"status": "PENDING"}], "PENDING"),
        ([{"status": "FAILURE", "error_code": "CARD_DECLINED"}], "PENDING"),
        ([{"status": "ERROR"}], "PENDING"),
        ([{"kind": "AUTHORIZATION"}], "AUTHORIZED"),
        ([{"kind": "AUTHORIZATION"}, {"kind": "CAPTURE", "parent": 0}], "PAID"),
        ([{"kind": "AUTHORIZATION"}, {"kind": "CAPTURE", "parent": 0, "amount": "1.00"}], "PARTIALLY_PAID"),
        ([{"kind": "AUTHORIZATION"}, {"kind": "VOID", "parent": 0}], "VOIDED"),
        ([{}], "PAID"),
        ([{"amount": "4.00"}], "PARTIALLY_PAID"),
        ([{"status": "FAILURE"}, {}], "PAID"),
        ([{}, {"kind": "REFUND", "amount": "1.00"}], "PARTIALLY_REFUNDED"),
        ([{}, {"kind": "REFUND"}], "REFUNDED"),
        ([{}, {"kind": "REFUND", "status": "PENDING"}], "PAID"),
    ],
)
def test_only_successful_transactions_move_the_financial_status(shop, mug, payments, status):
    assert shop.order(shop.place(lines=[mug], payments=payments), MONEY)["displayFinancialStatus"] == status


def test_an_authorisation_is_captured_later(shop, mug):
    gid = shop.place(lines=[mug], payments=[{"kind": "AUTHORIZATION"}], presentment_currency="EUR", shop_rate="0.853")
    before = shop.order(gid, f"{MONEY} capturable transactions {{ totalUnsettledSet {BAG} }}")
    assert (buyer(before["totalCapturableSet"]), before["capturable"], before["unpaid"]) == ("9.99", True, True)
    assert buyer(before["transactions"][0]["totalUnsettledSet"]) == "9.99"
    shop.change(gid, "pay", kind="CAPTURE", parent=0)
    order = shop.order(gid, f"{MONEY} transactions {{ kind parentTransaction {{ kind }} totalUnsettledSet {BAG} }}")
    assert order["totalReceivedSet"] == order["totalPriceSet"]
    assert order["totalOutstandingSet"] == {"presentmentMoney": {"amount": "0.0"}, "shopMoney": {"amount": "0.0"}}
    assert order["transactions"][1]["parentTransaction"] == {"kind": "AUTHORIZATION"}
    assert buyer(order["transactions"][0]["totalUnsettledSet"]) == "0.0"


def test_split_tender_pays_both_currencies_to_the_cent(shop, mug):
    thirds = [{"amount": "3.33"}, {"amount": "3.33"}, {}]
    gid = shop.place(lines=[mug], payments=thirds, presentment_currency="EUR", shop_rate="0.853")
    order = shop.order(gid, MONEY)
    assert order["netPaymentSet"] == order["totalPriceSet"]
    assert order["fullyPaid"]


def test_a_cancelled_order_is_empty_refunded_and_final(shop, mug):
    gid = shop.place(lines=[mug], payments=[{}], shipping=[{"title": "S", "price": "4.95"}], tip="1.00")
    shop.change(gid, "cancel", reason="FRAUD", refund=True, staff_note="stolen card")
    order = shop.order(
        gid,
        f"{MONEY} cancelledAt cancelReason cancellation {{ staffNote }} "
        "lineItems(first: 9) { nodes { currentQuantity } }",
    )
    assert order["cancelledAt"] is not None
    assert (order["cancelReason"], order["cancellation"]["staffNote"]) == ("FRAUD", "stolen card")
    assert order["displayFinancialStatus"] == "REFUNDED"
    assert (buyer(order["currentTotalPriceSet"]), buyer(order["totalPriceSet"])) == ("0.0", "15.94")
    assert buyer(order["totalRefundedSet"]) == "15.94"
    assert {item["currentQuantity"] for item in order["lineItems"]["nodes"]} == {0}
    number = gid.rsplit("/", 1)[1]
    assert shop.control("POST", f"orders/{number}/cancel", {}).status_code == 422
    assert shop.control("POST", f"orders/{number}/edit", {"add": [mug]}).status_code == 422


def test_cancelling_an_authorised_order_voids_it(shop, mug):
    gid = shop.place(lines=[mug], payments=[{"kind": "AUTHORIZATION"}])
    shop.change(gid, "cancel")
    order = shop.order(gid, f"{MONEY} transactions {{ kind }}")
    assert [item["kind"] for item in order["transactions"]] == ["AUTHORIZATION", "VOID"]
    assert (order["displayFinancialStatus"], buyer(order["totalCapturableSet"])) == ("VOIDED", "0.0")


def test_an_address_is_corrected_and_the_other_stays(shop, mug):
    address = {"country_code": "GB", "city": "Leeds", "zip_code": "LS1 1ZZ"}
    gid = shop.place(lines=[mug], shipping_address=address, billing_address=address)
    shop.change(gid, "address", kind="shipping", address={**address, "city": "York"})
    order = shop.order(gid, "shippingAddress { city countryCodeV2 } billingAddress { city zip }")
    assert order["shippingAddress"] == {"city": "York", "countryCodeV2": "GB"}
    assert order["billingAddress"] == {"city": "Leeds", "zip": "LS1 1ZZ"}


def test_a_touch_bumps_the_time_and_nothing_else(open_shop, mug):
    gid = open_shop(clock=Clock(-60.0)).place(lines=[mug])
    shop = open_shop()
    everything = f"name createdAt note {MONEY} lineItems(first: 5) {{ nodes {{ id currentQuantity }} }}"
    before, first = shop.order(gid, everything), shop.order(gid, "updatedAt")["updatedAt"]
    shop.change(gid, "touch")
    assert shop.order(gid, everything) == before
    assert shop.order(gid, "updatedAt")["updatedAt"] > first


def test_updated_at_never_goes_back_when_the_clock_does(open_shop, mug):
    gid = open_shop(clock=Clock(3600.0)).place(lines=[mug])
    shop = open_shop()
    before = shop.order(gid, "updatedAt")
    shop.change(gid, "touch")
    assert shop.order(gid, "updatedAt") == before


def test_the_listing_says_the_same_as_the_api(shop, mug):
    gid = shop.place(
        lines=[mug], payments=[{"amount": "4.00"}], presentment_currency="EUR", shop_rate="0.85", test=True
    )
    (row,) = shop.control("GET", "orders").json()["orders"]
    assert row["id"] == gid
    assert (row["test"], row["cancelled"], row["line_count"], row["financial_status"]) == (
        True,
        False,
        1,
        "PARTIALLY_PAID",
    )
    assert row["total"] == row["current_total"] == {"shop": "8.49", "presentment": "9.99"}
    assert row["net_paid"] == {"shop": "3.40", "presentment": "4.00"}


def test_listeners_hear_of_every_change_after_it_is_stored(base_config, mug):
    heard = []
    store = OrderStore(base_config.state)

    class Ear:
        def changed(self, topic, gid):
            assert store.load(int(gid.rsplit("/", 1)[1])) is not None
            heard.append(topic)

    book = OrderBook(base_config, store, Ear())
    number = book.place([Purchase.model_validate({"lines": [mug]})])[0].number
    book.touch(number)
    book.edit(number, {0: 1}, [Line.model_validate(mug)])
    book.cancel(number, "OTHER", refund=False, restock=True, note=None)
    store.close()
    assert heard == ["orders/create", "orders/updated", "orders/edited", "orders/cancelled"]
