"""Order messages as Shopify answers them, built by hand. Amounts are minor units."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Any

from retail_ops.channels.shopify.mapper import to_order
from retail_ops.contracts.money import MoneyPair
from retail_ops.contracts.order import Order
from retail_ops.ports.channel import MappedOrder

Json = dict[str, Any]
SHOP, BUYER = "GBP", "EUR"


class KeyedDigests:
    """Pseudonyms with a key of the tests; remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def of(self, kind: str, value: str) -> str:
        self.asked.append((kind, value))
        return hmac.new(b"test key", f"{kind}:{value}".encode(), hashlib.sha256).hexdigest()[:32]


def text(minor: int, digits: int = 2) -> str:
    sign, size = ("-" if minor < 0 else ""), abs(minor)
    if not digits:
        return f"{sign}{size}"
    return f"{sign}{size // 10**digits}.{size % 10**digits:0{digits}d}"


def bag(shop: int, buyer: int | None = None, *, currencies: tuple[str, str] = (SHOP, BUYER), digits: int = 2) -> Json:
    """An amount in both currencies; the buyer's side is twice the shop's unless given."""
    buyer = 2 * shop if buyer is None else buyer
    return {
        "shopMoney": {"amount": text(shop, digits), "currencyCode": currencies[0]},
        "presentmentMoney": {"amount": text(buyer, digits), "currencyCode": currencies[1]},
    }


def tax(amount: int, *, rate: str = "0.2", title: str = "VAT", liable: bool | None = None) -> Json:
    return {"title": title, "rate": rate, "channelLiable": liable, "priceSet": bag(amount)}


def allocation(amount: int, index: int = 0) -> Json:
    return {"allocatedAmountSet": bag(amount), "discountApplication": {"index": index}}


def line(number: int = 1, price: int = 1000, units: int = 1, **changes: Any) -> Json:
    row = {
        "id": f"gid://shopify/LineItem/{number}",
        "name": f"Thing {number}",
        "sku": f"SKU-{number}",
        "quantity": units,
        "currentQuantity": units,
        "requiresShipping": True,
        "isGiftCard": False,
        "variant": {"id": f"gid://shopify/ProductVariant/{number}"},
        "product": {"id": f"gid://shopify/Product/{number}"},
        "originalUnitPriceSet": bag(price),
        "discountAllocations": [],
        "taxLines": [],
        "duties": [],
    }
    return row | changes


def custom(number: int, price: int, **changes: Any) -> Json:
    return line(number, price, **({"variant": None, "product": None, "sku": None, "requiresShipping": False} | changes))


def shipping(price: int = 500, discount: int = 0, *, current: int | None = None, **changes: Any) -> Json:
    row = {
        "id": "gid://shopify/ShippingLine/1",
        "title": "Standard",
        "isRemoved": False,
        "originalPriceSet": bag(price),
        "discountedPriceSet": bag(price - discount),
        "currentDiscountedPriceSet": bag(price - discount if current is None else current),
        "discountAllocations": [allocation(discount)] if discount else [],
        "taxLines": [],
    }
    return row | changes


def payment(number: int = 1, kind: str = "SALE", status: str = "SUCCESS", amount: int = 0, **changes: Any) -> Json:
    row = {
        "id": f"gid://shopify/OrderTransaction/{number}",
        "kind": kind,
        "status": status,
        "test": False,
        "gateway": "shopify_payments",
        "processedAt": "2026-03-01T12:00:00Z",
        "amountSet": bag(amount),
        "parentTransaction": None,
    }
    return row | changes


def address(**changes: Any) -> Json:
    row = {
        "firstName": "Ada",
        "lastName": "Byron",
        "name": "Ada Byron",
        "company": None,
        "address1": "1 Mill Lane",
        "address2": None,
        "city": "Leeds",
        "zip": "LS1 1AA",
        "province": "England",
        "provinceCode": "ENG",
        "countryCodeV2": "GB",
        "phone": "+44 113 496 0000",
    }
    return row | changes


def customer() -> Json:
    return {
        "id": "gid://shopify/Customer/7",
        "displayName": "Ada Byron",
        "defaultEmailAddress": {"emailAddress": "ada@example.com"},
        "defaultPhoneNumber": None,
    }


def order(
    lines: Sequence[Json] = (),
    ships: Sequence[Json] = (),
    *,
    total: int,
    discounts: int = 0,
    taxes: int = 0,
    carriage: int = 0,
    **changes: Any,
) -> Json:
    """An order whose stated sums are given in minor units of the shop's currency."""
    row = {
        "id": "gid://shopify/Order/1001",
        "name": "#1001",
        "createdAt": "2026-03-01T11:59:00Z",
        "updatedAt": "2026-03-01T12:00:00Z",
        "cancelledAt": None,
        "test": False,
        "edited": False,
        "taxesIncluded": False,
        "dutiesIncluded": False,
        "sourceName": "web",
        "currencyCode": SHOP,
        "presentmentCurrencyCode": BUYER,
        "email": "Ada@Example.com",
        "phone": None,
        "note": None,
        "customer": customer(),
        "purchasingEntity": {"__typename": "Customer"},
        "billingAddress": address(),
        "shippingAddress": address(),
        "currentTotalDiscountsSet": bag(discounts),
        "currentTotalTaxSet": bag(taxes),
        "currentShippingPriceSet": bag(carriage),
        "currentTotalDutiesSet": None,
        "currentTotalAdditionalFeesSet": None,
        "currentTotalPriceSet": bag(total),
        "totalTipReceivedSet": bag(0),
        "totalCashRoundingAdjustment": {"paymentSet": bag(0), "refundSet": bag(0)},
        "additionalFees": [],
        "shippingLines": {"pageInfo": {"hasNextPage": False}, "nodes": list(ships)},
        "risk": {"recommendation": "ACCEPT", "assessments": [{"riskLevel": "LOW"}]},
        "transactions": [payment(amount=total)],
        "lineItems": {"pageInfo": {"hasNextPage": False}, "nodes": list(lines) or [line(price=total)]},
    }
    return row | changes


def rich_order() -> Json:
    """An order that uses every part of the contract; balanced."""
    return order(
        [
            line(1, 1000, 3, currentQuantity=2, discountAllocations=[allocation(100)], taxLines=[tax(580)]),
            line(2, 2500, isGiftCard=True, requiresShipping=False),
            custom(3, 300),
            line(4, 700, taxLines=[tax(140, liable=True)], duties=[duty(90)]),
            custom(5, 150, name="Tip"),
        ],
        [shipping(500, 100, taxLines=[tax(80)])],
        # lines 2000 + 2500 + 300 + 700, shipping 500, duty 90, tip 150, fee 60, tax 387 + 140 + 80, discounts 67 + 100
        total=6740,
        discounts=167,
        taxes=607,
        carriage=400,
        edited=True,
        note="Please ring twice",
        totalTipReceivedSet=bag(150),
        currentTotalDutiesSet=bag(90),
        currentTotalAdditionalFeesSet=bag(60),
        additionalFees=[fee(60)],
        totalCashRoundingAdjustment={"paymentSet": bag(-2), "refundSet": bag(0)},
        purchasingEntity={
            "__typename": "PurchasingCompany",
            "company": {"id": "gid://shopify/Company/3", "name": "Analytical Engines"},
            "location": {"id": "gid://shopify/CompanyLocation/4"},
        },
        transactions=[
            payment(1, "AUTHORIZATION", amount=6740),
            payment(2, "CAPTURE", amount=6740, parentTransaction={"id": "gid://shopify/OrderTransaction/1"}),
        ],
    )


def duty(amount: int, taxes: Sequence[Json] = ()) -> Json:
    return {"id": "gid://shopify/Duty/1", "price": bag(amount), "taxLines": list(taxes)}


def fee(amount: int) -> Json:
    return {"id": "gid://shopify/AdditionalFee/1", "name": "Handling", "price": bag(amount), "taxLines": []}


def encoded(message: Json) -> bytes:
    return json.dumps(message).encode()


def mapped(message: Json, pseudonyms: KeyedDigests | None = None) -> MappedOrder:
    return to_order(encoded(message), account="shopify_uk", site="GB", pseudonyms=pseudonyms or KeyedDigests())


def mapped_order(message: Json) -> Order:
    return mapped(message).order


def minors(pair: MoneyPair) -> tuple[int, int]:
    return pair.shop.minor, pair.presentment.minor


def differences(result: Order) -> list[str]:
    """What does not tie; empty for a balanced order. The gate has its own; this one is the tests' yardstick."""
    totals = result.totals
    sums = {
        "total": (result.computed_total(), totals.total),
        "discounts": (result.sum_pairs(tuple(part.discount for part in result.parts())), totals.discounts),
        "tax": (result.sum_pairs(tuple(one.amount for one in result.taxes())), totals.tax),
        "shipping": (
            result.sum_pairs(tuple(charge.price - charge.discount for charge in result.shipping)),
            totals.shipping,
        ),
        "duties": (result.sum_pairs(tuple(charge.price for charge in result.duties)), totals.duties),
        "tips": (result.sum_pairs(tuple(charge.price for charge in result.tips)), totals.tips),
        "fees": (result.sum_pairs(tuple(charge.price for charge in result.fees)), totals.fees),
    }
    return [f"{name}: {ours} != {stated}" for name, (ours, stated) in sums.items() if ours != stated]
