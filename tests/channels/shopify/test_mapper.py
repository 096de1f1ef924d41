"""One case per shape of an order that has gone wrong in some integration before."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from channels.shopify.payloads import (
    Json,
    KeyedDigests,
    address,
    allocation,
    bag,
    custom,
    differences,
    duty,
    encoded,
    fee,
    line,
    mapped,
    mapped_order,
    minors,
    order,
    payment,
    rich_order,
    shipping,
    tax,
)
from retail_ops.channels.shopify.mapper import to_order
from retail_ops.contracts.errors import MappingError
from retail_ops.contracts.order import Order, canonical_json


def refusal(message: Json) -> MappingError:
    with pytest.raises(MappingError) as caught:
        mapped(message)
    return caught.value


def test_every_part_of_the_contract_is_filled_and_ties() -> None:
    result = mapped_order(rich_order())
    assert differences(result) == []
    assert [one.kind for one in result.lines] == ["product", "gift_card", "custom", "product"]
    assert [len(part) for part in (result.shipping, result.duties, result.tips, result.fees, result.rounding)] == [
        1
    ] * 5
    assert result.placed_at == datetime(2026, 3, 1, 11, 59, tzinfo=UTC)
    assert (result.account, result.channel, result.site, result.source) == ("shopify_uk", "shopify", "GB", "web")


def test_the_yardstick_of_these_tests_sees_a_single_missing_cent() -> None:
    assert differences(mapped_order(rich_order() | {"currentTotalPriceSet": bag(6741)})) != []


def test_mapping_is_a_pure_function_of_the_bytes() -> None:
    first, second = mapped_order(rich_order()), mapped_order(rich_order())
    assert canonical_json(first) == canonical_json(second)


def test_tax_on_top_is_added_to_the_total() -> None:
    result = mapped_order(order([line(1, 1000, taxLines=[tax(200)])], total=1200, taxes=200))
    assert differences(result) == []
    assert result.lines[0].taxes[0].included is False


def test_included_tax_is_not_added_again() -> None:
    message = order([line(1, 1200, taxLines=[tax(200)])], total=1200, taxes=200, taxesIncluded=True)
    result = mapped_order(message)
    assert differences(result) == []
    assert result.lines[0].taxes[0].included is True


def test_yen_have_no_decimals_and_dinars_three() -> None:
    currencies = ("KWD", "JPY")

    def amount(fils: int, yen: int) -> Json:
        return {
            "shopMoney": {"amount": f"{fils // 1000}.{fils % 1000:03d}", "currencyCode": "KWD"},
            "presentmentMoney": {"amount": f"{yen}.0", "currencyCode": "JPY"},
        }

    nothing = amount(0, 0)
    message = order(
        [line(1, originalUnitPriceSet=amount(1234, 600), quantity=2, currentQuantity=2)],
        total=0,
        currencyCode=currencies[0],
        presentmentCurrencyCode=currencies[1],
        currentTotalPriceSet=amount(2468, 1200),
        transactions=[],
        totalCashRoundingAdjustment={"paymentSet": nothing, "refundSet": nothing},
        **dict.fromkeys(
            ("currentTotalDiscountsSet", "currentTotalTaxSet", "currentShippingPriceSet", "totalTipReceivedSet"),
            nothing,
        ),
    )
    result = mapped_order(message)
    assert differences(result) == []
    assert minors(result.totals.total) == (2468, 1200)


def test_line_and_order_discounts_with_remainder_cents_stay_per_line() -> None:
    # 10.00 over three lines of equal price: 3.34, 3.33, 3.33; the first line has a discount of its own too.
    lines = [
        line(1, 2000, discountAllocations=[allocation(150, 0), allocation(334, 1)]),
        line(2, 2000, discountAllocations=[allocation(333, 1)]),
        line(3, 2000, discountAllocations=[allocation(333, 1)]),
    ]
    result = mapped_order(order(lines, total=6000 - 1150, discounts=1150))
    assert differences(result) == []
    assert [one.discount.shop.minor for one in result.lines] == [484, 333, 333]


def test_discount_and_tax_of_removed_units_leave_with_them() -> None:
    # Three units, 1.00 off, 5.80 tax; one removed: 0.67 and 3.87 are left, as Shopify's own sums say.
    row = line(1, 1000, 3, currentQuantity=2, discountAllocations=[allocation(100)], taxLines=[tax(580)])
    result = mapped_order(order([row], total=2000 - 67 + 387, discounts=67, taxes=387))
    assert (result.lines[0].ordered_units, result.lines[0].current_units) == (3, 2)
    assert result.lines[0].discount.shop.minor == 67
    assert result.lines[0].taxes[0].amount.shop.minor == 387


def test_a_rounding_cent_goes_where_the_stated_sum_wants_it() -> None:
    rows = [
        line(number, 1000, 2, currentQuantity=1, discountAllocations=[allocation(101)], taxLines=[tax(101)])
        for number in (1, 2)
    ]
    # Two halves of 1.01 are 0.505 each: rounded apart 1.02, together 1.01.
    stated = {"currentTotalDiscountsSet": bag(101, 202), "currentTotalTaxSet": bag(102, 202)}
    result = mapped_order(order(rows, total=0) | stated)
    assert [minors(one.discount) for one in result.lines] == [(50, 101), (51, 101)]
    assert [minors(one.taxes[0].amount) for one in result.lines] == [(51, 101), (51, 101)]


def test_more_than_rounding_is_left_for_the_gate_to_refuse() -> None:
    row = line(1, 1000, 2, currentQuantity=1, discountAllocations=[allocation(100)])
    result = mapped_order(order([row], total=950, discounts=48))
    assert result.lines[0].discount.shop.minor == 50
    assert any(text.startswith("discounts") for text in differences(result))


def test_a_line_that_no_one_touched_is_never_changed_to_make_a_sum_fit() -> None:
    result = mapped_order(order([line(1, 1000, taxLines=[tax(200)])], total=1201, taxes=201))
    assert result.lines[0].taxes[0].amount.shop.minor == 200
    assert differences(result) != []


def test_a_line_removed_by_an_edit_stays_with_no_units_and_no_money() -> None:
    gone = line(1, 1000, 2, currentQuantity=0, discountAllocations=[allocation(99)], taxLines=[tax(190)])
    result = mapped_order(order([gone, line(2, 700)], total=700, edited=True))
    assert differences(result) == []
    assert (result.lines[0].current_units, minors(result.lines[0].discount)) == (0, (0, 0))
    assert minors(result.lines[0].taxes[0].amount) == (0, 0)


def test_a_line_that_grew_by_an_edit_keeps_its_units() -> None:
    row = line(1, 1000, 1, currentQuantity=3, discountAllocations=[allocation(10)])
    result = mapped_order(order([row], total=2970, discounts=30))
    assert differences(result) == []


def test_removed_shipping_is_absent() -> None:
    ships = [shipping(500, isRemoved=True, current=0), shipping(300, id="gid://shopify/ShippingLine/2")]
    result = mapped_order(order([line(1, 1000)], ships, total=1300, carriage=300))
    assert differences(result) == []
    assert [charge.charge_id for charge in result.shipping] == ["gid://shopify/ShippingLine/2"]


def test_free_shipping_stays_with_price_and_discount() -> None:
    result = mapped_order(order([line(1, 1000)], [shipping(500, 500)], total=1000, discounts=500))
    assert differences(result) == []
    assert (minors(result.shipping[0].price), minors(result.shipping[0].discount)) == ((500, 1000), (500, 1000))


def test_partly_refunded_shipping_shrinks_with_discount_and_tax() -> None:
    ship = shipping(1000, 200, current=400, taxLines=[tax(160)])
    result = mapped_order(order([line(1, 1000)], [ship], total=1480, discounts=100, taxes=80, carriage=400))
    assert differences(result) == []
    assert (minors(result.shipping[0].price)[0], minors(result.shipping[0].discount)[0]) == (500, 100)


def test_wholly_refunded_shipping_is_absent() -> None:
    ship = shipping(1000, 200, current=0, taxLines=[tax(160)])
    result = mapped_order(order([line(1, 1000)], [ship], total=1000))
    assert differences(result) == []
    assert result.shipping == ()


def test_a_cancelled_order_is_empty_and_ties() -> None:
    message = order(
        [line(1, 1000, 2, currentQuantity=0, taxLines=[tax(400)])],
        [shipping(500, 500, current=0)],
        total=0,
        cancelledAt="2026-03-01T12:30:00Z",
        additionalFees=[fee(60)],
        currentTotalAdditionalFeesSet=bag(0),
    )
    result = mapped_order(message)
    assert differences(result) == []
    assert (result.shipping, result.fees) == ((), ())
    assert result.cancelled_at == datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


def test_a_tip_is_a_charge_and_does_not_leak_onto_a_line() -> None:
    lines = [line(1, 1000), custom(2, 150, name="Tip"), line(3, 700)]
    result = mapped_order(order(lines, total=1850, totalTipReceivedSet=bag(150)))
    assert differences(result) == []
    assert [one.line_id[-1] for one in result.lines] == ["1", "3"]
    assert minors(result.tips[0].price) == (150, 300)


def test_a_custom_line_with_the_tips_amount_is_not_taken_for_it() -> None:
    lines = [custom(1, 150, name="Gift wrapping"), custom(2, 150, name="Tip")]
    result = mapped_order(order(lines, total=300, totalTipReceivedSet=bag(150)))
    assert [one.title for one in result.lines] == ["Gift wrapping"]
    assert differences(result) == []


def test_a_tip_without_a_line_becomes_a_charge() -> None:
    result = mapped_order(order([line(1, 1000)], total=1150, totalTipReceivedSet=bag(150)))
    assert differences(result) == []
    assert result.tips[0].charge_id == "tip"


def test_a_tip_that_was_given_back_is_gone() -> None:
    lines = [line(1, 1000), custom(2, 150, name="Tip", currentQuantity=0)]
    result = mapped_order(order(lines, total=1000, totalTipReceivedSet=bag(150)))
    assert differences(result) == []
    assert result.tips == ()


def test_a_sold_gift_card_is_a_line_of_its_own_kind() -> None:
    result = mapped_order(order([line(1, 2500, isGiftCard=True, sku=None, requiresShipping=False)], total=2500))
    assert (result.lines[0].kind, result.lines[0].sku) == ("gift_card", None)


def test_a_used_gift_card_is_a_payment_and_no_discount() -> None:
    message = order(
        [line(1, 2500)],
        total=2500,
        transactions=[payment(1, amount=1000, gateway="gift_card"), payment(2, amount=1500)],
    )
    result = mapped_order(message)
    assert [one.gift_card for one in result.payments] == [True, False]
    assert minors(result.totals.discounts) == (0, 0)


def test_a_pos_sale_has_no_customer_no_address_and_gives_change() -> None:
    message = order(
        [line(1, 1890)],
        total=1890,
        sourceName="pos",
        email=None,
        customer=None,
        billingAddress=None,
        shippingAddress=None,
        purchasingEntity=None,
        transactions=[
            payment(1, amount=2000, gateway="cash"),
            payment(2, "CHANGE", amount=110, gateway="cash"),
        ],
    )
    digests = KeyedDigests()
    result = mapped(message, digests).order
    assert (result.buyer.customer, result.buyer.mail, result.billing, result.delivery) == (None, None, None, None)
    assert digests.asked == [("order", "gid://shopify/Order/1001")]
    assert [one.kind for one in result.payments] == ["sale", "change"]


def test_cash_rounding_is_added_to_the_price_and_given_back_with_a_refund() -> None:
    rounded = {"paymentSet": bag(-2), "refundSet": bag(0)}
    result = mapped_order(order([line(1, 1002)], total=1002, totalCashRoundingAdjustment=rounded))
    assert differences(result) == []
    assert (minors(result.totals.total), minors(result.rounding[0].price)) == ((1000, 2000), (-2, -4))
    back = {"paymentSet": bag(-2), "refundSet": bag(-2)}
    refunded = order([line(1, 1002, currentQuantity=0)], total=0, totalCashRoundingAdjustment=back)
    assert mapped_order(refunded).rounding == ()


def test_a_draft_orders_custom_line_has_no_sku() -> None:
    message = order([custom(1, 990, requiresShipping=True)], total=990, sourceName="shopify_draft_order")
    result = mapped_order(message)
    assert (result.lines[0].kind, result.lines[0].sku, result.source) == ("custom", None, "shopify_draft_order")


def test_a_business_buyer_is_named_by_reference() -> None:
    result = mapped(rich_order())
    company = result.order.buyer.company
    assert company is not None
    assert (company.company_id, company.location_id) == ("gid://shopify/Company/3", "gid://shopify/CompanyLocation/4")
    assert result.personal.company == "Analytical Engines"


def test_a_deleted_product_keeps_its_sku() -> None:
    result = mapped_order(order([line(1, 1000, variant=None, product=None)], total=1000))
    assert (result.lines[0].kind, result.lines[0].sku) == ("product", "SKU-1")


def test_a_product_without_sku_is_no_custom_line() -> None:
    result = mapped_order(order([line(1, 1000, sku="  ")], total=1000))
    assert (result.lines[0].kind, result.lines[0].sku) == ("product", None)


def test_a_test_order_says_so() -> None:
    assert mapped_order(order(total=1000, test=True, transactions=[payment(test=True)])).test is True


def test_a_thousand_lines_with_odd_cents_tie() -> None:
    rows = [
        line(number, 333, 3, currentQuantity=number % 4, discountAllocations=[allocation(10)], taxLines=[tax(101)])
        for number in range(1, 1001)
        if number % 4
    ]
    left = [row["currentQuantity"] for row in rows]
    discounts, taxes = sum(10 * units for units in left) // 3, sum(101 * units for units in left) // 3
    message = order(rows, total=333 * sum(left) - discounts + taxes)
    message["currentTotalDiscountsSet"], message["currentTotalTaxSet"] = bag(discounts), bag(taxes)
    result = mapped_order(message)
    assert len(result.lines) == 750
    assert differences(result) == []


def test_duties_follow_the_units_that_are_left() -> None:
    row = line(1, 1000, 2, currentQuantity=1, duties=[duty(90, [tax(18)])])
    result = mapped_order(order([row], total=1054, taxes=9, currentTotalDutiesSet=bag(45)))
    assert differences(result) == []
    assert minors(result.duties[0].price) == (45, 90)


def test_duties_inside_the_prices_are_not_charged_again() -> None:
    row = line(1, 1000, duties=[duty(90)])
    result = mapped_order(order([row], total=1000, dutiesIncluded=True, currentTotalDutiesSet=bag(90)))
    assert differences(result) == []
    assert result.duties == ()


def test_two_lines_of_the_same_variant_stay_two_lines() -> None:
    same = {"sku": "SKU-1", "variant": {"id": "gid://shopify/ProductVariant/1"}}
    result = mapped_order(order([line(1, 1000, **same), line(2, 900, **same)], total=1900))
    assert [(one.line_id[-1], one.sku, one.unit_price.shop.minor) for one in result.lines] == [
        ("1", "SKU-1", 1000),
        ("2", "SKU-1", 900),
    ]


@pytest.mark.parametrize(
    ("kind", "status", "expected"),
    [
        ("AUTHORIZATION", "SUCCESS", ("authorisation", "succeeded")),
        ("EMV_AUTHORIZATION", "SUCCESS", ("authorisation", "succeeded")),
        ("CAPTURE", "SUCCESS", ("capture", "succeeded")),
        ("SALE", "PENDING", ("sale", "pending")),
        ("SALE", "AWAITING_RESPONSE", ("sale", "pending")),
        ("SALE", "FAILURE", ("sale", "failed")),
        ("SALE", "ERROR", ("sale", "failed")),
        ("VOID", "SUCCESS", ("void", "succeeded")),
        ("REFUND", "UNKNOWN", ("refund", "unknown")),
        ("CHANGE", "SUCCESS", ("change", "succeeded")),
    ],
)
def test_each_kind_and_status_of_a_transaction(kind: str, status: str, expected: tuple[str, str]) -> None:
    result = mapped_order(order(total=1000, transactions=[payment(1, kind, status, 1000, gateway=None)]))
    assert (result.payments[0].kind, result.payments[0].status) == expected
    assert result.payments[0].gateway == "unknown"


def test_a_suggested_refund_is_no_payment() -> None:
    assert mapped_order(order(total=1000, transactions=[payment(1, "SUGGESTED_REFUND")])).payments == ()


def test_channel_liable_tax_is_marked_and_still_in_the_balance() -> None:
    result = mapped_order(order([line(1, 1000, taxLines=[tax(80, liable=True)])], total=1080, taxes=80))
    assert differences(result) == []
    assert minors(result.channel_liable_tax()) == (80, 160)


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ([], "none"),
        (["NONE", "LOW"], "low"),
        (["LOW", "PENDING"], "pending"),
        (["PENDING", "MEDIUM"], "medium"),
        (["HIGH", "LOW"], "high"),
    ],
)
def test_the_highest_risk_counts(levels: list[str], expected: str) -> None:
    risk = {"recommendation": "INVESTIGATE", "assessments": [{"riskLevel": level} for level in levels]}
    result = mapped_order(order(total=1000, risk=risk))
    assert (result.risk.level, result.risk.recommendation) == (expected, "investigate")


def test_shop_and_buyer_amounts_need_not_convert_line_by_line() -> None:
    price = bag(999, 1187)
    message = order([line(1, originalUnitPriceSet=price)], total=0) | {"currentTotalPriceSet": bag(999, 1187)}
    assert differences(mapped_order(message)) == []


def test_the_rate_is_exact_and_short() -> None:
    rows = [
        line(number, 100, taxLines=[tax(5) | {"rate": rate}])
        for number, rate in enumerate(["0.2", "0.0725", 0, "8.875e-02", "0.19999999999999998"])
    ]
    result = mapped_order(order(rows, total=525, taxes=25))
    assert [one.taxes[0].rate for one in result.lines] == ["0.2", "0.0725", "0", "0.08875", "0.2"]


# --- refusals -----------------------------------------------------------------------------------------------------


def changed(path: str, value: object) -> Json:
    """The rich order with one field replaced; `...` removes it."""
    message = json.loads(json.dumps(rich_order()))
    *way, last = (int(step) if step.isdecimal() else step for step in path.split("."))
    target: Any = message
    for step in way:
        target = target[step]
    if value is ...:
        del target[last]
    else:
        target[last] = value
    return message


PRICE = "lineItems.nodes.2.originalUnitPriceSet.presentmentMoney"


@pytest.mark.parametrize(
    ("path", "value", "code", "field"),
    [
        ("id", ..., "missing_field", "id"),
        ("id", "1001", "bad_id", "id"),
        ("name", None, "missing_field", "name"),
        ("updatedAt", "yesterday", "bad_time", "updatedAt"),
        ("updatedAt", "2026-03-01T12:00:00", "bad_time", "updatedAt"),
        ("createdAt", "0001-01-01T00:00:00+14:00", "bad_time", "createdAt"),
        ("test", "no", "wrong_type", "test"),
        ("currencyCode", "XXZ", "bad_currency", "currencyCode"),
        ("lineItems", [], "wrong_type", "lineItems"),
        ("lineItems.pageInfo.hasNextPage", True, "truncated", "lineItems.pageInfo.hasNextPage"),
        ("lineItems.nodes.1", None, "wrong_type", "lineItems.nodes[1]"),
        ("lineItems.nodes.1.id", "gid://shopify/LineItem/1", "duplicate_id", "lineItems.nodes[1].id"),
        ("lineItems.nodes.0.quantity", "3", "wrong_type", "lineItems.nodes[0].quantity"),
        ("lineItems.nodes.0.currentQuantity", -1, "bad_quantity", "lineItems.nodes[0].currentQuantity"),
        ("lineItems.nodes.0.quantity", 0, "bad_quantity", "lineItems.nodes[0].currentQuantity"),
        (f"{PRICE}.amount", "12.345", "bad_amount", "lineItems.nodes[2].originalUnitPriceSet.presentmentMoney.amount"),
        (f"{PRICE}.amount", "NaN", "bad_amount", "lineItems.nodes[2].originalUnitPriceSet.presentmentMoney.amount"),
        (f"{PRICE}.amount", "1_0", "bad_amount", "lineItems.nodes[2].originalUnitPriceSet.presentmentMoney.amount"),
        (f"{PRICE}.amount", "-1", "bad_amount", "lineItems.nodes[2].originalUnitPriceSet.presentmentMoney.amount"),
        (f"{PRICE}.amount", 12, "wrong_type", "lineItems.nodes[2].originalUnitPriceSet.presentmentMoney.amount"),
        (
            f"{PRICE}.currencyCode",
            "USD",
            "currency_mismatch",
            "lineItems.nodes[2].originalUnitPriceSet.presentmentMoney.currencyCode",
        ),
        ("lineItems.nodes.0.taxLines.0.rate", None, "missing_field", "lineItems.nodes[0].taxLines[0].rate"),
        ("lineItems.nodes.0.taxLines.0.rate", "-0.2", "bad_amount", "lineItems.nodes[0].taxLines[0].rate"),
        ("lineItems.nodes.0.taxLines.0.title", "", "missing_field", "lineItems.nodes[0].taxLines[0].title"),
        ("lineItems.nodes.0.sku", "S" * 256, "too_long", "lineItems.nodes[0].sku"),
        ("lineItems.nodes.0.name", "a\x00b", "bad_text", "lineItems.nodes[0].name"),
        ("lineItems.nodes.0.name", "a\ud800b", "bad_text", "lineItems.nodes[0].name"),
        ("transactions.0.kind", "BARTER", "unknown_enum", "transactions[0].kind"),
        ("transactions.0.status", "MAYBE", "unknown_enum", "transactions[0].status"),
        ("risk.assessments.0.riskLevel", "EXTREME", "unknown_enum", "risk.assessments[0].riskLevel"),
        ("shippingAddress.countryCodeV2", "England", "unknown_enum", "shippingAddress.countryCodeV2"),
        ("note", "card 4111 1111 1111 1111 12/27", "card_number", "note"),
        ("lineItems.nodes.0.name", "Gift 4111111111111111", "card_number", "lineItems.nodes[0].name"),
        ("shippingLines.nodes.0.title", "5500-0055-5555-5559", "card_number", "shippingLines.nodes[0].title"),
        ("additionalFees.0.name", "378282246310005", "card_number", "additionalFees[0].name"),
    ],
)
def test_a_bad_field_is_named_with_its_path(path: str, value: object, code: str, field: str) -> None:
    error = refusal(changed(path, value))
    assert (error.code, error.field) == (code, field)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"nul", b"\xff\xfe\x00", b'{"a": NaN}', b"[" * 100_000, b'{"a":' * 100_000, b"9" * 5000],
    ids=["empty", "cut", "word", "no utf-8", "nan", "deep list", "deep object", "long number"],
)
def test_what_is_no_json_object_is_refused_whole(body: bytes) -> None:
    with pytest.raises(MappingError) as caught:
        to_order(body, account="shopify_uk", site="GB", pseudonyms=KeyedDigests())
    assert caught.value.code == "not_json"
    assert caught.value.field == ""


def test_a_list_instead_of_an_object_is_refused_whole() -> None:
    with pytest.raises(MappingError) as caught:
        to_order(b"[]", account="shopify_uk", site="GB", pseudonyms=KeyedDigests())
    assert caught.value.code == "wrong_type"


def test_amounts_that_fit_alone_but_not_together_are_refused() -> None:
    row = line(1, 1, 1_000_000) | {"originalUnitPriceSet": bag(10**13)}
    assert refusal(order([row], total=1)).code in {"bad_amount", "outside_contract"}


def test_ids_phones_and_skus_may_look_like_cards() -> None:
    digits = "4111111111111111"
    message = order(
        [line(1, 1000, sku=digits)],
        total=1000,
        id=f"gid://shopify/Order/{digits}",
        phone=f"+{digits}",
        shippingAddress=address(phone=digits),
    )
    assert mapped_order(message).lines[0].sku == digits


def test_a_book_number_in_a_title_is_no_card() -> None:
    # ISBN-13 that passes the Luhn check by chance.
    assert mapped_order(order([line(1, 1000, name="ISBN 9781403200013")], total=1000)).lines[0].title


def test_a_very_long_title_is_cut_and_not_refused() -> None:
    result = mapped_order(order([line(1, 1000, name="x" * 900)], total=1000))
    assert len(result.lines[0].title) == 500


def test_an_answer_full_of_transactions_may_be_cut_and_is_refused() -> None:
    many = [payment(number) for number in range(250)]
    assert refusal(order(total=1000, transactions=many)).field == "transactions"


def test_nothing_personal_is_in_an_errors_text() -> None:
    secret = "ada.byron@example.com"
    for path in ("id", "currencyCode", "transactions.0.kind", f"{PRICE}.amount", "updatedAt", "note.x"):
        message = changed(path.removesuffix(".x"), secret if not path.endswith(".x") else "4111111111111111 " + secret)
        error = refusal(message)
        assert secret not in str(error)
        assert secret not in repr(error.__cause__)


def test_the_contract_survives_a_round_trip() -> None:
    result = mapped_order(rich_order())
    assert Order.model_validate_json(canonical_json(result)) == result


def test_the_body_is_read_the_same_with_numbers_or_text_for_rates() -> None:
    plain = json.loads(encoded(rich_order()))
    plain["lineItems"]["nodes"][0]["taxLines"][0]["rate"] = 0.2
    assert mapped_order(plain) == mapped_order(rich_order())


def test_cash_received_counts_with_its_rounding_so_that_a_paid_pos_order_is_paid() -> None:
    coins = payment(amount=1000, gateway="cash", amountRoundingSet=bag(2))
    result = mapped_order(rich_order() | {"transactions": [coins]})
    assert result.payments[0].amount.shop.minor == 1002
