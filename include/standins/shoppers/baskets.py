"""An ordinary purchase: who, where, what, in which currency and under which tax.

NOT here: special cases (`occasions`).
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from standins.shoppers.catalogue import Product
from standins.shoppers.counter import Premises
from standins.shoppers.people import ABROAD, HOME, LONDON, Person, Place, invent_person

JsonObject = dict[str, Any]
_NO_DECIMALS = frozenset({"JPY"})
# Invented day rates: units of a currency for one pound.
_PER_POUND = {"GBP": Decimal(1), "EUR": Decimal("1.17"), "USD": Decimal("1.28"), "JPY": Decimal(192)}
_RATE_STEP = Decimal("0.000001")
VAT = {"title": "VAT", "rate": "0.2"}
_REPEAT_CUSTOMERS = 25


def shop_rate(currency: str, shop_currency: str) -> str:
    """Units of the shop's currency for one unit of the buyer's."""
    if currency == shop_currency:
        return "1"
    return f"{(_PER_POUND[shop_currency] / _PER_POUND[currency]).quantize(_RATE_STEP)}"


def local_price(pounds: str, currency: str) -> str:
    """A list price in pounds as the buyer sees it."""
    step = Decimal(1) if currency in _NO_DECIMALS else Decimal("0.01")
    return f"{(Decimal(pounds) * _PER_POUND[currency]).quantize(step, rounding=ROUND_HALF_UP)}"


@dataclass(slots=True)
class Shopper:
    """Draws purchases for one shop from one stream of chance."""

    chance: random.Random
    premises: Premises
    goods: Sequence[Product]
    people: int = 0

    def person(self) -> Person:
        """Somebody new."""
        self.people += 1
        return invent_person(self.chance, self.people)

    def regular(self) -> Person:
        """One of a few who come again; the same number is always the same person."""
        number = self.chance.randint(1, _REPEAT_CUSTOMERS)
        return invent_person(random.Random(f"{self.premises.name}/{number}"), 10_000 + number)  # noqa: S311 -- invented

    def currency(self) -> str:
        """The shop's own currency mostly, any other sometimes."""
        others = [code for code in self.premises.presentment if code != self.premises.currency]
        if not others or self.chance.random() < 0.6:  # noqa: PLR2004 -- a share
            return self.premises.currency
        return self.chance.choice(others)

    def place_for(self, currency: str) -> Place:
        """A town where people pay in that currency."""
        at_home = currency == self.premises.currency
        towns = HOME.get(currency, (LONDON,)) if at_home else ABROAD.get(currency, (LONDON,))
        return self.chance.choice(towns)

    def taxes(self, place: Place) -> list[JsonObject]:
        """VAT within a shop of included prices, state and city tax in one of excluded prices; exports bear none."""
        if self.premises.taxes_included:
            return [VAT] if place.country_code == "GB" else []
        return [{"title": title, "rate": rate} for title, rate in place.sales_taxes]

    def line(self, currency: str, taxes: list[JsonObject], product: Product | None = None) -> JsonObject:
        """A line of one product."""
        chosen = product or self.chance.choice(self.goods)
        return {
            "sku": chosen.sku,
            "title": chosen.name,
            "units": self.chance.choice((1, 1, 1, 2, 2, 3, 5)),
            "unit_price": local_price(chosen.list_price, currency),
            "taxes": taxes,
        }

    def purchase(self, *, currency: str | None = None, lines: int | None = None, guest: bool = False) -> JsonObject:
        """A paid order of one to eight different products, shipped to a town of its currency."""
        paid_in = currency or self.currency()
        place = self.place_for(paid_in)
        taxes = self.taxes(place)
        count = min(lines or self.chance.randint(1, 8), len(self.goods))
        person = self.person() if guest or self.chance.random() < 0.5 else self.regular()  # noqa: PLR2004 -- a share
        address = person.address(self.chance, place)
        shipping = {"title": "Standard", "code": "standard", "price": local_price("4.95", paid_in), "taxes": taxes}
        return {
            "presentment_currency": paid_in,
            "shop_rate": shop_rate(paid_in, self.premises.currency),
            "lines": [self.line(paid_in, taxes, item) for item in self.chance.sample(list(self.goods), count)],
            "shipping": [shipping],
            "customer": None if guest else person.customer(),
            "email": person.email,
            "billing_address": address,
            "shipping_address": address,
            "payments": [{"kind": "SALE"}],
        }
