"""Money: exact, balanced in both currencies, remainders from the first line, tax by Shopify's rules."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from standins.shopify.money import MoneyError, allocate, to_fixed_text, to_minor, to_text
from standins.shopify.order_state import KeptLine, OrderState
from standins.shopify.purchase import Purchase
from standins.shopify.reckoning import reckon

VAT = {"title": "VAT", "rate": "0.2"}
CITY = [{"title": "State", "rate": "0.04"}, {"title": "City", "rate": "0.045"}]


def state_of(*, included=True, currency="GBP", shop="GBP", rate="1", **purchase):
    described = Purchase.model_validate({**purchase, "shop_rate": rate})
    moment = datetime(2026, 11, 23, tzinfo=UTC)
    return OrderState(
        number=1, sequence=1, name="#1", currency=shop, presentment_currency=currency, taxes_included=included,
        purchase=described, lines=tuple(KeptLine(line=line, current=line.units) for line in described.lines),
        created_at=moment, updated_at=moment, processed_at=moment,
    )  # fmt: skip


def line(price, units=1, taxes=(VAT,), **more):
    return {"title": "Thing", "sku": "T", "units": units, "unit_price": price, "taxes": list(taxes), **more}


@pytest.mark.parametrize(
    ("minor", "currency", "text", "fixed"),
    [
        (1200, "GBP", "12.0", "12.00"),
        (1230, "GBP", "12.3", "12.30"),
        (1234, "EUR", "12.34", "12.34"),
        (5, "USD", "0.05", "0.05"),
        (0, "GBP", "0.0", "0.00"),
        (-250, "GBP", "-2.5", "-2.50"),
        (1200, "JPY", "1200.0", "1200"),
        (1234, "KWD", "1.234", "1.234"),
        (100000, "GBP", "1000.0", "1000.00"),
    ],
)
def test_money_is_printed_as_the_api_does_and_reads_back(minor, currency, text, fixed):
    assert to_text(minor, currency) == text
    assert to_fixed_text(minor, currency) == fixed
    assert to_minor(text, currency) == minor


@pytest.mark.parametrize(
    ("text", "currency"), [("1.234", "GBP"), ("1.5", "JPY"), ("x", "GBP"), ("NaN", "GBP"), ("Infinity", "GBP")]
)
def test_money_that_is_not_exact_is_refused(text, currency):
    with pytest.raises(MoneyError):
        to_minor(text, currency)


def test_remainder_cents_go_one_at_a_time_from_the_first_line():
    assert allocate(100, [1000, 1000, 1000]) == (34, 33, 33)
    assert allocate(2, [100, 100, 100]) == (1, 1, 0)
    assert allocate(7, [0, 10, 10]) == (0, 4, 3)


@given(st.lists(st.integers(0, 5_000), min_size=1, max_size=12), st.data())
def test_an_allocation_is_exact_and_overcharges_no_line(weights, data):
    total = data.draw(st.integers(0, sum(weights)))
    parts = allocate(total, weights)
    assert sum(parts) == total
    assert all(0 <= part <= weight for part, weight in zip(parts, weights, strict=True))


def test_included_tax_is_taken_out_of_the_discounted_price():
    totals = reckon(state_of(lines=[line("12.00", 2)], discounts=[percent("10")])).buyer
    assert (totals.subtotal, totals.tax, totals.total) == (2160, 360, 2160)


def test_excluded_taxes_come_on_top_of_the_discounted_price():
    totals = reckon(state_of(included=False, lines=[line("10.00", 1, CITY)], discounts=[percent("10")])).buyer
    # 9.00 * 4% = 0.36, 9.00 * 4.5% = 0.405 -> 0.41
    assert (totals.lines[0].taxes, totals.tax, totals.total) == ((36, 41), 77, 977)


def percent(rate, **more):
    return {"kind": "code", "title": "X", "scope": "order", "percentage": rate, **more}


def test_tax_by_order_may_differ_from_tax_by_line_and_still_ties():
    lines = [line("0.33", 1, [VAT]) for _ in range(3)]
    by_line = reckon(state_of(included=False, lines=lines)).buyer
    by_order = reckon(state_of(included=False, lines=lines, tax_rounding="order")).buyer
    assert (by_line.tax, by_order.tax) == (21, 20)
    assert [item.taxes for item in by_order.lines] == [(7,), (7,), (6,)]


def test_discounts_follow_each_other_on_what_is_left():
    discounts = [
        {"kind": "automatic", "title": "A", "scope": "lines", "lines": [0], "percentage": "50"},
        percent("10"),
        {"kind": "manual", "title": "M", "scope": "order", "amount": "1.00"},
        {"kind": "script", "title": "S", "scope": "lines", "lines": [1], "amount": "0.10", "each_unit": True},
    ]
    totals = reckon(state_of(lines=[line("10.00"), line("5.00", 2)], discounts=discounts)).buyer
    # 10.00 -> 5.00 and 10.00; 10% of 15.00 = 1.50 as 0.50 and 1.00; 1.00 over 4.50 and 9.00 as 0.34 and 0.66.
    assert dict(totals.lines[0].discounts) == {0: 500, 1: 50, 2: 34}
    assert dict(totals.lines[1].discounts) == {1: 100, 2: 66, 3: 20}


def test_a_discount_above_the_price_stops_at_zero():
    totals = reckon(
        state_of(lines=[line("3.00")], discounts=[{"kind": "code", "title": "X", "scope": "order", "amount": "9.99"}])
    ).buyer
    assert (totals.subtotal, totals.discounts, totals.total, totals.tax) == (0, 300, 0, 0)


def test_an_order_discount_spares_gift_cards():
    gift = line("20.00", taxes=[], gift_card=True)
    totals = reckon(state_of(lines=[gift, line("10.00")], discounts=[percent("50")])).buyer
    assert [item.discount for item in totals.lines] == [0, 500]


def test_duties_count_unless_they_are_in_the_price():
    duties = [{"amount": "2.00", "taxes": [VAT]}]
    outside = reckon(state_of(included=False, lines=[line("10.00", 1, [], duties=duties)])).buyer
    inside = reckon(state_of(included=False, lines=[line("10.00", 1, [], duties=duties)], duties_included=True)).buyer
    assert (outside.duties, outside.tax, outside.total) == (200, 40, 1240)
    assert (inside.duties, inside.total) == (200, 1040)


def test_yen_have_no_cents_and_the_shop_is_paid_in_pounds():
    order = reckon(state_of(currency="JPY", rate="0.0052", lines=[line("1001", 3)]))
    assert (order.buyer.total, order.buyer.tax) == (3003, 501)
    # 1001 * 0.0052 = 5.2052 -> 5.21 a unit: the sums do not convert at one rate.
    assert (order.shop.lines[0].unit, order.shop.total) == (521, 1563)


def pounds(cents):
    return f"{Decimal(cents).scaleb(-2)}"


purchases = st.builds(
    lambda lines, discounts, shipping, tip: {
        "lines": lines,
        "discounts": discounts,
        "shipping": [{"title": "S", "price": shipping, "taxes": [VAT]}],
        "fees": [{"name": "F", "amount": tip, "taxes": [VAT]}],
    },
    st.lists(
        st.builds(
            lambda cents, units, taxes, duty: line(
                pounds(cents), units, taxes, duties=[{"amount": pounds(duty)}]
            ),
            st.integers(0, 20_000), st.integers(1, 9), st.sampled_from([[], [VAT], CITY]), st.integers(0, 300),
        ),
        min_size=1, max_size=8,
    ),
    st.lists(
        st.one_of(
            st.integers(0, 100).map(lambda rate: percent(str(rate))),
            st.integers(0, 9_000).map(
                lambda cents: {"kind": "manual", "title": "M", "scope": "order", "amount": pounds(cents)}
            ),
            st.integers(0, 100).map(lambda rate: percent(str(rate), scope="lines", lines=[0])),
            st.integers(0, 100).map(lambda rate: percent(str(rate), scope="shipping")),
        ),
        max_size=4,
    ),
    st.integers(0, 999).map(pounds),
    st.integers(0, 500).map(pounds),
)  # fmt: skip


def imbalance(totals, *, included):
    """Total as told less total as added up from the parts by another road."""
    goods = sum(item.unit * item.units - sum(amount for _, amount in item.discounts) for item in totals.lines)
    charges = [*totals.shipping, *totals.fees, *(duty for item in totals.lines for duty in item.duties)]
    rest = sum(charge.price - sum(amount for _, amount in charge.discounts) for charge in charges)
    taxes = sum(sum(item.taxes) for item in (*totals.lines, *charges))
    return totals.total - goods - rest - (0 if included else taxes)


@settings(max_examples=60, deadline=None)
@given(purchases, st.booleans(), st.sampled_from(["line", "order"]), st.sampled_from(["1", "0.853217", "1.9"]))
def test_every_order_balances_in_both_currencies(purchase, included, rounding, rate):
    currency = "GBP" if rate == "1" else "EUR"
    order = reckon(state_of(included=included, currency=currency, rate=rate, tax_rounding=rounding, **purchase))
    for totals in (order.buyer, order.shop):
        assert imbalance(totals, included=included) == 0
        assert totals.current_total == totals.total == totals.original_total
        assert all(item.net >= 0 for item in totals.lines)
        assert imbalance(totals, included=included) != imbalance(shifted(totals), included=included)


def shifted(totals):
    from dataclasses import replace

    return replace(totals, total=totals.total + 1)
