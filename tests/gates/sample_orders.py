"""Balanced orders for the gate's tests, built from plain integers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from retail_ops.contracts.money import Money, MoneyPair
from retail_ops.contracts.order import Buyer, Charge, Order, OrderLine, Payment, Risk, TaxLine, Totals

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PLACED = NOW - timedelta(hours=1)
SHOP, PRESENTMENT = "GBP", "EUR"


def pair(shop: int, presentment: int | None = None) -> MoneyPair:
    """Return an amount in both currencies; the presentment side is twice the shop's unless given."""
    return MoneyPair(
        shop=Money(minor=shop, currency=SHOP),
        presentment=Money(minor=2 * shop if presentment is None else presentment, currency=PRESENTMENT),
    )


def tax(amount: int, *, included: bool = False, liable: str = "seller") -> TaxLine:
    return TaxLine(title="VAT", rate="0.2", amount=pair(amount), included=included, liable=liable)


def line(line_id: str = "L1", *, price: int = 1000, units: int = 2, discount: int = 0, **changes: object) -> OrderLine:
    values: dict[str, object] = {
        "line_id": line_id,
        "kind": "product",
        "sku": "SKU-1",
        "title": "A thing",
        "ordered_units": units,
        "current_units": units,
        "unit_price": pair(price),
        "discount": pair(discount),
        "taxes": (),
        "requires_shipping": True,
    }
    return OrderLine(**(values | changes))


def charge(charge_id: str, price: int, *, discount: int = 0, taxes: Sequence[TaxLine] = ()) -> Charge:
    return Charge(charge_id=charge_id, title=charge_id, price=pair(price), discount=pair(discount), taxes=tuple(taxes))


def refund() -> Payment:
    return Payment(
        payment_id="P2",
        parent_id="P1",
        kind="refund",
        status="succeeded",
        gateway="bogus",
        gift_card=False,
        test=False,
        amount=pair(1),
        processed_at=NOW,
    )


def order(external_id: str = "gid://shopify/Order/1", **changes: object) -> Order:
    """Return an order whose totals are what its lines and charges say, unless `totals` is given."""
    values: dict[str, object] = {
        "account": "shopify_uk",
        "channel": "shopify",
        "site": "uk",
        "external_id": external_id,
        "number": "#1001",
        "source": "web",
        "test": False,
        "placed_at": PLACED,
        "updated_at": PLACED,
        "cancelled_at": None,
        "edited": False,
        "shop_currency": SHOP,
        "presentment_currency": PRESENTMENT,
        "tax_included": False,
        "lines": (line(),),
        "shipping": (),
        "duties": (),
        "tips": (),
        "fees": (),
        "rounding": (),
        "totals": zero_totals(),
        "payments": (),
        "buyer": Buyer(subject="0" * 32, customer=None, mail=None, company=None),
        "billing": None,
        "delivery": None,
        "risk": Risk(level="none", recommendation="none"),
    }
    made = Order(**(values | changes))
    return made if "totals" in changes else made.model_copy(update={"totals": totals_of(made)})


def zero_totals() -> Totals:
    return Totals(**dict.fromkeys(Totals.model_fields, pair(0)))


def totals_of(made: Order) -> Totals:
    def summed(parts: Sequence[MoneyPair]) -> MoneyPair:
        return made.sum_pairs(tuple(parts))

    return Totals(
        discounts=summed([part.discount for part in made.parts()]),
        tax=summed([tax_line.amount for tax_line in made.taxes()]),
        shipping=summed([part.price for part in made.shipping]),
        duties=summed([part.price for part in made.duties]),
        tips=summed([part.price for part in made.tips]),
        fees=summed([part.price for part in made.fees]),
        total=made.computed_total(),
    )


def rich_order(external_id: str = "gid://shopify/Order/1") -> Order:
    """Return an order that has one of everything."""
    return order(
        external_id,
        lines=(
            line("L1", price=1999, units=3, discount=250, taxes=(tax(1149), tax(31, liable="channel"))),
            line("L2", price=500, units=1, sku="SKU-2"),
            line("L3", price=2500, units=1, kind="gift_card", sku=None, requires_shipping=False),
            line("L4", price=700, units=1, kind="custom", sku=None),
        ),
        shipping=(charge("S1", 450, discount=50, taxes=(tax(80),)),),
        duties=(charge("D1", 330),),
        tips=(charge("T1", 200),),
        fees=(charge("F1", 99),),
        rounding=(charge("R1", -2),),
    )
