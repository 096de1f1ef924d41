"""The special cases of a trading day, each a purchase of its own kind, and what its shopper or the staff do later.

NOT here: when they happen (`day`), what is right to do with them: that is for others to check.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from standins.shoppers.baskets import Shopper, local_price
from standins.shoppers.rounding_gap import rounding_gap

JsonObject = dict[str, Any]
MANY_LINES = 63
_MOST_TRIES = 2_000


@dataclass(frozen=True, slots=True)
class Later:
    """Something done to an order after it was placed: a control action and its body."""

    action: str
    body: JsonObject


@dataclass(frozen=True, slots=True)
class Occasion:
    """One purchase with what follows."""

    purchase: JsonObject
    later: tuple[Later, ...] = ()


def _ordinary(shopper: Shopper) -> Occasion:
    return Occasion(shopper.purchase())


def _guest(shopper: Shopper) -> Occasion:
    return Occasion(shopper.purchase(guest=True))


def _foreign(currency: str) -> Callable[[Shopper], Occasion]:
    return lambda shopper: Occasion(shopper.purchase(currency=currency))


def _line_discount(shopper: Shopper) -> Occasion:
    discount = {"kind": "automatic", "title": "Two for less", "scope": "lines", "lines": [0], "percentage": "15"}
    return Occasion({**shopper.purchase(), "discounts": [discount]})


def _order_discount(shopper: Shopper) -> Occasion:
    discounts = [
        {"kind": "code", "title": "WELCOME10", "scope": "order", "percentage": "10"},
        {"kind": "automatic", "title": "Free shipping", "scope": "shipping", "percentage": "100"},
    ]
    return Occasion({**shopper.purchase(lines=3), "discounts": discounts})


def _amount_discount(shopper: Shopper) -> Occasion:
    purchase = shopper.purchase(lines=3)
    amount = local_price("1.00", purchase["presentment_currency"])
    return Occasion(
        {**purchase, "discounts": [{"kind": "manual", "title": "Sorry", "scope": "order", "amount": amount}]}
    )


def _gift_card_sold(shopper: Shopper) -> Occasion:
    purchase = shopper.purchase(lines=1)
    price = local_price("25.00", purchase["presentment_currency"])
    card = {"title": "Gift card", "units": 1, "unit_price": price, "gift_card": True, "requires_shipping": False}
    return Occasion({**purchase, "lines": [*purchase["lines"], card]})


def _gift_card_used(shopper: Shopper) -> Occasion:
    purchase = shopper.purchase(lines=2)
    part = local_price("1.50", purchase["presentment_currency"])
    return Occasion({**purchase, "payments": [{"gateway": "gift_card", "amount": part}, {"kind": "SALE"}]})


def _tip(shopper: Shopper) -> Occasion:
    purchase = shopper.purchase(lines=2)
    return Occasion({**purchase, "tip": local_price("2.00", purchase["presentment_currency"])})


def _duties(shopper: Shopper) -> Occasion:
    abroad = next((code for code in ("JPY", "EUR", "USD") if code in shopper.premises.presentment), None)
    purchase = shopper.purchase(currency=abroad, lines=2)
    amount = local_price("3.10", purchase["presentment_currency"])
    duty = {"amount": amount, "code": "691110", "origin": "GB"}
    first = {**purchase["lines"][0], "duties": [duty]}
    return Occasion({**purchase, "lines": [first, *purchase["lines"][1:]]})


def _fee(shopper: Shopper) -> Occasion:
    purchase = shopper.purchase(lines=2)
    fee = {"name": "Packaging deposit", "amount": local_price("0.40", purchase["presentment_currency"])}
    return Occasion({**purchase, "fees": [fee]})


def _test_order(shopper: Shopper) -> Occasion:
    return Occasion({**shopper.purchase(), "test": True, "payments": [{"kind": "SALE", "gateway": "bogus"}]})


def _same_variant_twice(shopper: Shopper) -> Occasion:
    purchase = shopper.purchase(lines=2)
    twin = {**purchase["lines"][0], "units": 2, "attributes": {"engraving": "for Norlen"}}
    return Occasion({**purchase, "lines": [*purchase["lines"], twin]})


def _unknown_sku(shopper: Shopper) -> Occasion:
    purchase = shopper.purchase(lines=2)
    stray = {**purchase["lines"][0], "sku": "NO-SUCH-SKU", "title": "Not in the catalogue"}
    return Occasion({**purchase, "lines": [stray, *purchase["lines"][1:]]})


def _deleted_product(shopper: Shopper) -> Occasion:
    purchase = shopper.purchase(lines=2)
    gone = {**purchase["lines"][0], "deleted_product": True}
    return Occasion({**purchase, "lines": [gone, *purchase["lines"][1:]]})


def _high_risk(shopper: Shopper) -> Occasion:
    fact = {"description": "Card country differs from the address", "sentiment": "NEGATIVE"}
    risk = {"recommendation": "CANCEL", "level": "HIGH", "facts": [fact]}
    return Occasion({**shopper.purchase(guest=True), "risk": risk})


def _captured_later(shopper: Shopper) -> Occasion:
    purchase = {**shopper.purchase(), "payments": [{"kind": "AUTHORIZATION"}]}
    return Occasion(purchase, (Later("pay", {"kind": "CAPTURE", "parent": 0}),))


def _failed_payment(shopper: Shopper) -> Occasion:
    failed = {"kind": "SALE", "status": "FAILURE", "error_code": "CARD_DECLINED"}
    return Occasion({**shopper.purchase(guest=True), "payments": [failed]})


def _pending_payment(shopper: Shopper) -> Occasion:
    pending = {"kind": "SALE", "status": "PENDING", "gateway": "bank_deposit"}
    return Occasion({**shopper.purchase(), "payments": [pending]}, (Later("pay", {"gateway": "bank_deposit"}),))


def _edited(shopper: Shopper) -> Occasion:
    purchase = shopper.purchase(lines=3)
    first = {**purchase["lines"][0], "units": 3}
    extra = shopper.line(purchase["presentment_currency"], first["taxes"])
    edit = {"units": [{"line": 0, "current_units": 1}, {"line": 1, "current_units": 0}], "add": [extra]}
    return Occasion({**purchase, "lines": [first, *purchase["lines"][1:]]}, (Later("edit", edit),))


def _cancelled(shopper: Shopper) -> Occasion:
    return Occasion(shopper.purchase(), (Later("cancel", {"reason": "CUSTOMER", "refund": True}),))


def _readdressed(shopper: Shopper) -> Occasion:
    purchase = shopper.purchase()
    moved = {**purchase["shipping_address"], "address1": "2 Example Road", "address2": "Second floor"}
    return Occasion(purchase, (Later("address", {"kind": "shipping", "address": moved}), Later("touch", {})))


def _b2b(shopper: Shopper) -> Occasion:
    purchase = shopper.purchase(currency=shopper.premises.currency, lines=4)
    company = {
        "key": "company-1",
        "name": "Larchstead Trading Ltd",
        "external_id": "B2B-0001",
        "location_key": "company-1/depot",
        "location_name": "Depot north",
        "location_external_id": "B2B-0001-N",
    }
    terms = {"name": "Net 30", "kind": "NET", "due_in_days": 30}
    return Occasion({**purchase, "company": company, "terms": terms, "payments": [], "po_number": "PO-4711"})


def _nobody(shopper: Shopper) -> Occasion:
    nothing: JsonObject = {
        "customer": None,
        "email": None,
        "billing_address": None,
        "shipping_address": None,
        "shipping": [],
    }
    return Occasion({**shopper.purchase(currency=shopper.premises.currency), **nothing})


def _point_of_sale(shopper: Shopper) -> Occasion:
    purchase = _nobody(shopper).purchase
    cash = {"kind": "SALE", "gateway": "cash", "rounding": "0.02"}
    return Occasion({**purchase, "source": "pos", "retail_location": "High Street", "payments": [cash]})


def _draft_order(shopper: Shopper) -> Occasion:
    purchase = shopper.purchase(lines=1)
    taxes = purchase["lines"][0]["taxes"]
    price = local_price("12.00", purchase["presentment_currency"])
    custom = {"title": "Engraving by hand", "units": 1, "unit_price": price, "custom": True, "taxes": taxes}
    return Occasion({**purchase, "source": "shopify_draft_order", "lines": [*purchase["lines"], custom]})


def _bundle(shopper: Shopper) -> Occasion:
    purchase = shopper.purchase(lines=2)
    group = {"key": "set", "title": "Tea for two", "units": 1, "sku": "RO-SET-1"}
    return Occasion({**purchase, "lines": [{**line, "group": group} for line in purchase["lines"]]})


def _unmapped_tax(shopper: Shopper) -> Occasion:
    purchase = shopper.purchase(currency=shopper.premises.currency, lines=2)
    levy = {"title": "Municipal lantern levy", "rate": "0.031"}
    lines = [{**line, "taxes": [*line["taxes"], levy]} for line in purchase["lines"]]
    return Occasion({**purchase, "lines": lines})


def _rounded_by_order(shopper: Shopper) -> Occasion:
    """Draws baskets until the tax rounded once differs by one minor unit from the tax rounded line by line."""
    for _ in range(_MOST_TRIES):
        purchase = shopper.purchase(currency=shopper.premises.currency, lines=4)
        if abs(rounding_gap(purchase, included=shopper.premises.taxes_included)) == 1:
            return Occasion({**purchase, "tax_rounding": "order"})
    raise RuntimeError("no basket whose tax depends on where it is rounded")


def _many_lines(shopper: Shopper) -> Occasion:
    purchase = shopper.purchase(currency=shopper.premises.currency, lines=1)
    taxes = purchase["lines"][0]["taxes"]
    lines = [
        shopper.line(purchase["presentment_currency"], taxes, shopper.goods[index % len(shopper.goods)])
        for index in range(MANY_LINES)
    ]
    return Occasion({**purchase, "lines": lines})


def _malformed(shopper: Shopper) -> Occasion:
    patches = (
        {"path": "currentTotalPriceSet.presentmentMoney.amount", "action": "set", "value": "12,50"},
        {"path": "currentTotalPriceSet", "action": "remove"},
        {"path": "transactions.0.status", "action": "set", "value": "HALF_PAID"},
        {"path": "lineItems.nodes.0.quantity", "action": "set", "value": "two"},
    )
    return Occasion({**shopper.purchase(), "raw_patch": [shopper.chance.choice(patches)]})


# In the order in which a short day takes them up.
OCCASIONS: dict[str, Callable[[Shopper], Occasion]] = {
    "ordinary": _ordinary,
    "guest": _guest,
    "currency_gbp": _foreign("GBP"),
    "currency_eur": _foreign("EUR"),
    "currency_jpy": _foreign("JPY"),
    "currency_usd": _foreign("USD"),
    "line_discount": _line_discount,
    "order_discount": _order_discount,
    "amount_discount": _amount_discount,
    "gift_card_sold": _gift_card_sold,
    "gift_card_used": _gift_card_used,
    "tip": _tip,
    "duties": _duties,
    "additional_fee": _fee,
    "test_order": _test_order,
    "same_variant_twice": _same_variant_twice,
    "unknown_sku": _unknown_sku,
    "deleted_product": _deleted_product,
    "high_risk": _high_risk,
    "captured_later": _captured_later,
    "failed_payment": _failed_payment,
    "pending_payment": _pending_payment,
    "edited": _edited,
    "cancelled": _cancelled,
    "readdressed": _readdressed,
    "b2b": _b2b,
    "no_customer_no_address": _nobody,
    "point_of_sale": _point_of_sale,
    "draft_order": _draft_order,
    "bundle": _bundle,
    "unmapped_tax": _unmapped_tax,
    "rounded_by_order": _rounded_by_order,
    "many_lines": _many_lines,
    "malformed": _malformed,
}
_CURRENCY_KINDS = {"currency_gbp": "GBP", "currency_eur": "EUR", "currency_jpy": "JPY", "currency_usd": "USD"}


def fits(kind: str, shopper: Shopper) -> bool:
    """Whether a shop can have that occasion: it must take the currency."""
    return kind not in _CURRENCY_KINDS or _CURRENCY_KINDS[kind] in shopper.premises.presentment
