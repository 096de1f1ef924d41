"""Builds orders for the tests of the Odoo adapter: amounts in minor units, both currencies equal unless said."""

from __future__ import annotations

import dataclasses
import hashlib
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from retail_ops.contracts.money import Money, MoneyPair
from retail_ops.contracts.order import AddressRef, Buyer, Charge, CompanyRef, Order, OrderLine, Risk, TaxLine, Totals
from retail_ops.contracts.personal import Address, PersonalData
from retail_ops.erp.odoo.directory import Directory
from retail_ops.erp.odoo.tax import Tax
from retail_ops.ports.erp import OrderDocument

PLACED_AT = datetime(2026, 11, 20, 14, 5, 6, 789_000, tzinfo=UTC)
VAT = ("VAT", "0.2", True)
STATE_TAX = ("California State Tax", "0.0725", False)
COUNTY_TAX = ("Los Angeles County Tax", "0.0225", False)


def digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


@dataclasses.dataclass(frozen=True)
class Maker:
    """Makes the parts of orders of one account in one currency."""

    account: str = "shopify_uk"
    currency: str = "GBP"
    shop: str | None = None

    def pair(self, minor: int) -> MoneyPair:
        shop = self.shop or self.currency
        # The shop's amount differs on purpose, so that a mixed-up side never passes.
        other = minor if shop == self.currency else minor * 3
        return MoneyPair(shop=Money(minor=other, currency=shop), presentment=Money(minor=minor, currency=self.currency))

    def tax(self, kind: tuple[str, str, bool], minor: int, *, liable: str = "seller") -> TaxLine:
        title, rate, included = kind
        return TaxLine.model_validate(
            {"title": title, "rate": rate, "amount": self.pair(minor), "included": included, "liable": liable}
        )

    def line(self, name: str, price: int, units: int = 1, *taxes: TaxLine, **changes: Any) -> OrderLine:
        values: dict[str, Any] = {
            "line_id": f"gid://shopify/LineItem/{name}",
            "kind": "product",
            "sku": "TS-001",
            "title": f"Shirt {name}",
            "ordered_units": max(units, 1),
            "current_units": units,
            "unit_price": self.pair(price),
            "discount": self.pair(changes.pop("discount", 0)),
            "taxes": taxes,
            "requires_shipping": True,
        }
        return OrderLine.model_validate(values | changes)

    def charge(self, name: str, price: int, *taxes: TaxLine, discount: int = 0) -> Charge:
        return Charge(
            charge_id=f"gid://shopify/ShippingLine/{name}",
            title=f"Charge {name}",
            price=self.pair(price),
            discount=self.pair(discount),
            taxes=taxes,
        )

    def order(self, name: str, lines: tuple[OrderLine, ...], **changes: Any) -> Order:
        nothing = self.pair(0)
        totals = dict.fromkeys(("discounts", "tax", "shipping", "duties", "tips", "fees", "total"), nothing)
        values: dict[str, Any] = {
            "account": self.account,
            "channel": "shopify",
            "site": "main",
            "external_id": f"gid://shopify/Order/{name}",
            "number": f"#{name}",
            "source": "web",
            "test": False,
            "placed_at": PLACED_AT,
            "updated_at": PLACED_AT,
            "cancelled_at": None,
            "edited": False,
            "shop_currency": self.shop or self.currency,
            "presentment_currency": self.currency,
            "tax_included": True,
            "lines": lines,
            **dict.fromkeys(("shipping", "duties", "tips", "fees", "rounding", "payments"), ()),
            "totals": Totals(**totals),
            "buyer": Buyer(subject=digest(f"subject {name}"), customer=None, mail=None, company=None),
            "billing": None,
            "delivery": None,
            "risk": Risk(level="none", recommendation="none"),
        }
        total = changes.pop("total", None)
        order = Order.model_validate(values | changes)
        paid = order.computed_total() if total is None else self.pair(total)
        return order.model_copy(update={"totals": order.totals.model_copy(update={"total": paid})})


def buyer(name: str, *, mail: str | None = None, customer: str | None = None, company: str | None = None) -> Buyer:
    return Buyer(
        subject=digest(f"subject {name}"),
        customer=digest(customer) if customer else None,
        mail=digest(mail) if mail else None,
        company=CompanyRef(company_id=company, location_id=None) if company else None,
    )


def address_ref(text: str, country: str | None = "GB", region: str | None = None) -> AddressRef:
    return AddressRef(ref=digest(text), country=country, region=region, missing=())


def address(**changes: str | None) -> Address:
    values: dict[str, str | None] = {
        "name": "Ann Lee",
        "company": None,
        "street": "1 High Street",
        "street2": None,
        "city": "London",
        "postcode": "E1 6AN",
        "region": None,
        "country": "GB",
        "phone": None,
    }
    return Address.model_validate(values | changes)


def personal(**changes: Any) -> PersonalData:
    values: dict[str, Any] = {
        "name": "Ann Lee",
        "company": None,
        "email": "ann@example.com",
        "phone": None,
        "addresses": {},
        "note": None,
    }
    return PersonalData.model_validate(values | changes)


def to_document(order: Order, data: PersonalData | None = None) -> OrderDocument:
    return OrderDocument(order, data or personal())


ROLES = ("shipping", "discount", "rounding", "duty", "tip", "fee", "gift_card", "custom")
PRODUCTS = {role: 900 + index for index, role in enumerate(ROLES)}
SKUS = {"TS-001": 11, "TS-002": 12}


def directory(**changes: Any) -> Directory:
    """What the pure parts need to know of Odoo."""
    values: dict[str, Any] = {
        "company_id": 1,
        "rounding": "round_per_line",
        "warehouse_id": 1,
        "pricelists": {"GBP": 101, "USD": 102, "JPY": 103, "KWD": 104},
        "taxes": {
            ("vat", Decimal("0.2"), True): Tax(1, Decimal("0.2"), included=True),
            ("california state tax", Decimal("0.0725"), False): Tax(2, Decimal("0.0725"), included=False),
            ("los angeles county tax", Decimal("0.0225"), False): Tax(3, Decimal("0.0225"), included=False),
        },
        "products": PRODUCTS,
        "guest_partner_id": 77,
        "countries": {"GB": 231, "US": 233, "DE": 57},
        "states": {("US", "CA"): 13},
        "order_fields": {},
    }
    return Directory(**(values | changes))
