"""Reads the file of invoices and says of each row what it becomes at a shop, or why it is set aside.

Columns: InvoiceNo, StockCode, Description, Quantity, InvoiceDate (Europe/London), UnitPrice (GBP), CustomerID, Country.
NOT here: placing (`replay`).

Source: Chen, D. (2015), Online Retail, UCI Machine Learning Repository, CC BY 4.0; the codes as measured in that file.
"""

import csv
import gzip
import io
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import IO, Literal
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
Part = Literal["line", "shipping_line", "gift_card_line"]
_SHIPPING = frozenset({"POST", "DOT", "C2"})
_NO_GOODS = {
    "M": "manual",
    "D": "discount",
    "S": "sample",
    "B": "bad_debt",
    "CRUK": "donation",
    "BANK CHARGES": "fee",
    "AMAZONFEE": "fee",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One row, its texts verbatim; `amount` is Quantity x UnitPrice in pounds."""

    invoice: str
    stock_code: str
    description: str
    units: int
    at: datetime
    unit_price: Decimal
    customer: str
    country: str

    @property
    def amount(self) -> Decimal:
        """What the row adds to the file's sum."""
        return self.units * self.unit_price


@dataclass(frozen=True, slots=True)
class SetAside:
    """A row that is no sale, and why."""

    row: Row
    reason: str


@dataclass(frozen=True, slots=True)
class Invoice:
    """One ordinary invoice with at least one line; the time is that of its first row."""

    number: str
    at: datetime
    customer: str
    country: str
    rows: tuple[tuple[Part, Row], ...]


def read_rows(path: Path) -> Iterator[Row]:
    """Every row of a .csv or .csv.gz file, in the file's order.

    Raises:
        ValueError: a row that does not fit the columns.
    """
    with _opened(path) as file:
        for record in csv.DictReader(file):
            yield Row(
                invoice=record["InvoiceNo"],
                stock_code=record["StockCode"],
                description=record["Description"],
                units=int(record["Quantity"]),
                at=datetime.fromisoformat(record["InvoiceDate"]).replace(tzinfo=LONDON),
                unit_price=Decimal(record["UnitPrice"]),
                customer=record["CustomerID"],
                country=record["Country"],
            )


def _opened(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return io.TextIOWrapper(gzip.open(path, "rb"), encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")


def read_invoices(path: Path, first_on: date | None, days: int | None) -> list[list[Row]]:
    """Rows by invoice, of the invoices whose first row is on one of the days, in the order they come.

    Args:
        path: The file.
        first_on: First London day; None is the day of the file's first row.
        days: Calendar days from there; None is all.
    """
    grouped: defaultdict[str, list[Row]] = defaultdict(list)
    for row in read_rows(path):
        grouped[row.invoice].append(row)
    if not grouped:
        return []
    start = first_on or next(iter(grouped.values()))[0].at.date()
    end = start + timedelta(days=days) if days is not None else date.max
    return [rows for rows in grouped.values() if start <= rows[0].at.date() < end]


def sort_invoice(rows: list[Row]) -> tuple[Invoice | None, list[SetAside]]:
    """Split one invoice into the order it makes and the rows that are no sale.

    Returns:
        The invoice, or None when no line of goods or vouchers is left, and what was set aside.
    """
    kept: list[tuple[Part, Row]] = []
    aside: list[SetAside] = []
    for row in rows:
        reason = _reason(row)
        if reason is None:
            kept.append((_part(row), row))
        else:
            aside.append(SetAside(row, reason))
    if all(part == "shipping_line" for part, _ in kept):
        aside += [SetAside(row, "shipping_without_goods") for _, row in kept]
        return None, aside
    first = rows[0]
    return Invoice(first.invoice, first.at, first.customer, first.country, tuple(kept)), aside


def _reason(row: Row) -> str | None:
    """Why a row is no sale; None if it is one."""
    by_invoice = {"C": "cancellation", "A": "bad_debt_adjustment"}.get(row.invoice[:1])
    if by_invoice is not None:
        return by_invoice
    if row.units <= 0:
        return "write_off"
    if row.unit_price <= 0:
        return "zero_price" if row.unit_price == 0 else "negative_price"
    if row.unit_price != row.unit_price.quantize(Decimal("0.01")):
        return "sub_minor_price"
    return _NO_GOODS.get(row.stock_code.upper())


def _part(row: Row) -> Part:
    if row.stock_code.upper() in _SHIPPING:
        return "shipping_line"
    return "gift_card_line" if row.stock_code.lower().startswith("gift_0001") else "line"
