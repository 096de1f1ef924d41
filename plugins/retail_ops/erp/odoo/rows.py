"""Orders, their lines and their stock moves as Odoo has them, as values. Reads only.

Odoo's wire carries floats: they become exact here, and only here.

Source: measured on Odoo 18: `quantity` of a move is what is reserved or done, `picked` that somebody took it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from retail_ops.contracts.money import Money, minor_digits
from retail_ops.erp.odoo.client import Caller, Json, Row, read, search_read
from retail_ops.ports.erp import OrderState

MOMENT: Final = "%Y-%m-%d %H:%M:%S"
QUOTATIONS: Final = frozenset({"draft", "sent"})
CONFIRMED: Final = "sale"
CANCELLED: Final = "cancel"
STATES: Final[Mapping[str, OrderState]] = {
    "draft": "quotation",
    "sent": "quotation",
    CONFIRMED: "confirmed",
    CANCELLED: "cancelled",
}

_ORDER_FIELDS = (
    "name",
    "state",
    "locked",
    "date_order",
    "write_date",
    "currency_id",
    "amount_total",
    "amount_tax",
    "partner_shipping_id",
    "partner_invoice_id",
    "order_line",
)
_LINE_FIELDS = (
    "order_id",
    "display_type",
    "product_id",
    "product_uom_qty",
    "price_unit",
    "discount",
    "tax_id",
    "qty_delivered",
    "qty_invoiced",
    "write_date",
)
_MOVE_FIELDS = ("sale_line_id", "product_id", "product_uom_qty", "quantity", "state", "picked")


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One `sale.order`.

    Attributes:
        state: Odoo's: draft, sent, sale or cancel.
        line_ids: All lines, notes too.
    """

    order_id: int
    number: str
    state: str
    locked: bool
    placed_at: datetime
    written_at: str
    total: Money
    tax: Money
    delivery_id: int
    invoice_id: int
    line_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LineRow:
    """One priced `sale.order.line`; sections and notes are none."""

    line_id: int
    order_id: int
    product_id: int
    units: Decimal
    price: Decimal
    discount: Decimal
    tax_ids: frozenset[int]
    delivered: Decimal
    invoiced: Decimal
    written_at: str


@dataclass(frozen=True, slots=True)
class MoveRow:
    """One `stock.move` of an order line that was not cancelled.

    Attributes:
        wanted: What was asked for; reserved: what is set aside or done.
        taken: Somebody picked it, or it is done.
    """

    line_id: int
    product_id: int
    wanted: Decimal
    reserved: Decimal
    taken: bool


def fetch_orders(caller: Caller, order_ids: Sequence[int]) -> dict[int, OrderRow]:
    """Return the orders that exist, by id."""
    return {row["id"]: _order(row) for row in read(caller, "sale.order", order_ids, _ORDER_FIELDS)} if order_ids else {}


def fetch_lines(caller: Caller, order_ids: Sequence[int]) -> dict[int, list[LineRow]]:
    """Return the priced lines of each order; an order without any has an empty list."""
    found: dict[int, list[LineRow]] = {order_id: [] for order_id in order_ids}
    for row in search_read(caller, "sale.order.line", [["order_id", "in", list(order_ids)]], _LINE_FIELDS):
        if not row["display_type"]:
            line = _line(row)
            found[line.order_id].append(line)
    return found


def fetch_moves(caller: Caller, order_ids: Sequence[int]) -> list[MoveRow]:
    """Return the stock moves of the orders' lines that were not cancelled."""
    domain: Json = [["sale_line_id.order_id", "in", list(order_ids)], ["state", "!=", "cancel"]]
    return [
        MoveRow(
            line_id=row["sale_line_id"][0],
            product_id=row["product_id"][0],
            wanted=exact(row["product_uom_qty"]),
            reserved=exact(row["quantity"]),
            taken=bool(row["picked"]) or row["state"] == "done",
        )
        for row in search_read(caller, "stock.move", domain, _MOVE_FIELDS)
    ]


def is_processed(lines: Iterable[LineRow], moves: Iterable[MoveRow]) -> bool:
    """Return whether something was picked, delivered or invoiced."""
    return any(line.delivered or line.invoiced for line in lines) or any(move.taken for move in moves)


def version_of(order: OrderRow, lines: Sequence[LineRow]) -> str:
    """Return a digest that changes whenever the order or one of its lines changes.

    Time stamps alone do not do: they have whole seconds.
    """
    parts = [str(order), *(str(line) for line in sorted(lines, key=lambda line: line.line_id))]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def exact(value: float) -> Decimal:
    """Return the decimal that Odoo meant by a float of its wire."""
    return Decimal(repr(float(value)))


def to_money(value: float, currency: str) -> Money:
    """Return an amount of Odoo's wire in minor units."""
    minor = exact(value).scaleb(minor_digits(currency)).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    return Money(minor=int(minor), currency=currency)


def to_moment(value: datetime) -> str:
    """Return a moment as Odoo reads it: naive UTC, whole seconds."""
    return value.astimezone(UTC).strftime(MOMENT)


def _order(row: Row) -> OrderRow:
    currency = str(row["currency_id"][1])
    return OrderRow(
        order_id=row["id"],
        number=row["name"],
        state=row["state"],
        locked=bool(row["locked"]),
        placed_at=datetime.strptime(row["date_order"], MOMENT).replace(tzinfo=UTC),
        written_at=row["write_date"],
        total=to_money(row["amount_total"], currency),
        tax=to_money(row["amount_tax"], currency),
        delivery_id=row["partner_shipping_id"][0],
        invoice_id=row["partner_invoice_id"][0],
        line_ids=tuple(row["order_line"]),
    )


def _line(row: Row) -> LineRow:
    return LineRow(
        line_id=row["id"],
        order_id=row["order_id"][0],
        product_id=row["product_id"][0] if row["product_id"] else 0,
        units=exact(row["product_uom_qty"]),
        price=exact(row["price_unit"]),
        discount=exact(row["discount"]),
        tax_ids=frozenset(row["tax_id"]),
        delivered=exact(row["qty_delivered"]),
        invoiced=exact(row["qty_invoiced"]),
        written_at=row["write_date"],
    )
