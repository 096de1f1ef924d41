"""Ordinary invoices of a real file become orders: the same prices, no invented tax, no real person.

The file carries no tax: its prices are what was charged. So prices count as tax included and no tax line is made; an
invented rate would be a figure that nobody ever booked. NOT here: what is a sale (`invoices`).
"""

import hashlib
import time
from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from standins.shoppers.catalogue import Product, goods_entry, service_entries
from standins.shoppers.counter import Counter
from standins.shoppers.invoices import Invoice, Row, sort_invoice
from standins.shoppers.people import invent_person_from

JsonObject = dict[str, Any]
_MOST_AT_ONCE = 25
# Names as the file writes them; a name that is no country has no code, and its orders no address.
COUNTRY_CODES = {
    "Australia": "AU", "Austria": "AT", "Bahrain": "BH", "Belgium": "BE", "Brazil": "BR", "Canada": "CA",
    "Channel Islands": "JE", "Cyprus": "CY", "Czech Republic": "CZ", "Denmark": "DK", "EIRE": "IE", "Finland": "FI",
    "France": "FR", "Germany": "DE", "Greece": "GR", "Hong Kong": "HK", "Iceland": "IS", "Israel": "IL", "Italy": "IT",
    "Japan": "JP", "Lebanon": "LB", "Lithuania": "LT", "Malta": "MT", "Netherlands": "NL", "Norway": "NO",
    "Poland": "PL", "Portugal": "PT", "RSA": "ZA", "Saudi Arabia": "SA", "Singapore": "SG", "Spain": "ES",
    "Sweden": "SE", "Switzerland": "CH", "USA": "US", "United Arab Emirates": "AE", "United Kingdom": "GB",
}  # fmt: skip


@dataclass(slots=True)
class Sum:
    """Rows and their amount in pounds."""

    rows: int = 0
    amount: Decimal = Decimal(0)

    def add(self, row: Row) -> None:
        """Count one row."""
        self.rows += 1
        self.amount += row.amount

    def report(self) -> JsonObject:
        """As the report prints it."""
        return {"rows": self.rows, "amount": f"{self.amount:f}"}


@dataclass(slots=True)
class Accounts:
    """Every row read, counted once: as a part of an order or by the reason it was set aside."""

    read: Sum = field(default_factory=Sum)
    replayed: defaultdict[str, Sum] = field(default_factory=lambda: defaultdict(Sum))
    aside: defaultdict[str, Sum] = field(default_factory=lambda: defaultdict(Sum))
    orders: int = 0
    guests: int = 0
    without_country: Tally[str] = field(default_factory=Tally)

    def report(self) -> JsonObject:
        """The whole account; amounts are decimal strings in pounds."""
        replayed, aside = _total(self.replayed.values()), _total(self.aside.values())
        return {
            "currency": "GBP",
            "read": self.read.report(),
            "replayed": replayed.report(),
            "set_aside": aside.report(),
            "replayed_by_part": {part: item.report() for part, item in sorted(self.replayed.items())},
            "set_aside_by_reason": {reason: item.report() for reason, item in sorted(self.aside.items())},
            "orders": self.orders,
            "guest_orders": self.guests,
            "orders_without_country": dict(sorted(self.without_country.items())),
        }


def _total(parts: Iterator[Sum] | Sequence[Sum] | Any) -> Sum:  # noqa: ANN401 -- a dict's values
    total = Sum()
    for part in parts:
        total.rows += part.rows
        total.amount += part.amount
    return total


def account(groups: Sequence[list[Row]]) -> tuple[list[Invoice], Accounts]:
    """Sort every invoice and count every row."""
    accounts = Accounts()
    invoices = []
    for rows in groups:
        invoice, aside = sort_invoice(rows)
        for row in rows:
            accounts.read.add(row)
        for item in aside:
            accounts.aside[item.reason].add(item.row)
        if invoice is None:
            continue
        invoices.append(invoice)
        for part, row in invoice.rows:
            accounts.replayed[part].add(row)
        accounts.orders += 1
        accounts.guests += not invoice.customer
        if invoice.country not in COUNTRY_CODES:
            accounts.without_country[invoice.country] += 1
    return invoices, accounts


def to_purchase(invoice: Invoice) -> JsonObject:
    """One invoice as a purchase; its customer gets a made-up name under the file's number and no e-mail."""
    customer = _customer(invoice.customer) if invoice.customer else None
    code = COUNTRY_CODES.get(invoice.country)
    address = None if code is None else _address(invoice, code, customer)
    return {
        "name": invoice.number,
        "processed_at": invoice.at.isoformat(),
        "presentment_currency": "GBP",
        "taxes_included": True,
        "customer": customer,
        "shipping_address": address,
        "billing_address": address,
        "lines": [
            _line(row, gift_card=part == "gift_card_line") for part, row in invoice.rows if part != "shipping_line"
        ],
        "shipping": [_shipping(row) for part, row in invoice.rows if part == "shipping_line"],
        "payments": [{"kind": "SALE", "gateway": "manual"}],
    }


def _address(invoice: Invoice, code: str, customer: JsonObject | None) -> JsonObject:
    """A made-up address in the invoice's country, the same for all invoices of a customer."""
    names = customer or {"first_name": "Guest", "last_name": invoice.number}
    place = hashlib.sha256((invoice.customer or invoice.number).encode()).digest()
    return {
        "country_code": code,
        "country": invoice.country,
        "first_name": names["first_name"],
        "last_name": names["last_name"],
        "address1": f"{place[0] + 1} Sample Street",
        "city": "Sampleton",
        "zip_code": f"{place[1]:03d}{place[2] % 100:02d}",
    }


def _customer(number: str) -> JsonObject:
    plain = number.removesuffix(".0")
    first, last = invent_person_from(hashlib.sha256(plain.encode()).digest())
    return {"key": f"dataset-{plain}", "first_name": first, "last_name": last}


def _line(row: Row, *, gift_card: bool) -> JsonObject:
    return {
        "sku": row.stock_code,
        "title": row.description.strip() or row.stock_code,
        "units": row.units,
        "unit_price": f"{row.unit_price:f}",
        "gift_card": gift_card,
        "requires_shipping": not gift_card,
    }


def _shipping(row: Row) -> JsonObject:
    # A shipping line has no units: several parcels of one row are one price.
    return {"title": row.description.strip() or row.stock_code, "code": row.stock_code, "price": f"{row.amount:f}"}


def build_catalogue(invoices: Sequence[Invoice]) -> JsonObject:
    """The goods sold, at the price charged most often, with stock for what is replayed, and the services."""
    names: dict[str, str] = {}
    prices: defaultdict[str, Tally[Decimal]] = defaultdict(Tally)
    units: Tally[str] = Tally()
    for invoice in invoices:
        for part, row in invoice.rows:
            if part == "line":
                names.setdefault(row.stock_code, row.description.strip() or row.stock_code)
                prices[row.stock_code][row.unit_price] += 1
                units[row.stock_code] += row.units
    goods = [
        goods_entry(Product(sku, name, f"{prices[sku].most_common(1)[0][0]:f}"), units[sku])
        for sku, name in sorted(names.items())
    ]
    return {"currency": "GBP", "products": [*goods, *service_entries()]}


def place_all(invoices: Sequence[Invoice], counters: Sequence[Counter], seconds: float) -> list[JsonObject]:
    """Place the orders, turn by turn over the shops, spread evenly over the seconds.

    Returns:
        Invoice, shop and order id of each, in the order placed.
    """
    placed: list[JsonObject] = []
    started = time.monotonic()
    shops = [counter.premises().name for counter in counters]
    for start in range(0, len(invoices), _MOST_AT_ONCE):
        part = invoices[start : start + _MOST_AT_ONCE]
        time.sleep(max(0.0, started + seconds * start / len(invoices) - time.monotonic()))
        for index, counter in enumerate(counters):
            own = [item for place, item in enumerate(part, start) if place % len(counters) == index]
            if own:
                receipts = counter.place([to_purchase(item) for item in own])
                placed += [
                    {"invoice": item.number, "shop": shops[index], "id": receipt.gid}
                    for item, receipt in zip(own, receipts, strict=True)
                ]
    return placed
