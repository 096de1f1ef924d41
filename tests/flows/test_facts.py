"""What routing may know of an order."""

import pytest

from flows.fakes import UK, paid_order, payment
from retail_ops.contracts.order import AddressRef
from retail_ops.flows.orders.facts import facts, is_cancelled, payment_state, wanted_units

TOTAL = 1000
PAID = payment("sale", TOTAL)
AUTHORISED = payment("authorisation", TOTAL, payment_id="a")


@pytest.mark.parametrize(
    ("payments", "expected"),
    [
        ((), "none"),
        ((PAID,), "paid"),
        ((payment("sale", TOTAL + 1),), "paid"),
        ((payment("sale", TOTAL - 1),), "partly_paid"),
        ((AUTHORISED,), "authorised"),
        ((AUTHORISED, payment("capture", TOTAL, parent_id="a")), "paid"),
        ((AUTHORISED, payment("capture", 400, parent_id="a")), "partly_paid"),
        ((AUTHORISED, payment("void", TOTAL, parent_id="a")), "voided"),
        ((AUTHORISED, payment("void", TOTAL, status="failed", parent_id="a")), "authorised"),
        ((AUTHORISED, payment("void", TOTAL, parent_id="another")), "authorised"),
        ((payment("sale", TOTAL, status="pending"),), "pending"),
        ((payment("sale", TOTAL, status="unknown"),), "pending"),
        ((payment("sale", TOTAL, status="failed"),), "failed"),
        ((payment("sale", TOTAL, status="failed"), PAID), "paid"),
        ((payment("sale", TOTAL, status="failed"), payment("sale", TOTAL, status="pending")), "pending"),
        ((PAID, payment("refund", 100)), "partly_paid"),
        ((PAID, payment("refund", 100, status="pending")), "paid"),
        ((PAID, payment("refund", TOTAL)), "none"),
        ((payment("sale", 2000), payment("change", 1000)), "paid"),
        ((payment("sale", 300, gift_card=True), payment("sale", 700)), "paid"),
        ((payment("sale", TOTAL, test=True),), "none"),
    ],
)
def test_payments_say_where_the_money_stands(payments, expected):
    assert payment_state(paid_order(payments=payments)) == expected


def test_an_order_of_nothing_is_paid():
    order = UK.order("free", (UK.line("a", 1000, 1, discount=1000),), payments=(payment("sale", 5, status="failed"),))
    assert payment_state(order) == "paid"


def test_wanted_units_are_summed_by_sku_and_only_of_goods():
    order = UK.order(
        "w",
        (
            UK.line("a", 100, 2),
            UK.line("b", 100, 3),
            UK.line("c", 100, 4, sku="TS-002"),
            UK.line("gone", 100, 0, sku="TS-003"),
            UK.line("card", 100, 1, kind="gift_card", sku="GC"),
            UK.line("made", 100, 1, kind="custom", sku=None),
        ),
    )
    assert wanted_units(order) == {"TS-001": 5, "TS-002": 4}


@pytest.mark.parametrize(
    ("units", "shipping", "cancelled", "expected"),
    [(1, 0, False, False), (1, 0, True, True), (0, 0, False, True), (0, 495, False, False), (0, 495, True, True)],
)
def test_nothing_left_is_as_good_as_cancelled(units, shipping, cancelled, expected):
    charges = (UK.charge("s", shipping),) if shipping else ()
    order = UK.order("c", (UK.line("a", 1000, units),), shipping=charges)
    order = order.model_copy(update={"cancelled_at": order.placed_at if cancelled else None})
    assert is_cancelled(order) is expected


def address(*missing: str) -> AddressRef:
    return AddressRef(ref="0" * 32, country="GB", region=None, missing=missing)


@pytest.mark.parametrize(
    ("delivery", "ships", "missing", "absent"),
    [
        (address(), True, False, False),
        (address("city"), True, True, False),
        (None, True, False, True),
        (address("city"), False, False, False),
        (None, False, False, False),
    ],
)
def test_an_address_matters_only_to_a_parcel(delivery, ships, missing, absent):
    line = UK.line("a", 1000, 1, requires_shipping=ships)
    known = facts(UK.order("d", (line,), delivery=delivery), {}, newer_version=False, velocity=None)
    assert (known.address_missing, known.address_absent) == (missing, absent)


def test_a_line_of_no_units_needs_no_parcel():
    order = UK.order("d", (UK.line("a", 1000, 0),), shipping=(UK.charge("s", 495),))
    assert not facts(order, {}, newer_version=False, velocity=None).address_absent


def test_only_stocked_goods_are_short():
    order = UK.order("s", (UK.line("a", 1, 3), UK.line("b", 1, 1, sku="TS-002"), UK.line("c", 1, 1, sku="SERVICE")))
    known = facts(order, {"TS-001": 2, "TS-002": 1}, newer_version=True, velocity=4)
    assert known.short_skus == ("TS-001",)
    assert (known.newer_version, known.velocity, known.cancelled) == (True, 4, False)


def test_what_is_free_of_a_negative_stock_is_short():
    assert facts(paid_order(), {"TS-001": -2}, newer_version=False, velocity=None).short_skus == ("TS-001",)
